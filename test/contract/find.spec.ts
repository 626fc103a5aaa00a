import type {
  FindQuery,
  FindState,
  FoundPage,
  JobManager,
} from '../../lib/core/contracts/job-manager.js';
import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { InvalidCursorError, InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  complete,
  idsOf,
  LEASE,
  newJob,
  passTime,
  retry,
  settle,
} from './support/builders.js';

type Asked = Omit<FindQuery, 'limit' | 'cursor'>;

/** Goes from page to page to the end; `between` is done after each page. */
async function walk(
  manager: JobManager,
  asked: Asked,
  limit = 200,
  between: (page: FoundPage) => unknown = () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await manager.find({ ...asked, limit, ...(cursor !== undefined && { cursor }) });
    expect(page.jobs.length).toBeLessThanOrEqual(limit);
    ids.push(...idsOf(page.jobs));
    ({ cursor } = page);
    await between(page);
  } while (cursor !== undefined);
  return ids;
}

const rule = { type: 'single', priority: 0, data: null, repeatInterval: 60_000 } as const;

/** Claims so many jobs of a name, 100 a call. */
async function claimMany({ broker }: OpenBackend, count: number, name = 'mail') {
  const jobs = [];
  for (let left = count; left > 0; left -= 100) {
    const slots = Math.min(left, 100);
    jobs.push(...(await claim(broker, { names: [name], slots })).jobs);
  }
  return jobs;
}

type Claimed = Awaited<ReturnType<typeof claimMany>>;

async function settleMany(
  { broker }: OpenBackend,
  jobs: Claimed,
  as: (job: Claimed[number]) => Parameters<typeof settle>[1],
): Promise<void> {
  for (let i = 0; i < jobs.length; i += 100) {
    await settle(broker, ...jobs.slice(i, i + 100).map(as));
  }
}

/** Puts so many jobs of `mail` into a state; most of them in one millisecond. */
const IN_STATE: Record<FindState, (store: OpenBackend, count: number) => Promise<unknown>> = {
  scheduled: ({ broker }, count) =>
    addMany(broker, count, (i) => ({
      due: { delayMs: i % 10 === 0 ? LEASE * 99 : LEASE * 50 },
      priority: i % 3,
    })),
  queued: ({ broker }, count) => addMany(broker, count),
  running: async (store, count) => {
    await addMany(store.broker, count);
    return claimMany(store, count);
  },
  completed: async (store, count) =>
    settleMany(store, (await IN_STATE.running(store, count)) as Claimed, (job) => complete(job)),
  dead: async (store, count) =>
    settleMany(store, (await IN_STATE.running(store, count)) as Claimed, (job) => bury(job)),
  failed: async (store, count) => {
    const jobs = (await IN_STATE.running(store, count)) as Claimed;
    const half = jobs.slice(0, count / 2);
    await settleMany(store, half, (job) => bury(job));
    await settleMany(store, jobs.slice(count / 2), (job) =>
      retry(job, { due: { delayMs: LEASE * 50 } }),
    );
  },
  retrying: async (store, count) =>
    settleMany(store, (await IN_STATE.running(store, count)) as Claimed, (job) =>
      retry(job, { due: { delayMs: LEASE * 50 } }),
    ),
  repeating: async ({ repository }, count) => {
    const row = { ...rule, name: 'mail', nextRunAt: new Date(START + LEASE * 50) };
    for (let i = 0; i < count; i += 100) {
      const keys = Array.from({ length: 100 }, (_, n) => `key-${i + n}`);
      await Promise.all(keys.map((repeatKey) => repository.saveJob({ ...row, repeatKey })));
    }
  },
  paused: async ({ broker, repository }, count) => {
    await addMany(broker, count);
    await repository.disableJobs({ name: 'mail' });
  },
};

