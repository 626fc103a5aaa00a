import { Redis } from 'ioredis';
import type { Settlement } from '../../lib/core/contracts/job-broker.js';
import type { JobsQueryOptions } from '../../lib/core/contracts/job-parameters.js';
import type { ClaimSort } from '../../lib/core/options/claim-order.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import { RedisBackend } from '../../lib/redis/redis-backend.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { claim, commandsOf, completed, job, newPrefix, recordsRead } from './support.js';

// A server of its own: a monitor tells all that a server does.
let server: PrivateRedis;
let url: string;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  ({ url } = server);
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(keyPrefix = newPrefix()) {
  const backend = new RedisBackend({ connectionString: url, keyPrefix });
  const redis = new Redis(url);
  cleanups.push(() => redis.disconnect());
  cleanups.push(() => backend.disconnect());
  await backend.connect();
  return { backend, redis, keyPrefix };
}

type Store = Awaited<ReturnType<typeof open>>;

const NAMES = 12;

/** Of each name as many jobs in each of four states, 50 at most. */
async function stocked(ofEach: number): Promise<Store> {
  const store = await open();
  const { broker } = store.backend;
  const add = (name: string, count: number, delayMs: number) =>
    broker.enqueue(Array.from({ length: count }, () => job({ name, due: { delayMs } })));
  for (let n = 0; n < NAMES; n++) {
    const name = `name-${n}`;
    const slots = 2 * ofEach;
    await add(name, slots, 0);
    const { jobs } = await broker.settleAndClaim([], claim(slots, { names: [{ name, slots }] }));
    const settlements = jobs.map(({ lease }, i): Settlement =>
      i % 2 === 0
        ? completed(lease)
        : { kind: 'bury', lease, reason: 'exhausted', failure: { name: 'Error', message: '' } },
    );
    await broker.settleAndClaim(settlements, claim(0, { names: [] }));
    await add(name, ofEach, 0);
    await add(name, ofEach, 60_000);
  }
  return store;
}

async function costOf(store: Store, query: JobsQueryOptions) {
  const commands = await commandsOf(store, () => store.backend.manager.query(query));
  return {
    calls: commands.filter(({ byScript }) => !byScript).length,
    commands: commands.length,
    records: recordsRead(commands),
  };
}

const bounded: JobsQueryOptions[] = [
  { state: 'failed', limit: 10 },
  { state: 'completed', limit: 10 },
  { state: 'completed', limit: 10, sort: { lastFinishedAt: 'asc' } },
  { state: 'scheduled', limit: 10 },
  { state: 'scheduled', limit: 10, sort: { nextRunAt: 'desc' } },
  { state: 'queued', limit: 10 },
  { state: 'queued', limit: 10, search: 'NAME-1' },
  { state: 'failed', limit: 10, name: 'name-1', skip: 5 },
];

it('asks no more of a store with five times the jobs when a query is bounded', async () => {
  const few = await stocked(20);
  const many = await stocked(50);
  // From here on the server knows the scripts.
  await few.backend.manager.query({ state: 'failed', limit: 1 });

  for (const query of bounded) {
    const [before, after] = [await costOf(few, query), await costOf(many, query)];
    expect({ query, ...after }).toMatchObject({ query, calls: before.calls });
    expect(after.records).toBeLessThanOrEqual(10);
    expect(after.calls).toBeLessThanOrEqual(7);
    // Records are read a few at a time, depending on their size.
    expect(after.commands).toBeLessThanOrEqual(before.commands + 12);
  }
});

