import { InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import { storedVersion } from '../../lib/core/job/row-birth.js';
import type { Dedupe, DedupedJob } from '../../lib/core/job/job-record.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  loseAndRescue,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

const now = { due: { delayMs: 0 }, resetAttempts: true };

/** A job with a key, and with other data than the one before. */
const keyed = (mode: Partial<Dedupe>, version?: number): DedupedJob => ({
  ...newJob({ data: JSON.stringify(randomToken()), ...(version && { version }) }),
  nonce: randomToken(),
  dedupe: { key: 'user-7', ...mode } as Dedupe,
});

/** `undefined` is 1. */
const versionOf = async ({ manager }: OpenBackend, id = 'a') => (await manager.get(id))!.version;

describeBackends('the version of the data', (open) => {
  it('is 1 where nobody says otherwise, and then no part of the record', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    await add(broker, { id: 'b', version: 1 });

    expect(await manager.get('a')).not.toHaveProperty('version');
    expect(await manager.get('b')).not.toHaveProperty('version');
  });

  it.each([2, 32_767])('stays what it was at the add: %d', async (version) => {
    const store = await open();
    const { broker, manager } = store;
    const added = await add(broker, { id: 'a', data: '{"to":"ann"}', version, tags: ['red'] });
    await add(broker, { id: 'none', version, priority: -1 });
    expect(added).toMatchObject({ version, data: { to: 'ann' }, tags: ['red'] });

    const held = await claimOne(broker);
    expect(held.record).toMatchObject({ id: 'a', version, data: { to: 'ann' } });
    await settleOne(broker, retry(held));
    expect(await versionOf(store)).toBe(version);
    await claim(broker, { slots: 1 });
    await loseAndRescue(store);
    expect(await versionOf(store)).toBe(version);
    await settleOne(broker, bury(await claimOne(broker)));
    expect(await manager.requeue(['a'], now)).toEqual([{ outcome: 'ok' }]);
    await settleOne(broker, complete(await claimOne(broker)));

    expect(await versionOf(store)).toBe(version);
    expect((await manager.inspect('a'))!.record.version).toBe(version);
    const { jobs } = await manager.find({ names: ['mail'], limit: 10 });
    expect(jobs.map((job) => job.version)).toEqual([version, version]);
    expect(await manager.get('none')).toMatchObject({ version, data: undefined });
  });

  it('of several jobs in one call is told apart', async () => {
    const store = await open();
    const jobs = [1, 2, 3].map((version) => newJob({ id: `v${version}`, version }));
    await store.broker.enqueue(jobs);

    expect(await versionOf(store, 'v1')).toBeUndefined();
    expect(await versionOf(store, 'v2')).toBe(2);
    expect(await versionOf(store, 'v3')).toBe(3);
  });

  it('says nothing of where and how a job runs', async () => {
    const { broker, manager, repository, clock } = await open();
    await add(broker, {
      id: 'a',
      version: 32_767,
      first: true,
      key: 'k',
      tags: ['red'],
      expires: { delayMs: 1_000 },
      data: '1',
    });
    await repository.disableJobs({ id: 'a' });
    expect(await manager.get('a')).toMatchObject({ disabled: true, version: 32_767 });
    await repository.enableJobs({ id: 'a' });

    expect(await manager.get('a')).toMatchObject({
      disabled: false,
      first: true,
      key: 'k',
      expiresAt: START + 1_000,
      version: 32_767,
    });
    clock.advance(1_000);
    expect((await claim(broker)).expired).toEqual([{ id: 'a', name: 'mail' }]);
  });

  it.each([0, 1.5, -2, 32_768, NaN, '2'])(
    'is refused when it is %p, and nothing is written',
    async (bad) => {
      const { broker, manager, repository } = await open();
      const version = bad as number;
      await add(broker, { id: 'a', data: '1' });
      const row = newRow();

      await expect(broker.enqueue([newJob(), newJob({ version })])).rejects.toThrow(
        InvalidOptionError,
      );
      await expect(broker.dedupe({ ...keyed({ mode: 'latest' }), version })).rejects.toThrow(
        InvalidOptionError,
      );
      const update = manager.update('a', { data: '2', version });
      await expect(update).rejects.toThrow(InvalidOptionError);
      await expect(manager.requeue(['a'], { ...now, data: '2', version })).rejects.toThrow(
        /`version`/,
      );
      await expect(repository.saveJob(row, { version })).rejects.toThrow(/`version`/);

      expect((await manager.counts()).get('mail')!.total).toBe(1);
      expect(await manager.get('a')).toMatchObject({ data: 1 });
    },
  );
});

