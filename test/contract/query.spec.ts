import type { JobParameters, JobsQueryOptions } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import { add, addMany, bury, claim, complete, idsOf, retry, settle } from './support/builders.js';

const at = (ms: number): Date => new Date(START + ms);

/** Rows by a word that tells them apart, in the order of their insertion: times are ms from the start. */
const stock: Record<string, Partial<JobParameters>> = {
  done1: { nextRunAt: null, lastRunAt: at(-30), lastFinishedAt: at(-25) },
  done2: { nextRunAt: null, lastRunAt: at(-50), lastFinishedAt: at(-20), name: 'Report' },
  dead1: { nextRunAt: null, lastRunAt: at(-40), failedAt: at(-35), lastFinishedAt: at(-35) },
  dead2: {
    nextRunAt: null,
    lastRunAt: at(-20),
    failedAt: at(-15),
    lastFinishedAt: at(-15),
    name: 'Report',
  },
  retry1: { nextRunAt: at(90), lastRunAt: at(-12), failedAt: at(-11), lastFinishedAt: at(-11) },
  retry2: {
    nextRunAt: at(-2),
    lastRunAt: at(-14),
    failedAt: at(-13),
    lastFinishedAt: at(-13),
    name: 'Report',
    disabled: true,
  },
  later1: { nextRunAt: at(100), priority: 5 },
  later2: { nextRunAt: at(50), name: 'Report' },
  later3: { nextRunAt: at(100), name: 'Report', disabled: true },
  later4: { nextRunAt: at(100), priority: -5 },
  due1: { nextRunAt: at(-10), priority: 1 },
  due2: { nextRunAt: at(-9), priority: 2, name: 'Report' },
  due3: { nextRunAt: at(-9), priority: 2 },
  due4: { nextRunAt: at(-100), priority: 9, disabled: true },
  again1: { nextRunAt: at(70), repeatInterval: 5, type: 'single' },
  again2: { nextRunAt: at(-5), repeatInterval: '5 minutes', type: 'single', name: 'Report' },
  run1: { nextRunAt: at(-70), name: 'runs' },
  run2: { nextRunAt: at(-60), name: 'runs' },
};

async function stocked(store: OpenBackend): Promise<OpenBackend> {
  for (const [tag, row] of Object.entries(stock)) {
    await store.repository.saveJob({
      name: 'mail',
      priority: 0,
      nextRunAt: null,
      type: 'normal',
      data: { tag },
      ...row,
    });
  }
  await claim(store.broker, { names: ['runs'], slots: 1 });
  store.clock.advance(1);
  await claim(store.broker, { names: ['runs'], slots: 1 });
  store.clock.advance(-1);
  return store;
}

async function tagsOf(store: OpenBackend, query: JobsQueryOptions): Promise<string[]> {
  const { jobs } = await store.manager.query(query);
  return jobs.map(({ data }) => (data as { tag: string }).tag);
}

const all = Object.keys(stock);
const named = (name: string) => all.filter((tag) => (stock[tag]!.name ?? 'mail') === name);