it.each<ClaimSort>([
  { nextRunAt: 1, priority: -1 },
  { nextRunAt: -1, priority: 1 },
  { priority: 1 },
  { priority: -1, nextRunAt: -1 },
  { nextRunAt: 'desc' },
])(
  'gives queued jobs in the order of claims by %j, whether a claim has seen them or not',
  async (sort) => {
    let time = Date.UTC(2026, 2, 4);
    const options = { connectionString: url, keyPrefix: newPrefix(), sort };
    const backend = new RedisBackend(options, { now: () => time });
    cleanups.push(() => backend.disconnect());
    await backend.connect();
    const jobs = Array.from({ length: 60 }, (_, i) =>
      job({ priority: [0, -1.5, 7, 7][i % 4]!, due: { delayMs: i % 2 === 0 ? 0 : i % 7 } }),
    );
    await backend.broker.enqueue(jobs);
    time += 10;

    const { jobs: all } = await backend.manager.query({ state: 'queued' });
    const page = await backend.manager.query({ state: 'queued', skip: 17, limit: 9 });

    const claimed = await backend.broker.settleAndClaim([], claim(60));
    const ids = claimed.jobs.map(({ record }) => record.id);
    expect(all.map(({ id }) => id)).toEqual(ids);
    expect(page.jobs.map(({ id }) => id)).toEqual(ids.slice(17, 26));
  },
);

it('gives no job of another state while jobs move', async () => {
  const { backend, keyPrefix } = await open();
  const { broker } = (await open(keyPrefix)).backend;
  const { manager } = backend;
  let isOver = false;
  const churn = async () => {
    let settlements: Settlement[] = [];
    while (!isOver) {
      await broker.enqueue(Array.from({ length: 20 }, () => job()));
      const { jobs } = await broker.settleAndClaim(settlements, claim(20));
      settlements = jobs.map(({ lease }) => completed(lease));
    }
  };
  const churning = churn();

  for (let i = 0; i < 100; i++) {
    for (const { lockedAt, lastFinishedAt } of (await manager.query({ state: 'queued' })).jobs) {
      expect({ lockedAt, lastFinishedAt }).toEqual({ lockedAt: null, lastFinishedAt: null });
    }
    const query = { state: 'running', includeDisabled: false } as const;
    for (const { lockedAt } of (await manager.query(query)).jobs) expect(lockedAt).not.toBeNull();
  }
  isOver = true;
  await churning;
});

it('misses no job that runs and comes back, again and again', async () => {
  const { backend, keyPrefix } = await open();
  const { repository } = (await open(keyPrefix)).backend;
  const at = (ms: number) => new Date(Date.now() + ms);
  await backend.repository.saveJob({
    name: 'mail',
    data: { to: 'ann' },
    type: 'normal',
    priority: 0,
    nextRunAt: at(0),
  });
  let isOver = false;
  let runs = 0;
  const run = async () => {
    while (!isOver) {
      const row = (await repository.getNextJobToRun('mail', at(1_000), at(-600_000)))!;
      await repository.saveJobState({ ...row, lastRunAt: at(0) });
      const { lockedAt: _, ...ended } = row;
      await repository.saveJobState({ ...ended, lastFinishedAt: at(0), nextRunAt: at(0) });
      runs += 1;
    }
  };
  const running = run();

  for (let i = 0; i < 100; i++) {
    for (const query of [{}, { name: 'mail' }, { search: 'ma' }, { data: { to: 'ann' } }]) {
      expect(await backend.repository.queryJobs(query)).toMatchObject({ total: 1, jobs: [{}] });
    }
    expect(await backend.repository.enableJobs({ name: 'mail' })).toBe(1);
  }
  isOver = true;
  await running;
  expect(runs).toBeGreaterThan(100);
});

it('reaches a deep page of several names by counting', async () => {
  const store = await open();
  const { broker, manager } = store.backend;
  for (let i = 0; i < 60; i++) {
    const due = { delayMs: 60_000 + 10 * i };
    await broker.enqueue(Array.from({ length: 100 }, () => job({ name: `name-${i % 3}`, due })));
  }

  const query = { state: 'scheduled', skip: 5000, limit: 10 } as const;
  const commands = await commandsOf(store, () => manager.query(query));

  const ranges = commands.filter(({ args }) => args[0]!.toLowerCase() === 'zrange');
  const looked = ranges.reduce((sum, { args }) => sum + Number(args[3]) - Number(args[2]) + 1, 0);
  expect(looked).toBeLessThan(3000);
});

