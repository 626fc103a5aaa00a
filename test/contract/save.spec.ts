import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { InvalidJobError, InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  failure,
  idsOf,
  loseAndRescue,
  newJob,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';
import { at, newRow } from './support/rows.js';

describeBackends('saveJob of a new row', (open) => {
  it('inserts it under a new id, with all that is given', async () => {
    const { repository } = await open();
    const row = newRow({
      priority: 3,
      nextRunAt: at(1_000),
      data: { to: 'ann' },
      disabled: true,
      repeatInterval: '3 days',
      repeatTimezone: 'Europe/Paris',
      repeatAt: '3:30pm',
      startDate: at(5),
      endDate: at(6_000_000),
      skipDays: [0, 6],
      fork: true,
      lockedAt: at(-300),
      lastRunAt: at(-500),
      lastFinishedAt: at(-400),
      failedAt: at(-400),
      failCount: 2,
      failReason: 'null',
      progress: 33.5,
      debounceStartedAt: at(-600),
      lastModifiedBy: 'import',
    });

    const saved = await repository.saveJob(row);

    expect(saved).toEqual({ ...row, _id: expect.stringMatching(/^\S{22}$/) });
    expect(await repository.getJobById(saved._id!)).toEqual(saved);
  });

  it('keeps who wrote it: the caller, or else whom the row names', async () => {
    const { repository } = await open();
    const by = async (row: JobParameters, lastModifiedBy?: string) =>
      (await repository.saveJob(row, lastModifiedBy === undefined ? undefined : { lastModifiedBy }))
        .lastModifiedBy;

    expect(await by(newRow(), 'billing')).toBe('billing');
    expect(await by(newRow({ lastModifiedBy: 'import' }), 'billing')).toBe('billing');
    expect(await by(newRow({ lastModifiedBy: 'import' }))).toBe('import');
    expect(await by(newRow())).toBeUndefined();
  });

  it.each([
    ['no data', undefined],
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['an empty text', ''],
    ['the text null', 'null'],
    ['an empty list', []],
    ['an empty object', {}],
    ['nested data', { a: [{ b: null }], 'c.d': '}]"|' }],
  ])('gives data back as it came: %s', async (_, data) => {
    const { repository } = await open();

    const saved = await repository.saveJob(newRow({ data }));

    expect(saved.data).toEqual(data);
    expect((await repository.getJobById(saved._id!))!.data).toEqual(data);
  });

  it('stores nothing that is no field of a row', async () => {
    const { repository } = await open();
    const more = { state: 'queued', unheard: 1, uniqueOpts: { insertOnly: true } };

    const saved = await repository.saveJob({ ...newRow(), ...more });

    for (const key of Object.keys(more)) expect(Object.keys(saved)).not.toContain(key);
  });

  it('makes one row of each save, and leaves unset fields out', async () => {
    const { repository } = await open();

    const one = await repository.saveJob(newRow());
    const other = await repository.saveJob(newRow());

    expect(one._id).not.toBe(other._id);
    expect(one).toEqual({
      ...newRow(),
      _id: one._id,
      disabled: false,
      fork: false,
    });
    expect(Object.keys(one)).not.toContain('lockedAt');
  });

  it('lets it be claimed at its time', async () => {
    const { broker, repository, clock } = await open();
    const { _id } = await repository.saveJob(newRow({ nextRunAt: at(10), data: [1] }));

    clock.advance(9);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claimOne(broker)).record).toMatchObject({ id: _id, data: [1], attempt: 0 });
  });

  it('keeps a row without a time among the ended ones', async () => {
    const { broker, repository, manager } = await open();
    const { _id } = await repository.saveJob(newRow({ nextRunAt: null }));

    expect((await manager.get(_id!))!.nextRunAt).toBeNull();
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, total: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('counts a row that brings a failure along as failed', async () => {
    const { repository, manager } = await open();
    const failed = { failedAt: at(-1), lastFinishedAt: at(-1), failCount: 1, failReason: 'x' };
    await repository.saveJob(newRow({ ...failed, nextRunAt: null }));
    await repository.saveJob(newRow({ ...failed, nextRunAt: at(10) }));
    await repository.saveJob(newRow({ lastFinishedAt: at(-1), nextRunAt: null }));

    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 2, completed: 1 });
  });

  it.each<[string, Partial<JobParameters>]>([
    ['an empty name', { name: '' }],
    ['data that JSON does not know', { data: { at: [1n] } }],
    ['too much data', { data: 'x'.repeat(262_145) }],
    ['a time that is no date', { nextRunAt: new Date(Number.NaN) }],
    ['a time beyond the year 9999', { nextRunAt: new Date(Date.UTC(10_000, 0)) }],
    ['a lock that is no date', { lockedAt: new Date(Number.NaN) }],
    ['a text for a date', { lastRunAt: '2026-03-04' as never }],
    ['a priority that is no number', { priority: Number.NaN }],
    ['a progress that is no number', { progress: Number.NaN }],
    ['a negative number of failures', { failCount: -1 }],
  ])('refuses %s, and stores nothing', async (_, fault) => {
    const { repository, dump } = await open();
    const before = await dump();

    const error: unknown = await repository
      .saveJob(newRow(fault))
      .catch((thrown: unknown) => thrown);

    expect(error instanceof InvalidJobError || error instanceof InvalidOptionError).toBe(true);
    expect(await dump()).toEqual(before);
  });
});

