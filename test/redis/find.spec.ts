import { Redis } from 'ioredis';
import type { FindQuery } from '../../lib/core/contracts/job-manager.js';
import type { Settlement } from '../../lib/core/contracts/job-broker.js';
import { RedisBackend } from '../../lib/redis/redis-backend.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { claim, commandsOf, job, newPrefix, recordsRead } from './support.js';

// A server of its own: a monitor tells all that a server does.
let server: PrivateRedis;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open() {
  const [keyPrefix, time] = [newPrefix(), Date.UTC(2026, 2, 4)];
  const options = { connectionString: server.url, keyPrefix };
  // Time stands still: all that is done to jobs is done in one millisecond.
  const backend = new RedisBackend(options, { now: () => time });
  const redis = new Redis(server.url);
  cleanups.push(() => redis.disconnect());
  cleanups.push(() => backend.disconnect());
  await backend.connect();
  return { backend, redis, keyPrefix };
}

type Store = Awaited<ReturnType<typeof open>>;

const many = (count: number, name: string, delayMs: number) =>
  Array.from({ length: count }, () => job({ name, due: { delayMs } }));

/** What the page in the middle of a walk costs. */
async function costOf(store: Store, query: FindQuery) {
  const { manager } = store.backend;
  let { cursor } = await manager.find(query);
  for (let i = 0; i < 3; i++) ({ cursor } = await manager.find({ ...query, cursor: cursor! }));
  let found = 0;
  const commands = await commandsOf(store, async () => {
    const { jobs } = await manager.find({ ...query, cursor: cursor! });
    found = jobs.length;
  });
  return {
    found,
    calls: commands.filter(({ byScript }) => !byScript).length,
    commands: commands.length,
    records: recordsRead(commands),
  };
}

it('reads the records of its page alone, of 100,000 jobs of one millisecond', async () => {
  const store = await open();
  const { broker } = store.backend;
  for (let i = 0; i < 1_000; i++) await broker.enqueue(many(100, 'mail', 60_000));

  for (const query of [{ state: 'scheduled', limit: 50 }, { limit: 50 }] satisfies FindQuery[]) {
    const cost = await costOf(store, query);

    expect(cost).toMatchObject({ found: 50, records: 50 });
    expect(cost.calls).toBeLessThanOrEqual(3);
    expect(cost.commands).toBeLessThan(70);
  }
}, 60_000);

it('reads no more of many names than of one', async () => {
  const store = await open();
  const { broker } = store.backend;
  for (let n = 0; n < 150; n++) await broker.enqueue(many(1, `idle-${n}`, 60_000));
  for (const name of ['mail-a', 'mail-b']) {
    for (let i = 0; i < 6; i++) {
      await broker.enqueue(many(100, name, 0));
      const { jobs } = await broker.settleAndClaim(
        [],
        claim(100, { names: [{ name, slots: 100 }] }),
      );
      const dead = jobs.map(({ lease }): Settlement => ({
        kind: 'bury',
        lease,
        reason: 'exhausted',
        failure: { name: 'Error', message: '' },
      }));
      await broker.settleAndClaim(dead, claim(0, { names: [] }));
    }
  }

  const cost = await costOf(store, { state: 'dead', limit: 200 });

  expect(cost).toMatchObject({ found: 200, records: 200 });
  expect(cost.calls).toBeLessThanOrEqual(8);
});

it('never holds a call to more than about 1 MiB of records', async () => {
  const store = await open();
  const { broker, manager } = store.backend;
  const data = JSON.stringify('x'.repeat(200_000));
  for (let i = 0; i < 10; i++) {
    await broker.enqueue(Array.from({ length: 5 }, () => job({ data, due: { delayMs: 60_000 } })));
  }
  const before = await scriptsRun(store);

  const ids = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await manager.find({ limit: 50, ...(cursor !== undefined && { cursor }) });
    for (const { id } of page.jobs) ids.add(id);
    ({ cursor } = page);
  } while (cursor !== undefined);

  expect(ids.size).toBe(50);
  // 10 MB are scanned and read, a few records of 200 kB at a time.
  expect((await scriptsRun(store)) - before).toBeGreaterThan(10);
});

/** How many scripts the server has run. */
async function scriptsRun({ redis }: Store): Promise<number> {
  const info = await redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1]);
}
