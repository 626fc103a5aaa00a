import { Redis } from 'ioredis';
import { newJobId } from '../../lib/core/job/job-id.js';
import type { Settlement } from '../../lib/core/contracts/job-broker.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful, START } from './forgetful-store.js';
import { channelRules, claim, completed, job, makeStand } from './support.js';

const LEASE = 30_000;
const { cleanups, redis } = makeStand();

/** Closed after the test by itself. */
async function open(more?: Parameters<typeof openForgetful>[0]) {
  const opened = await openForgetful(more);
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

const row = (nextRunAt: number) => ({
  name: 'mail',
  priority: 0,
  nextRunAt: new Date(nextRunAt),
  type: 'normal' as const,
  data: null,
});

describe('a user who may not publish', () => {
  it('adds, cancels and retries without an error, and every name gets its due time', async () => {
    const server = await startPrivateRedis();
    cleanups.push(() => server.stop());
    const admin = new Redis(server.url);
    cleanups.push(() => admin.disconnect());
    const rules = await channelRules(admin, ['resetchannels'], ['-publish']);
    await admin.call('ACL', 'SETUSER', 'quiet', 'on', '>secret', '~*', '+@all', ...rules);
    const backend = new RedisBackend({
      connectionString: server.url.replace('//', '//quiet:secret@'),
      keyPrefix: 'q:',
    });
    cleanups.push(() => backend.disconnect());

    const added = await backend.broker.enqueue([job({ name: 'one' }), job({ name: 'two' })]);
    const names = ['one', 'two'].map((name) => ({ name, slots: 1 }));
    const { jobs } = await backend.broker.settleAndClaim([], claim(2, { names }));

    expect(added.map(({ created }) => created)).toEqual([true, true]);
    expect(jobs).toHaveLength(2);
    expect(await backend.manager.cancel([jobs[0]!.lease.id], 'enough')).toHaveLength(1);
    const { lost } = await backend.broker.renew([jobs[0]!.lease], LEASE);
    expect(lost).toMatchObject([{ refusal: 'not-found', cancelled: 'enough' }]);
  });
});

describe('an add whose answer was lost', () => {
  it('is known by its id, though it has no nonce', async () => {
    const { store, broker } = await open();
    store.loseNextAnswer();

    const [added] = await broker.enqueue([job()]);

    expect(added!.created).toBe(true);
  });

  it('does not bring back what was removed since, for as long as the most patient process repeats', async () => {
    const patient = await open({ retryFor: 60_000 });
    const worker = await open({ keyPrefix: patient.keyPrefix, retryFor: 1_000 });
    const remove = async () => {
      patient.clock.now += 40_000;
      worker.clock.now += 40_000;
      const { jobs } = await worker.broker.settleAndClaim([], claim(1));
      const ends: Settlement[] = [completed(jobs[0]!.lease, { remove: true })];
      expect((await worker.broker.settleAndClaim(ends, claim(0))).answers).toEqual(['ok']);
      patient.clock.now += 15_000;
    };
    patient.store.loseNextAnswer(remove);

    const [added] = await patient.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
    expect(await patient.manager.get(added!.job.id)).toBeUndefined();
  });
});

describe('a save whose answer was lost', () => {
  it('does not insert a job again that was removed since, and answers it as it was asked', async () => {
    const { store, repository, manager } = await open();
    store.loseNextAnswer(() => repository.removeJobs({ name: 'mail' }));

    const saved = await repository.saveJob({ ...row(START + 5), disabled: true });

    expect(saved).toMatchObject({ name: 'mail', nextRunAt: new Date(START + 5), disabled: true });
    expect(await manager.get(saved._id!)).toBeUndefined();
    expect((await manager.counts(['mail'])).get('mail')!.total).toBe(0);
  });

  it('does not undo what another save has written since', async () => {
    const { store, repository } = await open();
    const inPlace = await repository.saveJob(row(START + 1_000));
    store.loseNextAnswer(() => repository.saveJob({ ...inPlace, priority: 9 }));

    const saved = await repository.saveJob({ ...inPlace, priority: 1 });

    expect(saved.priority).toBe(9);
    expect((await repository.getJobById(inPlace._id!))!.priority).toBe(9);
  });

  it('does not run a job again that has run since, by its id or by its key', async () => {
    for (const type of ['normal', 'single'] as const) {
      const { store, broker, repository, manager, clock } = await open();
      const inPlace = await repository.saveJob({ ...row(START + 2_000), type });
      const { _id, ...rest } = inPlace;
      store.loseNextAnswer(async () => {
        clock.now += 1_000;
        const { jobs } = await broker.settleAndClaim([], claim(1));
        await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
      });

      const saved = await repository.saveJob({
        ...(type === 'single' ? rest : inPlace),
        nextRunAt: new Date(START + 1_000),
      });

      expect(saved).toMatchObject({ _id, nextRunAt: null });
      expect((await manager.counts(['mail'])).get('mail')).toMatchObject({
        completed: 1,
        total: 1,
      });
    }
  });

  it('is carried out by its repeat, if it never was', async () => {
    const { store, repository } = await open();
    const inPlace = await repository.saveJob(row(START + 1_000));
    const run = RedisStore.prototype.run.bind(store);
    store.run = (script, args) => run(script, typeof args === 'function' ? () => args(true) : args);

    expect((await repository.saveJob({ ...inPlace, priority: 3 })).priority).toBe(3);
  });

  it('leaves no note for longer than it may be repeated', async () => {
    const { store, repository, broker, clock } = await open();
    for (let i = 0; i < 10; i++) await repository.saveJob(row(START));
    expect(await redis.zcard(store.keys.saved)).toBe(10);

    clock.now += 70_001;
    await broker.prune!('');

    expect(await redis.zcard(store.keys.saved)).toBe(0);
  });
});

/** A record as one with a key and an end of its own has it, but for what stands in the place of the keys. */
async function spoilOwn({ keys }: RedisStore, id: string): Promise<void> {
  const record = JSON.parse((await redis.hget(keys.jobs, id))!) as unknown[];
  record[4] = 4 + 8 + 64;
  record[6] = { nonce: 'ab', keys: [null, 1, {}], frees: [null, []], overrides: 7 };
  await redis.hset(keys.jobs, id, JSON.stringify(record));
}

describe('what a stranger has damaged', () => {
  const damages: [string, (store: RedisStore, id: string) => Promise<unknown>][] = [
    ['its record is gone', ({ keys }, id) => redis.hdel(keys.jobs, id)],
    ['its record is no array', ({ keys }, id) => redis.hset(keys.jobs, id, 'rubbish')],
    ['its record has no numbers', ({ keys }, id) => redis.hset(keys.jobs, id, '[1,x,"mail",0]')],
    ['its name cannot be decoded', ({ keys }, id) => redis.hset(keys.jobs, id, '[1,0,2,0,0,"\\q"')],
    ['its state is no array', ({ keys }, id) => redis.hset(keys.state, id, 'rubbish')],
    ['its history is no list', ({ keys }, id) => redis.set(keys.history(id), 'rubbish')],
    ['its keys are no texts', spoilOwn],
    ['its lease entry is gone', ({ keys }, id) => redis.hdel(keys.lease, id)],
    ['its lease entry is cut off', ({ keys }, id) => redis.hset(keys.lease, id, 'rubbish')],
  ];

  async function twoRunning() {
    const opened = await open();
    await opened.broker.enqueue([job({ id: 'bad' }), job({ id: 'good' })]);
    const { jobs } = await opened.broker.settleAndClaim([], claim(2));
    return { ...opened, bad: jobs[0]!, good: jobs[1]! };
  }

  const failed = (lease: Settlement['lease']): Settlement => ({
    kind: 'retry',
    lease,
    failure: { name: 'Error', message: 'no' },
    due: { delayMs: 0 },
  });

  it.each(damages)('is rescued beside the others, or dropped, when %s', async (_, damage) => {
    const { store, broker, clock, manager } = await twoRunning();
    await damage(store, 'bad');
    clock.now += LEASE;

    const { jobs, more } = await broker.rescue(10, LEASE);

    expect(jobs.map(({ id }) => id)).toContain('good');
    expect(more).toBe(false);
    expect(await redis.zcard(store.keys.leases)).toBe(0);
    expect(await redis.hlen(store.keys.lease)).toBe(0);
    expect(await redis.zcard(store.keys.index('running', 'mail'))).toBe(0);
    await manager.cancel(['bad'], '');
    expect((await manager.counts(['mail'])).get('mail')).toMatchObject({ queued: 1, total: 1 });
  });

  it.each(damages)('does not keep the others from their settlement when %s', async (_, damage) => {
    const { store, broker, bad, good, manager } = await twoRunning();
    await damage(store, 'bad');

    const { answers } = await broker.settleAndClaim(
      [failed(bad.lease), failed(good.lease)],
      claim(0),
    );

    expect(answers[1]).toBe('ok');
    expect(await manager.get('good')).toMatchObject({ failCount: 1, lockedAt: null });
  });

  it.each(damages)('can be cancelled and disabled with the others when %s', async (_, damage) => {
    const { store, repository, manager } = await twoRunning();
    await damage(store, 'bad');

    await repository.disableJobs({ ids: ['bad', 'good'] });
    expect((await manager.get('good'))!.disabled).toBe(true);
    expect(await manager.cancel(['bad', 'good'], '')).toContain('good');
    expect(await redis.hlen(store.keys.jobs)).toBe(0);
  });

  it('is never leased without its record: its place in the line is given up', async () => {
    const { store, broker } = await open();
    await broker.enqueue([job({ id: 'bad' }), job({ id: 'good' })]);
    await redis.hdel(store.keys.jobs, 'bad');

    const { jobs } = await broker.settleAndClaim([], claim(2));

    expect(jobs.map(({ lease }) => lease.id)).toEqual(['good']);
    expect(await redis.zcard(store.keys.index('ready', 'mail'))).toBe(0);
    expect(await redis.hkeys(store.keys.lease)).toEqual(['good']);
  });

  it('has as many rescues as any other when the settings of its name cannot be read', async () => {
    const { store, broker, clock } = await open();
    await broker.enqueue([job({ id: 'a' })]);
    await redis.hset(store.keys.settings, 'mail', 'rubbish');
    const isLast: unknown[] = [];
    for (let start = 1; start <= 3; start++) {
      const { jobs } = await broker.settleAndClaim([], { ...claim(1), lastStarts: 1 });
      isLast.push(jobs[0]!.isLastStart);
      clock.now += LEASE;
      await broker.rescue(10, LEASE);
    }

    expect(isLast).toEqual([undefined, undefined, true]);
  });

  const death = ({ lease }: { lease: Settlement['lease'] }): Settlement => {
    return { kind: 'bury', lease, failure: { name: 'Error', message: 'no' }, reason: 'exhausted' };
  };

  it('can still end, come back and be pruned when its keys are no texts', async () => {
    const { store, broker, manager, clock, bad, good } = await twoRunning();
    await spoilOwn(store, 'bad');
    const limits = { ageMs: null, count: 0 };
    const retention = { completed: limits, failed: limits };
    await broker.register([{ name: 'mail', maxRescues: 2, retention }]);

    await broker.settleAndClaim([death(bad), death(good)], claim(0));
    await manager.requeue(['bad', 'good'], { due: { delayMs: 0 }, resetAttempts: true });
    const { jobs } = await broker.settleAndClaim([], claim(2));
    expect(jobs.map(({ lease }) => lease.id)).toEqual(['bad', 'good']);
    const ends = jobs.map(({ lease }) => completed(lease));
    expect((await broker.settleAndClaim(ends, claim(0))).answers).toEqual(['ok', 'ok']);
    clock.now += 1;

    expect(await broker.prune('')).toMatchObject({ removed: 2, next: null });
    expect(await redis.hlen(store.keys.jobs)).toBe(0);
  });

  it('writes no history of a call that could not be carried out', async () => {
    const { store, broker, bad, good } = await twoRunning();
    await redis.set(store.keys.index('completed', 'mail'), 'no sorted set');
    const ends = [failed(good.lease), completed(bad.lease)];

    await expect(broker.settleAndClaim(ends, claim(0))).rejects.toThrow('WRONGTYPE');

    expect(await redis.exists(store.keys.history('good'))).toBe(0);
  });

  it('has no history where that is no list, and can be looked at', async () => {
    const { store, manager } = await twoRunning();
    await redis.set(store.keys.history('bad'), 'rubbish');

    expect(await manager.history('bad')).toEqual([]);
    expect(await manager.inspect('bad')).toMatchObject({ history: [] });
  });

  it('makes way for a new job under its key', async () => {
    const { store, repository } = await open();
    const first = await repository.saveJob({ ...row(START), type: 'single' });
    await redis.hset(store.keys.jobs, first._id!, 'rubbish');

    const second = await repository.saveJob({ ...row(START), type: 'single' });

    expect(second._id).not.toBe(first._id);
    expect((await repository.saveJob({ ...row(START), type: 'single' }))._id).toBe(second._id);
  });
});

describe('large jobs', () => {
  const data = JSON.stringify('x'.repeat(250_000));
  const COUNT = 20;
  const ids = Array.from({ length: COUNT }, (_, i) => `job-${String(i).padStart(2, '0')}`);

  async function openWithLargeJobs() {
    const opened = await open();
    for (const id of ids) await opened.broker.enqueue([job({ id, data, nonce: 'ab' })]);
    opened.store.calls.length = 0;
    return opened;
  }

  it('are answered to an add in bites of about 1 MiB, each with the right word', async () => {
    const { broker, store } = await openWithLargeJobs();
    const asked = ids.map((id, i) => job({ id, nonce: i % 2 === 0 ? 'ab' : 'cd' }));
    const twice = [...asked, job({ id: ids[0]! }), job({ id: 'new' })];

    const answers = await broker.enqueue(twice);

    expect(answers.map(({ job: { id } }) => id)).toEqual(twice.map(({ id }) => id));
    expect(answers.map(({ created }) => created)).toEqual([
      ...ids.map((_, i) => i % 2 === 0),
      false,
      true,
    ]);
    expect(store.longest).toBeLessThan(2 * 1024 * 1024);
    for (const { job: found } of answers.slice(0, COUNT)) expect(found.data).toHaveLength(250_000);
    expect(store.calls.filter((name) => name === 'get-jobs').length).toBeGreaterThan(2);
  });

  it('are known to a repeated add, though it has no nonce and their records were not read', async () => {
    const { broker, store } = await open();
    const jobs = Array.from({ length: COUNT }, () => job({ id: newJobId(), data }));
    store.loseNextAnswer();

    const answers = await broker.enqueue(jobs);

    expect(answers.every(({ created }) => created)).toBe(true);
  });

  it('are read, disabled, rescued and cancelled a few at a time, all of them', async () => {
    const { broker, store, manager, repository, clock } = await openWithLargeJobs();

    const found = await manager.read(ids);
    expect(found.map((one) => one?.id)).toEqual(ids);
    expect(await repository.disableJobs({ ids })).toBe(COUNT);
    expect(await repository.enableJobs({ ids })).toBe(COUNT);
    for (let left = COUNT; left > 0;) {
      left -= (await broker.settleAndClaim([], claim(COUNT))).jobs.length;
    }
    clock.now += LEASE;
    const rescues: number[] = [];
    for (let more = true; more;) {
      const rescue = await broker.rescue(100, LEASE);
      rescues.push(rescue.jobs.length);
      more = rescue.more;
    }
    expect(rescues.length).toBeGreaterThan(2);
    expect(rescues.reduce((sum, n) => sum + n, 0)).toBe(COUNT);
    expect(await manager.cancel(ids, '')).toEqual(ids);

    const times = (name: string) => store.calls.filter((call) => call === name).length;
    for (const name of ['get-jobs', 'disable-jobs', 'cancel-jobs']) {
      expect(times(name)).toBeGreaterThan(2);
    }
  });
});

describe('what is kept for a while', () => {
  it('is a canceller’s reason for two of the longest leases, if that is more than two minutes', async () => {
    const { broker, manager, store } = await open();
    await broker.enqueue([job({ id: 'a' })]);
    await broker.settleAndClaim([], claim(1, { leaseMs: 600_000 }));

    await manager.cancel(['a'], 'enough');

    expect(await redis.pttl(store.keys.cancelled('a'))).toBeGreaterThan(1_100_000);
  });

  it('is told by the most patient process that ever connected', async () => {
    const { keyPrefix, store } = await open({ retryFor: 5_000 });
    await open({ keyPrefix, retryFor: 90_000 });
    await open({ keyPrefix, retryFor: 1_000 });

    expect(await redis.hget(store.keys.meta, 'goneMs')).toBe('90000');
  });
});