describeBackends('saveJob of a row that is there', (open) => {
  it('moves a waiting job to its new time and priority, in one step', async () => {
    const { broker, repository, clock } = await open();
    const a = await repository.saveJob(newRow({ nextRunAt: at(10) }));
    const b = await repository.saveJob(newRow({ nextRunAt: at(10) }));

    await repository.saveJob({ ...a, nextRunAt: at(20) });
    await repository.saveJob({ ...b, nextRunAt: at(20), priority: 1 });

    clock.advance(19);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect(idsOf((await claim(broker)).jobs)).toEqual([b._id, a._id]);
  });

  it('brings a job forward, and back', async () => {
    const { broker, repository } = await open();
    const row = await repository.saveJob(newRow({ nextRunAt: at(10_000) }));

    await repository.saveJob({ ...row, nextRunAt: at(0) });
    await repository.saveJob({ ...row, nextRunAt: at(5_000) });
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: 5_000 });
    await repository.saveJob({ ...row, nextRunAt: at(0) });
    expect(idsOf((await claim(broker)).jobs)).toEqual([row._id]);
  });

  it('keeps its place among equals, by its first insertion', async () => {
    const { broker, repository } = await open();
    const a = await repository.saveJob(newRow({ nextRunAt: at(0) }));
    const b = await repository.saveJob(newRow({ nextRunAt: at(0) }));
    await repository.saveJob({ ...a, nextRunAt: at(50) });
    await repository.saveJob({ ...a, nextRunAt: at(0) });

    expect(idsOf((await claim(broker)).jobs)).toEqual([a._id, b._id]);
  });

  it('rewrites what is asked, and nothing of what happened', async () => {
    const { broker, repository, manager } = await open();
    const { id } = await add(broker, { data: '{"a":1}' });
    await settleOne(broker, retry(await claimOne(broker), { failure: failure('kept') }));
    const before = await manager.get(id);

    await repository.saveJob({
      ...newRow({ _id: id, data: { b: 2 }, priority: 9, nextRunAt: at(7) }),
      lockedAt: at(99),
      lastRunAt: at(99),
      lastFinishedAt: at(99),
      progress: 99,
      debounceStartedAt: at(99),
    });

    expect(await manager.get(id)).toEqual({
      ...before,
      data: { b: 2 },
      priority: 9,
      nextRunAt: START + 7,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
  });

  it('updates all that is asked, to what the row says now', async () => {
    const { repository } = await open();
    const all = {
      priority: 3,
      nextRunAt: at(500),
      type: 'single' as const,
      data: { a: 1 },
      repeatInterval: 5_000,
      repeatTimezone: 'UTC',
      repeatAt: '3pm',
      startDate: at(1),
      endDate: at(9_000),
      skipDays: [6],
      disabled: true,
      fork: true,
    };
    const row = await repository.saveJob(newRow());

    expect(await repository.saveJob({ ...row, ...all })).toEqual({ ...row, ...all });
    const { disabled: _, ...bare } = { ...newRow(), _id: row._id!, disabled: false };
    expect(await repository.saveJob({ ...bare, disabled: false })).toEqual(row);
    expect(await repository.getJobById(row._id!)).toEqual(row);
  });

  it('mends what is told of failures, as far as the row says it', async () => {
    const { broker, repository, manager } = await open();
    const { id } = await add(broker);
    await settleOne(broker, bury(await claimOne(broker)));
    const {
      failedAt: _,
      failReason: __,
      failCount: ___,
      ...silent
    } = (await repository.getJobById(id))!;
    const told = async () => {
      const { failedAt, failReason, failCount } = (await repository.getJobById(id))!;
      return { failedAt, failReason, failCount };
    };

    await repository.saveJob({ ...silent, priority: 1 });
    expect(await told()).toEqual({ failedAt: at(0), failReason: 'no hope', failCount: 1 });
    await repository.saveJob({ ...silent, failCount: 5 });
    expect(await told()).toEqual({ failedAt: at(0), failReason: 'no hope', failCount: 5 });
    await repository.saveJob({ ...silent, failReason: '' });
    expect(await told()).toEqual({ failedAt: at(0), failReason: '', failCount: 5 });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1 });

    // This is how dashboards retry.
    const cleared = { failedAt: undefined, failReason: undefined, failCount: undefined } as never;
    await repository.saveJob({ ...silent, ...(cleared as object), nextRunAt: at(0) });
    expect(await told()).toEqual({
      failedAt: undefined,
      failReason: undefined,
      failCount: undefined,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1, failed: 0 });
  });

  it('knows more of a failure than a row says, and keeps it when the row says the same', async () => {
    const { broker, repository, manager } = await open();
    const { id } = await add(broker);
    const failure = { name: 'TypeError', message: 'no luck', stack: 'at mail' };
    await settleOne(broker, retry(await claimOne(broker), { failure }));

    await repository.saveJob((await repository.getJobById(id))!);
    expect((await manager.get(id))!.failure).toEqual(failure);
    await repository.saveJob({ ...(await repository.getJobById(id))!, failReason: 'mended' });
    expect((await manager.get(id))!.failure).toEqual({ name: 'Error', message: 'mended' });
  });

  it('leaves the failures of a row alone that somebody holds', async () => {
    const { broker, repository, manager } = await open();
    const { id } = await add(broker);
    await settleOne(broker, retry(await claimOne(broker)));
    await claimOne(broker);

    await repository.saveJob({
      ...(await repository.getJobById(id))!,
      failCount: 0,
      failReason: 'x',
    });

    expect(await manager.get(id)).toMatchObject({ failCount: 1, failure: { message: 'no luck' } });
  });

  it('keeps what a row cannot say: the overrides of the job, its birth, its result', async () => {
    const { broker, repository, manager, clock } = await open();
    const overrides = { attempts: 4, backoff: { type: '}{"', delay: '1s' } };
    const { id } = await add(broker, { overrides });
    await settleOne(broker, complete(await claimOne(broker), { result: '"done"' }));
    clock.advance(100);

    await repository.saveJob(newRow({ _id: id, nextRunAt: at(500) }));

    expect(await manager.get(id)).toMatchObject({ overrides, createdAt: START, result: 'done' });
  });

  it('leaves what an ended job has behind it as it is, unless it brings it back', async () => {
    const { broker, repository, manager } = await open();
    const { id } = await add(broker, { data: '"old"' });
    await settleOne(broker, bury(await claimOne(broker)));
    const row = (await repository.getJobById(id))!;

    await repository.saveJob({ ...row, data: 'new' });
    expect(await manager.get(id)).toMatchObject({ data: 'new', attempt: 1, failCount: 1 });

    await repository.saveJob({ ...row, nextRunAt: at(0) });
    expect(await manager.get(id)).toMatchObject({ data: 'old', attempt: 0 });
  });

  it('brings an ended job back, and ends a waiting one', async () => {
    const { broker, repository, manager } = await open();
    await broker.enqueue('abc'.split('').map((id) => newJob({ id })));
    const { jobs } = await claim(broker, { slots: 2 });
    await settleOne(broker, complete(jobs[0]!));
    await settleOne(broker, bury(jobs[1]!));

    for (const _id of 'ab') await repository.saveJob(newRow({ _id, nextRunAt: at(0) }));
    await repository.saveJob(newRow({ _id: 'c', nextRunAt: null }));

    expect((await manager.counts()).get('mail')).toMatchObject({
      queued: 1,
      failed: 1,
      completed: 1,
      total: 3,
    });
    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b']);
  });

  it('returns a row that is not there as it came, and creates nothing', async () => {
    const { repository, manager } = await open();
    const there = await repository.saveJob(newRow());
    const unknown = newRow({ _id: 'nobody' });
    const otherName = newRow({ _id: there._id!, name: 'other', priority: 5 });

    expect(await repository.saveJob(unknown)).toEqual(unknown);
    expect(await repository.saveJob(otherName)).toEqual(otherName);
    expect(await manager.counts()).toEqual(
      new Map([['mail', expect.objectContaining({ total: 1, queued: 1 })]]),
    );
    expect((await manager.get(there._id!))!.priority).toBe(0);
  });

  it('disables, enables, and leaves it as it is when nothing is said', async () => {
    const { broker, repository, manager } = await open();
    const row = await repository.saveJob(newRow());
    const isDisabled = async () => (await manager.get(row._id!))!.disabled;
    const { disabled: _, ...silent } = row;

    await repository.saveJob({ ...row, disabled: true });
    expect(await isDisabled()).toBe(true);
    await repository.saveJob(silent);
    expect(await isDisabled()).toBe(true);
    expect((await claim(broker)).jobs).toEqual([]);

    await repository.saveJob({ ...row, disabled: false });
    await repository.saveJob(silent);
    expect(await isDisabled()).toBe(false);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });
});