describeBackends('find', (open) => {
  describe('of each state', () => {
    /** One job for each state, and one more whose retry is due. */
    async function oneOfEach() {
      const store = await open();
      const { broker, repository } = store;
      for (const id of ['completed', 'dead', 'retrying', 'due-again', 'running']) {
        await add(broker, { id });
      }
      const { jobs } = await claim(broker);
      const [completed, dead, retrying, dueAgain] = jobs;
      await settle(
        broker,
        complete(completed!),
        bury(dead!),
        retry(retrying!, { due: { delayMs: 100 } }),
        retry(dueAgain!),
      );
      await add(broker, { id: 'queued' });
      await add(broker, { id: 'scheduled', due: { delayMs: 100 } });
      await add(broker, { id: 'disabled', due: { delayMs: 100 } });
      await repository.disableJobs({ id: 'disabled' });
      const row = { ...rule, name: 'mail', nextRunAt: new Date(START + 50) };
      const { _id } = await repository.saveJob(row);
      return { ...store, repeating: _id as string };
    }

    it('gives the jobs that are in it, and no others', async () => {
      const { manager, repeating } = await oneOfEach();

      const found = async (state: FindState) => (await walk(manager, { state })).sort();
      expect(await found('scheduled')).toEqual(['disabled', 'scheduled']);
      expect(await found('queued')).toEqual(['queued']);
      expect(await found('running')).toEqual(['running']);
      expect(await found('completed')).toEqual(['completed']);
      expect(await found('retrying')).toEqual(['due-again', 'retrying']);
      expect(await found('failed')).toEqual(['dead', 'due-again', 'retrying']);
      expect(await found('dead')).toEqual(['dead']);
      expect(await found('repeating')).toEqual([repeating]);
      expect(await found('paused')).toEqual(['disabled']);
    });

    it('knows a due job as queued from its ms on, with nobody looking', async () => {
      const { manager, clock } = await oneOfEach();

      clock.advance(99);
      expect(await walk(manager, { state: 'queued' })).toEqual(['queued']);
      clock.advance(1);

      expect((await walk(manager, { state: 'queued' })).sort()).toEqual([
        'disabled',
        'queued',
        'scheduled',
      ]);
      expect(await walk(manager, { state: 'scheduled' })).toEqual([]);
    });

    it('gives every job without a state', async () => {
      const { manager, repeating } = await oneOfEach();

      const ids = await walk(manager, {}, 3);

      const others = ['completed', 'dead', 'disabled', 'due-again', 'queued', 'retrying'];
      expect([...new Set(ids)].sort()).toEqual(
        [...others, 'running', 'scheduled', repeating].sort(),
      );
    });

    it('gives jobs as they are', async () => {
      const { manager } = await oneOfEach();

      const { jobs } = await manager.find({ state: 'dead', limit: 1 });

      expect(jobs).toEqual([await manager.get('dead')]);
    });
  });

  describe('goes', () => {
    it('from the newest end to the oldest, or back', async () => {
      const store = await open();
      const { manager, clock } = store;
      const ids = ['a', 'b', 'c', 'd'];
      for (const id of ids) {
        await add(store.broker, { id });
        await settleMany(store, await claimMany(store, 1), (job) =>
          id < 'c' ? complete(job) : bury(job),
        );
        clock.advance(1);
      }

      expect(await walk(manager, { state: 'completed' }, 1)).toEqual(['b', 'a']);
      expect(await walk(manager, { state: 'dead' }, 1)).toEqual(['d', 'c']);
      expect(await walk(manager, { state: 'completed', oldestFirst: true }, 1)).toEqual(['a', 'b']);
      expect(await walk(manager, { state: 'dead', oldestFirst: true }, 1)).toEqual(['c', 'd']);
    });

    it('by the claim of running jobs, and by the time of waiting ones', async () => {
      const store = await open();
      const { manager, broker, clock } = store;
      for (const id of ['b', 'a', 'c']) {
        await add(broker, { id });
        await claimMany(store, 1);
        clock.advance(1);
      }
      await add(broker, { id: 'z', due: { delayMs: 10 } });
      await add(broker, { id: 'y', due: { delayMs: 20 } });
      await add(broker, { id: 'x', due: { delayMs: 10 } });

      expect(await walk(manager, { state: 'running' }, 2)).toEqual(['b', 'a', 'c']);
      expect(await walk(manager, { state: 'scheduled' }, 2)).toEqual(['z', 'x', 'y']);
    });

    it('from name to name, whatever names come meanwhile', async () => {
      const { manager, broker } = await open();
      const of = (name: string) => addMany(broker, 2, () => ({ name, due: { delayMs: 10 } }));
      const [a, b, d] = [idsOf(await of('a')), idsOf(await of('b')), idsOf(await of('d'))];
      let pages = 0;

      const ids = await walk(manager, { state: 'scheduled' }, 2, async () => {
        if (++pages === 1) for (const name of ['a0', 'A', 'b0', 'Ä']) await of(name);
      });

      const known = [...a, ...b, ...d];
      expect(ids.filter((id) => known.includes(id))).toEqual(known);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('to the names that are asked for alone', async () => {
      const { manager, broker } = await open();
      for (const name of ['a', 'b', 'c']) await add(broker, { name, id: name });

      for (const state of ['queued', undefined] as const) {
        const of = async (names: string[]) => (await walk(manager, { state, names })).sort();
        expect(await of(['c', 'a', 'a'])).toEqual(['a', 'c']);
        expect(await of(['nobody', 'b'])).toEqual(['b']);
        expect(await of([])).toEqual([]);
      }
    });

    it('past the jobs whose data is otherwise', async () => {
      const { manager, broker } = await open();
      await addMany(broker, 30, (i) => ({
        id: `job-${i}`,
        data: i % 10 === 7 ? '{"user":{"id":1,"x":2}}' : '{"user":{"id":12}}',
      }));

      for (const state of ['queued', undefined] as const) {
        const ids = await walk(manager, { state, data: { user: { id: 1 } } }, 4);
        expect(ids.sort()).toEqual(['job-17', 'job-27', 'job-7']);
      }
    });

    it('past recurring jobs that stand between the others', async () => {
      const { manager, broker, repository } = await open();
      const nextRunAt = new Date(START + 10);
      for (let i = 0; i < 30; i++) {
        await repository.saveJob({ ...rule, name: 'mail', nextRunAt, repeatKey: String(i) });
      }
      const jobs = await addMany(broker, 7, () => ({ due: { delayMs: 10 } }));

      expect(await walk(manager, { state: 'scheduled' }, 3)).toEqual(idsOf(jobs));
    });
  });

  describe('shows each job of a state exactly once', () => {
    const COUNT = 5_000;

    /** What goes on elsewhere while the pages are read: others come, run, end, are lost and removed. */
    async function churn(store: OpenBackend, before: readonly string[]): Promise<void> {
      const { broker, manager, repository } = store;
      await addMany(broker, 10, () => ({ name: 'mail', priority: 9 }));
      await addMany(broker, 5, () => ({ name: 'mail', due: { delayMs: LEASE * 50 } }));
      const { jobs } = await claim(broker, { slots: 10, host: 'churn' });
      const [completed, dead, retried, ...others] = jobs.filter(
        ({ lease }) => !before.includes(lease.id),
      );
      if (!completed || !dead || !retried) throw new Error('Nothing to churn');
      await settle(broker, complete(completed), bury(dead), retry(retried));
      await manager.cancel(idsOf(others).slice(0, 2), '');
      await repository.saveJob({
        ...rule,
        name: 'mail',
        repeatKey: completed.lease.id,
        nextRunAt: new Date(store.clock.now() + LEASE * 50),
      });
    }

    it.each(['scheduled', 'running', 'completed', 'failed', 'dead', 'repeating'] as const)(
      'that is %s',
      async (state) => {
        const store = await open();
        const { manager, broker } = store;
        const held = await IN_STATE[state](store, COUNT);
        const before = await walk(manager, { state });
        expect(new Set(before).size).toBe(COUNT);
        const leases = state === 'running' ? (held as Claimed).map(({ lease }) => lease) : [];

        const ids = await walk(manager, { state }, 200, async ({ jobs }) => {
          await churn(store, before);
          // So that those which churn has claimed are lost, and those that are walked are not.
          store.clock.advance(LEASE / 3);
          for (let i = 0; i < leases.length; i += 100) {
            await broker.renew(leases.slice(i, i + 100), LEASE);
          }
          await claim(broker, { host: 'passer-by', slots: 0, names: [] });
          await broker.rescue(100, LEASE);
          // The one that the next page goes on behind has gone.
          const last = jobs.at(-1)?.id;
          if (last !== undefined) await manager.cancel([last], '');
        });

        const known = new Set(before);
        const seen = ids.filter((id) => known.has(id));
        expect(new Set(seen).size).toBe(COUNT);
        expect(seen.length).toBe(COUNT);
      },
      60_000,
    );

    it('that is paused', async () => {
      const store = await open();
      const { manager, broker, repository } = store;
      await IN_STATE.paused(store, COUNT);
      let n = 0;

      const ids = await walk(manager, { state: 'paused' }, 200, async ({ jobs }) => {
        n += 1;
        await add(broker, { id: `new-${n}` });
        await repository.disableJobs({ id: `new-${n}` });
        const last = jobs.at(-1)?.id;
        if (last !== undefined) await repository.enableJobs({ id: last });
      });

      const seen = ids.filter((id) => !id.startsWith('new-'));
      expect(new Set(seen).size).toBe(COUNT);
      expect(seen.length).toBe(COUNT);
    }, 60_000);

    it('that is scheduled and has another priority, or is disabled, meanwhile', async () => {
      const { manager, broker, repository } = await open();
      const jobs = await addMany(broker, 40, (i) => ({
        due: { delayMs: 1_000 + Math.floor(i / 4) },
      }));
      const save = async (id: string, change: Partial<JobParameters>) =>
        repository.saveJob({ ...(await repository.getJobById(id))!, ...change });

      const ids = await walk(manager, { state: 'scheduled' }, 4, async ({ jobs: page }) => {
        for (const { id, priority } of page) await save(id, { priority: priority === 0 ? 7 : 0 });
        // Of every millisecond but the one that the walk has come to.
        const at = page.at(-1)?.nextRunAt;
        const { jobs: others } = await manager.query({ state: 'scheduled' });
        const some = others.filter(({ nextRunAt }, i) => nextRunAt !== at && i % 3 === 0);
        const names = { ids: some.map(({ id }) => id) };
        await (page[0]?.disabled ? repository.enableJobs(names) : repository.disableJobs(names));
      });

      expect(ids.sort()).toEqual(idsOf(jobs).sort());
    });
  });

  it('shows each queued job at least once, while claims put the due ones in line', async () => {
    const store = await open();
    const { manager, broker, clock } = store;
    const jobs = await addMany(broker, 300, (i) => ({
      due: { delayMs: i % 7 },
      priority: i % 3,
      name: i % 2 === 0 ? 'a' : 'b',
    }));
    clock.advance(10);

    const ids = await walk(manager, { state: 'queued' }, 20, async () => {
      await add(broker, { name: 'a', priority: 9, id: newJob().id });
      await claim(broker, { names: ['a', 'b'], slots: 1 });
    });

    const running = idsOf((await manager.query({ state: 'running' })).jobs);
    const seen = new Set([...ids, ...running]);
    for (const { id } of jobs) expect(seen).toContain(id);
  });

  it('shows each job at least once without a state, however often it runs', async () => {
    const store = await open();
    const { manager, broker, clock } = store;
    const jobs = await addMany(broker, 500, (i) => ({ name: i % 2 === 0 ? 'a' : 'b' }));

    const ids = await walk(manager, {}, 7, async () => {
      const claimed = (await claim(broker, { names: ['a', 'b'], slots: 50 })).jobs;
      await settle(broker, ...claimed.slice(0, 40).map((job) => retry(job)));
      await add(broker, {});
      await passTime(store, LEASE);
      await broker.rescue(100, LEASE);
      clock.advance(1);
    });

    const seen = new Set(ids);
    for (const { id } of jobs) expect(seen).toContain(id);
  }, 60_000);

  describe('refuses', () => {
    async function withCursor(asked: Asked = { state: 'queued' }) {
      const { manager, broker, backend } = await open();
      await addMany(broker, 5);
      const { cursor } = await manager.find({ ...asked, limit: 2 });
      return { manager, backend, cursor: cursor! };
    }

    it('a cursor that is damaged', async () => {
      const { manager, cursor } = await withCursor();
      const damaged = [
        '',
        'nonsense',
        cursor.slice(1),
        cursor.slice(0, -3),
        Buffer.from('[1,2]').toString('base64url'),
        Buffer.from('{}').toString('base64url'),
        Buffer.from(Buffer.from(cursor, 'base64url').toString().replace('mail', 'male')).toString(
          'base64url',
        ),
        5 as unknown as string,
      ];

      for (const one of damaged) {
        const error: unknown = await manager
          .find({ state: 'queued', limit: 2, cursor: one })
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(InvalidCursorError);
        expect(error).toMatchObject({ reason: 'damaged', cursor: one });
      }
    });

    it.each<Asked>([
      { state: 'running' },
      {},
      { state: 'queued', names: ['mail'] },
      { state: 'queued', data: { to: 'ann' } },
    ])('the cursor of another filter: %j', async (other) => {
      const { manager, cursor } = await withCursor();

      await expect(manager.find({ ...other, limit: 2, cursor })).rejects.toMatchObject({
        name: 'InvalidCursorError',
        reason: 'other-filter',
      });
    });

    it('no cursor because of another limit, or another order of the same names', async () => {
      const { manager, cursor } = await withCursor({ state: 'queued', names: ['x', 'mail'] });

      const page = await manager.find({
        state: 'queued',
        names: ['mail', 'x'],
        limit: 100,
        cursor,
      });

      expect(page.jobs).toHaveLength(3);
      expect(page.cursor).toBeUndefined();
    });

    it.each([
      [{ limit: 0 }],
      [{ limit: 201 }],
      [{ limit: 1.5 }],
      [{ limit: '5' }],
      [{}],
      [{ limit: 5, state: 'sleeping' }],
      [{ limit: 5, names: 'mail' }],
      [{ limit: 5, data: { at: NaN } }],
      [{ limit: 5, oldestFirst: 1 }],
      [{ limit: 5, sort: 1 }],
    ])('%j', async (query) => {
      const { manager } = await open();

      await expect(manager.find(query as unknown as FindQuery)).rejects.toThrow(InvalidOptionError);
    });
  });
});

it('refuses a cursor of another kind of backend', async () => {
  const { openers } = await import('./support/backends.js');
  const [memory, redis] = await Promise.all([openers.memory(), openers.redis()]);
  for (const { broker } of [memory, redis]) await addMany(broker, 3);
  const query = { state: 'queued', limit: 1 } as const;
  const { cursor } = await redis.manager.find(query);

  await expect(memory.manager.find({ ...query, cursor: cursor! })).rejects.toMatchObject({
    name: 'InvalidCursorError',
    reason: 'other-version',
  });
  await Promise.all([memory.close(), redis.close()]);
});
