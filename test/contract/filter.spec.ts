import type { JobsFilter } from '../../lib/core/contracts/job-parameters.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import { add, addMany, claim, idsOf, newJob, settleOne, bury } from './support/builders.js';

/** Jobs `a1`, `a2` of name `a`, and so on for `b` and `c`; the data of each tells its number. */
async function withJobs(store: OpenBackend): Promise<OpenBackend> {
  const ids = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'];
  const data = (id: string) => JSON.stringify({ number: Number(id[1]), id });
  await store.broker.enqueue(ids.map((id) => newJob({ id, name: id[0]!, data: data(id) })));
  return store;
}

const filters: [string, JobsFilter, string[]][] = [
  ['an id', { id: 'a1' }, ['a1']],
  ['ids', { ids: ['a1', 'c2', 'nobody', 'a1'] }, ['a1', 'c2']],
  ['an id, which wins over ids', { id: 'a1', ids: ['c2'] }, ['a1']],
  ['a name', { name: 'b' }, ['b1', 'b2']],
  ['names', { names: ['a', 'c', 'nobody'] }, ['a1', 'a2', 'c1', 'c2']],
  ['a name, which wins over names', { name: 'b', names: ['a'] }, ['b1', 'b2']],
  ['names to leave out', { notNames: ['a', 'b'] }, ['c1', 'c2']],
  ['ids and names together', { ids: ['a1', 'b1', 'c1'], names: ['a', 'b'] }, ['a1', 'b1']],
  ['an id of another name', { id: 'a1', name: 'b' }, []],
  ['ids, without some names', { ids: ['a1', 'b1'], notNames: ['a'] }, ['b1']],
  ['nothing', {}, []],
  ['no ids', { ids: [] }, []],
  ['no names', { names: [] }, []],
  ['no names to leave out', { notNames: [] }, []],
  ['a name, and no names to leave out', { name: 'a', notNames: [] }, ['a1', 'a2']],
  ['a name, which wins over names to leave out', { name: 'a', notNames: ['a'] }, ['a1', 'a2']],
  ['data', { data: { number: 1 } }, ['a1', 'b1', 'c1']],
  ['data and a name', { data: { number: 1 }, name: 'b' }, ['b1']],
  ['data and an id', { data: { number: 1 }, id: 'a2' }, []],
  ['data, ids and names', { data: { number: 1 }, ids: ['a1', 'b1'], names: ['b'] }, ['b1']],
  ['data, without some names', { data: { number: 1 }, notNames: ['a'] }, ['b1', 'c1']],
  ['data, of no names', { data: { number: 1 }, names: [] }, []],
  ['data, without no names', { data: { number: 2 }, notNames: [] }, ['a2', 'b2', 'c2']],
  ['empty data', { data: {} }, []],
  ['empty data and a name', { data: {}, name: 'a' }, ['a1', 'a2']],
  ['a number that no data is', { data: 1 }, []],
  ['undefined, which is nothing', { id: undefined, name: undefined, data: undefined }, []],
];

describeBackends('a filter', (open) => {
  it.each(filters)('by %s removes those that match, and no others', async (_, filter, matched) => {
    const { repository, manager } = await withJobs(await open());

    expect(await repository.removeJobs(filter)).toBe(matched.length);

    for (const id of ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']) {
      expect([id, (await manager.get(id)) === undefined]).toEqual([id, matched.includes(id)]);
    }
  });

  it.each(filters)('by %s disables and enables those that match', async (_, filter, matched) => {
    const { broker, repository } = await withJobs(await open());
    const rest = ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'].filter((id) => !matched.includes(id));

    expect(await repository.disableJobs(filter)).toBe(matched.length);
    expect(idsOf((await claim(broker, { names: ['a', 'b', 'c'] })).jobs)).toEqual(rest);
    expect(await repository.enableJobs(filter)).toBe(matched.length);
    expect(idsOf((await claim(broker, { names: ['a', 'b', 'c'] })).jobs)).toEqual(matched);
  });
});

