import type { JobParameters, UniqueOptions } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START, type Open } from './support/backends.js';
import {
  claim,
  claimOne,
  complete,
  LEASE,
  loseAndRescue,
  release,
  settleOne,
} from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

type Debounce = NonNullable<UniqueOptions['debounce']>;

async function openDebounced(open: Open, debounce: Debounce) {
  const store = await open();
  let saves = 0;
  /** Each save brings a number of its own as data. */
  const save = (part: Partial<JobParameters> = {}, options: Partial<Debounce> = {}) =>
    store.repository.saveJob(
      newRow({
        nextRunAt: new Date(store.clock.now()),
        data: ++saves,
        unique: { 'data.key': 'k' },
        uniqueOpts: { debounce: { ...debounce, ...options } },
        ...part,
      }),
    );
  const read = async (row: JobParameters) => (await store.repository.getJobById(row._id!))!;
  return { ...store, worker: new AgendaWorker(store), save, read };
}

/** When a row is planned and since when its window is open, in ms from the start of the test. */
const timesOf = ({ nextRunAt, debounceStartedAt }: JobParameters) => ({
  planned: nextRunAt && nextRunAt.getTime() - START,
  since: debounceStartedAt && debounceStartedAt.getTime() - START,
});

describeBackends('a trailing debounce', (open) => {
  it('plans the run a delay after the last save, with its data', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 1_000 });
    const row = await save();
    expect(timesOf(row)).toEqual({ planned: 1_000, since: 0 });

    for (let ms = 300; ms <= 2_700; ms += 300) {
      clock.advance(300);
      expect(timesOf(await save())).toEqual({ planned: ms + 1_000, since: 0 });
      expect(await worker.next()).toBeUndefined();
    }

    expect(timesOf(await read(row))).toEqual({ planned: 3_700, since: 0 });
    clock.advance(999);
    expect(await worker.next()).toBeUndefined();
    clock.advance(1);
    expect(await worker.claim()).toMatchObject({ _id: row._id, data: 10 });
    expect(await worker.next({ aheadMs: 1e9 })).toBeUndefined();
  });

  it('counts on the clock of the store, not by the time that comes with a save', async () => {
    const { save } = await openDebounced(open, { delay: 1_000 });

    expect(timesOf(await save({ nextRunAt: at(9e6) }))).toEqual({ planned: 1_000, since: 0 });
    expect(timesOf(await save({ nextRunAt: null }))).toEqual({ planned: 1_000, since: 0 });
  });

  it('waits no longer than `maxWait` from the first save', async () => {
    const { save, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    expect(timesOf(await save())).toEqual({ planned: 500, since: 0 });

    clock.advance(300);
    expect(timesOf(await save())).toEqual({ planned: 600, since: 0 });
    clock.advance(299);
    expect(timesOf(await save())).toEqual({ planned: 600, since: 0 });
  });

  it('does so from the first save on', async () => {
    const { save } = await openDebounced(open, { delay: 2_000, maxWait: 500 });

    expect(timesOf(await save())).toEqual({ planned: 500, since: 0 });
  });

  it('is due at once when `maxWait` is over, and no further save puts the run off', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    const row = await save();
    clock.advance(650);

    expect(timesOf(await save())).toEqual({ planned: 650, since: undefined });
    for (const ms of [0, 200]) {
      clock.advance(ms);
      expect(timesOf(await save())).toEqual({ planned: 650, since: undefined });
    }

    expect(timesOf(await read(row))).toEqual({ planned: 650, since: undefined });
    expect(await worker.claim()).toMatchObject({ data: 4 });
  });

  it('is over in the very millisecond of `maxWait`', async () => {
    const { save, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    await save();
    clock.advance(600);

    expect(timesOf(await save())).toEqual({ planned: 600, since: undefined });
  });

  it('has no window any more when its row is saved without a time', async () => {
    const { save, read, repository, clock } = await openDebounced(open, {
      delay: 500,
      maxWait: 600,
    });
    const row = await save();
    await repository.saveJob({ ...row, nextRunAt: null });
    expect(timesOf(await read(row))).toEqual({ planned: null, since: undefined });
    clock.advance(550);

    expect(timesOf(await save())).toEqual({ planned: 1_050, since: 550 });
  });

  it('replaces everything but the time, as any unique save', async () => {
    const { save, read } = await openDebounced(open, { delay: 500 });
    const row = await save({ priority: 3 });
    await save({ priority: 7, repeatInterval: '1 hour' });

    expect(await read(row)).toMatchObject({ priority: 7, repeatInterval: '1 hour', data: 2 });
  });

  it('counts also with `insertOnly`', async () => {
    const { save } = await openDebounced(open, { delay: 500 });
    const uniqueOpts = { insertOnly: true, debounce: { delay: 800 } };
    await save();

    expect(await save({ uniqueOpts })).toMatchObject({ nextRunAt: at(800), data: 2 });
  });

  it('is one row with one window, also of ten saves at once', async () => {
    const { save } = await openDebounced(open, { delay: 500, maxWait: 600 });

    const rows = await Promise.all(Array.from({ length: 10 }, () => save()));

    expect(new Set(rows.map(({ _id }) => _id)).size).toBe(1);
    for (const row of rows) expect(timesOf(row)).toEqual({ planned: 500, since: 0 });
  });

  it('keeps windows of different keys apart', async () => {
    const { save, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    await save();
    clock.advance(400);

    const other = await save({ unique: { 'data.key': 'other' } });

    expect(timesOf(other)).toEqual({ planned: 900, since: 400 });
  });

  it('schedules an ended row again, after its full delay', async () => {
    const { save, broker, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    await save();
    clock.advance(500);
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(1_000);

    expect(timesOf(await save())).toEqual({ planned: 2_000, since: 1_500 });
  });

  it('takes a delay that is no whole number up', async () => {
    const { save } = await openDebounced(open, { delay: 10.5 });

    expect(timesOf(await save()).planned).toBe(11);
  });
});

describeBackends('a trailing debounce while hosts of ours work', (open) => {
  it('closes its window with the claim', async () => {
    const { save, read, broker, clock, manager } = await openDebounced(open, { delay: 500 });
    const row = await save();
    clock.advance(500);

    await claimOne(broker);

    expect(timesOf(await read(row)).since).toBeUndefined();
    expect((await manager.get(row._id!))!.debounceStartedAt).toBeNull();
  });

  it('keeps a burst during a run for one more run, in a window of its own', async () => {
    const { save, read, broker, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    const row = await save();
    clock.advance(500);
    const held = await claimOne(broker);
    clock.advance(100);

    expect(timesOf(await save())).toEqual({ planned: 1_100, since: 600 });
    clock.advance(300);
    expect(timesOf(await save())).toEqual({ planned: 1_200, since: 600 });
    await settleOne(broker, complete(held));

    expect(timesOf(await read(row))).toEqual({ planned: 1_200, since: 600 });
    clock.advance(100);
    expect(timesOf(await save())).toEqual({ planned: 1_200, since: 600 });
    clock.advance(200);
    expect((await claimOne(broker)).record.data).toBe(4);
    expect(timesOf(await read(row)).since).toBeUndefined();
  });

  it('opens the next window with the first save after a run', async () => {
    const { save, broker, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    await save();
    clock.advance(500);
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(50);
    expect(timesOf(await save())).toEqual({ planned: 1_050, since: 550 });
  });

  it('takes a window that was opened in the millisecond of the claim for one of the next run', async () => {
    const { save, read, broker } = await openDebounced(open, { delay: 500 });
    const row = await save({ uniqueOpts: {} });
    const held = await claimOne(broker);

    expect(timesOf(await save())).toEqual({ planned: 500, since: 0 });
    await settleOne(broker, complete(held));

    expect(timesOf(await read(row))).toEqual({ planned: 500, since: 0 });
  });

  it.each(['released', 'lost'])('has had its window when the run is %s', async (how) => {
    const store = await openDebounced(open, { delay: 500, maxWait: 600 });
    const row = await store.save();
    store.clock.advance(500);
    const held = await claimOne(store.broker);
    if (how === 'released') await settleOne(store.broker, release(held));
    else await loseAndRescue(store);

    expect(timesOf(await store.read(row))).toEqual({ planned: 500, since: undefined });
    const now = store.clock.now() - START;
    expect(timesOf(await store.save())).toEqual({ planned: now + 500, since: now });
  });

  it('never exceeds `maxWait`, whatever the rhythm of saves', async () => {
    const { save, broker, clock } = await openDebounced(open, { delay: 40, maxWait: 100 });
    const waits: number[] = [];
    let firstUnserved: number | undefined;
    for (let step = 0; step < 200; step++) {
      clock.advance(1 + ((step * 7) % 23));
      if (step % 5 !== 4) {
        await save();
        firstUnserved ??= clock.now();
      }
      const { jobs } = await claim(broker);
      if (jobs.length === 0) continue;
      waits.push(clock.now() - firstUnserved!);
      firstUnserved = undefined;
      await settleOne(broker, complete(jobs[0]!));
    }

    expect(waits.length).toBeGreaterThan(10);
    // It looks only every 23 ms at times.
    expect(Math.max(...waits)).toBeLessThanOrEqual(100 + 23);
  });
});

describeBackends("a trailing debounce while Agenda's engine works", (open) => {
  it('goes on while a row is claimed ahead, and takes the claim back', async () => {
    const { save, worker, clock } = await openDebounced(open, { delay: 1_000 });
    await save();
    clock.advance(900);
    const ahead = await worker.claim({ aheadMs: 5_000 });
    expect(timesOf(ahead)).toEqual({ planned: 1_000, since: 0 });

    expect(timesOf(await save())).toEqual({ planned: 1_900, since: 0 });

    await expect(worker.start(ahead)).rejects.toMatchObject({ reason: 'not-running' });
    clock.advance(1_000);
    expect(await worker.claim()).toMatchObject({ data: 2 });
  });

  it('closes its window with the opening write', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 500 });
    const row = await save();
    clock.advance(500);
    const held = await worker.claim();
    expect(timesOf(await read(row)).since).toBe(0);

    await worker.start(held);

    expect(timesOf(await read(row)).since).toBeUndefined();
  });

  it('has had its window when a row is ended that was never opened', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 500 });
    const row = await save();
    clock.advance(500);

    await worker.fail(await worker.claim(), 'no luck', at(700));

    expect(timesOf(await read(row))).toEqual({ planned: 700, since: undefined });
  });

  it('closes its window with a run that nobody has claimed, and not with what else is written', async () => {
    const { save, read, repository } = await openDebounced(open, { delay: 500 });
    const row = await save();

    await repository.saveJobState({ ...row, progress: 1 });
    expect(timesOf(await read(row))).toEqual({ planned: 500, since: 0 });
    // `job.run()`
    await repository.saveJobState({ ...row, lastRunAt: at(0) });
    expect(timesOf(await read(row))).toEqual({ planned: 500, since: undefined });
  });

  it('makes one run of a burst of ten, 300 ms apart, and one more of a burst during the run', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 1_000 });
    const runs: unknown[] = [];
    const step = async () => {
      clock.advance(100);
      const row = await worker.next({ aheadMs: 5_000 });
      if (!row) return;
      // It waits for the time of the row, and may then have lost it.
      clock.advance(Math.max(0, row.nextRunAt!.getTime() - clock.now()));
      const started = await worker.start(row).catch(() => undefined);
      if (started) runs.push(started.data);
      return started;
    };
    const row = await save();
    for (let i = 1; i < 10; i++) {
      clock.advance(300);
      await worker.next({ aheadMs: 5_000 });
      await save();
    }
    const started = await step();
    expect(runs).toEqual([10]);

    await save();
    clock.advance(300);
    await save();
    await worker.succeed(started!);
    await step();

    expect(runs).toEqual([10, 12]);
    expect(timesOf(await read(row)).since).toBeUndefined();
  });

  it('tells nothing of the clocks of workers: one that is fast closes no later window', async () => {
    const { save, read, worker, repository, clock } = await openDebounced(open, {
      delay: 500,
      maxWait: 600,
    });
    const row = await save();
    clock.advance(500);
    const held = await worker.claim();
    const started = { ...held, lastRunAt: at(600_000), nextRunAt: null };
    await repository.saveJobState(started);
    await worker.succeed(started);
    clock.advance(100);

    await save();
    clock.advance(400);

    expect(timesOf(await save())).toEqual({ planned: 1_200, since: 600 });
    expect(timesOf(await read(row))).toEqual({ planned: 1_200, since: 600 });
  });

  it('has an open window still when a claimed row is given back or its process dies', async () => {
    const { save, read, worker, clock } = await openDebounced(open, { delay: 500, maxWait: 600 });
    const row = await save();
    await worker.repository.unlockJob(await worker.claim({ aheadMs: 500 }));
    expect(timesOf(await read(row))).toEqual({ planned: 500, since: 0 });

    await worker.claim({ aheadMs: 500 });
    clock.advance(LEASE);
    await worker.claim();
    expect(timesOf(await read(row))).toEqual({ planned: 500, since: 0 });
  });
});

