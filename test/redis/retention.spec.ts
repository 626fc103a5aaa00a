import { Redis } from 'ioredis';
import { PRUNE_LIMIT, type JobBroker, type Pruned } from '../../lib/core/contracts/job-broker.js';
import { Engine } from '../../lib/core/engine.js';
import { BackendFullError } from '../../lib/core/errors.js';
import type { NewJob } from '../../lib/core/job/job-record.js';
import { PRIORITY_FIRST } from '../../lib/core/options/claim-order.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful } from './forgetful-store.js';
import {
  claim,
  commandsOf,
  completed,
  job,
  newPrefix,
  recordsRead,
  until,
  makeStand,
} from './support.js';

const url = process.env.TEST_REDIS_URL!;
const { cleanups, redis, backendWith } = makeStand();

/** Of completed jobs of `mail` so many are kept. */
const keep = (broker: JobBroker, count: number) =>
  broker.register([
    {
      name: 'mail',
      maxRescues: 2,
      retention: { completed: { ageMs: null, count }, failed: { ageMs: null, count: null } },
    },
  ]);

async function runMany(
  broker: JobBroker,
  count: number,
  more: (i: number) => Partial<NewJob> = () => ({}),
): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const jobs = Array.from({ length: Math.min(100, count - i) }, (_, n) => job(more(i + n)));
    await broker.enqueue(jobs);
    // Of large jobs a claim brings fewer than it asks for.
    for (let left = jobs.length; left > 0;) {
      const claimed = await broker.settleAndClaim([], claim(left));
      const ends = claimed.jobs.map(({ lease }) => completed(lease, { result: '1' }));
      await broker.settleAndClaim(ends, claim(0));
      left -= ends.length;
    }
  }
}

/** A pass to its end: what each of its calls removed. */
async function pass(broker: JobBroker): Promise<number[]> {
  const removed: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Pruned = await broker.prune!(cursor);
    removed.push(page.removed);
    cursor = page.next;
  }
  return removed;
}

it('takes 100,000 ended jobs away in bounded steps, and leaves nothing of them', async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({ connectionString: url, keyPrefix });
  const { broker, manager } = backend;
  await keep(broker, 1_000);
  await runMany(broker, 100_000);

  const calls = await pass(broker);

  expect(Math.max(...calls)).toBe(PRUNE_LIMIT);
  expect(calls.reduce((sum, removed) => sum + removed, 0)).toBe(99_000);
  expect((await manager.counts(['mail'])).get('mail')!.total).toBe(1_000);
  for (const key of ['jobs', 'jobs:state', 'results']) {
    expect(await redis.hlen(`${keyPrefix}${key}`)).toBe(1_000);
  }
}, 120_000);

it('reads a bounded number of records and answers a bounded number of commands in a call', async () => {
  const keyPrefix = newPrefix();
  const { broker } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 1_000);

  const commands = await commandsOf({ redis, keyPrefix }, () => broker.prune!(''));

  expect(recordsRead(commands)).toBe(PRUNE_LIMIT);
  expect(commands.filter(({ byScript }) => byScript).length).toBeLessThan(60);
});

it('takes about 1 MiB of large jobs in a call', async () => {
  const keyPrefix = newPrefix();
  const { broker } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 40, () => ({ data: JSON.stringify('x'.repeat(100_000)) }));

  const calls = await pass(broker);

  expect(Math.max(...calls)).toBeLessThan(30);
  expect(calls.reduce((sum, removed) => sum + removed, 0)).toBe(40);
});

it('does not look again at jobs that stay, however many', async () => {
  const keyPrefix = newPrefix();
  const { broker } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 1_000, () => ({ overrides: { retention: { completed: null } } }));
  await runMany(broker, 5);
  expect((await pass(broker)).at(-1)).toBe(5);

  const commands = await commandsOf({ redis, keyPrefix }, () => pass(broker));

  expect(recordsRead(commands)).toBe(0);
});

