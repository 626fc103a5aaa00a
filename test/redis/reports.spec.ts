import { Redis } from 'ioredis';
import type { Lease } from '../../lib/core/contracts/job-broker.js';
import { Keys } from '../../lib/redis/keys.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { type PrivateRedis, startPrivateRedis } from '../support/redis-server.mjs';
import { claim, completed, job, newPrefix } from './support.js';

/*
 * What handlers tell of their runs, as it lies in Redis.
 */

const LEASE = 30_000;
const cleanups: (() => unknown)[] = [];
let redis: PrivateRedis;
let control: Redis;
beforeAll(async () => {
  redis = await startPrivateRedis();
  control = new Redis(redis.url);
});
afterAll(async () => {
  control.disconnect();
  await redis.stop();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A job that runs. */
async function running(): Promise<{
  broker: RedisBackend['broker'];
  manager: RedisBackend['manager'];
  keys: Keys;
  lease: Lease;
}> {
  const keyPrefix = newPrefix();
  const backend = new RedisBackend({ connectionString: redis.url, keyPrefix });
  cleanups.push(() => backend.disconnect());
  await backend.connect();
  const { broker, manager } = backend;
  await broker.enqueue([job({ id: 'a' })]);
  const { jobs } = await broker.settleAndClaim([], claim());
  return { broker, manager, keys: new Keys(keyPrefix), lease: jobs[0]!.lease };
}

const lines = (first: number, ...texts: string[]) => ({ first, lines: texts });

it('has keys of its own, which go with the job', async () => {
  const { broker, manager, keys, lease } = await running();
  await broker.renew([{ ...lease, progress: { page: 2 }, lines: lines(1, 'a line') }], LEASE);
  await broker.settleAndClaim([completed(lease)], claim(0));

  expect(await control.hget(keys.progress, 'a')).toBe('{"page":2}');
  expect(await control.lrange(keys.output('a'), 0, -1)).toEqual([`1 6 ${lease.fence}:1 a line`]);
  await manager.cancel(['a'], '');

  expect(await control.exists(keys.progress, keys.output('a'))).toBe(0);
});

it('is a number where it is one: in the lease, then in the state', async () => {
  const { broker, keys, lease } = await running();
  await broker.renew([{ ...lease, progress: 0.5 }], LEASE);
  expect(await control.hget(keys.lease, 'a')).toMatch(/\|0\.5\|mail$/);
  await broker.settleAndClaim([completed(lease)], claim(0));

  expect(JSON.parse((await control.hget(keys.state, 'a'))!)[9]).toBe(0.5);
  expect(await control.hexists(keys.meta, 'told')).toBe(0);
});

it('is kept, and so is its job, when the memory is full', async () => {
  const { broker, manager, lease } = await running();
  await control.config('SET', 'maxmemory', 1);
  cleanups.push(() => control.config('SET', 'maxmemory', 0));

  const report = { ...lease, progress: ['x'], lines: lines(1, 'full') };
  expect((await broker.renew([report], LEASE)).lost).toEqual([]);
  expect((await broker.settleAndClaim([completed(lease)], claim(0))).answers).toEqual(['ok']);

  expect((await manager.get('a'))!.progress).toEqual(['x']);
  expect((await manager.logs('a', { limit: 10 }))!.lines).toEqual([{ number: 1, text: 'full' }]);
});

it('loses lines alone where a stranger has put something else in their place', async () => {
  const { broker, manager, keys, lease } = await running();
  await control.set(keys.output('a'), 'not a list');

  await broker.renew([{ ...lease, progress: 'kept', lines: lines(1, 'lost') }], LEASE);

  expect((await manager.get('a'))!.progress).toBe('kept');
  expect(await manager.logs('a', { limit: 10 })).toEqual({ lines: [], more: false });
});

it('shows the lines that can be read among damaged ones', async () => {
  const { broker, manager, keys, lease } = await running();
  await broker.renew([{ ...lease, lines: lines(1, 'one', 'two') }], LEASE);
  await control.lset(keys.output('a'), 0, 'damaged');

  expect((await manager.logs('a', { limit: 10 }))!.lines).toEqual([{ number: 2, text: 'two' }]);
  await broker.renew([{ ...lease, lines: lines(3, 'x'.repeat(65_536)) }], LEASE);
  expect((await manager.logs('a', { limit: 10 }))!.lines).toHaveLength(1);
});
