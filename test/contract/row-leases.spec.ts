import { setTimeout as sleep } from 'node:timers/promises';
import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError, LeaseLostError } from '../../lib/core/errors.js';
import { describeBackends, START, type Open, type OpenOptions } from './support/backends.js';
import { addMany, claim, claimOne, complete, LEASE, settleOne } from './support/builders.js';
import { AgendaWorker, at, LOCK_LIFETIME, newRow } from './support/rows.js';

/** Two processes of Agenda's engine on one store. */
async function openTwo(open: Open, options?: OpenOptions) {
  const store = await open(options);
  const other = await AgendaWorker.another(store);
  const save = (asked?: Partial<JobParameters>) => store.repository.saveJob(newRow(asked));
  const read = async (row: JobParameters) => (await store.repository.getJobById(row._id!))!;
  return { ...store, worker: new AgendaWorker(store), other, save, read };
}

const lostBy = (write: Promise<unknown>): Promise<unknown> =>
  write.then(
    () => 'written',
    (error: unknown) => (error instanceof LeaseLostError ? error.reason : error),
  );

describeBackends('the lease of a row', (open) => {
  it('refuses every write of who has lost it, and stands for who has taken it over', async () => {
    const { worker, other, save, read, clock, repository } = await openTwo(open);
    const row = await save();
    const stale = await worker.claimAndStart();
    clock.advance(LEASE);
    const taken = await other.claim();
    const before = await read(row);

    expect(await lostBy(worker.start(stale))).toBe('lease-mismatch');
    expect(await lostBy(worker.touch(stale, 50))).toBe('lease-mismatch');
    expect(await lostBy(worker.succeed(stale))).toBe('lease-mismatch');
    expect(await lostBy(worker.fail(stale, 'late'))).toBe('lease-mismatch');
    await repository.unlockJob(stale);
    await repository.unlockJobs([row._id!]);

    expect(await read(row)).toEqual(before);
    expect(await worker.next({ lockLifetimeMs: LOCK_LIFETIME })).toBeUndefined();
    await expect(other.start(taken)).resolves.toBeDefined();
  });

  it('names the job and the reason when it is lost', async () => {
    const { worker, save, repository } = await openTwo(open);
    const [removed, released] = [await save(), await save()];
    const rows = await worker.claimAll();
    await repository.removeJobs({ id: removed._id! });
    await repository.unlockJob(rows[1]!);

    await expect(worker.start(rows[0]!)).rejects.toMatchObject({
      jobId: removed._id,
      reason: 'not-found',
    });
    await expect(worker.start(rows[1]!)).rejects.toMatchObject({
      jobId: released._id,
      reason: 'not-running',
    });
  });

  it('ends with the closing write: a second one is refused', async () => {
    const { worker, save } = await openTwo(open);
    await save();
    const started = await worker.claimAndStart();
    await worker.succeed(started);

    expect(await lostBy(worker.succeed(started))).toBe('not-running');
  });

  it('still counts after its end as long as nobody has taken the row over', async () => {
    const { worker, other, save, read, clock } = await openTwo(open);
    const row = await save();
    const started = await worker.claimAndStart();
    clock.advance(10 * LEASE);

    await worker.succeed(started);

    expect(await read(row)).toMatchObject({ lastFinishedAt: at(10 * LEASE), nextRunAt: null });
    expect(await other.next()).toBeUndefined();
  });

  it('is none of our hosts, whose settlements are refused, and theirs is none of a row', async () => {
    const { worker, save, broker, repository } = await openTwo(open);
    await save();
    const held = await claimOne(broker);
    const ours = (await repository.getJobById(held.lease.id))!;
    expect(await lostBy(repository.saveJobState(ours))).toBe('lease-mismatch');
    expect(await settleOne(broker, complete(held))).toBe('ok');

    await save();
    const row = await worker.claim();
    const foreign = { lease: { ...held.lease, id: row._id! } };
    expect(await settleOne(broker, complete(foreign))).toBe('lease-mismatch');
    await worker.succeed(row);
  });
});

