import type { RemovalTerms } from '../../lib/core/contracts/mending.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import {
  add,
  bury,
  claim,
  claimOne,
  complete,
  idsOf,
  newJob,
  retry,
  settleOne,
  snooze,
} from './support/builders.js';
import { AgendaWorker, at, newRow } from './support/rows.js';

const recurring = { name: 'mail', priority: 0, type: 'single', data: null } as const;

/** A job in each state, and what each is to be called: ids of rows are made by the store. */
async function oneOfEach({ broker, repository }: OpenBackend): Promise<Map<string, string>> {
  const born = async (id: string) => {
    await add(broker, { id });
    return claimOne(broker);
  };
  await settleOne(broker, complete(await born('completed')));
  await settleOne(broker, bury(await born('dead')));
  await settleOne(broker, retry(await born('retrying'), { due: { delayMs: 60_000 } }));
  await settleOne(broker, snooze(await born('snoozed'), { due: { delayMs: 60_000 } }));
  await born('running');
  const rows = {
    hourly: { ...recurring, repeatInterval: '1 hour', nextRunAt: at(0) },
    daily: { ...recurring, repeatKey: 'daily', repeatAt: '3:30pm', nextRunAt: at(0) },
    limited: newRow({ endDate: at(1_000_000) }),
  };
  const words = new Map<string, string>();
  for (const [word, row] of Object.entries(rows)) {
    words.set((await repository.saveJob(row))._id!, word);
  }
  await add(broker, { id: 'queued' });
  await add(broker, { id: 'disabled' });
  await repository.disableJobs({ id: 'disabled' });
  await add(broker, { id: 'scheduled', due: { delayMs: 1 } });
  const plain = 'completed dead retrying snoozed running queued disabled scheduled'.split(' ');
  for (const id of plain) words.set(id, id);
  return words;
}

const all =
  'completed daily dead disabled hourly limited queued retrying running scheduled snoozed'.split(
    ' ',
  );

describeBackends('removeIf', (open) => {
  it.each<[string, RemovalTerms, string[]]>([
    ['queued one-time jobs', { only: 'queued' }, ['disabled', 'limited', 'queued']],
    [
      'waiting one-time jobs',
      { only: 'waiting' },
      ['disabled', 'limited', 'queued', 'scheduled', 'snoozed'],
    ],
    ['one-time dead letters', { only: 'dead' }, ['dead']],
    ['all', {}, all],
    ['all but running ones', { sparesRunning: true }, all.filter((id) => id !== 'running')],
    [
      'all but recurring ones',
      { sparesRecurring: true },
      all.filter((id) => id !== 'hourly' && id !== 'daily'),
    ],
    [
      'all but running and recurring ones',
      { sparesRunning: true, sparesRecurring: true },
      all.filter((id) => !['hourly', 'daily', 'running'].includes(id)),
    ],
  ])('removes %s, and leaves the others as they are', async (_, terms, expected) => {
    const store = await open();
    const { manager } = store;
    const words = await oneOfEach(store);
    const ids = [...words.keys()];
    const before = await Promise.all(ids.map((id) => manager.get(id)));

    const gone = await manager.removeIf([...ids, 'nobody', ids[0]!], terms);

    expect(gone.map((id) => words.get(id)!).sort()).toEqual(expected);
    const after = await Promise.all(ids.map((id) => manager.get(id)));
    expect(after).toEqual(before.map((job) => (gone.includes(job!.id) ? undefined : job)));
    const { total } = (await manager.counts(['mail'])).get('mail')!;
    expect(total).toBe(all.length - expected.length);
  });

  it('judges a job by the ms: due it is queued, 1 ms before it is not', async () => {
    const { manager, broker, clock } = await open();
    await add(broker, { id: 'a', due: { delayMs: 100 } });

    clock.advance(99);
    expect(await manager.removeIf(['a'], { only: 'queued' })).toEqual([]);
    clock.advance(1);
    expect(await manager.removeIf(['a'], { only: 'queued' })).toEqual(['a']);
  });

  it('leaves a schedule that was made due, or is late', async () => {
    const { manager, broker, repository, clock } = await open();
    const row = { ...recurring, repeatInterval: '1 hour', nextRunAt: at(100) };
    const { _id: id } = await repository.saveJob(row);
    clock.advance(50);
    await manager.promote([id!]);
    const before = await manager.get(id!);

    expect(await manager.removeIf([id!], { only: 'waiting' })).toEqual([]);

    expect(await manager.get(id!)).toEqual(before);
    expect(idsOf((await claim(broker)).jobs)).toEqual([id]);
  });

  it('takes jobs out of the lines of their keys, and lets the others move up', async () => {
    const { manager, broker } = await open();
    await broker.register([{ name: 'mail', maxRescues: 2, limits: { key: { concurrency: 1 } } }]);
    const ids = ['a', 'b', 'c', 'd'];
    await broker.enqueue(ids.map((id) => newJob({ id, key: 'shop' })));

    expect(await manager.removeIf(['a', 'b', 'd'], { only: 'queued' })).toEqual(['a', 'b', 'd']);

    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1, total: 1 });
    expect(idsOf((await claim(broker)).jobs)).toEqual(['c']);
  });

  it('leaves a row that was handed out, whether it has begun or not', async () => {
    const store = await open();
    const { manager, repository } = store;
    const { _id: id } = await repository.saveJob(newRow());
    const row = await new AgendaWorker(store).claim();

    expect(await manager.removeIf([id!], { only: 'waiting' })).toEqual([]);

    await expect(new AgendaWorker(store).start(row)).resolves.toBeDefined();
  });

  it('tells the reason to the worker of a running job', async () => {
    const { manager, broker, channel } = await open();
    const heard = new Promise((resolve) => channel.subscribeCancel!(resolve));
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);

    await manager.removeIf(['a'], { reason: 'obliterated' });

    expect(await heard).toMatchObject({ jobId: 'a', reason: 'obliterated' });
    expect(await settleOne(broker, complete(held))).toBe('not-found');
  });

  it('refuses unknown terms, and removes nothing', async () => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a' });
    const terms = { only: 'running' } as unknown as RemovalTerms;

    await expect(manager.removeIf(['a'], terms)).rejects.toThrow(InvalidOptionError);
    expect(await manager.get('a')).toBeDefined();
  });
});
