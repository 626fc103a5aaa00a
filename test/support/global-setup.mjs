import { findOrStartRedis } from './redis-server.mjs';

export default async function globalSetup() {
  try {
    const redis = await findOrStartRedis();
    globalThis.sharedRedis = redis;
    process.env.TEST_REDIS_URL = redis.url;
    console.log(`\nRedis for the tests: ${redis.how}`);
  } catch (error) {
    // Without a server every test fails for the same reason: one line says it, not a stack.
    console.error(`\n${error.message}`);
    process.exit(1);
  }
}