describeBackends('a row of a killed process', (open) => {
  it('comes back after one lease, not earlier, though its lock may be much older', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    const row = await save();
    await worker.claim();

    clock.advance(LEASE - 1);
    expect(await other.next()).toBeUndefined();
    clock.advance(1);
    expect((await other.claim())._id).toBe(row._id);
  });

  it('counts nothing when it was not started', async () => {
    const { worker, other, save, clock, manager } = await openTwo(open);
    const row = await save({ nextRunAt: at(-3) });
    const before = await manager.get(row._id!);

    for (let i = 0; i < 5; i++) {
      await worker.claim();
      clock.advance(LEASE);
    }
    await other.repository.unlockJob(await other.claim());

    expect(await manager.get(row._id!)).toEqual(before);
  });

  it('counts as a rescue when it was started, and goes back to its planned time', async () => {
    const { worker, other, save, clock, manager } = await openTwo(open);
    const row = await save({ nextRunAt: at(-3), repeatInterval: 3_600_000 });
    await worker.start(await worker.claim(), at(3_600_000));
    clock.advance(LEASE);

    expect(await other.claim()).toMatchObject({ _id: row._id, nextRunAt: at(-3) });
    expect(await manager.get(row._id!)).toMatchObject({
      attempt: 1,
      rescueCount: 1,
      lastRunAt: START,
    });
  });

  it('is buried as stalled when it is lost more often than its name allows', async () => {
    const { worker, save, clock, manager, broker, repository } = await openTwo(open);
    await broker.register([{ name: 'mail', maxRescues: 1 }]);
    const row = await save();
    for (let i = 0; i < 2; i++) {
      await worker.claimAndStart();
      clock.advance(LEASE);
    }

    expect(await worker.next()).toBeUndefined();
    expect(await repository.getJobById(row._id!)).toMatchObject({ nextRunAt: null });
    expect(await manager.get(row._id!)).toMatchObject({ failure: { reason: 'stalled' } });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
  });

  it('keeps a time that was saved while it ran', async () => {
    const { worker, other, save, clock, repository } = await openTwo(open);
    const row = await save();
    await worker.claimAndStart();
    await repository.saveJob({ ...row, nextRunAt: at(-50) });
    clock.advance(LEASE);

    expect(await other.claim()).toMatchObject({ nextRunAt: at(-50) });
  });

  it('is rescued by our hosts too, which tell only of runs that were lost', async () => {
    const { worker, save, clock, broker } = await openTwo(open);
    const [started, claimed] = [await save(), await save()];
    await worker.claimAndStart();
    await worker.claim();
    clock.advance(LEASE);

    const { jobs, more } = await broker.rescue(100, LEASE);

    expect(jobs).toMatchObject([{ id: started._id, rescueCount: 1, outcome: 'requeued' }]);
    expect(more).toBe(false);
    expect((await claim(broker)).jobs.map(({ lease }) => lease.id)).toEqual([
      started._id,
      claimed._id,
    ]);
  });

  it('comes back at the first look after its lease, to a worker that finds nothing meanwhile', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    const row = await save();
    await worker.claimAndStart();
    const pace = 4_900;

    for (let waited = pace; waited < LEASE; waited += pace) {
      clock.advance(pace);
      expect(await other.next({ aheadMs: pace })).toBeUndefined();
    }
    clock.advance(pace);
    expect((await other.next({ aheadMs: pace }))?._id).toBe(row._id);
  });

  it('comes back to workers that look once a minute, with their second look', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    const row = await save();
    await worker.claim({ aheadMs: 60_000 });

    clock.advance(60_005);
    expect(await other.next({ aheadMs: 60_000 })).toBeUndefined();
    clock.advance(60_005);
    expect((await other.next({ aheadMs: 60_000 }))?._id).toBe(row._id);
  });

  it('waits one lease more after an outage, so that the living renew first', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    await save();
    await worker.claim();
    clock.advance(LOCK_LIFETIME / 2);

    expect(await other.next()).toBeUndefined();
    clock.advance(LEASE);
    expect(await other.next()).toBeDefined();
  });
});

describeBackends('a row of a living process', (open) => {
  it('stays with it: its lease is renewed again and again', async () => {
    const { worker, other, save, clock, dump } = await openTwo(open, { rowLeaseMs: 150 });
    await save();
    const held = await worker.claim();

    for (let i = 0; i < 3; i++) {
      const before = JSON.stringify(await dump());
      clock.advance(100);
      // A renewal is all that can change the store now.
      while (JSON.stringify(await dump()) === before) await sleep(10);
    }

    expect(await other.next()).toBeUndefined();
    await expect(worker.start(held)).resolves.toBeDefined();
  });

  it('is renewed no more after its last write', async () => {
    const { worker, save, clock, dump } = await openTwo(open, { rowLeaseMs: 60 });
    await save();
    await worker.succeed(await worker.claimAndStart());
    const before = await dump();

    clock.advance(50);
    await sleep(100);

    expect(await dump()).toEqual(before);
  });
});

