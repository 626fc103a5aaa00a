import { Redis } from 'ioredis';
import { MAX_BATCH, type Settlement } from '../../lib/core/contracts/job-broker.js';
import { Engine } from '../../lib/core/engine.js';
import { BackendClosedError, BackendFullError } from '../../lib/core/errors.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful, START } from './forgetful-store.js';
import { claim, completed, job, makeStand, newPrefix } from './support.js';

const { cleanups, redis } = makeStand();

type Opened = Awaited<ReturnType<typeof openForgetful>>;

async function open(): Promise<Opened> {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

/** Runs what is due to its end. */
async function runAll({ broker }: Pick<RedisBackend, 'broker'>, nextRunAt?: number): Promise<void> {
  const { jobs } = await broker.settleAndClaim([], claim(100));
  const more = nextRunAt === undefined ? {} : { nextRunAt };
  const ends = jobs.map(({ lease }): Settlement => completed(lease, more));
  await broker.settleAndClaim(ends, claim(0));
}

const hourly = {
  name: 'mail',
  type: 'single',
  priority: 0,
  data: null,
  repeatInterval: '1 hour',
  nextRunAt: new Date(START + 1_000),
} as const;

describe('a promotion whose answer was lost', () => {
  it('answers as it did, and does not run a recurring job once more', async () => {
    const opened = await open();
    const { store, manager, repository } = opened;
    const { _id: id } = await repository.saveJob(hourly);
    store.loseNextAnswer(() => runAll(opened, START + 1_000));

    expect(await manager.promote([id!, 'nobody'])).toEqual(['ok', 'not-found']);

    expect(await manager.get(id!)).toMatchObject({
      nextRunAt: START + 1_000,
      lastRunAt: START,
      occurrenceAt: null,
    });
  });

  it('leaves no note for longer than it may be repeated', async () => {
    const { store, broker, manager, clock } = await open();
    await broker.enqueue([job({ id: 'a', due: { delayMs: 1_000 } })]);
    await manager.promote(['a']);
    expect(await redis.zcard(store.keys.saved)).toBe(1);

    clock.now += 70_001;
    await broker.prune!('');

    expect(await redis.zcard(store.keys.saved)).toBe(0);
  });
});

describe('an update whose answer was lost', () => {
  it('answers as it did, and does not undo what came after it', async () => {
    const { store, broker, manager } = await open();
    await broker.enqueue([job({ id: 'a', due: { delayMs: 1_000 } })]);
    store.loseNextAnswer(() => manager.update('a', { data: '"newer"', due: { delayMs: 9_000 } }));

    expect(await manager.update('a', { data: '"old"', due: { delayMs: 10 } })).toBe('ok');

    expect(await manager.get('a')).toMatchObject({ data: 'newer', nextRunAt: START + 9_000 });
  });

  it('of a running job does not make it run again for a second time', async () => {
    const opened = await open();
    const { store, broker, manager } = opened;
    await broker.enqueue([job({ id: 'a' })]);
    const { jobs } = await broker.settleAndClaim([], claim(1));
    const end = () => broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
    store.loseNextAnswer(async () => {
      await end();
      await runAll(opened);
    });

    expect(await manager.update('a', { due: { at: START } })).toBe('kept-for-next');

    expect(await manager.get('a')).toMatchObject({ nextRunAt: null });
    expect((await manager.history('a'))!).toHaveLength(2);
  });
});

describe('a job that a stranger has damaged', () => {
  it.each([
    ['is no record at all', 'rubbish'],
    ['has no numbers', '[1,x,"mail",0]'],
    ['has no name', '[1,0,2,0,0,"\\q"'],
  ])('is not found when it %s, and the others are mended', async (_, text) => {
    const { store, broker, manager } = await open();
    const later = { due: { delayMs: 1_000 } };
    await broker.enqueue([job({ id: 'bad', ...later }), job({ id: 'good', ...later })]);
    await redis.hset(store.keys.jobs, 'bad', text);

    expect(await manager.promote(['bad', 'good'])).toEqual(['not-found', 'ok']);
    expect(await manager.update('bad', { priority: 1 })).toBe('not-found');
    expect(await manager.removeIf(['bad', 'good'], { only: 'waiting' })).toEqual(['good']);
    expect(await manager.removeIf(['bad'], { sparesRecurring: true })).toEqual(['bad']);
  });
});

it('goes on when Redis is full: jobs are made due, put off and removed', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const backend = new RedisBackend({ connectionString: small.url });
  cleanups.push(() => backend.disconnect());
  const { broker, manager } = backend;
  const later = { due: { delayMs: 100_000 } };
  await broker.enqueue(['a', 'b', 'c'].map((id) => job({ id, ...later })));
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1mb');
  await expect(broker.enqueue([job()])).rejects.toThrow(BackendFullError);

  expect(await manager.promote(['a'])).toEqual(['ok']);
  expect(await manager.update('b', { data: '2', priority: 1, due: { delayMs: 50_000 } })).toBe(
    'ok',
  );
  expect(await manager.removeIf(['c'], { only: 'waiting' })).toEqual(['c']);
  await broker.beat!({
    host: 'host-1',
    names: [],
    slots: 1,
    running: 0,
    paused: false,
    version: '1.0.0',
    startedAt: 0,
  });

  expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1, scheduled: 1, total: 2 });
  expect(await manager.hosts()).toHaveLength(1);
});

it('cancels any number with a reason in calls of a hundred, and reads none of them', async () => {
  const { store, broker, manager } = await open();
  for (let i = 0; i < 7; i++) await broker.enqueue(Array.from({ length: MAX_BATCH }, () => job()));
  store.calls.length = 0;

  expect(await manager.cancelMatching({ name: 'mail' }, 'because')).toBe(7 * MAX_BATCH);

  const calls = (name: string) => store.calls.filter((one) => one === name).length;
  expect(calls('cancel-jobs')).toBeGreaterThanOrEqual(7);
  expect(calls('get-jobs')).toBe(0);
  expect((await manager.counts()).size).toBe(0);
});

it.each([{}, { reason: 'not any more' }])(
  'cancels nothing by filter once it is closed: %j',
  async (how) => {
    const backend = new RedisBackend({
      connectionString: process.env.TEST_REDIS_URL!,
      keyPrefix: newPrefix(),
    });
    const engine = new Engine(backend, { worker: false });
    cleanups.push(() => engine.close());
    await engine.connect();
    await engine.scheduler.now('mail');

    await engine.close();

    const cancelled = engine.scheduler.cancel({ name: 'mail' }, how);
    await expect(cancelled).rejects.toThrow(BackendClosedError);
    await engine.connect();
    expect((await engine.scheduler.counts('mail')).total).toBe(1);
  },
);