it('looks for keys nowhere, whatever is asked', async () => {
  const store = await stocked(2);
  const { broker, manager, repository } = store.backend;
  // So many that they are not all seen in one look.
  await broker.enqueue(Array.from({ length: 100 }, () => job({ name: 'name-1' })));

  const commands = await commandsOf(store, async () => {
    for (const query of bounded) await manager.query(query);
    await manager.query({ data: { a: 1 }, sort: { name: 1 } });
    await repository.getJobsOverview();
    await repository.getDistinctJobNames();
    await repository.getQueueSize();
    await repository.disableJobs({ names: ['name-1', 'name-2'] });
    await repository.enableJobs({ data: { to: 'ann' } });
    await repository.removeJobs({ notNames: ['name-1'] });
    await repository.purgeAllJobs();
  });

  const used = new Set(commands.map(({ args }) => args[0]!.toLowerCase()));
  for (const forbidden of ['keys', 'scan', 'hgetall', 'hscan', 'smembers', 'hvals', 'hkeys']) {
    expect(used).not.toContain(forbidden);
  }
  expect(used).toContain('zscan');
});

it('takes what looks like a pattern in prefixes and names as it is', async () => {
  const token = randomToken();
  const [wild, tame] = [await open(`test-${token}[a-z]*:`), await open(`test-${token}xy:`)];
  for (const { backend } of [wild, tame]) {
    await backend.broker.enqueue([job({ name: '*' }), job({ name: 'mail?' }), job()]);
  }

  expect((await wild.backend.manager.query({ state: 'queued', name: '*' })).total).toBe(1);
  expect((await wild.backend.manager.query({ search: 'mail?' })).total).toBe(1);
  expect(await wild.backend.repository.removeJobs({ names: ['*', 'mail*'] })).toBe(1);
  expect(await wild.backend.repository.purgeAllJobs()).toBe(2);
  expect((await tame.backend.manager.query({})).total).toBe(3);
});

it('removes a thousand jobs without a call for each', async () => {
  const store = await open();
  const { broker, repository } = store.backend;
  for (let i = 0; i < 10; i++) await broker.enqueue(Array.from({ length: 100 }, () => job()));

  const commands = await commandsOf(store, async () => {
    expect(await repository.removeJobs({ name: 'mail', data: { to: 'ann' } })).toBe(1000);
  });

  expect(commands.filter(({ byScript }) => !byScript).length).toBeLessThan(60);
});

describe('a record that somebody has damaged', () => {
  it.each([
    ['data', 'jobs', (text: string) => text.replace('"to"', '"to')],
    ['head', 'jobs', () => '[nonsense'],
    ['all of it', 'jobs', () => ''],
    ['history', 'jobs:state', () => '[null,1,2,1,1,3,0,0,null,{"name":'],
    ['result', 'results', () => '{"a":'],
  ])('in its %s hides no other job', async (part, key, spoil) => {
    const { backend, redis, keyPrefix } = await open();
    const { broker, manager } = backend;
    await broker.enqueue([job({ id: 'a' }), job({ id: 'b' }), job({ id: 'c' })]);
    const text = (await redis.hget(`${keyPrefix}${key}`, 'b')) ?? '';
    await redis.hset(`${keyPrefix}${key}`, 'b', spoil(text));

    const { jobs } = await manager.query({ sort: { name: 'asc' } });
    const queued = await manager.query({ state: 'queued' });

    const others = (list: typeof jobs) => list.map(({ id }) => id).filter((id) => id !== 'b');
    expect(others(jobs)).toEqual(['a', 'c']);
    expect(others(queued.jobs)).toEqual(['a', 'c']);
    expect((await manager.query({ data: { to: 'ann' } })).jobs.length).toBeGreaterThanOrEqual(2);
    if (part === 'result' || part === 'all of it') return;
    expect(await manager.get('b')).toMatchObject({
      id: 'b',
      failure: { message: 'The stored record of this job cannot be read.' },
    });
  });
});