describeBackends('a row whose last write is refused', (open) => {
  it('is renewed no more: it comes back when its lease runs out', async () => {
    const { worker, other, save, clock } = await openTwo(open, { rowLeaseMs: 60 });
    const row = await save();
    const started = await worker.claimAndStart();

    await expect(worker.fail(started, 'odd', new Date(Number.NaN))).rejects.toThrow(
      InvalidOptionError,
    );
    clock.advance(50);
    await sleep(100);
    clock.advance(10);

    expect((await other.next())?._id).toBe(row._id);
  });
});

describeBackends('a row whose holder is silent for longer than it may be', (open) => {
  it.each([
    ['is due', at(-10)],
    ['is not due', at(1e9)],
    ['has no time', null],
  ])('is handed out again though it %s', async (_, nextRunAt) => {
    const { worker, save, clock } = await openTwo(open);
    const row = await save({ nextRunAt, lockedAt: at(0) });

    clock.advance(LOCK_LIFETIME - 1);
    expect(await worker.next()).toBeUndefined();
    clock.advance(1);
    expect(await worker.claim()).toMatchObject({
      _id: row._id,
      nextRunAt,
      lockedAt: at(LOCK_LIFETIME),
    });
    expect(await worker.next()).toBeUndefined();
  });

  it('is handed out again though its process lives', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    const row = await save();
    const silent = await worker.claimAndStart();
    clock.advance(1_000);

    expect(await other.next({ lockLifetimeMs: 1_001 })).toBeUndefined();
    expect(await other.claim({ lockLifetimeMs: 1_000 })).toMatchObject({
      _id: row._id,
      nextRunAt: at(0),
    });
    expect(await lostBy(worker.succeed(silent))).toBe('lease-mismatch');
  });

  it('counts as rescued when it was started, and is buried in the end', async () => {
    const { worker, save, clock, manager } = await openTwo(open);
    const row = await save();
    for (let run = 0; run < 3; run++) {
      await worker.start(await worker.claim({ lockLifetimeMs: 1_000 }));
      clock.advance(1_000);
    }

    expect(await worker.next({ lockLifetimeMs: 1_000 })).toBeUndefined();
    expect(await manager.get(row._id!)).toMatchObject({
      rescueCount: 3,
      failure: { reason: 'stalled' },
    });
  });

  it('is safe as long as its handler touches it', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    await save();
    const started = await worker.claimAndStart();
    for (let i = 0; i < 4; i++) {
      clock.advance(900);
      await worker.touch(started);
    }

    expect(await other.next({ lockLifetimeMs: 1_000 })).toBeUndefined();
    await worker.succeed(started);
  });

  it.each([600_000, -600_000])('is told by age, not by a clock that is %i ms off', async (off) => {
    const { worker, other, save, clock } = await openTwo(open);
    await save();
    await worker.claimAndStart();
    clock.advance(5_000);

    const scan = { aheadMs: 1e9, clockIsAheadMs: off };
    expect(await other.next({ ...scan, lockLifetimeMs: 5_001 })).toBeUndefined();
    expect(await other.next({ ...scan, lockLifetimeMs: 5_000 })).toBeDefined();
  });

  it('is found behind many that may stay: disabled ones, and jobs of our own hosts', async () => {
    const { worker, broker, save, clock } = await openTwo(open);
    await addMany(broker, 20);
    await claim(broker, { leaseMs: 2 * LOCK_LIFETIME });
    for (let i = 0; i < 20; i++) await save({ lockedAt: at(0), disabled: true });
    clock.advance(1);
    const row = await save({ lockedAt: at(1) });
    clock.advance(LOCK_LIFETIME);

    expect((await worker.next())?._id).toBe(row._id);
    expect(await worker.next()).toBeUndefined();
  });

  it('is none of another name', async () => {
    const { worker, save, clock } = await openTwo(open);
    await save({ name: 'other', lockedAt: at(0) });
    clock.advance(LOCK_LIFETIME);

    expect(await worker.next()).toBeUndefined();
    expect(await worker.next({ name: 'other' })).toBeDefined();
  });

  it('waits for those that are due, and takes its turn by time among the others', async () => {
    const { worker, save, clock } = await openTwo(open);
    const late = LOCK_LIFETIME + 2_000;
    await save({ lockedAt: at(0), nextRunAt: at(late), priority: 9, data: 'lost' });
    await save({ nextRunAt: at(LOCK_LIFETIME + 1_000), priority: -9, data: 'ahead' });
    await save({ priority: -9, data: 'due' });
    clock.advance(LOCK_LIFETIME);

    const order = (await worker.claimAll({ aheadMs: 5_000 })).map(({ data }) => data);

    expect(order).toEqual(['due', 'ahead', 'lost']);
  });

  it('stays where it is while its name is paused, and who finds it gives no sign of life', async () => {
    const store = await openTwo(open);
    const { worker, save, read, clock, broker, manager } = store;
    const row = await save({ lockedAt: at(-LOCK_LIFETIME) });
    await claim(broker, { slots: 0 });
    await manager.pause({ name: 'mail' });
    clock.advance(LEASE);

    expect(await worker.next()).toBeUndefined();

    expect((await read(row)).lockedAt).toEqual(at(-LOCK_LIFETIME));
    clock.advance(1);
    expect((await broker.rescue(1, LEASE)).heldUntil).toBe(START + LEASE + 1 + LEASE);
  });

  it('stays where it is when it is disabled', async () => {
    const { worker, save, clock } = await openTwo(open);
    await save({ lockedAt: at(0), disabled: true });
    clock.advance(LOCK_LIFETIME);

    expect(await worker.next()).toBeUndefined();
  });

  it('goes back to the time it has, or had, when its new holder dies before it starts', async () => {
    const { worker, other, save, clock } = await openTwo(open);
    const timeless = await save({ nextRunAt: null, lockedAt: at(0) });
    clock.advance(LOCK_LIFETIME);
    await worker.claim();
    clock.advance(LEASE);

    expect((await other.claim())._id).toBe(timeless._id);
  });
});

