import type { JobChange } from '../../lib/core/contracts/mending.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  loseAndRescue,
  newJob,
  retry,
  settleOne,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

const HOUR = 3_600_000;
const hourly = {
  name: 'mail',
  priority: 0,
  type: 'single',
  data: { old: true },
  repeatInterval: '1 hour',
} as const;

describeBackends('update of a waiting job', (open) => {
  it('changes what is named, and leaves the rest', async () => {
    const { manager, broker } = await open();
    const asked = { id: 'a', data: '{"to":"ann"}', priority: 3, due: { delayMs: 100 } };
    const before = await add(broker, { ...asked, overrides: { attempts: 5 } });

    expect(await manager.update('a', {})).toBe('ok');
    expect(await manager.get('a')).toEqual(before);
    expect(await manager.update('a', { data: '{"to":"bob"}' })).toBe('ok');
    expect(await manager.get('a')).toEqual({ ...before, data: { to: 'bob' } });
    expect(await manager.update('a', { priority: -2.5 })).toBe('ok');
    expect(await manager.update('a', { due: { at: START + 7 } })).toBe('ok');
    expect(await manager.get('a')).toEqual({
      ...before,
      data: { to: 'bob' },
      priority: -2.5,
      nextRunAt: START + 7,
    });
  });

  it.each<[string, string | null, unknown]>([
    ['none', null, undefined],
    ['null', 'null', null],
    ['what looks like the rest of a record', '[1,{"type":"single"}]', [1, { type: 'single' }]],
  ])('gives it other data: %s', async (_, data, read) => {
    const { manager, repository } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: at(50) });

    await manager.update(id!, { data });

    expect(await manager.get(id!)).toMatchObject({
      repeat: { interval: '1 hour' },
      type: 'single',
    });
    expect((await manager.get(id!))!.data).toEqual(read);
  });

  it('notes who changed it', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a', lastModifiedBy: 'shop' });

    await manager.update('a', { priority: 1, lastModifiedBy: 'support "desk" {1}' });

    expect(await manager.get('a')).toMatchObject({
      priority: 1,
      lastModifiedBy: 'support "desk" {1}',
    });
  });

  it('moves it to its new place at once: the next claim honours it', async () => {
    const { manager, broker } = await open();
    await broker.enqueue(['a', 'b', 'c'].map((id) => newJob({ id })));

    await manager.update('c', { priority: 10 });
    await manager.update('a', { due: { delayMs: 100 } });

    expect(idsOf((await claim(broker)).jobs)).toEqual(['c', 'b']);
  });

  it('keeps its place among equals where neither time nor priority changes', async () => {
    const { manager, broker } = await open();
    await broker.enqueue(['a', 'b', 'c'].map((id) => newJob({ id })));

    await manager.update('a', { data: '1' });

    expect(idsOf((await claim(broker)).jobs)).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, JobChange['due'], number]>([
    ['a delay', { delayMs: 250 }, 250],
    ['a delay with a fraction', { delayMs: 249.5 }, 250],
    ['an instant with a fraction', { at: START + 249.5 }, 250],
  ])('is due at its new time and not 1 ms before: %s', async (_, due, afterMs) => {
    const { manager, broker, clock } = await open();
    await add(broker, { id: 'a', due: { delayMs: 1_000 } });

    await manager.update('a', { due: due! });

    clock.advance(afterMs - 1);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect(idsOf((await claim(broker)).jobs)).toEqual(['a']);
  });

  it('is due at once without a delay', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a', due: { delayMs: 1_000 } });

    await manager.update('a', { due: { delayMs: 0 } });

    expect(idsOf((await claim(broker)).jobs)).toEqual(['a']);
  });

  it('announces a time that is earlier, and no other', async () => {
    const store = await open();
    const { manager, broker } = store;
    await add(broker, { id: 'a', due: { delayMs: 1_000 } });
    const heard = await listen(store);

    await manager.update('a', { due: { delayMs: 2_000 } });
    await manager.update('a', { priority: 9 });
    await manager.update('a', { due: { delayMs: 500 } });
    await manager.update('a', { due: { delayMs: 200 } });

    expect(timesOf(await heard()).map(([, at]) => at)).toEqual([500, 200]);
  });

  it('moves a disabled job, which stays disabled', async () => {
    const { manager, broker, repository } = await open();
    await add(broker, { id: 'a' });
    await repository.disableJobs({ id: 'a' });

    expect(await manager.update('a', { due: { delayMs: 100 }, priority: 2 })).toBe('ok');

    expect(await manager.get('a')).toMatchObject({ disabled: true, nextRunAt: START + 100 });
    expect((await manager.counts()).get('mail')).toMatchObject({ scheduled: 1, paused: 1 });
  });

  it('moves a retry, which is still that of its failure', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a' });
    await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 100 } }));

    expect(await manager.update('a', { due: { delayMs: 0 }, data: '1' })).toBe('ok');

    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, dead: 0 });
    expect((await claimOne(broker)).record).toMatchObject({ attempt: 1, failCount: 1, data: 1 });
  });

  it('takes a row back that was handed out and has not begun', async () => {
    const store = await open();
    const { manager, repository } = store;
    const worker = new AgendaWorker(store);
    const { _id: id } = await repository.saveJob(newRow({ nextRunAt: at(500) }));
    const row = await worker.claim({ aheadMs: 1_000 });

    expect(await manager.update(id!, { due: { at: START + 300 }, data: '1' })).toBe('ok');

    expect(await manager.get(id!)).toMatchObject({ nextRunAt: START + 300, lockedAt: null });
    await expect(worker.start(row)).rejects.toThrow('lease');
  });
});