describeBackends('a leading debounce', (open) => {
  const leading = { delay: 1_000, strategy: 'leading' as const };

  it('keeps the time of its first save, and the data of the last', async () => {
    const { save, clock } = await openDebounced(open, leading);
    expect(timesOf(await save())).toEqual({ planned: 0, since: 0 });
    clock.advance(400);

    const again = await save();

    expect(timesOf(again)).toEqual({ planned: 0, since: 0 });
    expect(again.data).toBe(2);
  });

  it('does not run again before its window is over, and then at once', async () => {
    const { save, read, broker, clock } = await openDebounced(open, leading);
    const row = await save();
    await settleOne(broker, complete(await claimOne(broker)));
    clock.advance(999);
    expect(timesOf(await save())).toEqual({ planned: null, since: 0 });
    expect((await claim(broker)).jobs).toEqual([]);

    clock.advance(1);
    expect(timesOf(await read(row)).since).toBeUndefined();
    expect(timesOf(await save())).toEqual({ planned: 1_000, since: 1_000 });
    expect((await claimOne(broker)).record.data).toBe(3);
  });

  it('stays open while a row runs', async () => {
    const { save, read, worker, clock } = await openDebounced(open, leading);
    const row = await save();
    const started = await worker.claimAndStart();
    expect(timesOf(await read(row)).since).toBe(0);

    clock.advance(500);
    await save();
    await worker.succeed(started);

    expect(timesOf(await read(row))).toEqual({ planned: null, since: 0 });
    expect((await read(row)).data).toBe(2);
  });

  it('makes no second run of a burst while a host of ours runs it', async () => {
    const { save, read, broker, clock } = await openDebounced(open, leading);
    const row = await save();
    const held = await claimOne(broker);
    clock.advance(500);
    await save();

    await settleOne(broker, complete(held));

    expect(timesOf(await read(row))).toEqual({ planned: null, since: 0 });
  });

  it('that ends during a run keeps the next save for a second run', async () => {
    const { save, read, worker, clock } = await openDebounced(open, leading);
    const row = await save();
    const started = await worker.claimAndStart();
    clock.advance(1_000);

    expect(timesOf(await save())).toEqual({ planned: 1_000, since: 1_000 });
    clock.advance(10);
    await save();
    await worker.succeed(started);

    expect(timesOf(await read(row))).toEqual({ planned: 1_000, since: 1_000 });
    expect(await worker.claim()).toMatchObject({ data: 3 });
  });

  it('does not use `maxWait`', async () => {
    const { save, clock } = await openDebounced(open, { ...leading, maxWait: 10 });
    await save();
    clock.advance(500);

    expect(timesOf(await save())).toEqual({ planned: 0, since: 0 });
  });

  it('means nothing to a trailing save, nor the other way round', async () => {
    const { save, clock } = await openDebounced(open, leading);
    await save();
    clock.advance(100);
    expect(timesOf(await save({}, { strategy: 'trailing' }))).toEqual({
      planned: 1_100,
      since: 100,
    });
    clock.advance(100);
    expect(timesOf(await save())).toEqual({ planned: 200, since: 200 });
  });
});