describeBackends('a change of a row that is claimed and not started', (open) => {
  const changes: [string, Partial<JobParameters>][] = [
    ['time', { nextRunAt: at(60_000) }],
    ['lack of a time', { nextRunAt: null }],
    ['data', { data: { other: true } }],
    ['priority', { priority: 5 }],
    ['rule', { repeatInterval: '1 hour' }],
    ['disabling', { disabled: true }],
  ];

  it.each(changes)('takes it back: another %s', async (_, change) => {
    const { worker, save, read, repository } = await openTwo(open);
    const row = await save({ nextRunAt: at(2_000) });
    const held = await worker.claim({ aheadMs: 5_000 });

    expect(await repository.saveJob({ ...row, ...change })).toMatchObject(change);

    const after = await read(row);
    expect(after).toMatchObject(change);
    expect(Object.keys(after)).not.toContain('lockedAt');
    expect(await lostBy(worker.start(held))).toBe('not-running');
  });

  it('counts for the next claim', async () => {
    const { worker, other, save, repository, clock } = await openTwo(open);
    const row = await save({ nextRunAt: at(2_000) });
    await worker.claim({ aheadMs: 5_000 });
    await repository.saveJob({ ...row, nextRunAt: at(60_000), data: 2 });

    expect(await other.next({ aheadMs: 5_000 })).toBeUndefined();
    clock.advance(60_000);
    expect(await other.claim()).toMatchObject({ _id: row._id, data: 2 });
  });

  it('is none when the same is saved again', async () => {
    const { worker, save, repository } = await openTwo(open);
    const row = await save({ data: { a: [1] }, repeatInterval: 5_000, priority: 2 });
    const held = await worker.claim();

    await repository.saveJob({ ...row });
    await repository.enableJobs({ id: row._id! });

    await expect(worker.start(held)).resolves.toBeDefined();
  });

  it('is one when `every()` changes its rule, and none when it comes again unchanged', async () => {
    const { worker, repository } = await openTwo(open);
    const rule = newRow({ type: 'single', repeatInterval: '1 hour' });
    await repository.saveJob(rule);
    const held = await worker.claim();
    await repository.saveJob({ ...rule, nextRunAt: at(3_600_000) });
    await worker.start(held, at(3_600_000));
    await repository.unlockJobs([held._id!]);

    const again = await worker.claim();
    await repository.saveJob({ ...rule, repeatInterval: '2 hours', nextRunAt: at(7_200_000) });

    expect(await lostBy(worker.start(again))).toBe('not-running');
  });

  it('is a disabling by filter: the row is parked and does not run', async () => {
    const { worker, other, save, repository, clock } = await openTwo(open);
    const row = await save({ nextRunAt: at(2_000) });
    const held = await worker.claim({ aheadMs: 5_000 });

    expect(await repository.disableJobs({ name: 'mail' })).toBe(1);

    expect(await lostBy(worker.start(held))).toBe('not-running');
    clock.advance(2_000);
    expect(await other.next()).toBeUndefined();
    await repository.enableJobs({ id: row._id! });
    expect((await other.claim())._id).toBe(row._id);
  });
});

