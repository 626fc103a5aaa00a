import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START, type Open } from './support/backends.js';
import { bury, claim, claimOne, complete, retry, settleOne } from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

/** Rows of one user, unique by the user's id. */
async function openUnique(open: Open) {
  const store = await open();
  const ofUser = (part: Partial<JobParameters> = {}): JobParameters =>
    newRow({ data: { userId: 1 }, unique: { 'data.userId': 1 }, ...part });
  const save = (part?: Partial<JobParameters>) => store.repository.saveJob(ofUser(part));
  const read = async (row: JobParameters) => (await store.repository.getJobById(row._id!))!;
  const count = async () => (await store.manager.counts()).get('mail')?.total ?? 0;
  return { ...store, worker: new AgendaWorker(store), ofUser, save, read, count };
}

const queries: [string, unknown][] = [
  ['a text', { 'data.user': 'ann' }],
  ['a number', { 'data.user': 1.5 }],
  ['a nested path', { 'data.user.address.street': 'x' }],
  ['null', { 'data.user': null }],
  ['false', { 'data.user': false }],
  ['an object', { 'data.user': { id: 1, roles: ['a', { b: [null] }] } }],
  ['a list', { 'data.users': [1, '2', { three: 3 }] }],
  ['a Date', { 'data.since': new Date(START) }],
  ['a column', { priority: 5, nextRunAt: new Date(START) }],
  ['whole data', { data: { userId: 1 } }],
  ['several parts', { 'data.userId': 1, 'data.kind': 'welcome', type: 'normal' }],
  ['strange texts', { 'data.a\nb|"{"': '\u0000 ] } " | \\ é 😀' }],
  ['the name alone', {}],
];