/** What is asked, and who is meant, in whatever order. */
const criteria: [string, JobsQueryOptions, string[]][] = [
  ['nothing', {}, all],
  ['a name', { name: 'Report' }, named('Report')],
  ['a name nobody has', { name: 'report' }, []],
  ['names', { names: ['runs', 'Report', 'nobody'] }, [...named('Report'), ...named('runs')]],
  ['no names', { names: [] }, []],
  ['a name, which wins over names', { name: 'runs', names: ['mail'] }, named('runs')],
  ['a part of the name', { search: 'epor' }, named('Report')],
  ['a part of the name in capitals', { search: 'REP' }, named('Report')],
  ['an empty part of the name', { search: '' }, all],
  ['a part of the name that looks like a pattern', { search: '.*' }, []],
  ['a name and a part of another', { name: 'mail', search: 'rep' }, []],
  ['a part of the name and a state', { search: 'rep', state: 'scheduled' }, ['later2', 'later3']],
  ['data', { data: { tag: 'due1' } }, ['due1']],
  ['data of no job', { data: { tag: 'due' } }, []],
  ['empty data', { data: {} }, all],
  ['data and a name', { data: { tag: 'due1' }, name: 'Report' }, []],
  ['data and a state', { data: { tag: 'due1' }, state: 'queued' }, ['due1']],
  ['data and another state', { data: { tag: 'due1' }, state: 'scheduled' }, []],
  ['a state of one name', { state: 'failed', name: 'Report' }, ['dead2', 'retry2']],
  ['a state of names', { state: 'completed', names: ['mail', 'runs'] }, ['done1']],
  ['a state of no names', { state: 'completed', names: [] }, []],
  [
    'all but the disabled',
    { includeDisabled: false, name: 'Report' },
    ['done2', 'dead2', 'later2', 'due2', 'again2'],
  ],
  ['the disabled, too', { includeDisabled: true }, all],
  [
    'failed jobs, but not the disabled',
    { state: 'failed', includeDisabled: false },
    ['dead1', 'dead2', 'retry1'],
  ],
  [
    'scheduled jobs, but not the disabled',
    { state: 'scheduled', includeDisabled: false },
    ['later1', 'later2', 'later4'],
  ],
  ['paused jobs, but not the disabled', { state: 'paused', includeDisabled: false }, []],
  ['undefined, which is nothing', { name: undefined, state: undefined, data: undefined }, all],
];

/** The order of each state without a sort. */
const states: [NonNullable<JobsQueryOptions['state']>, string[]][] = [
  ['scheduled', ['later2', 'later1', 'later4', 'later3']],
  ['queued', ['due2', 'due3', 'due1', 'due4']],
  ['running', ['run1', 'run2']],
  ['completed', ['done2', 'done1']],
  ['failed', ['dead2', 'dead1', 'retry2', 'retry1']],
  ['repeating', ['again2', 'again1']],
];

const sorts: [string, JobsQueryOptions, string[]][] = [
  [
    'the time, newest first, without one last',
    { names: ['Report', 'runs'] },
    ['later3', 'later2', 'retry2', 'again2', 'due2', 'run2', 'run1', 'dead2', 'done2'],
  ],
  [
    'the time',
    { name: 'Report', sort: { nextRunAt: 'asc' } },
    ['due2', 'again2', 'retry2', 'later2', 'later3', 'done2', 'dead2'],
  ],
  [
    'the last run, without one last by insertion',
    { name: 'Report', sort: { lastRunAt: 1 } },
    ['done2', 'dead2', 'retry2', 'later2', 'later3', 'due2', 'again2'],
  ],
  [
    'the last run, newest first',
    { name: 'Report', sort: { lastRunAt: -1 }, limit: 4 },
    ['retry2', 'dead2', 'done2', 'later2'],
  ],
  [
    'the last end',
    { sort: { lastFinishedAt: 'asc' }, limit: 7 },
    ['dead1', 'done1', 'done2', 'dead2', 'retry2', 'retry1', 'later1'],
  ],
  [
    'priority',
    { sort: { priority: 'desc' }, limit: 6 },
    ['due4', 'later1', 'due2', 'due3', 'due1', 'done1'],
  ],
  [
    'name, then priority',
    { sort: { name: 1, priority: -1 }, limit: 8 },
    ['due2', 'done2', 'dead2', 'retry2', 'later2', 'later3', 'again2', 'due4'],
  ],
  [
    'priority, then time: the order in which they are written',
    {
      names: ['mail', 'Report'],
      sort: { priority: 'asc', nextRunAt: 'asc' },
      limit: 4,
    },
    ['later4', 'again2', 'retry2', 'later2'],
  ],
  ['an empty sort, which is none', { name: 'runs', sort: {} }, ['run2', 'run1']],
  [
    'a direction left out',
    { name: 'runs', sort: { nextRunAt: 1, name: undefined } },
    ['run1', 'run2'],
  ],
  [
    'a state by its own time',
    { state: 'scheduled', sort: { nextRunAt: 'asc' } },
    ['later2', 'later1', 'later4', 'later3'],
  ],
  [
    'a state by its own time, backwards',
    { state: 'scheduled', sort: { nextRunAt: 'desc' } },
    ['later3', 'later4', 'later1', 'later2'],
  ],
  [
    'a state by another key',
    { state: 'scheduled', sort: { priority: 'desc' } },
    ['later1', 'later2', 'later3', 'later4'],
  ],
  [
    'completed jobs, oldest first',
    { state: 'completed', sort: { lastFinishedAt: 1 } },
    ['done1', 'done2'],
  ],
  [
    'failed jobs by their end',
    { state: 'failed', sort: { lastFinishedAt: 1 } },
    ['dead1', 'dead2', 'retry2', 'retry1'],
  ],
  [
    'queued jobs by their time',
    { state: 'queued', sort: { nextRunAt: 1 } },
    ['due4', 'due1', 'due2', 'due3'],
  ],
];