it('looks at them all within ten passes, so that none is overlooked for good', async () => {
  const keyPrefix = newPrefix();
  const { broker, manager } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 3, () => ({ overrides: { retention: { completed: null } } }));
  await pass(broker);
  await runMany(broker, 1, () => ({ id: 'late' }));
  // As a row tells it that says itself when it ended.
  await redis.zadd(`${keyPrefix}completed:mail`, 1, 'late');

  let passes = 0;
  for (; passes < 10 && (await manager.get('late')) !== undefined; passes++) await pass(broker);

  expect(await manager.get('late')).toBeUndefined();
  // Or it was never overlooked, and this shows nothing.
  expect(passes).toBeGreaterThan(1);
});

it('ends a pass over more names with such jobs than it remembers', async () => {
  const keyPrefix = newPrefix();
  const { broker, manager } = backendWith({ connectionString: url, keyPrefix });
  const names = Array.from({ length: 120 }, (_, i) => `name-${i}`);
  const limits = { ageMs: null, count: 0 };
  for (const name of names) {
    await broker.register([
      { name, maxRescues: 2, retention: { completed: limits, failed: limits } },
    ]);
    const overrides = { retention: { completed: null } };
    await broker.enqueue([job({ name, overrides }), job({ name })]);
    const request = claim(2, { names: [{ name, slots: 2 }] });
    const { jobs } = await broker.settleAndClaim([], request);
    await broker.settleAndClaim(
      jobs.map(({ lease }) => completed(lease)),
      claim(0),
    );
  }

  const removed = await pass(broker);
  await pass(broker);

  expect(removed.reduce((sum, one) => sum + one, 0)).toBe(names.length);
  const counts = [...(await manager.counts()).values()];
  expect(counts.map(({ total }) => total)).toEqual(names.map(() => 1));
});

it('goes on when the memory is full, and so makes room', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const { broker, manager, logger } = backendWith({ connectionString: small.url });
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await keep(broker, 0);
  const own = { overrides: { retention: { completed: 0 } } };
  const data = JSON.stringify('x'.repeat(100_000));
  await runMany(broker, 100, (i) => ({ data, ...(i % 2 === 0 && own) }));
  await runMany(broker, 10, (i) => ({ id: `by-hand-${i}`, name: 'mail', data }));
  await logger.log({
    timestamp: new Date(),
    level: 'info',
    event: 'start',
    jobName: 'mail',
    jobId: 'by-hand-0',
    message: 'started',
  });
  // Of the 11 MB that there are; from Redis 8 on the memory of scripts counts, and moves by a MB or two.
  const full = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]) - 4_000_000;
  await admin.config('SET', 'maxmemory', String(full));
  await expect(broker.enqueue([job({ data })])).rejects.toThrow(BackendFullError);

  const cleaned = await manager.clean({
    name: 'mail',
    place: 'completed',
    olderThanMs: 0,
    limit: 1,
  });
  const removed = await pass(broker);

  expect(cleaned).toHaveLength(1);
  expect(removed.reduce((sum, one) => sum + one, 0)).toBe(109);
  expect((await broker.enqueue([job({ data })]))[0]!.created).toBe(true);
});

it('drops a log that is longer than one call may drop', async () => {
  const keyPrefix = newPrefix();
  const { broker, logger } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 2, (i) => ({ id: `job-${i}` }));
  await Promise.all(
    Array.from({ length: 700 }, (_, i) =>
      logger.log({
        timestamp: new Date(),
        level: 'info',
        event: 'start',
        jobName: 'mail',
        jobId: `job-${i % 2}`,
        message: 'started',
      }),
    ),
  );

  await pass(broker);

  expect((await logger.getLogs()).total).toBe(0);
  expect(await redis.exists(`${keyPrefix}logs:leaving`)).toBe(0);
});