describeBackends('a change saved during a run', (open) => {
  async function running(asked: Partial<JobParameters> = {}) {
    const store = await open();
    const row = await store.repository.saveJob(newRow(asked));
    const held = await claimOne(store.broker);
    const id = row._id!;
    const save = (change: Partial<JobParameters>) =>
      store.repository.saveJob({ ...row, ...change });
    return { ...store, id, held, save, job: async () => (await store.manager.get(id))! };
  }

  it('is stored at once, but moves nothing: the run goes on', async () => {
    const { broker, manager, save, job, held } = await running({ data: 1 });

    const saved = await save({ data: 2, priority: 5, nextRunAt: at(60_000) });

    // It tells when the save counts.
    expect(saved).toMatchObject({ data: 2, priority: 5, nextRunAt: at(60_000), lockedAt: at(0) });
    expect(await job()).toMatchObject({ data: 2, lockedAt: START, nextRunAt: START });
    expect((await manager.counts()).get('mail')).toMatchObject({ running: 1, total: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
    expect(await settleOne(broker, complete(held))).toBe('ok');
  });

  it('runs the job again at the time saved, with the data saved, after a success', async () => {
    const { broker, clock, save, held, job } = await running();
    await save({ data: 'new', nextRunAt: at(60_000) });
    await settleOne(broker, complete(held, { result: '1' }));

    expect(await job()).toMatchObject({ nextRunAt: START + 60_000, result: 1, attempt: 1 });
    clock.advance(59_999);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect((await claimOne(broker)).record.data).toBe('new');
  });

  it('keeps the job though its removal is asked for', async () => {
    const { broker, save, held, job } = await running();
    await save({ nextRunAt: at(5) });

    await settleOne(broker, complete(held, { remove: true }));

    expect(await job()).toMatchObject({ nextRunAt: START + 5, lastFinishedAt: START });
  });

  it('wins over the next occurrence', async () => {
    const { broker, save, held, job } = await running({ repeatInterval: '1 hour' });
    await save({ nextRunAt: at(5) });

    await settleOne(broker, complete(held, { nextRunAt: START + 3_600_000 }));

    expect((await job()).nextRunAt).toBe(START + 5);
  });

  it.each([
    ['the retry', 5, 100],
    ['the time saved', 100, 5],
  ])('is due at the earlier of both after a failure: %s', async (_, retryMs, savedMs) => {
    const { broker, save, held, job } = await running();
    await save({ nextRunAt: at(savedMs) });

    await settleOne(broker, retry(held, { due: { delayMs: retryMs } }));

    expect(await job()).toMatchObject({ nextRunAt: START + 5, failCount: 1 });
  });

  it('is due at the earlier of both after a snooze', async () => {
    const { broker, save, held, job } = await running();
    await save({ nextRunAt: at(100) });

    await settleOne(broker, snooze(held, { due: { delayMs: 200 } }));

    expect((await job()).nextRunAt).toBe(START + 100);
  });

  it('brings a buried job back at its time', async () => {
    const { broker, clock, manager, save, held, job } = await running();
    await save({ nextRunAt: at(50) });

    await settleOne(broker, bury(held));

    expect(await job()).toMatchObject({ nextRunAt: START + 50, failCount: 1 });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
    clock.advance(50);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it('survives the loss of the process', async () => {
    const store = await running({ nextRunAt: at(0) });
    await store.save({ nextRunAt: at(-10), priority: 3 });

    await loseAndRescue(store);

    expect(await store.job()).toMatchObject({ nextRunAt: START - 10, priority: 3, rescueCount: 1 });
  });

  it('is no change when only the old time comes again', async () => {
    const { broker, save, held, job } = await running();
    await save({ data: 1 });

    await settleOne(broker, complete(held));

    expect(await job()).toMatchObject({ nextRunAt: null, data: 1 });
  });

  it('parks the job after the run when it was disabled meanwhile', async () => {
    const { broker, save, held, job } = await running();
    await save({ disabled: true });
    await settleOne(broker, retry(held));

    expect(await job()).toMatchObject({ disabled: true, nextRunAt: START, lockedAt: null });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('counts as recurring, or no longer, by the rule saved', async () => {
    const { broker, manager, save, held } = await running();
    await save({ repeatInterval: 5_000 });
    await settleOne(broker, complete(held, { nextRunAt: START + 5_000 }));

    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, scheduled: 0 });
  });
});