describeBackends('a query', (open) => {
  it.each(criteria)('by %s finds those that match, and no others', async (_, query, expected) => {
    const store = await stocked(await open());

    const { total } = await store.manager.query(query);
    const tags = await tagsOf(store, query);

    expect(tags.toSorted()).toEqual(expected.toSorted());
    expect(total).toBe(expected.length);
  });

  it.each(states)('for %s jobs gives them in the order of their index', async (state, expected) => {
    const store = await stocked(await open());

    expect(await tagsOf(store, { state })).toEqual(expected);
    // With a criterion that no index knows the order is the same.
    const everybody = { ids: idsOf((await store.manager.query({})).jobs) };
    expect(await tagsOf(store, { state, ...everybody })).toEqual(expected);
  });

  it.each(states)(
    'for %s jobs gives every page of them, and the same total',
    async (state, expected) => {
      const store = await stocked(await open());

      for (let skip = 0; skip <= expected.length; skip++) {
        for (const limit of [1, 2, 100]) {
          const page = await store.manager.query({ state, skip, limit });
          expect(page.total).toBe(expected.length);
          expect(page.jobs.map(({ data }) => (data as { tag: string }).tag)).toEqual(
            expected.slice(skip, skip + limit),
          );
        }
      }
    },
  );

  it.each(sorts)('sorts by %s', async (_, query, expected) => {
    const store = await stocked(await open());

    expect(await tagsOf(store, query)).toEqual(expected);
  });

  it('gives paused jobs by their ids', async () => {
    const { broker, repository, manager } = await open();
    for (const id of ['c', 'a', 'b', 'ü', '🚀', '\uffee'])
      await add(broker, { id, name: `of ${id}` });
    await repository.disableJobs({ ids: ['c', 'a', 'ü', '🚀', '\uffee'] });

    const { jobs, total } = await manager.query({ state: 'paused' });

    expect(idsOf(jobs)).toEqual(['a', 'c', 'ü', '\uffee', '🚀']);
    expect(total).toBe(5);
  });

  it('finds jobs by their ids', async () => {
    const { broker, manager } = await open();
    for (const id of ['a', 'b', 'c']) await add(broker, { id, name: id });
    const found = async (query: JobsQueryOptions) => idsOf((await manager.query(query)).jobs);

    expect(await found({ id: 'b' })).toEqual(['b']);
    expect(await manager.query({ id: 'nobody' })).toEqual({ jobs: [], total: 0 });
    expect(await found({ ids: ['c', 'nobody', 'a', 'c'] })).toEqual(['a', 'c']);
    expect(await manager.query({ ids: [] })).toEqual({ jobs: [], total: 0 });
    expect(await found({ id: 'a', ids: ['b'] })).toEqual(['a']);
    expect(await found({ ids: ['a', 'b'], name: 'b' })).toEqual(['b']);
    expect(await found({ ids: ['a', 'b'], search: 'A' })).toEqual(['a']);
    expect(await found({ ids: ['a', 'b'], state: 'queued' })).toEqual(['a', 'b']);
    expect(await found({ ids: ['a', 'b'], state: 'running' })).toEqual([]);
  });

  it('pages through what it has sorted', async () => {
    const store = await stocked(await open());
    const everybody = await tagsOf(store, { sort: { priority: -1 } });

    for (let skip = 0; skip < all.length; skip += 5) {
      const query = { sort: { priority: -1 } as const, skip, limit: 5 };
      expect(await tagsOf(store, query)).toEqual(everybody.slice(skip, skip + 5));
    }
    expect(await store.manager.query({ skip: 100 })).toEqual({ jobs: [], total: all.length });
  });

  it('sorts by data: numbers, texts, the rest; jobs without data last, by insertion', async () => {
    const { broker, manager } = await open();
    const data = ['null', '"b"', '10', '{"a":1}', '9', '"B"', '[2]', undefined, 'true', '-1.5'];
    await addMany(broker, data.length, (i) => ({ data: data[i], id: `job-${i}` }));
    const sorted = async (direction: 1 | -1) =>
      (await manager.query({ sort: { data: direction } })).jobs.map((job) => job.data);

    expect(await sorted(1)).toEqual([-1.5, 9, 10, 'B', 'b', [2], true, { a: 1 }, null, undefined]);
    expect(await sorted(-1)).toEqual([{ a: 1 }, true, [2], 'b', 'B', 10, 9, -1.5, null, undefined]);
  });

  it('gives jobs whole, as they stand', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    const { id } = await add(broker, { data: '{"to":"ann"}', priority: 3 });
    const { jobs } = await claim(broker);
    await settle(broker, complete(jobs[0]!, { result: '{"sent":true}' }));
    clock.advance(5);

    expect((await manager.query({ state: 'completed' })).jobs).toEqual([await manager.get(id)]);
    expect((await manager.query({ id })).jobs).toEqual([await manager.get(id)]);
  });

  it('gives jobs that share nothing with the store', async () => {
    const { broker, manager } = await open();
    await add(broker, { data: '{"list":[1]}' });

    for (const query of [{}, { state: 'queued' }] as const) {
      const [job] = (await manager.query(query)).jobs;
      (job!.data as { list: number[] }).list.push(2);
      expect((await manager.query(query)).jobs[0]!.data).toEqual({ list: [1] });
    }
  });

  it('counts a due job as queued from its ms on, with nobody looking', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 3, (i) => ({ id: `job-${i}`, due: { delayMs: 100 + i } }));
    const queued = async (query: JobsQueryOptions = {}) =>
      idsOf((await manager.query({ state: 'queued', ...query })).jobs);

    clock.advance(99);
    expect(await queued()).toEqual([]);
    clock.advance(2);
    expect(await queued()).toEqual(['job-0', 'job-1']);
    expect(await queued({ search: 'mail' })).toEqual(['job-0', 'job-1']);
    expect(await queued({ includeDisabled: false })).toEqual(['job-0', 'job-1']);
    expect((await manager.query({ state: 'scheduled' })).jobs).toMatchObject([{ id: 'job-2' }]);
  });

  it('puts due jobs that no claim has seen where the next claim will put them', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 20, (i) => ({ id: `early-${i}`, priority: i % 3 }));
    await addMany(broker, 20, (i) => ({
      id: `late-${i}`,
      priority: i % 5,
      due: { delayMs: 10 + (i % 4) },
    }));
    clock.advance(20);

    const paged: string[] = [];
    for (let skip = 0; skip < 40; skip += 3) {
      paged.push(...idsOf((await manager.query({ state: 'queued', skip, limit: 3 })).jobs));
    }

    expect(paged).toEqual(idsOf((await claim(broker, { slots: 40 })).jobs));
  });

  it('puts the disabled behind others of the same time, whatever their ids', async () => {
    const { broker, manager, repository } = await open();
    for (const id of ['!off', 'on', '~on', '~off', 'off']) {
      await add(broker, { id, due: { delayMs: 5 } });
    }
    await repository.disableJobs({ ids: ['!off', '~off', 'off'] });

    const { jobs } = await manager.query({ state: 'scheduled' });

    expect(idsOf(jobs)).toEqual(['on', '~on', '!off', 'off', '~off']);
  });

  it('finds every queued job when far more are due than a claim has seen', async () => {
    const { broker, manager, clock } = await open();
    await addMany(broker, 170, (i) => ({ id: `job-${i}`, due: { delayMs: 10 + i } }));
    clock.advance(1000);
    const first = await manager.query({ state: 'queued', limit: 60 });
    const rest = await manager.query({ state: 'queued', skip: 60 });

    const ids = idsOf([...first.jobs, ...rest.jobs]);
    expect(ids).toEqual(Array.from({ length: 170 }, (_, i) => `job-${i}`));
    expect([first.total, rest.total]).toEqual([170, 170]);
  });

  it('merges many names, page by page', async () => {
    const { broker, manager } = await open();
    const jobs = await addMany(broker, 700, (i) => ({
      id: `job-${i}`,
      name: `name-${(i * i) % 130}`,
      due: { delayMs: 1 + ((i * 37) % 400) },
    }));
    const order = jobs
      .map((job, i) => ({ id: job.id, i, delay: 1 + ((i * 37) % 400) }))
      .toSorted((a, b) => a.delay - b.delay || a.i - b.i)
      .map(({ id }) => id);

    for (const [skip, limit] of [
      [0, 20],
      [13, 100],
      [350, 7],
      [690, 20],
    ] as const) {
      const page = await manager.query({ state: 'scheduled', skip, limit });
      expect(idsOf(page.jobs)).toEqual(order.slice(skip, skip + limit));
      expect(page.total).toBe(700);
    }
    const backwards = { state: 'scheduled', sort: { nextRunAt: -1 } } as const;
    const { jobs: last } = await manager.query({ ...backwards, limit: 30, skip: 5 });
    expect(idsOf(last)).toEqual(order.toReversed().slice(5, 35));
    const everybody = await manager.query({ state: 'scheduled' });
    expect(idsOf(everybody.jobs)).toEqual(order);
  });

  it('reaches a deep page of several names', async () => {
    const { broker, manager } = await open();
    const delayOf = (i: number) => 1 + ((i * 7919) % 1300);
    await addMany(broker, 2600, (i) => ({
      id: `job-${i}`,
      name: `name-${i % 7}`,
      due: { delayMs: delayOf(i) },
    }));
    const order = Array.from({ length: 2600 }, (_, i) => i)
      .toSorted((a, b) => delayOf(a) - delayOf(b) || a - b)
      .map((i) => `job-${i}`);

    for (const skip of [1001, 1500, 2299, 2590, 2600]) {
      const query = { state: 'scheduled', skip, limit: 20 } as const;
      expect(idsOf((await manager.query(query)).jobs)).toEqual(order.slice(skip, skip + 20));
      const backwards = { ...query, sort: { nextRunAt: 'desc' } } as const;
      expect(idsOf((await manager.query(backwards)).jobs)).toEqual(
        order.toReversed().slice(skip, skip + 20),
      );
    }
  });

  it('reaches a deep page of jobs that all have one time', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 2400, (i) => ({
      id: `job-${i}`,
      name: `name-${i % 3}`,
      due: { delayMs: 5 },
    }));

    const { jobs } = await manager.query({ state: 'scheduled', skip: 2000, limit: 5 });

    expect(idsOf(jobs)).toEqual([0, 1, 2, 3, 4].map((i) => `job-${2000 + i}`));
  });

  it('reaches a deep page among recurring jobs and retries, which it leaves out', async () => {
    const { broker, manager, repository } = await open();
    await addMany(broker, 120, (i) => ({ id: `first-${i}`, priority: 1 }));
    const { jobs } = await claim(broker);
    await settle(
      broker,
      ...jobs.slice(0, 50).map((job) => retry(job, { due: { delayMs: 5 } })),
      ...jobs.slice(50).map((job) => bury(job)),
    );
    for (let i = 0; i < 60; i++) {
      await repository.saveJob({
        name: 'mail',
        priority: 0,
        type: 'single',
        data: null,
        nextRunAt: at(i),
        repeatInterval: 60_000,
        repeatKey: `key-${i}`,
      });
    }
    await addMany(broker, 150, (i) => ({ id: `later-${i}`, due: { delayMs: 1 + i } }));

    const page = await manager.query({ state: 'scheduled', skip: 100, limit: 30 });

    expect(page.total).toBe(150);
    expect(idsOf(page.jobs)).toEqual(Array.from({ length: 30 }, (_, i) => `later-${100 + i}`));
    expect((await manager.query({ state: 'queued' })).total).toBe(20);
    expect((await manager.query({ state: 'failed', limit: 1 })).total).toBe(100);
    expect((await manager.query({ state: 'repeating', limit: 1 })).total).toBe(60);
  });

  it('gives all of 1,200 jobs when there is no limit', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 1200, (i) => ({ id: `job-${i}`, priority: i % 7 }));

    for (const query of [{}, { state: 'queued' }, { state: 'queued', limit: 5000 }] as const) {
      const { jobs, total } = await manager.query(query);
      expect(new Set(idsOf(jobs)).size).toBe(1200);
      expect(total).toBe(1200);
    }
  });

  it('gives jobs of 50,000 bytes each', async () => {
    const { broker, manager } = await open();
    const data = JSON.stringify({ text: 'x'.repeat(50_000) });
    for (let i = 0; i < 60; i += 20) await addMany(broker, 20, () => ({ data }));

    expect((await manager.query({ state: 'queued' })).jobs).toHaveLength(60);
    expect((await manager.query({ sort: { name: 1 } })).jobs).toHaveLength(60);
  });

  it.each<[string, unknown, string]>([
    ['an unknown option', { nmae: 'mail' }, 'query.nmae'],
    ['no options', null, 'query'],
    ['an unknown state', { state: 'done' }, 'query.state'],
    ['a state in capitals', { state: 'Failed' }, 'query.state'],
    ['a state of null', { state: null }, 'query.state'],
    ['a state that every object has', { state: 'constructor' }, 'query.state'],
    ['an unknown sort key', { sort: { createdAt: 1 } }, 'query.sort.createdAt'],
    ['an unknown direction', { sort: { name: 2 } }, 'query.sort.name'],
    ['a direction in capitals', { sort: { name: 'ASC' } }, 'query.sort.name'],
    ['a sort that is a text', { sort: 'name' }, 'query.sort'],
    ['a negative skip', { skip: -1 }, 'query.skip'],
    ['a limit of 1.5', { limit: 1.5 }, 'query.limit'],
    ['a limit that is a text', { limit: '20' }, 'query.limit'],
    ['an endless limit', { limit: Infinity }, 'query.limit'],
    ['a name that is no text', { name: 5 }, 'query.name'],
    ['names that are no list', { names: 'mail' }, 'query.names'],
    ['ids that are no texts', { ids: [1] }, 'query.ids'],
    ['an id of null', { id: null }, 'query.id'],
    ['a search for a pattern', { search: /mail/ }, 'query.search'],
    ['includeDisabled of 0', { includeDisabled: 0 }, 'query.includeDisabled'],
    ['data that JSON does not know', { data: { a: [1n] } }, 'query.data.a[0]'],
  ])('refuses %s', async (_, query, option) => {
    const { manager } = await open();

    const answer = manager.query(query as JobsQueryOptions);

    await expect(answer).rejects.toThrow(InvalidOptionError);
    await expect(answer).rejects.toMatchObject({ option });
  });
});
