import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import { claim, claimOne, complete, settleOne } from './support/builders.js';
import { AgendaWorker, at } from './support/rows.js';

/** What `every()` saves: one row per name and key. */
function rule(asked: Partial<JobParameters> = {}): JobParameters {
  return {
    name: 'nightly',
    priority: 0,
    nextRunAt: at(1_000),
    type: 'single',
    data: undefined,
    repeatInterval: '1 hour',
    ...asked,
  };
}

describeBackends('saveJob of a single row', (open) => {
  async function planned(store: OpenBackend, id: string): Promise<number | null> {
    return (await store.manager.get(id))!.nextRunAt;
  }

  it('makes one row, however many processes boot at once', async () => {
    const { repository, manager, anotherBackend } = await open();
    const other = (await anotherBackend()).repository;

    const rows = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? repository : other).saveJob(rule())),
    );

    expect(new Set(rows.map(({ _id }) => _id)).size).toBe(1);
    expect((await manager.counts()).get('nightly')).toMatchObject({ repeating: 1, total: 1 });
  });

  it('tells names, and keys of a name, apart', async () => {
    const { repository } = await open();
    const rows = [
      rule(),
      rule({ name: 'weekly' }),
      rule({ repeatKey: 'a' }),
      rule({ repeatKey: 'b' }),
      rule({ repeatKey: 'a', priority: 1 }),
      rule({ repeatKey: 'weekly' }),
      rule({ repeatKey: '{"}[' }),
      rule({ repeatKey: '{"}[', priority: 2 }),
    ];

    const ids: string[] = [];
    for (const row of rows) ids.push((await repository.saveJob(row))._id!);

    expect(new Set(ids).size).toBe(6);
    expect(ids[4]).toBe(ids[2]);
    expect(ids[7]).toBe(ids[6]);
  });

  it('keeps the time of an unchanged rule, whatever time comes with it', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule());

    for (const nextRunAt of [at(9_000), at(0), at(-9_000), null]) {
      expect(await store.repository.saveJob(rule({ nextRunAt }))).toMatchObject({
        _id,
        nextRunAt: at(1_000),
      });
    }
  });

  it('does not push a run away that is due', async () => {
    const store = await open();
    await store.repository.saveJob(rule());
    store.clock.advance(5_000);
    await store.repository.saveJob(rule({ nextRunAt: at(3_600_000) }));

    expect((await claim(store.broker, { names: ['nightly'] })).jobs).toHaveLength(1);
  });

  it('takes data and priority of the newest call', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule({ data: { a: 1 } }));

    await store.repository.saveJob(rule({ data: { b: 2 }, priority: 7 }));

    expect(await store.manager.get(_id!)).toMatchObject({
      data: { b: 2 },
      priority: 7,
      nextRunAt: START + 1_000,
    });
  });

  it.each<[string, Partial<JobParameters>]>([
    ['interval', { repeatInterval: '2 hours' }],
    ['interval, a number for a text', { repeatInterval: 3_600_000 }],
    ['zone', { repeatTimezone: 'Europe/Paris' }],
    ['clock time', { repeatAt: '3:30pm' }],
    ['start', { startDate: at(-5) }],
    ['end', { endDate: at(1e9) }],
    ['days to skip', { skipDays: [0] }],
    ['catch-up', { catchUp: 'skip' }],
  ])('begins anew with a changed rule: another %s', async (_, change) => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule());

    const saved = await store.repository.saveJob(rule({ ...change, nextRunAt: at(7_000) }));

    expect(saved).toMatchObject({ _id, ...change, nextRunAt: at(7_000) });
    // And from then on that rule is the unchanged one.
    await store.repository.saveJob(rule({ ...change, nextRunAt: at(9_000) }));
    expect(await planned(store, _id!)).toBe(START + 7_000);
  });

  it('finds a rule unchanged whatever the order of its skip days and of its members', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(
      rule({ repeatTimezone: 'UTC', skipDays: [6, 0] }),
    );

    const { repeatInterval, ...rest } = rule({ skipDays: [0, 6, 0], nextRunAt: at(9_000) });
    await store.repository.saveJob({ repeatTimezone: 'UTC', ...rest, repeatInterval });

    expect(await planned(store, _id!)).toBe(START + 1_000);
  });

  it('plans an unchanged rule again that has no time left', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    const held = await claimOne(store.broker, { names: ['nightly'] });
    await settleOne(store.broker, complete(held));

    await store.repository.saveJob(rule({ nextRunAt: at(4_000) }));

    expect(await planned(store, _id!)).toBe(START + 4_000);
  });

  it('leaves a disabled job disabled, unless the caller says otherwise', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule());
    await store.repository.disableJobs({ name: 'nightly' });

    await store.repository.saveJob(rule());
    expect((await store.manager.get(_id!))!.disabled).toBe(true);
    await store.repository.saveJob(rule({ disabled: false }));
    expect((await store.manager.get(_id!))!.disabled).toBe(false);
  });

  it('changes nothing of a run under way when the rule is unchanged', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    const held = await claimOne(store.broker, { names: ['nightly'] });

    await store.repository.saveJob(rule({ nextRunAt: at(9_000) }));
    await settleOne(store.broker, complete(held, { nextRunAt: START + 3_600_000 }));

    expect(await planned(store, _id!)).toBe(START + 3_600_000);
  });

  it('follows a changed rule after a run under way', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    const held = await claimOne(store.broker, { names: ['nightly'] });

    await store.repository.saveJob(rule({ repeatInterval: '1 second', nextRunAt: at(1_000) }));
    await settleOne(store.broker, complete(held, { nextRunAt: START + 3_600_000 }));

    expect(await planned(store, _id!)).toBe(START + 1_000);
  });

  it("changes nothing of a run of Agenda's engine either, not even the last of its rule", async () => {
    const store = await open();
    const worker = new AgendaWorker(store);
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    const started = await worker.start(await worker.claim({ name: 'nightly' }), null);

    await store.repository.saveJob(rule({ nextRunAt: at(9_000), data: 2 }));
    await worker.succeed(started);

    expect(await store.manager.get(_id!)).toMatchObject({ nextRunAt: null, data: 2 });
  });

  it("follows a changed rule after a run of Agenda's engine, whatever time it begins with", async () => {
    const store = await open();
    const worker = new AgendaWorker(store);
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    const started = await worker.start(await worker.claim({ name: 'nightly' }), at(3_600_000));

    await store.repository.saveJob(rule({ repeatInterval: '1 second', nextRunAt: at(0) }));
    await worker.succeed(started);

    expect(await planned(store, _id!)).toBe(START);
  });

  const withoutRule = (nextRunAt: Date): JobParameters => {
    const { repeatInterval: _, ...row } = rule({ nextRunAt });
    return row;
  };

  it.each([
    ['a future time moves it', 9_000, 9_000],
    ['a time that is now does not', 0, 1_000],
    ['a past time does not', -9_000, 1_000],
  ])('without a rule on either side: %s', async (_, incoming, expected) => {
    const store = await open();
    const { _id } = await store.repository.saveJob(withoutRule(at(1_000)));

    await store.repository.saveJob(withoutRule(at(incoming)));

    expect(await planned(store, _id!)).toBe(START + expected);
  });

  it('takes a rule on, and gives it up', async () => {
    const store = await open();
    const { _id } = await store.repository.saveJob(withoutRule(at(1_000)));
    const counts = async () => (await store.manager.counts()).get('nightly');

    await store.repository.saveJob(rule({ nextRunAt: at(5_000) }));
    expect(await counts()).toMatchObject({ repeating: 1, scheduled: 0 });
    expect(await planned(store, _id!)).toBe(START + 5_000);

    await store.repository.saveJob(withoutRule(at(0)));
    expect(await counts()).toMatchObject({ repeating: 0, queued: 1 });
    expect((await store.manager.get(_id!))!.repeat).toBeNull();
  });

  it('takes an empty interval as no rule', async () => {
    const store = await open();

    const saved = await store.repository.saveJob(rule({ repeatInterval: '', nextRunAt: null }));

    expect(Object.keys(saved)).not.toContain('repeatInterval');
    expect(await store.manager.get(saved._id!)).toMatchObject({ repeat: null, type: 'single' });
    expect((await store.manager.counts()).get('nightly')).toMatchObject({ completed: 1 });
  });

  it('keeps the type of an interval', async () => {
    const store = await open();

    const saved = await store.repository.saveJob(rule({ repeatInterval: 5_000 }));

    expect((await store.repository.getJobById(saved._id!))!.repeatInterval).toBe(5_000);
  });

  it('keeps its key over an update by id', async () => {
    const store = await open();
    const row = await store.repository.saveJob(rule());
    await store.repository.saveJob({ ...row, priority: 5 });
    await store.repository.saveJob({ ...row, type: 'normal', priority: 6 });

    expect((await store.repository.saveJob(rule()))._id).toBe(row._id);
    const { _id } = await store.repository.saveJob(rule({ nextRunAt: at(0) }));
    await store.manager.cancel([_id!], '');
    expect((await store.repository.saveJob(rule()))._id).not.toBe(row._id);
  });
});