describeBackends('a unique save', (open) => {
  it.each(queries)('makes one row of ten at once from two processes, by %s', async (_, unique) => {
    const { anotherBackend, repository, ofUser, count } = await openUnique(open);
    const other = (await anotherBackend()).repository;
    const row = ofUser({ unique: unique as Record<string, unknown> });

    const saved = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? repository : other).saveJob(row)),
    );

    expect(new Set(saved.map(({ _id }) => _id)).size).toBe(1);
    expect(await count()).toBe(1);
  });

  const alike: [string, unknown, unknown][] = [
    ['the order of its keys', { 'data.a': 1, 'data.b': 2 }, { 'data.b': 2, 'data.a': 1 }],
    [
      'the order of keys inside',
      { 'data.a': { x: 1, y: [{ p: 1, q: 2 }] } },
      { 'data.a': { y: [{ q: 2, p: 1 }], x: 1 } },
    ],
    [
      'a Date for its text',
      { 'data.at': new Date(START) },
      { 'data.at': '2026-03-04T10:20:30.456Z' },
    ],
    ['undefined inside', { 'data.a': { x: 1 } }, { 'data.a': { x: 1, y: undefined } }],
    ['the sign of nothing', { 'data.a': 0 }, { 'data.a': -0 }],
  ];

  it.each(alike)('is told by values: %s makes no difference', async (_, one, other) => {
    const { save } = await openUnique(open);

    const first = await save({ unique: one as never });
    const second = await save({ unique: other as never });

    expect(second._id).toBe(first._id);
  });

  const apart: [string, unknown, unknown][] = [
    ['a number from its text', { 'data.a': 1 }, { 'data.a': '1' }],
    ['null from its text', { 'data.a': null }, { 'data.a': 'null' }],
    ['1 from 12', { 'data.a': 1 }, { 'data.a': 12 }],
    ['the order of a list', { 'data.a': [1, 2] }, { 'data.a': [2, 1] }],
    ['one path from another', { 'data.a': 1 }, { 'data.b': 1 }],
    ['a part from the whole', { 'data.a': 1 }, { 'data.a': 1, 'data.b': 2 }],
    ['nothing from something', {}, { 'data.a': 1 }],
  ];

  it.each(apart)('tells %s', async (_, one, other) => {
    const { save, count } = await openUnique(open);

    await save({ unique: one as never });
    await save({ unique: other as never });

    expect(await count()).toBe(2);
  });

  it('is unique within its name', async () => {
    const { save } = await openUnique(open);

    const one = await save();
    const other = await save({ name: 'other' });

    expect(other._id).not.toBe(one._id);
  });

  const refused: [string, unknown][] = [
    ['an operator', { 'data.userId': { $gt: 1 } }],
    ['an operator inside', { 'data.user': { id: [{ $in: [1] }] } }],
    ['an operator over all', { $or: [{ 'data.a': 1 }] }],
    ['a column that there is not', { userId: 1 }],
    ['an empty part of a path', { 'data..a': 1 }],
    ['a path without a part', { 'data.': 1 }],
    ['nothing to compare', { 'data.userId': undefined }],
    ['a function', { 'data.a': () => 1 }],
    ['no number', { 'data.a': Number.NaN }],
    ['no date', { 'data.a': new Date(Number.NaN) }],
    ['a map', { 'data.a': new Map() }],
    ['a regular expression', { 'data.a': /x/ }],
    ['a BigInt', { 'data.a': 1n }],
    ['a list for a query', [{ 'data.a': 1 }]],
    ['a text for a query', 'data.userId'],
  ];

  it.each(refused)('refuses %s, and stores nothing', async (_, unique) => {
    const { save, dump } = await openUnique(open);
    const before = await dump();

    await expect(save({ unique: unique as never })).rejects.toThrow(InvalidOptionError);
    expect(await dump()).toEqual(before);
  });

  it('finds its row whatever that holds by now, and no row saved without the constraint', async () => {
    const { save, repository, count } = await openUnique(open);
    const { unique: _, ...plain } = newRow({ data: { userId: 1 } });
    await repository.saveJob(plain);
    const row = await save();
    await repository.saveJob({ ...row, data: { userId: 2 } });

    expect((await save())._id).toBe(row._id);
    expect(await count()).toBe(2);
  });

  it('stores nothing of the constraint in the row', async () => {
    const { save, read } = await openUnique(open);

    const row = await save({ uniqueOpts: { insertOnly: true } });

    for (const one of [row, await read(row)]) {
      expect(Object.keys(one)).not.toContain('unique');
      expect(Object.keys(one)).not.toContain('uniqueOpts');
    }
  });

  it('frees its key with the row', async () => {
    const { save, repository, count } = await openUnique(open);
    const row = await save();
    await repository.removeJobs({ id: row._id! });

    expect((await save())._id).not.toBe(row._id);
    expect(await count()).toBe(1);
  });

  it('frees its key when the row is removed on completion', async () => {
    const { save, broker, count } = await openUnique(open);
    await save();
    await settleOne(broker, complete(await claimOne(broker), { remove: true }));

    await save();

    expect(await count()).toBe(1);
  });
});

