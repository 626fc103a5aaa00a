import { writePage } from '../../tools/page.mjs';
import { startTopology } from './redis-topology.mjs';

export default async function globalSetup() {
  await writePage();
  try {
    const servers = await startTopology();
    globalThis.sharedServers = servers;
    process.env.TEST_REDIS_URL = servers.url;
    process.env.TEST_REDIS_ENDPOINT = JSON.stringify(servers.endpoint);
    console.log(`\nRedis for the tests: ${servers.how}`);
  } catch (error) {
    // Without a server every test fails for the same reason: one line says it, not a stack.
    console.error(`\n${error.message}`);
    process.exit(1);
  }
}