describeBackends('a debounced save', (open) => {
  it('without `unique` is a plain insert', async () => {
    const { save } = await openDebounced(open, { delay: 500 });

    const [one, other] = [await save({ unique: undefined as never }), await save()];

    expect(timesOf(one)).toEqual({ planned: 0, since: undefined });
    expect(other._id).not.toBe(one._id);
  });

  it.each<[string, object]>([
    ['a delay of 0', { delay: 0 }],
    ['a negative delay', { delay: -5 }],
    ['a delay that is no number', { delay: Number.NaN }],
    ['no delay', { delay: undefined }],
    ['an endless delay', { delay: Infinity }],
    ['a `maxWait` of 0', { delay: 5, maxWait: 0 }],
    ['a negative `maxWait`', { delay: 5, maxWait: -1 }],
    ['a strategy that there is not', { delay: 5, strategy: 'both' }],
  ])('refuses %s, with `unique` or without, and stores nothing', async (_, debounce) => {
    const { save, dump } = await openDebounced(open, { delay: 500 });
    const before = await dump();
    const uniqueOpts = { debounce: debounce as Debounce };

    await expect(save({ uniqueOpts })).rejects.toThrow(InvalidOptionError);
    await expect(save({ uniqueOpts, unique: undefined as never })).rejects.toThrow(
      InvalidOptionError,
    );
    expect(await dump()).toEqual(before);
  });
});