describeBackends('a change of a row that runs', (open) => {
  async function running(asked: Partial<JobParameters> = {}, next: Date | null = null) {
    const store = await openTwo(open);
    const row = await store.save(asked);
    const started = await store.worker.start(await store.worker.claim(), next);
    const change = (part: Partial<JobParameters>) => store.repository.saveJob({ ...row, ...part });
    return { ...store, row, started, change, stored: () => store.read(row) };
  }

  it('is stored at once, tells when it counts, and leaves the run alone', async () => {
    const { worker, change, stored, started } = await running();

    expect(await change({ data: 2, nextRunAt: at(60_000) })).toMatchObject({
      data: 2,
      nextRunAt: at(60_000),
    });

    expect(await stored()).toMatchObject({ data: 2, nextRunAt: null, lockedAt: at(0) });
    await worker.succeed(started);
    expect(await stored()).toMatchObject({ data: 2, nextRunAt: at(60_000) });
  });

  it('wins over the next time that was computed', async () => {
    const { worker, change, stored, started } = await running({ repeatInterval: 1_000 }, at(1_000));
    await change({ nextRunAt: at(5_000) });

    await worker.succeed(started);

    expect((await stored()).nextRunAt).toEqual(at(5_000));
  });

  it.each([
    ['the retry', 5, 100],
    ['the time saved', 100, 5],
  ])('waits for the earlier of both after a failure with a retry: %s', async (_, retry, saved) => {
    const { worker, change, stored, started } = await running();
    await change({ nextRunAt: at(saved) });

    await worker.fail(started, 'no luck', at(retry));

    expect((await stored()).nextRunAt).toEqual(at(5));
  });

  it('is not erased by a failure without a next time', async () => {
    const { worker, change, stored, started } = await running();
    await change({ nextRunAt: at(5) });

    await worker.fail(started, 'no luck', null);

    expect((await stored()).nextRunAt).toEqual(at(5));
  });

  it.each(['before', 'after'])(
    'makes a failed job due again, saved %s the closing write',
    async (when) => {
      const { worker, change, started, other } = await running();

      if (when === 'before') await change({ nextRunAt: at(1) });
      await worker.fail(started, 'no luck', null);
      if (when === 'after') await change({ nextRunAt: at(1) });

      expect(await other.next({ aheadMs: 1 })).toMatchObject({ nextRunAt: at(1) });
    },
  );

  it('is none when the old time comes again, be it that of this run or of the next', async () => {
    const { worker, change, stored, started } = await running({ repeatInterval: 1_000 }, at(1_000));
    await change({ data: 1 });
    await change({ data: 2, nextRunAt: at(1_000) });

    await worker.succeed({ ...started, nextRunAt: at(2_000) });

    expect(await stored()).toMatchObject({ data: 2, nextRunAt: at(2_000) });
  });

  it('parks the job after the run when it is disabled meanwhile', async () => {
    const { worker, stored, started, other, repository } = await running();
    await repository.disableJobs({ id: started._id! });

    await worker.touch(started);
    await worker.fail(started, 'no luck', at(0));

    expect(await stored()).toMatchObject({ disabled: true, nextRunAt: at(0) });
    expect(await other.next()).toBeUndefined();
  });
});