it('does not let a producer bring back what was removed before its repeat came', async () => {
  const { store, broker, manager } = await openForgetful();
  cleanups.push(() => store.connection.close());
  await keep(broker, 0);
  for (const nonce of [undefined, 'ab']) {
    store.loseNextAnswer(async () => {
      const { jobs } = await broker.settleAndClaim([], claim(1));
      await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
      await pass(broker);
    });

    const [added] = await broker.enqueue([job(nonce === undefined ? {} : { nonce })]);

    expect(added!.created).toBe(true);
    expect(await manager.get(added!.job.id)).toBeUndefined();
  }
});

it('notes no end of a row that lost its time before it ever ran, so nothing is left when it goes', async () => {
  const keyPrefix = newPrefix();
  const { broker, repository } = backendWith({ connectionString: url, keyPrefix });
  const [added] = await broker.enqueue([job({ overrides: { retention: { completed: 50 } } })]);
  const row = await repository.getJobById(added!.job.id);
  await repository.saveJob({ ...row!, nextRunAt: null });

  await repository.removeJobs({ id: added!.job.id });

  expect(await redis.exists(`${keyPrefix}jobs`)).toBe(0);
  expect(await redis.exists(`${keyPrefix}leaving`)).toBe(0);
});

it('survives what a stranger has put into its settings, its indexes and its records', async () => {
  const keyPrefix = newPrefix();
  const { broker, manager } = backendWith({ connectionString: url, keyPrefix });
  await keep(broker, 0);
  await runMany(broker, 3, (i) => ({ id: `job-${i}` }));
  await redis.hset(`${keyPrefix}settings`, {
    broken: 'no JSON',
    odd: '[]',
    half: '{"retention":{"completed":5}}',
    text: '{"retention":{"completed":{"ageMs":"soon","count":null}}}',
  });
  await redis.zadd(`${keyPrefix}completed:mail`, 1, 'nobody');
  await redis.zadd(`${keyPrefix}leaving`, 1, 'nobody', 1, 'job-1');
  await redis.hset(`${keyPrefix}jobs`, 'job-0', 'no record');
  const waits = job();
  await broker.enqueue([waits]);
  const { jobs } = await broker.settleAndClaim([], claim(1));
  const failure = { name: 'Error', message: 'no luck' };
  const due = { delayMs: 60_000 };
  await broker.settleAndClaim([{ kind: 'retry', lease: jobs[0]!.lease, failure, due }], claim(0));
  await redis.zadd(`${keyPrefix}completed:mail`, 1, waits.id);

  expect(await pass(broker)).toEqual([4]);

  expect(await redis.zrange(`${keyPrefix}completed:mail`, '0', '-1')).toEqual([waits.id]);
  expect(await redis.exists(`${keyPrefix}leaving`)).toBe(0);
  expect(await manager.get(waits.id)).toBeDefined();
});

it('refuses a cursor that it never gave', async () => {
  const { broker } = backendWith({ connectionString: url, keyPrefix: newPrefix() });

  await expect(broker.prune!('names 0')).rejects.toMatchObject({
    name: 'InvalidOptionError',
    option: 'cursor',
  });
});

it('shrinks history on the timer of any worker, without traffic, also of names it does not know', async () => {
  const keyPrefix = newPrefix();
  const options = { connectionString: url, keyPrefix, sort: PRIORITY_FIRST };
  const { broker, manager } = backendWith(options);
  await broker.register([
    {
      name: 'mail',
      maxRescues: 2,
      retention: { completed: { ageMs: 1_000, count: null }, failed: { ageMs: null, count: null } },
    },
  ]);
  await runMany(broker, 250);
  const engine = new Engine(
    new RedisBackend(options),
    { processEvery: '1 hour', lease: '1 hour' },
    { pruneEveryMs: 20 },
  );
  cleanups.push(() => engine.close());
  engine.handlers.define('other', () => undefined);
  const total = async () => (await manager.counts(['mail'])).get('mail')!.total;
  expect(await total()).toBe(250);
  await engine.connect();

  await engine.workerHost.start();

  await until(async () => (await total()) === 0);
});