describeBackends('a unique save that finds its row', (open) => {
  it('replaces all properties, and moves it', async () => {
    const { save, read, worker, clock } = await openUnique(open);
    const row = await save({ nextRunAt: at(10), priority: 3, repeatInterval: 5_000 });

    const again = await save({ nextRunAt: at(20), data: { userId: 1, n: 2 }, fork: true });

    expect(again).toEqual({
      _id: row._id,
      name: 'mail',
      type: 'normal',
      nextRunAt: at(20),
      priority: 0,
      data: { userId: 1, n: 2 },
      disabled: false,
      fork: true,
    });
    expect(await read(row)).toEqual(again);
    clock.advance(19);
    expect(await worker.next()).toBeUndefined();
    clock.advance(1);
    expect(await worker.next()).toBeDefined();
  });

  it('leaves a disabled row disabled, unless it says otherwise', async () => {
    const { save, repository } = await openUnique(open);
    const row = await save();
    await repository.disableJobs({ id: row._id! });

    expect((await save()).disabled).toBe(true);
    expect((await save({ disabled: false })).disabled).toBe(false);
  });

  it.each(['completed', 'dead'])('schedules a %s row again', async (ended) => {
    const { save, broker, clock } = await openUnique(open);
    const row = await save();
    const held = await claimOne(broker);
    await settleOne(broker, ended === 'dead' ? bury(held) : complete(held));

    expect(await save({ nextRunAt: at(5) })).toMatchObject({ _id: row._id, nextRunAt: at(5) });
    clock.advance(5);
    expect((await claimOne(broker)).record.id).toBe(row._id);
  });

  it.each<[string, Partial<JobParameters>]>([
    ['waits', {}],
    ['has ended', { nextRunAt: null }],
    ['is disabled', { disabled: true }],
    ['is locked', { lockedAt: at(0) }],
  ])('touches nothing with `insertOnly`: of a row that %s', async (_, part) => {
    const { save, dump } = await openUnique(open);
    const row = await save(part);
    const before = await dump();

    const again = await save({
      nextRunAt: at(500),
      data: { userId: 1, n: 2 },
      uniqueOpts: { insertOnly: true },
    });

    expect(again).toEqual(row);
    expect(await dump()).toEqual(before);
  });

  it('takes back a claim that has not started', async () => {
    const { save, worker } = await openUnique(open);
    await save();
    const held = await worker.claim();

    await save({ data: { userId: 1, n: 2 }, nextRunAt: at(0) });

    await expect(worker.start(held)).rejects.toMatchObject({ reason: 'not-running' });
    expect(await worker.claim()).toMatchObject({ data: { userId: 1, n: 2 } });
  });

  it('is kept for a second run when a row runs, also for the same time', async () => {
    const { save, read, worker } = await openUnique(open);
    const row = await save();
    const started = await worker.claimAndStart();

    await save({ data: { userId: 1, n: 2 } });
    expect(await worker.next()).toBeUndefined();
    await worker.succeed(started);

    expect(await read(row)).toMatchObject({ nextRunAt: at(0), lastFinishedAt: at(0) });
    await worker.succeed(await worker.start(await worker.claim()));
    expect(await worker.next()).toBeUndefined();
    expect(await read(row)).toMatchObject({ data: { userId: 1, n: 2 } });
  });

  it('is kept for a second run when a host of ours runs it', async () => {
    const { save, broker } = await openUnique(open);
    await save();
    const held = await claimOne(broker);
    await save({ data: { userId: 1, n: 2 } });

    expect((await claim(broker)).jobs).toEqual([]);
    await settleOne(broker, complete(held, { remove: true }));

    expect((await claimOne(broker)).record.data).toEqual({ userId: 1, n: 2 });
  });

  it('is due at the earlier of both when the run fails and is retried', async () => {
    const { save, read, broker } = await openUnique(open);
    const row = await save();
    const held = await claimOne(broker);
    await save({ nextRunAt: at(100) });

    await settleOne(broker, retry(held, { due: { delayMs: 5 } }));

    expect(await read(row)).toMatchObject({ nextRunAt: at(5), failCount: 1 });
  });
});

describeBackends('what a save goes by', (open) => {
  it('is its id before all', async () => {
    const { save, repository, ofUser, count } = await openUnique(open);
    const [one, other] = [await save(), await save({ unique: { 'data.userId': 2 } })];

    const saved = await repository.saveJob(ofUser({ _id: other._id!, priority: 4 }));

    expect(saved).toMatchObject({ _id: other._id, priority: 4 });
    expect((await save())._id).toBe(one._id);
    expect(await count()).toBe(2);
  });

  it('is `single` before a unique query', async () => {
    const { save } = await openUnique(open);

    const one = await save({ type: 'single' });
    const other = await save({ type: 'single', unique: { 'data.userId': 2 } });

    expect(other._id).toBe(one._id);
    expect((await save())._id).not.toBe(one._id);
  });
});