describeBackends('a lock that comes with a row', (open) => {
  it('holds the row, with the time it says, against every claim', async () => {
    const { worker, save, read, broker, clock } = await openTwo(open);
    const row = await save({ lockedAt: at(-1_000) });

    expect(row.lockedAt).toEqual(at(-1_000));
    clock.advance(100 * LEASE);
    await broker.rescue(100, 100 * LEASE);
    await broker.rescue(100, 100 * LEASE);
    expect(await read(row)).toEqual(row);
    expect(await worker.next({ lockLifetimeMs: 100 * LEASE + 1_001 })).toBeUndefined();
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('is not in the hands of a host that offers no token', async () => {
    const { save, read, broker } = await openTwo(open);
    const row = await save({ lockedAt: at(0) });
    const lease = { id: row._id!, name: 'mail', token: '', fence: 0, expiresAt: 0 };

    expect(await settleOne(broker, { ...complete({ lease }), afterExpiry: true })).toBe(
      'lease-mismatch',
    );
    expect((await broker.renew([lease], LEASE, { afterExpiry: true })).lost).toMatchObject([
      { refusal: 'lease-mismatch' },
    ]);
    expect(await read(row)).toEqual(row);
  });

  it('yields to state writes without a token, and to the last of them', async () => {
    const { worker, save, read, repository } = await openTwo(open);
    const row = await save();
    await repository.saveJobState({ ...row, lockedAt: at(1), progress: 10 });
    expect(await read(row)).toEqual({ ...row, lockedAt: at(1), progress: 10 });
    expect(await worker.next()).toBeUndefined();

    await repository.saveJobState({ ...row, lockedAt: at(2) });
    expect(await read(row)).toMatchObject({ lockedAt: at(2), progress: 10 });

    await repository.saveJobState(row);
    expect(await worker.next()).toMatchObject({ _id: row._id });
  });

  it('keeps a time that is saved under it', async () => {
    const { save, read, repository } = await openTwo(open);
    const row = await save({ lockedAt: at(0) });
    await repository.saveJob({ ...row, nextRunAt: at(700), data: 1 });

    const { lockedAt: _, ...ended } = row;
    await repository.saveJobState({ ...ended, nextRunAt: null, lastFinishedAt: at(1) });

    expect(await read(row)).toMatchObject({ nextRunAt: at(700), data: 1 });
  });

  it('comes with a single row too, the first time', async () => {
    const { save } = await openTwo(open);
    const row = await save({ lockedAt: at(0), type: 'single' });

    expect(await save({ lockedAt: at(9), type: 'single' })).toEqual(row);
  });

  it('goes with its row', async () => {
    const { save, repository, manager } = await openTwo(open);
    const row = await save({ lockedAt: at(0) });

    expect(await repository.removeJobs({ id: row._id! })).toBe(1);

    expect(await repository.getJobById(row._id!)).toBeNull();
    expect(await manager.counts()).toEqual(new Map());
  });
});

describeBackends('a row that runs in a child process', (open) => {
  async function forked(fork: boolean) {
    const store = await openTwo(open);
    const row = await store.save({ fork });
    const started = await store.worker.claimAndStart();
    // The child has a backend of its own, and reads the row.
    const inChild = (await store.other.repository.getJobById(row._id!))!;
    return { ...store, row, started, inChild };
  }

  it('is kept by the touches of the child, which carry no token and change nothing else', async () => {
    const { worker, other, clock, read, row, started, inChild } = await forked(true);
    for (let i = 1; i <= 3; i++) {
      clock.advance(LEASE - 1);
      await other.touch({ ...inChild, nextRunAt: at(5), failReason: 'no' }, i);
    }

    expect(await read(row)).toEqual({
      ...inChild,
      lockedAt: at(3 * (LEASE - 1)),
      progress: 3,
    });
    expect(await other.next({ lockLifetimeMs: LEASE })).toBeUndefined();
    await worker.succeed(started);
  });

  it('is ended by no write of the child', async () => {
    const { other, inChild } = await forked(true);

    expect(await lostBy(other.succeed(inChild))).toBe('lease-mismatch');
  });

  it('must be one: a write without a token does not touch any other row that is held', async () => {
    const { other, read, row, inChild } = await forked(false);
    const before = await read(row);

    expect(await lostBy(other.touch(inChild, 50))).toBe('lease-mismatch');
    expect(await lostBy(other.succeed(inChild))).toBe('lease-mismatch');
    expect(await read(row)).toEqual(before);
  });

  it('must not be run by a host of ours', async () => {
    const { save, other, broker, repository } = await openTwo(open);
    const row = await save({ fork: true });
    await claimOne(broker);
    const read = (await repository.getJobById(row._id!))!;

    expect(await lostBy(other.touch(read, 50))).toBe('lease-mismatch');
  });
});