/** What is asked of data, and what it means of data that is stored. */
const matches: [string, unknown, { yes: unknown[]; no: unknown[] }][] = [
  [
    'a number',
    { userId: 1 },
    {
      yes: [{ userId: 1 }, { name: 'ann', userId: 1 }],
      no: [{ userId: 12 }, { userId: 123 }, { userId: '1' }, { userId: null }, {}, { user: 1 }],
    },
  ],
  ['a text', { to: 'ann' }, { yes: [{ to: 'ann' }], no: [{ to: 'anna' }, { to: 'Ann' }, 'ann'] }],
  [
    'several properties, in any order',
    { a: 1, b: 2 },
    {
      yes: [
        { b: 2, a: 1 },
        { b: 2, c: 3, a: 1 },
      ],
      no: [{ a: 1 }, { a: 1, b: 3 }],
    },
  ],
  [
    'what lies deeper',
    { user: { address: { city: 'Paris' } } },
    {
      yes: [{ user: { name: 'ann', address: { city: 'Paris', zip: 1 } } }],
      no: [{ user: { city: 'Paris' } }, { user: 'Paris' }, { user: null }, { city: 'Paris' }],
    },
  ],
  [
    'an object that is there',
    { user: {} },
    { yes: [{ user: {} }, { user: { id: 1 } }], no: [{ user: [] }, { user: 1 }, {}] },
  ],
  [
    'a list, whole',
    { tags: ['a', 'b'] },
    {
      yes: [{ tags: ['a', 'b'] }],
      no: [{ tags: ['b', 'a'] }, { tags: ['a', 'b', 'c'] }, { tags: ['a'] }, { tags: 'a' }],
    },
  ],
  [
    'objects in a list, whole, in any order of their keys',
    { items: [{ a: 1, b: 2 }] },
    { yes: [{ items: [{ b: 2, a: 1 }] }], no: [{ items: [{ a: 1, b: 2, c: 3 }] }] },
  ],
  ['an empty list', { tags: [] }, { yes: [{ tags: [] }], no: [{ tags: ['a'] }, { tags: {} }] }],
  [
    'null inside',
    { a: null },
    { yes: [{ a: null }], no: [{}, { a: 0 }, { a: '' }, { a: 'null' }] },
  ],
  ['true', { a: true }, { yes: [{ a: true }], no: [{ a: 1 }, { a: 'true' }, { a: false }] }],
  ['nothing but 5', 5, { yes: [5], no: [{ a: 5 }, [5], '5', 55, undefined] }],
  ['nothing but null', null, { yes: [null], no: [undefined, {}, 0, 'null', ''] }],
  ['nothing but false', false, { yes: [false], no: [undefined, null, 0, ''] }],
  ['nothing but an empty text', '', { yes: [''], no: [undefined, null, 0, {}] }],
  ['nothing but a list', [1, 2], { yes: [[1, 2]], no: [[2, 1], { 0: 1, 1: 2 }] }],
  [
    'a Date, which is its ISO text',
    { at: new Date('2026-03-04T10:20:30.456Z') },
    { yes: [{ at: '2026-03-04T10:20:30.456Z' }], no: [{ at: 1772619630456 }, { at: {} }] },
  ],
  [
    'an undefined property, which is none',
    { a: 1, b: undefined },
    { yes: [{ a: 1 }, { a: 1, b: 2 }], no: [{ b: 2 }] },
  ],
  [
    'keys that every object has',
    { constructor: 1, toString: 'x' },
    { yes: [{ constructor: 1, toString: 'x' }], no: [{}, { constructor: 1 }] },
  ],
  [
    'a __proto__',
    JSON.parse('{"__proto__":{"a":1}}'),
    { yes: [JSON.parse('{"__proto__":{"a":1,"b":2}}')], no: [{}, { a: 1 }] },
  ],
  ['what looks like an operator', { a: { $gt: 1 } }, { yes: [{ a: { $gt: 1 } }], no: [{ a: 2 }] }],
];

describeBackends('data', (open) => {
  it.each(matches)('that asks for %s matches just that', async (_, data, { yes, no }) => {
    const { broker, repository, manager } = await open();
    const stored = [...yes.map((value) => [1, value]), ...no.map((value) => [0, value])];
    await addMany(broker, stored.length, (i) => ({
      id: `job-${i}`,
      data: stored[i]![1] === undefined ? undefined : JSON.stringify(stored[i]![1]),
    }));
    const expected = yes.map((_value, i) => `job-${i}`);

    expect(idsOf((await manager.query({ data, sort: { name: 1 } })).jobs)).toEqual(expected);
    expect(await repository.removeJobs({ data })).toBe(yes.length);
    expect(idsOf((await manager.query({ sort: { name: 1 } })).jobs)).toEqual(
      no.map((_value, i) => `job-${yes.length + i}`),
    );
  });

  it('leaves the jobs of users 12 and 123 alone when those of user 1 are removed', async () => {
    const { broker, repository, manager } = await open();
    for (const userId of [1, 12, 123]) {
      await add(broker, { id: `user-${userId}`, data: JSON.stringify({ userId }) });
    }

    expect(await repository.removeJobs({ data: { userId: 1 } })).toBe(1);
    expect(await repository.removeJobs({ data: {} })).toBe(0);
    expect(await repository.removeJobs({ data: 5 })).toBe(0);

    expect(idsOf((await manager.query({})).jobs).toSorted()).toEqual(['user-12', 'user-123']);
  });

  it('is looked at in every state, of a name with hundreds', async () => {
    const { broker, repository, manager } = await open();
    await addMany(broker, 250, (i) => ({
      data: JSON.stringify({ even: i % 2 === 0 }),
      due: { delayMs: i < 150 ? 0 : 1_000 },
    }));
    const { jobs } = await claim(broker, { slots: 60 });
    for (const job of jobs.slice(0, 30)) await settleOne(broker, bury(job));

    expect(await repository.removeJobs({ name: 'mail', data: { even: true } })).toBe(125);

    const left = await manager.query({});
    expect(left.total).toBe(125);
    expect(left.jobs.every(({ data }) => !(data as { even: boolean }).even)).toBe(true);
  });
});

describeBackends('a filter', (open) => {
  it.each<[string, unknown, string]>([
    ['an unknown criterion', { nmae: 'a' }, 'filter.nmae'],
    ['a state, which no filter has', { state: 'failed' }, 'filter.state'],
    ['no object', 'a', 'filter'],
    ['null', null, 'filter'],
    ['an id that is no text', { id: 1 }, 'filter.id'],
    ['an id of null', { id: null }, 'filter.id'],
    ['ids that are no list', { ids: 'a1' }, 'filter.ids'],
    ['names that are no texts', { names: [null] }, 'filter.names'],
    ['names to leave out that are no list', { notNames: 'a' }, 'filter.notNames'],
    ['data that JSON does not know', { name: 'a', data: { a: Number.NaN } }, 'filter.data.a'],
    ['data with a list that has a hole', { data: { a: [undefined] } }, 'filter.data.a[0]'],
  ])('with %s is refused, and nothing happens', async (_, filter, option) => {
    const store = await withJobs(await open());
    const { repository } = store;
    const before = await store.dump();

    for (const verb of ['removeJobs', 'disableJobs', 'enableJobs'] as const) {
      const answer = repository[verb](filter as JobsFilter);
      await expect(answer).rejects.toThrow(InvalidOptionError);
      await expect(answer).rejects.toMatchObject({ option });
    }
    expect(await store.dump()).toEqual(before);
  });
});