describeBackends('update of a job in the line of its key', (open) => {
  it('moves it to its place among the others of the key', async () => {
    const { manager, broker } = await open();
    await broker.register([{ name: 'mail', maxRescues: 2, limits: { key: { concurrency: 1 } } }]);
    await broker.enqueue(['a', 'b', 'c', 'd'].map((id) => newJob({ id, key: 'shop' })));
    const order: string[] = [];

    expect(await manager.update('c', { priority: 5 })).toBe('ok');
    expect(await manager.update('a', { due: { delayMs: 60_000 } })).toBe('ok');
    expect(await manager.update('d', { data: '1' })).toBe('ok');
    for (let n = 0; n < 3; n++) {
      const { jobs } = await claim(broker);
      order.push(...idsOf(jobs));
      await settleOne(broker, complete(jobs[0]!));
    }

    expect(order).toEqual(['c', 'b', 'd']);
    expect((await claim(broker)).jobs).toEqual([]);
  });
});

describeBackends('update of a recurring job', (open) => {
  it.each([
    ['earlier', 1_000],
    ['later', HOUR + 1_000],
  ])('moves its next run %s, and keeps the occurrence that it is for', async (_, atMs) => {
    const { manager, repository, broker, clock } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: at(60_000) });

    expect(await manager.update(id!, { due: { at: START + atMs } })).toBe('ok');

    const moved = { nextRunAt: START + atMs, occurrenceAt: START + 60_000, disabled: false };
    expect(await manager.get(id!)).toMatchObject({ ...moved, repeat: { interval: '1 hour' } });
    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, total: 1 });
    clock.advance(atMs);
    expect((await claimOne(broker)).record).toMatchObject(moved);
  });

  it('knows its occurrence through several moves, until it is moved back', async () => {
    const { manager, repository } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: at(60_000) });

    await manager.update(id!, { due: { delayMs: 1 } });
    await manager.update(id!, { due: { delayMs: 2 } });
    expect(await manager.get(id!)).toMatchObject({ occurrenceAt: START + 60_000 });
    await manager.update(id!, { due: { at: START + 60_000 } });
    expect(await manager.get(id!)).toMatchObject({
      nextRunAt: START + 60_000,
      occurrenceAt: null,
    });
  });

  it('is not undone by every() with the same rule', async () => {
    const { manager, repository } = await open();
    const { _id: id } = await repository.saveJob({ ...hourly, nextRunAt: at(60_000) });
    await manager.update(id!, { due: { delayMs: 1_000 } });

    await repository.saveJob({ ...hourly, nextRunAt: at(0) });

    expect(await manager.get(id!)).toMatchObject({
      nextRunAt: START + 1_000,
      occurrenceAt: START + 60_000,
    });
  });
});

describeBackends('update of a running job', (open) => {
  it('counts for the run that follows, and leaves this one alone', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a', data: '1' });
    const held = await claimOne(broker);

    expect(await manager.update('a', { data: '2', priority: 5 })).toBe('kept-for-next');

    expect(held.record.data).toBe(1);
    expect(await manager.get('a')).toMatchObject({ data: 2, priority: 5, lockedAt: START });
    expect(await settleOne(broker, retry(held))).toBe('ok');
    expect((await claimOne(broker)).record).toMatchObject({ data: 2, priority: 5, attempt: 1 });
  });

  it('runs it again at the new time', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    expect(await manager.update('a', { due: { delayMs: 100 } })).toBe('kept-for-next');

    expect(await manager.get('a')).toMatchObject({ nextRunAt: START });
    expect(await settleOne(broker, complete(held))).toBe('ok');
    expect(await manager.get('a')).toMatchObject({ nextRunAt: START + 100, lastFinishedAt: START });
  });

  it('also when its process is lost', async () => {
    const store = await open();
    const { manager, broker } = store;
    await add(broker, { id: 'a', data: '1' });
    await claimOne(broker);
    await manager.update('a', { data: '2' });

    await loseAndRescue(store);

    expect((await claimOne(broker)).record).toMatchObject({ data: 2, rescueCount: 1 });
  });
});

describeBackends('update', (open) => {
  it('changes nothing of a job that has ended, or that does not exist', async () => {
    const { manager, broker, dump } = await open();
    await add(broker, { id: 'done' });
    await settleOne(broker, complete(await claimOne(broker)));
    await add(broker, { id: 'dead' });
    await settleOne(broker, bury(await claimOne(broker)));
    const before = await dump();
    const change = { data: '1', priority: 1, due: { delayMs: 0 } };

    expect(await manager.update('done', change)).toBe('ended');
    expect(await manager.update('dead', change)).toBe('ended');
    expect(await manager.update('nobody', change)).toBe('not-found');
    expect(await dump()).toEqual(before);
  });

  it.each<[string, JobChange]>([
    ['priority', { priority: Number.NaN }],
    ['due', { due: { delayMs: -1 } }],
    ['due', { due: { at: Infinity } }],
  ])('refuses a bad %s, and writes nothing', async (_, change) => {
    const { manager, broker, dump } = await open();
    await add(broker, { id: 'a' });
    const before = await dump();

    await expect(manager.update('a', change)).rejects.toThrow(InvalidOptionError);
    expect(await dump()).toEqual(before);
  });
});
