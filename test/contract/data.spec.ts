import { describeBackends, START } from './support/backends.js';
import {
  add,
  claim,
  claimOne,
  complete,
  failure,
  idsOf,
  LEASE,
  newJob,
  passTime,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

const texts: unknown[] = [
  null,
  0,
  -0.5,
  1e21,
  '',
  false,
  true,
  'null',
  'undefined',
  'ünïcödé ✓ 🚀 \u2028 \u0000 \u001f',
  '"],"["\\u0022\\"',
  '|1|2||:{}[]%s%d',
  [],
  {},
  [[]],
  [{}],
  { a: [], b: {}, c: [[], {}], d: '' },
  { '': { ' ': null } },
  { deep: { deep: { deep: [1, [2, [3]]] } } },
  { nonce: 'ab', keys: ['x'], repeat: { interval: 5 }, reason: 'stalled' },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'),
];

describeBackends('data', (open) => {
  it.each(texts.map((data) => [JSON.stringify(data), data] as const))(
    '%s comes back equal, from every way in and out',
    async (text, data) => {
      const { broker, manager, repository } = await open();
      const added = await add(broker, { id: 'a', data: text });
      const row = await repository.saveJob({
        name: 'saved',
        priority: 0,
        nextRunAt: new Date(START),
        type: 'normal',
        data,
      });

      const { jobs } = await claim(broker, { names: ['mail', 'saved'] });

      expect(added.data).toEqual(data);
      expect(row.data).toEqual(data);
      expect(jobs.map(({ record }) => record.data)).toEqual([data, data]);
      expect((await manager.get('a'))!.data).toEqual(data);
      expect((await repository.getJobById('a'))!.data).toEqual(data);
      await settle(broker, ...jobs.map((job) => complete(job, { result: text })));
      expect((await manager.get('a'))!.result).toEqual(data);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );

  it('may be absent, which is not null', async () => {
    const { broker, repository, manager } = await open();
    await broker.enqueue([newJob({ id: 'none' }), newJob({ id: 'null', data: 'null' })]);
    const { _id } = await repository.saveJob({
      name: 'mail',
      priority: 0,
      nextRunAt: null,
      type: 'normal',
      data: undefined,
    });

    const all = await Promise.all(['none', 'null', _id!].map((id) => manager.get(id)));
    expect(all.map((job) => job!.data)).toEqual([undefined, null, undefined]);
  });

  it('is shared with nobody', async () => {
    const { broker, manager, repository } = await open();
    const data = { list: [1] };
    const overrides = { backoff: { delay: 5 } };
    const row = await repository.saveJob({
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(START),
      type: 'normal',
      data,
      skipDays: [1],
    });
    const { id } = await add(broker, { name: 'other', overrides });
    const what = failure('first');
    const { jobs } = await claim(broker, { names: ['mail', 'other'] });
    await settleOne(broker, retry(jobs[0]!, { failure: what }));

    data.list.push(2);
    overrides.backoff.delay = 6;
    what.message = 'changed';
    (jobs[0]!.record.data as typeof data).list.push(3);
    const read = (await manager.get(row._id!))!;
    read.failure!.message = 'changed';
    read.repeat!.skipDays!.push(2);

    expect(await manager.get(row._id!)).toMatchObject({
      data: { list: [1] },
      failure: { message: 'first' },
      repeat: { skipDays: [1] },
    });
    expect((await manager.get(id))!.overrides).toEqual({ backoff: { delay: 5 } });
  });

  it('of 50,000 bytes in each of 60 jobs all arrive, if not in one call', async () => {
    const { broker } = await open();
    const data = JSON.stringify('x'.repeat(50_000));
    for (let i = 0; i < 60; i += 20) {
      await broker.enqueue(Array.from({ length: 20 }, () => newJob({ data })));
    }

    const got = new Set<string>();
    const sleeps: (number | null)[] = [];
    while (got.size < 60 && sleeps.length < 10) {
      const { jobs, dueInMs } = await claim(broker, { host: `host-${sleeps.length}` });
      for (const id of idsOf(jobs)) got.add(id);
      sleeps.push(dueInMs);
    }

    expect(got.size).toBe(60);
    // Jobs that are left for the next call are due at once.
    expect(sleeps).toEqual([...sleeps.slice(1).map(() => 0), null]);
  });
});

const names = [
  'with space',
  '"quoted"',
  "it's",
  'back\\slash',
  '\\u0022',
  '\\"',
  '{braces}',
  '}{',
  '[1]',
  'a:b:c',
  'a|b|c',
  'ready:mail',
  'jobs:state',
  'glob*?[a-z]',
  '%s %1 %%',
  'ünï ✓ 🚀',
  '日本語',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '0',
  '-1',
  'null',
  '+0',
  'x'.repeat(256),
  'ä'.repeat(128),
];

describeBackends('a name and id', (open) => {
  it.each(names)('like %p lead through a whole life', async (name) => {
    const store = await open();
    const { broker, manager, repository } = store;
    const names = [name];
    await add(broker, { name, id: name });
    await broker.register([{ name, maxRescues: 1 }]);

    expect(await broker.enqueue([newJob({ id: name })])).toMatchObject([
      { created: false, job: { id: name, name } },
    ]);
    const lost = await claimOne(broker, { names });
    expect(lost.lease).toMatchObject({ id: name, name });
    await passTime(store, LEASE);
    expect((await broker.rescue(10, LEASE)).jobs).toMatchObject([{ id: name, name }]);

    const failed = await claimOne(broker, { names });
    await settleOne(broker, retry(failed, { due: { delayMs: 10 } }));
    expect(await repository.disableJobs({ name })).toBe(1);
    expect(await repository.enableJobs({ id: name })).toBe(1);
    await passTime(store, 10);
    const held = await claimOne(broker, { names });
    expect(await broker.renew([held.lease], LEASE)).toMatchObject({ lost: [] });
    expect(await settle(broker, complete(held), complete(held))).toEqual(['ok', 'ok']);

    expect(await manager.get(name)).toMatchObject({ id: name, name, attempt: 3, rescueCount: 1 });
    expect([...(await manager.counts())]).toMatchObject([[name, { completed: 1, total: 1 }]]);
    expect((await manager.counts([name])).get(name)!.total).toBe(1);
    expect(await repository.getDistinctJobNames()).toEqual([name]);
    expect(await manager.cancel([name], 'done')).toEqual([name]);
    expect(await repository.getDistinctJobNames()).toEqual([]);
  });

  it.each(names)('like %p also lead to a recurring job', async (name) => {
    const { broker, repository, manager } = await open();
    const row = {
      name,
      priority: 0,
      nextRunAt: new Date(START),
      type: 'single',
      data: { name },
      repeatInterval: name,
      repeatKey: name,
    } as const;
    const { _id } = await repository.saveJob(row);
    const held = await claimOne(broker, { names: [name] });
    await settleOne(broker, complete(held, { nextRunAt: START + 5 }));

    expect(await repository.saveJob(row)).toMatchObject({
      ...row,
      _id,
      nextRunAt: new Date(START + 5),
    });
    expect((await manager.get(_id!))!.repeat).toEqual({ interval: name, key: name });
    expect(await repository.removeJobs({ name })).toBe(1);
    expect((await repository.saveJob(row))._id).not.toBe(_id);
  });
});
