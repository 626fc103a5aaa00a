import { FLAG } from '../../lib/redis/keys.js';
import { job, makeStand, newPrefix } from './support.js';

const { redis, backendWith } = makeStand();

/** The record as it lies in Redis, from its priority on: what stands before that are times and numbers. */
async function storedAs(asked: Parameters<typeof job>[0]): Promise<string> {
  const keyPrefix = newPrefix();
  const backend = backendWith({ connectionString: process.env.TEST_REDIS_URL!, keyPrefix });
  await backend.connect();
  await backend.broker.enqueue([job({ id: 'a', ...asked })]);
  return (await redis.hget(`${keyPrefix}jobs`, 'a'))!.replace(/^(\[[^,]*,){1}[^,]*,[^,]*,/, '');
}

it('costs a job of the first version without a context not a byte', async () => {
  expect(await storedAs({})).toBe('0,8,"mail",0,{"to":"ann"}]');
  expect(await storedAs({ version: 1, context: {} })).toBe('0,8,"mail",0,{"to":"ann"}]');
});

it('lies above the flags, and the context behind all that scripts look for', async () => {
  const context = { key: 'k{"', nonce: 'ab' };
  const asked = { version: 32_767, context, key: 'mine', tags: ['red'], nonce: 'cd' };
  const flags = FLAG.hasData + FLAG.keyed + FLAG.lined + FLAG.tagged + asked.version * 65_536;

  expect(await storedAs(asked)).toBe(
    String.raw`0,${flags},"mail",{"nonce":"cd","key":"mine","tags":["red"],"context":{"key":"k\u007b\u0022","nonce":"ab"}},{"to":"ann"}]`,
  );
});