describeBackends('new data', (open) => {
  it.each([
    ['higher', 2, 3, 3],
    ['lower', 3, 2, 2],
    ['first', 3, 1, undefined],
    ['silent', 3, undefined, 3],
  ])('of an update comes with its version, a %s one', async (_, before, version, after) => {
    const store = await open();
    const { broker, manager } = store;
    await add(broker, { id: 'a', version: before, data: '{"type":"single"}' });

    const change = { data: '[{"repeat":{"interval":1}}]', ...(version && { version }) };
    expect(await manager.update('a', change)).toBe('ok');

    expect((await manager.get('a'))!.data).toEqual([{ repeat: { interval: 1 } }]);
    expect(await versionOf(store)).toBe(after);
  });

  it('of an update during a run is for the next one, with its version', async () => {
    const store = await open();
    const { broker, manager } = store;
    await add(broker, { id: 'a', version: 2, data: '1' });
    const held = await claimOne(broker);
    const change = { data: '2', version: 3, due: { at: START } };

    expect(await manager.update('a', change)).toBe('kept-for-next');
    await settleOne(broker, complete(held));

    expect((await claimOne(broker)).record).toMatchObject({ data: 2, version: 3 });
  });

  it('is none that an update without data brings: the version stays', async () => {
    const store = await open();
    await add(store.broker, { id: 'a', version: 2, data: '1' });

    await store.manager.update('a', { priority: 5, version: 7 });

    expect(await versionOf(store)).toBe(2);
  });

  it('keeps the version also when there is none any more', async () => {
    const store = await open();
    await add(store.broker, { id: 'a', version: 2, data: '1' });

    await store.manager.update('a', { data: null });

    expect(await store.manager.get('a')).toMatchObject({ data: undefined });
    expect(await versionOf(store)).toBe(2);
  });

  it.each([
    [2, 3, 3],
    [2, 1, undefined],
    [2, undefined, 2],
    [undefined, 4, 4],
  ])(
    'of a dead letter that comes back has its version: %p becomes %p',
    async (before, version, after) => {
      const store = await open();
      const { broker, manager } = store;
      await add(broker, { id: 'a', data: '1', ...(before && { version: before }) });
      await settleOne(broker, bury(await claimOne(broker)));

      await manager.requeue(['a'], { ...now, data: '2', ...(version && { version }) });

      expect((await claimOne(broker)).record).toMatchObject({ data: 2 });
      expect(await versionOf(store)).toBe(after);
    },
  );

  it.each<[string, Partial<Dedupe>, number | undefined]>([
    ['debounce', { mode: 'debounce', forMs: 50 }, 3],
    ['leading', { mode: 'debounce', forMs: 50, leading: true }, 3],
    ['latest', { mode: 'latest' }, 3],
    ['replace', { mode: 'replace', takes: ['data'] }, 3],
    ['replace of the priority alone', { mode: 'replace', takes: ['priority'] }, 2],
  ])('of a duplicate replaces data and version: %s', async (_, mode, after) => {
    const store = await open();
    const { broker } = store;
    const first = keyed(mode, 2);
    await broker.dedupe(first);

    const { deduped, job } = await broker.dedupe(keyed(mode, 3));

    expect(deduped).toBe('replaced');
    expect(job.version).toBe(after);
    expect(await versionOf(store, first.id)).toBe(after);
  });

  it('of a duplicate is of the first version where it says none', async () => {
    const store = await open();
    const first = keyed({ mode: 'latest' }, 2);
    await store.broker.dedupe(first);
    await store.broker.dedupe(keyed({ mode: 'latest' }));

    expect(await versionOf(store, first.id)).toBeUndefined();
  });

  it('that is kept for the next run keeps its version for it', async () => {
    const { broker } = await open();
    await broker.dedupe(keyed({ mode: 'latest' }, 2));
    const held = await claimOne(broker);
    const next = keyed({ mode: 'latest' }, 3);

    expect((await broker.dedupe(next)).deduped).toBe('kept-for-next');
    await settleOne(broker, complete(held));

    const { record } = await claimOne(broker);
    expect(record).toMatchObject({ data: JSON.parse(next.data!), version: 3 });
  });
});

