import { Redis } from 'ioredis';
import type { Settlement } from '../../lib/core/contracts/job-broker.js';
import { Engine } from '../../lib/core/engine.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { claim, job, newPrefix } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function openEngine() {
  const keyPrefix = newPrefix();
  const redis = new Redis(url);
  cleanups.push(() => redis.disconnect());
  const engine = new Engine(new RedisBackend({ connectionString: url, keyPrefix }));
  cleanups.push(() => engine.close());
  await engine.connect();
  return { engine, redis, keyPrefix };
}

it.each([
  ['data', 'jobs', (text: string) => text.replace('"to"', '"to')],
  ['history', 'jobs:state', () => '[null,1,2,1,1,3,0,0,null,{"name":'],
])('buries a job whose %s cannot be read, and runs the others', async (_, key, spoil) => {
  const { engine, redis, keyPrefix } = await openEngine();
  const ran: unknown[] = [];
  engine.handlers.define('mail', (job) => void ran.push(job.data));
  const { scheduler } = engine;
  const bad = await scheduler.now('mail', { to: 'bad' });
  const others = [await scheduler.now('mail', 1), await scheduler.now('mail', 2)];
  const text = (await redis.hget(`${keyPrefix}${key}`, bad.id)) ?? '';
  await redis.hset(`${keyPrefix}${key}`, bad.id, spoil(text));
  const dead = new Promise<{ id: string; name: string; failure: unknown }>((resolve) => {
    engine.events.on('dead', resolve);
  });

  await engine.workerHost.start();

  expect(await dead).toMatchObject({
    id: bad.id,
    name: 'mail',
    failure: { reason: 'invalid-data', message: expect.stringContaining('cannot be read') },
  });
  await engine.workerHost.stop();
  expect(new Set(ran)).toEqual(new Set([1, 2]));
  for (const { id } of others) expect((await scheduler.get(id))?.state).toBe('completed');
  expect(await scheduler.counts('mail')).toMatchObject({ failed: 1, completed: 2, running: 0 });
});

describe('a job whose flags cannot be read does not keep its key', () => {
  const LEASE_MS = 30_000;

  async function openKeyed() {
    const keyPrefix = newPrefix();
    const redis = new Redis(url);
    cleanups.push(() => redis.disconnect());
    let now = Date.now();
    const backend = new RedisBackend({ connectionString: url, keyPrefix }, { now: () => now });
    cleanups.push(() => backend.disconnect());
    await backend.connect();
    const { broker, manager } = backend;
    await manager.setLimits('mail', { key: { concurrency: 1 } });
    await broker.enqueue(['bad', 'good'].map((id) => job({ id, key: 'ann' })));
    const spoil = async (): Promise<void> => {
      const text = (await redis.hget(`${keyPrefix}jobs`, 'bad'))!;
      await redis.hset(`${keyPrefix}jobs`, 'bad', text.replace(/^\[\d+/, '[x'));
    };
    const outlive = (): void => void (now += LEASE_MS + 1);
    const next = async (): Promise<string[]> =>
      (await broker.settleAndClaim([], claim(10))).jobs.map(({ lease }) => lease.id);
    return { broker, manager, spoil, outlive, next };
  }

  type Keyed = Awaited<ReturnType<typeof openKeyed>>;
  const failure = { name: 'Error', message: 'broken' };

  it.each<[how: string, end: (store: Keyed, lease: Settlement['lease']) => Promise<unknown>]>([
    [
      'is buried',
      ({ broker }, lease) =>
        broker.settleAndClaim([{ kind: 'bury', lease, reason: 'discarded', failure }], claim(0)),
    ],
    ['is cancelled', ({ manager }) => manager.cancel(['bad'], 'unfit')],
    [
      'loses its process',
      async ({ broker, outlive }) => {
        outlive();
        await broker.rescue(10, LEASE_MS);
        outlive();
        await broker.rescue(10, LEASE_MS);
      },
    ],
  ])('when it runs and %s', async (_, end) => {
    const store = await openKeyed();
    const { jobs } = await store.broker.settleAndClaim([], claim(10));
    await store.spoil();

    await end(store, jobs[0]!.lease);

    expect(await store.next()).toEqual(['good']);
  });

  it('when it waits and is cancelled', async () => {
    const store = await openKeyed();
    await store.spoil();

    await store.manager.cancel(['bad'], 'unfit');

    expect(await store.next()).toEqual(['good']);
  });

  it('when it waits and is claimed, for longer than it runs', async () => {
    const store = await openKeyed();
    await store.spoil();

    const { jobs } = await store.broker.settleAndClaim([], claim(1));
    expect(jobs.map(({ lease }) => lease.id)).toEqual(['bad']);
    const { lease } = jobs[0]!;
    await store.broker.settleAndClaim(
      [{ kind: 'bury', lease, reason: 'invalid-data', failure }],
      claim(0),
    );

    expect(await store.next()).toEqual(['good']);
  });
});
