import { Redis } from 'ioredis';
import type { RequeueRequest } from '../../lib/core/contracts/job-manager.js';
import { MAX_CALL_BYTES, type Settlement } from '../../lib/core/contracts/job-broker.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful } from './forgetful-store.js';
import { claim, completed, job, makeStand } from './support.js';

const { cleanups, redis } = makeStand();

const anew: RequeueRequest = { due: { delayMs: 0 }, resetAttempts: true };
const failure = { name: 'Error', message: 'no', stack: 's'.repeat(4_000) };

type Opened = Awaited<ReturnType<typeof openForgetful>>;

async function open(): Promise<Opened> {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

/** Runs all that is due, and buries it. */
async function bury(store: Pick<RedisBackend, 'broker'>): Promise<void> {
  const { jobs } = await store.broker.settleAndClaim([], claim(100));
  if (jobs.length === 0) return;
  const ends = jobs.map(({ lease }): Settlement => {
    return { kind: 'bury', lease, failure, reason: 'exhausted' };
  });
  await store.broker.settleAndClaim(ends, claim(0));
  await bury(store);
}

async function withDead(...jobs: ReturnType<typeof job>[]): Promise<Opened> {
  const opened = await open();
  await opened.broker.enqueue(jobs);
  await bury(opened);
  return opened;
}

describe('a requeue whose answer was lost', () => {
  it('answers as it did, and does not bring back what has died again since', async () => {
    const opened = await withDead(job({ id: 'a' }), job({ id: 'b' }));
    const { store, manager } = opened;
    store.loseNextAnswer(() => bury(opened));

    const answers = await manager.requeue(['a', 'nobody', 'b'], anew);

    expect(answers.map(({ outcome }) => outcome)).toEqual(['ok', 'not-found', 'ok']);
    expect((await manager.history('a'))!.map(({ kind }) => kind)).toEqual([
      'dead',
      'requeued',
      'dead',
    ]);
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 2, queued: 0 });
  });

  it('is said of jobs that were removed since, too', async () => {
    const { store, manager } = await withDead(job({ id: 'a' }));
    store.loseNextAnswer(() => manager.cancel(['a'], 'gone'));

    expect(await manager.requeue(['a'], anew)).toEqual([{ outcome: 'ok' }]);
    expect(await manager.get('a')).toBeUndefined();
  });

  it('leaves no note for longer than it may be repeated', async () => {
    const { store, broker, manager, clock } = await withDead(job({ id: 'a' }));
    await manager.requeue(['a'], anew);
    expect(await redis.zcard(store.keys.saved)).toBe(1);

    clock.now += 70_001;
    await broker.prune!('');

    expect(await redis.zcard(store.keys.saved)).toBe(0);
  });
});

it('brings large jobs back a few at a time, and writes large data a few times a call', async () => {
  const large = JSON.stringify('x'.repeat(300_000));
  const ids = Array.from({ length: 10 }, (_, i) => `job-${i}`);
  const { store, manager } = await withDead(...ids.map((id) => job({ id, data: large })));
  const requeues = () => store.calls.splice(0).filter((name) => name === 'requeue-jobs').length;
  requeues();

  const answers = await manager.requeue(ids, {
    ...anew,
    data: JSON.stringify('y'.repeat(600_000)),
  });

  expect(answers.map(({ outcome }) => outcome)).toEqual(Array(10).fill('ok'));
  expect(requeues()).toBeGreaterThanOrEqual((10 * 600_000) / MAX_CALL_BYTES);
  for (const { data } of await manager.read(ids).then((jobs) => jobs.map((one) => one!))) {
    expect(data).toHaveLength(600_000);
  }
});

describe('a dead letter that a stranger has damaged', () => {
  it.each([
    ['is no record at all', 'rubbish'],
    ['has no numbers', '[1,x,"mail",0]'],
    ['has no name', '[1,0,2,0,0,"\\q"'],
  ])('is not found when it %s, and the others come back', async (_, text) => {
    const { store, manager } = await withDead(job({ id: 'bad' }), job({ id: 'good' }));
    await redis.hset(store.keys.jobs, 'bad', text);

    const answers = await manager.requeue(['bad', 'good'], anew);

    expect(answers).toEqual([{ outcome: 'not-found' }, { outcome: 'ok' }]);
  });

  it('runs with new data when its own cannot be read', async () => {
    const { store, broker, manager } = await withDead(job({ id: 'a' }));
    const record = (await redis.hget(store.keys.jobs, 'a'))!;
    await redis.hset(store.keys.jobs, 'a', record.replace('"to"', '"to'));

    await manager.requeue(['a'], { ...anew, data: '"new"' });

    const { jobs } = await broker.settleAndClaim([], claim(1));
    expect(jobs[0]).toMatchObject({ record: { id: 'a', data: 'new' } });
    expect(jobs[0]!.unreadable).toBeUndefined();
  });

  it('tells of its history what can be read', async () => {
    const { store, manager } = await withDead(job({ id: 'a' }));
    await redis.lpush(store.keys.history('a'), 'rubbish', '["?"]', 'null');

    expect((await manager.history('a'))!.map(({ kind }) => kind)).toEqual(['dead']);
    await redis.del(store.keys.history('a'));
    expect((await manager.history('a'))!.map(({ kind }) => kind)).toEqual(['dead']);
    await redis.hset(store.keys.state, 'a', 'rubbish');
    expect(await manager.history('a')).toEqual([]);
  });
});

it('is brought back, and attempts end and are told of, when Redis is full', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const backend = new RedisBackend({ connectionString: small.url });
  cleanups.push(() => backend.disconnect());
  const { broker, manager } = backend;
  await broker.enqueue([job({ id: 'a' })]);
  await bury(backend);
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1mb');

  expect(await manager.requeue(['a'], anew)).toEqual([{ outcome: 'ok' }]);
  const { jobs } = await broker.settleAndClaim([], claim(1));
  const { answers } = await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));

  expect(answers).toEqual(['ok']);
  expect((await manager.history('a'))!.map(({ kind }) => kind)).toEqual([
    'dead',
    'requeued',
    'completed',
  ]);
});

it('keeps no more in its history than a few KiB for each failure, whatever its data and result', async () => {
  const { store, broker } = await open();
  const large = JSON.stringify('x'.repeat(100_000));
  await broker.enqueue([job({ id: 'a', data: large })]);
  for (let i = 0; i < 30; i++) {
    const { jobs } = await broker.settleAndClaim([], claim(1));
    const { lease } = jobs[0]!;
    await broker.settleAndClaim([{ kind: 'retry', lease, failure, due: { delayMs: 0 } }], claim(0));
  }

  const bytes = Number(await redis.memory('USAGE', store.keys.history('a'), 'SAMPLES', '0'));
  expect(bytes).toBeLessThan(20 * 2_048);
});