describeBackends('a save', (open) => {
  it('of a new row writes the version that its caller tells, and answers it', async () => {
    const store = await open();
    const { repository } = store;
    const saved = await repository.saveJob(newRow({ data: 1 }), { version: 2 });
    const plain = await repository.saveJob(newRow({ data: 1 }));

    expect([storedVersion(saved), storedVersion(plain)]).toEqual([2, undefined]);
    expect(await versionOf(store, saved._id)).toBe(2);
    expect(await versionOf(store, plain._id)).toBeUndefined();
  });

  it('of other data writes that of its caller, whatever was stored', async () => {
    const store = await open();
    const { repository } = store;
    const row = await repository.saveJob(newRow({ data: { a: 1 } }), { version: 2 });

    const other = await repository.saveJob({ ...row, data: { a: 2 } }, { version: 3 });
    expect(storedVersion(other)).toBe(3);
    expect(await versionOf(store, row._id)).toBe(3);
    const none = await repository.saveJob({ ...row, data: undefined });
    expect(storedVersion(none)).toBeUndefined();
    expect(await versionOf(store, row._id)).toBeUndefined();
  });

  it.each([
    ['an object', { a: [{}], type: 'single' }],
    ['nothing', undefined],
    ['null', null],
  ])('that brings back what it has read leaves its version: %s', async (_, data) => {
    const store = await open();
    const { repository } = store;
    const rule = { repeatInterval: '3 days', lastModifiedBy: 'import' };
    const { _id: id } = await repository.saveJob(newRow({ data, ...rule }), { version: 2 });
    const read = (await repository.getJobById(id!))!;

    const saved = await repository.saveJob({ ...read, priority: 7 }, { version: 3 });
    expect(storedVersion(saved)).toBe(2);
    await repository.saveJob({ ...read, nextRunAt: at(50) });

    expect(await store.manager.get(id!)).toMatchObject({ priority: 0, version: 2 });
  });

  it('that makes nothing of nothing else keeps null apart from no data', async () => {
    const store = await open();
    const { repository } = store;
    const row = await repository.saveJob(newRow({ data: null }), { version: 2 });

    await repository.saveJob({ ...row, data: undefined }, { version: 3 });

    expect(await versionOf(store, row._id)).toBe(3);
  });

  it.each([
    ['single', { type: 'single' as const }],
    ['unique', { unique: { 'data.a': 1 } }],
  ])(
    'of a %s job is of the version of its newest caller, also with the same data',
    async (_, asked) => {
      const store = await open();
      const { repository } = store;
      const row = newRow({ data: { a: 1 }, ...asked });
      const { _id: id } = await repository.saveJob(row, { version: 2 });

      await repository.saveJob(row, { version: 3 });
      expect(await versionOf(store, id)).toBe(3);
      await repository.saveJob(row);
      expect(await versionOf(store, id)).toBeUndefined();
    },
  );

  it('of another version takes back a row that was handed out and has not begun', async () => {
    const store = await open();
    const { repository } = store;
    const row = newRow({ data: { a: 1 }, type: 'single' });
    const { _id: id } = await repository.saveJob(row, { version: 2 });
    await new AgendaWorker(store).claim();

    await repository.saveJob(row, { version: 2 });
    expect((await store.manager.get(id!))!.lockedAt).not.toBeNull();
    await repository.saveJob(row, { version: 3 });

    expect(await store.manager.get(id!)).toMatchObject({ lockedAt: null, version: 3 });
  });
});
