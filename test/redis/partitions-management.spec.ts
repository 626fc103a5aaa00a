import { METRICS_KEPT_MINUTES } from '../../lib/core/contracts/metrics-store.js';
import type { HostBeat } from '../../lib/core/contracts/host-registry.js';
import type { FindState, Inspected, JobManager } from '../../lib/core/contracts/job-manager.js';
import type { JobsQueryOptions } from '../../lib/core/contracts/job-parameters.js';
import { InvalidCursorError } from '../../lib/core/errors.js';
import { Engine } from '../../lib/core/engine.js';
import type { JobScheduler } from '../../lib/core/scheduler/job-scheduler.js';
import { newJobId } from '../../lib/core/job/job-id.js';
import type { JobRecord, NewJob } from '../../lib/core/job/job-record.js';
import { START } from '../contract/support/backends.js';
import { keysWith, newClient } from '../support/redis-endpoint.js';
import { idsOf, keysOf, numberOf, numbersOf } from './spread-jobs.js';
import { LEASE_MS, PARTITIONS, SpreadTwin, type End } from './spread-twin.js';

/*
 * A store that is spread over several partitions answers as one: compared with a store in memory that was
 * told the same.
 */

const NAMES = ['mail', 'report', 'a:b|"c"'];
const STATES = [
  'scheduled',
  'queued',
  'running',
  'completed',
  'failed',
  'dead',
  'retrying',
  'repeating',
  'paused',
] as const satisfies readonly FindState[];
const QUERIED = STATES.filter((state) => state !== 'dead' && state !== 'retrying');
const JOBS = 180;

const redis = newClient();
afterAll(() => redis.disconnect());

describe('A store of several partitions, managed,', () => {
  let twin: SpreadTwin;

  beforeEach(async () => {
    twin = new SpreadTwin();
    await twin.open();
  });
  afterEach(() => twin.close());

  const newJob = (n: number, more: Partial<NewJob> = {}): NewJob => ({
    id: newJobId(),
    name: NAMES[n % NAMES.length]!,
    data: JSON.stringify({ n, kind: n % 4 }),
    priority: [0, 0, -1, 2.5][n % 4]!,
    due: { at: START + [-5, 0, 50, 100, 60_000, 90_000][n % 6]! },
    tags: n % 5 === 0 ? ['red', `shade-${n % 3}`] : n % 7 === 0 ? ['red'] : [],
    ...more,
  });

  const addJobs = async (count: number, more: Partial<NewJob> = {}): Promise<NewJob[]> => {
    const jobs = Array.from({ length: count }, (_, n) => newJob(n, more));
    await twin.add(jobs);
    return jobs;
  };

  /** Jobs in every state, in each partition. */
  async function stock(): Promise<readonly NewJob[]> {
    const jobs = await addJobs(JOBS);
    const ends: readonly End[] = ['complete', 'retry', 'bury', 'snooze', 'run', 'complete', 'bury'];
    for (const [i, { id }] of jobs.slice(0, JOBS / 2).entries()) {
      if (i % 3 === 0) twin.clock.advance(1);
      await twin.run(id, ends[i % ends.length]!);
    }
    const disabled = jobs.filter((_, i) => i % 11 === 0).map(({ id }) => id);
    await twin.ask(({ repository }) => repository.disableJobs({ ids: disabled }));
    for (let n = 0; n < 12; n++) {
      await twin.both(({ repository }) =>
        repository.saveJob({
          name: NAMES[n % NAMES.length]!,
          type: 'single',
          priority: 0,
          repeatInterval: 60_000,
          repeatKey: `key-${n}`,
          nextRunAt: new Date(START + 60_000 + (n % 5)),
          data: { n: JOBS + n },
        }),
      );
    }
    return jobs;
  }

  const askForJobs = (): Promise<unknown> =>
    twin.ask(
      ({ manager }) => manager.query({ limit: 500 }),
      ({ jobs, total }) => [new Map(jobs.map((job) => [numberOf(job), withoutId(job)])), total],
    );

  describe('finds', () => {
    it('every job of a state once and in order, whatever the size of the pages', async () => {
      await stock();

      for (const state of STATES) {
        const isOrdered = state !== 'queued';
        const [memory, redis] = await twin.both((store) => twin.walk(store, { state, limit: 50 }));
        expect(numbersOf(redis)).toEqual(numbersOf(memory));
        expect(isOrdered && keysOf(state, redis)).toEqual(isOrdered && keysOf(state, memory));
        expect(redis.length).toBeGreaterThan(0);
        for (const limit of [1, 7, 200]) {
          expect(idsOf(await twin.walk(twin.redis, { state, limit }))).toEqual(idsOf(redis));
        }
      }
    });

    it('ended jobs from the oldest end on', async () => {
      await stock();

      for (const state of ['completed', 'dead'] as const) {
        const query = { state, oldestFirst: true, limit: 9 };
        const [memory, redis] = await twin.both((store) => twin.walk(store, query));
        expect(keysOf(state, redis)).toEqual(keysOf(state, memory));
      }
    });

    it.each([
      ['dead', 'bury'],
      ['running', 'run'],
    ] as const)('all of one instant once, %s, whatever their ids', async (state, end) => {
      const ids = Array.from({ length: 60 }, (_, n) => `${n % 2 === 0 ? 'é' : ''}${n}`);
      await twin.add(ids.map((id, n) => newJob(n, { id, name: 'mail', due: { at: START } })));
      for (const id of ids) await twin.run(id, end);

      const found: string[] = [];
      // In a walk that went round this would be never over.
      for (let page = 0, cursor: string | undefined; page === 0 || (cursor && page < 60); page++) {
        const { jobs, cursor: next } = await twin.redis.manager.find({ state, limit: 7, cursor });
        found.push(...idsOf(jobs));
        cursor = next;
      }

      expect(found.toSorted()).toEqual(ids.toSorted());
    });

    it('every job without a state, by names and by data', async () => {
      await stock();

      for (const query of [{}, { names: ['mail'] }, { names: [] }, { data: { kind: 1 } }]) {
        for (const limit of [1, 13, 200]) {
          const [memory, redis] = await twin.both((one) => twin.walk(one, { ...query, limit }));
          expect(numbersOf(redis)).toEqual(numbersOf(memory));
        }
      }
    });

    it('every job that has some tags once, with full pages', async () => {
      await stock();

      for (const tags of [['red'], ['red', 'shade-1'], ['blue']]) {
        for (const limit of [1, 13, 200]) {
          const [memory, redis] = await twin.both((one) => twin.walk(one, { tags, limit }));
          expect(numbersOf(redis)).toEqual(numbersOf(memory));
        }
      }
      expect((await twin.redis.manager.find({ tags: ['red'], limit: 20 })).jobs).toHaveLength(20);
    });

    it('fills pages from all partitions', async () => {
      await addJobs(100, { name: 'mail', due: { at: START + 1 } });

      for (const limit of [1, 10, 99]) {
        const page = await twin.redis.manager.find({ state: 'scheduled', limit });
        expect(page.jobs).toHaveLength(limit);
      }
    });

    it('each job once that stays, whatever comes and goes between the pages', async () => {
      const jobs = await addJobs(100, { name: 'mail', due: { at: START + 60_000 } });
      const { manager, broker } = twin.redis;
      const found: string[] = [];
      let cursor: string | undefined;
      let next = 0;
      do {
        const page = await manager.find({
          state: 'scheduled',
          limit: 7,
          ...(cursor && { cursor }),
        });
        found.push(...idsOf(page.jobs));
        await manager.cancel(found.slice(next, (next += 3)), 'gone');
        await broker.enqueue([newJob(next, { name: 'mail', due: { at: START + 1 } })]);
        ({ cursor } = page);
      } while (cursor);

      expect(found.filter((id) => jobs.some((job) => job.id === id)).sort()).toEqual(
        jobs.map(({ id }) => id).sort(),
      );
      expect(new Set(found).size).toBe(found.length);
    });

    it('refuses a cursor of a store with another number of partitions', async () => {
      await addJobs(20, { name: 'mail' });
      const { cursor } = await twin.memory.manager.find({ limit: 1 });

      const asked = twin.redis.manager.find({ limit: 1, cursor: cursor! });

      await expect(asked).rejects.toThrow(InvalidCursorError);
    });
  });

  describe('queries', () => {
    it('a state in the order of its index, page by page, with the total', async () => {
      await stock();

      for (const query of bounded()) {
        const [memory, redis] = await twin.both(({ manager }) => manager.query(query));
        expect(redis.total).toBe(memory.total);
        expect(numbersOf(redis.jobs)).toEqual(numbersOf(memory.jobs));
        expect(keysOf(query.state!, redis.jobs)).toEqual(keysOf(query.state!, memory.jobs));
        expect(await inPages(twin.redis.manager, query, 7)).toEqual(idsOf(redis.jobs));
      }
    });

    it('anything else, as it would be asked of one store', async () => {
      await stock();

      for (const query of gathered()) {
        const [memory, redis] = await twin.both(({ manager }) => manager.query(query));
        expect(redis.total).toBe(memory.total);
        expect(numbersOf(redis.jobs)).toEqual(numbersOf(memory.jobs));
        expect(await inPages(twin.redis.manager, query, 7)).toEqual(idsOf(redis.jobs));
      }
    });

    it('ids of all partitions', async () => {
      const jobs = await stock();
      const ids = ['nobody', ...jobs.filter((_, i) => i % 3 === 0).map(({ id }) => id)];

      await twin.ask(
        ({ manager }) => manager.query({ ids, limit: 200 }),
        ({ jobs: found, total }) => [numbersOf(found), total],
      );
      await twin.ask(({ manager }) => manager.getMany(ids.slice(0, 100)));
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });
  });

  it('counts the jobs of all partitions', async () => {
    await stock();

    await twin.ask(({ manager }) => manager.counts(), byName);
    await twin.ask(({ manager }) => manager.counts(['report', 'unheard']), byName);
    await twin.ask(({ repository }) => repository.getQueueSize());
    await twin.ask(({ repository }) => repository.getDistinctJobNames(), sorted);
    await twin.ask(
      ({ repository }) => repository.getJobsOverview(),
      (rows) => [...rows].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });

  it('tells of a job all that is known', async () => {
    const jobs = await stock();

    for (const { id } of jobs.slice(0, 40)) {
      await twin.ask(({ manager }) => manager.get(id));
      await twin.ask(({ manager }) => manager.history(id));
      await twin.ask(({ manager }) => manager.inspect(id), withoutFence);
    }
    await twin.ask(({ manager }) => manager.inspect('nobody'));
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });

  it('keeps what handlers log of a job with the job', async () => {
    const [job] = await addJobs(1, { due: { at: START } });
    await twin.both(async ({ broker, manager }) => {
      const claimed = await broker.claimOne({
        id: job!.id,
        claimId: 'ab'.repeat(16),
        host: 'host-1',
        leaseMs: LEASE_MS,
      });
      if (!('job' in claimed)) throw new Error('The job is not there');
      const lines = { first: 1, lines: ['one', 'two'] };
      await broker.renew([{ ...claimed.job.lease, lines }], LEASE_MS);
      expect(await manager.logs(job!.id, { limit: 1 })).toMatchObject({ more: true });
    });

    await twin.ask(({ manager }) => manager.logs(job!.id, { limit: 10 }));
    await twin.ask(({ manager }) => manager.logs('nobody', { limit: 10 }));
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });

  describe('mends', () => {
    it('jobs of all partitions in one call, and answers in their order', async () => {
      const jobs = await stock();
      const ids = jobs.slice(0, 99).map(({ id }) => id);
      const some = [...ids.slice(0, 50), 'nobody', ...ids.slice(50)];

      await twin.ask(({ manager }) => manager.promote(some));
      await twin.ask(({ manager }) =>
        manager.requeue(some, { due: { delayMs: 0 }, resetAttempts: true }),
      );
      await twin.ask(({ manager }) => manager.update(ids[7]!, { priority: 7, data: '{"n":7}' }));
      await twin.ask(({ manager }) => manager.removeIf(some, { only: 'waiting' }));
      await twin.ask(({ manager }) => manager.cancel([...some.slice(9), some[9]!], 'enough'));
      await askForJobs();
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });

    it('what a filter means, wherever it is', async () => {
      await stock();

      await twin.ask(({ repository }) => repository.disableJobs({ data: { kind: 2 } }));
      await twin.ask(({ repository }) => repository.enableJobs({ name: 'mail' }));
      await twin.ask(({ manager }) => manager.cancelMatching({ tags: ['red'] }, ''));
      await twin.ask(({ repository }) => repository.removeJobs({ notNames: ['mail'] }));
      await askForJobs();
      await twin.ask(({ repository }) => repository.purgeAllJobs());
      await twin.ask(({ manager }) => manager.counts(), byName);
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });

    it('ended jobs by cleaning them up, no more than asked', async () => {
      await stock();
      twin.clock.advance(1_000);

      for (const limit of [3, 10, 200, 5]) {
        for (const place of ['completed', 'dead'] as const) {
          const request = { name: 'mail', place, olderThanMs: 500, limit };
          await twin.ask(
            ({ manager }) => manager.clean(request),
            ({ length }) => length,
          );
        }
      }
      const left = await twin.redis.manager.counts(['mail']);
      expect(left.get('mail')).toMatchObject({ completed: 0, dead: 0 });
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });

    it('names: one is forgotten when no partition has a job of it', async () => {
      const jobs = await addJobs(20, { name: 'mail' });
      const ids = jobs.map(({ id }) => id);

      await twin.both(({ manager }) => manager.cancel(ids.slice(1), ''));
      await twin.ask(({ manager }) => manager.forgetName('mail'));
      expect(await twin.redis.manager.names()).toEqual(['mail']);
      await twin.both(({ manager }) => manager.cancel(ids.slice(0, 1), ''));
      expect(await twin.redis.manager.forgetName('mail')).toBe(true);
      expect(await twin.redis.manager.names()).toEqual([]);
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });
  });

  describe('through a scheduler', () => {
    let engines: readonly Engine[];

    beforeEach(async () => {
      await stock();
      engines = [twin.memory, twin.redis].map((one) => new Engine(one, { worker: false }));
      await Promise.all(engines.map((engine) => engine.connect()));
    });
    afterEach(() => Promise.all(engines.map((engine) => engine.close())));

    const both = async <T>(act: (scheduler: JobScheduler) => Promise<T>): Promise<T[]> =>
      Promise.all(engines.map(({ scheduler }) => act(scheduler)));

    it.each<[string, (scheduler: JobScheduler) => Promise<unknown>]>([
      ['clear', (one) => one.clear('mail', { scheduled: true })],
      ['obliterate', (one) => one.obliterate('mail', { confirm: 'mail', force: true })],
      ['promote', (one) => one.promote({ names: ['mail', 'report'] })],
      ['requeue', (one) => one.requeue({ name: 'mail' })],
      ['requeue by tags', (one) => one.requeue({ tags: ['red'] })],
      ['cancel', (one) => one.cancel({ name: 'report', data: { kind: 1 } })],
      ['disable', (one) => one.disable({ name: 'report' })],
      ['clean', (one) => one.clean({ state: 'failed', olderThan: 0, limit: Infinity })],
      ['metrics', (one) => one.metrics()],
      ['counts', (one) => one.counts()],
      ['purge', (one) => one.purge()],
    ])('does as one store does: %s', async (_, act) => {
      const [memory, redis] = await both(act);
      await askForJobs();

      expect(redis).toEqual(memory);
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });

    it('requeues as many dead letters as are asked for, those that died first', async () => {
      const [memory, redis] = await both((one) => one.requeue({ name: 'mail' }, { limit: 5 }));
      const left = await twin.both((store) =>
        twin.walk(store, { state: 'dead', names: ['mail'], oldestFirst: true, limit: 200 }),
      );

      expect(redis).toEqual(memory);
      expect(keysOf('dead', left[1])).toEqual(keysOf('dead', left[0]));
    });
  });

  describe('pauses', () => {
    const claimedOf = async (): Promise<number> => {
      const answers = await Promise.all(
        Array.from({ length: PARTITIONS }, (_, partition) =>
          twin.redis.broker.settleAndClaim([], {
            claimId: newJobId(),
            host: 'host-1',
            leaseMs: LEASE_MS,
            slots: 1,
            names: [{ name: 'mail', slots: 1 }],
            partition,
          }),
        ),
      );
      return answers.reduce((sum, { jobs }) => sum + jobs.length, 0);
    };

    it.each([{ name: 'mail' }, {}])('%j in every partition, until it is resumed', async (whom) => {
      await addJobs(80, { name: 'mail', due: { at: START } });

      await twin.ask(({ manager }) => manager.pause({ ...whom, reason: 'tests', by: 'ann' }));
      await twin.ask(({ manager }) => manager.pauses());
      expect(await claimedOf()).toBe(0);
      await twin.ask(({ manager }) => manager.resume(whom.name));
      await twin.ask(({ manager }) => manager.resume(whom.name));
      await twin.ask(({ manager }) => manager.pauses());
      expect(await claimedOf()).toBe(PARTITIONS);
      expect(twin.answers.redis).toEqual(twin.answers.memory);
    });

    it('what is half paused counts as paused since the first, and another call mends it', async () => {
      await addJobs(80, { name: 'mail', due: { at: START } });
      await twin.redis.manager.pause({ name: 'mail' });
      // As a process that is lost in the middle of its call leaves it.
      const gates = (await keysWith(twin.keyPrefix, redis)).filter((key) => /:gates$/.test(key));
      expect(gates).toHaveLength(PARTITIONS);
      for (const key of gates.slice(0, PARTITIONS / 2)) await redis.del(key);
      twin.clock.advance(5);

      expect((await twin.redis.manager.pauses()).names.get('mail')).toEqual({ at: START });
      await twin.redis.manager.pause({ name: 'mail' });
      expect(await claimedOf()).toBe(0);
      expect((await twin.redis.manager.pauses()).names.get('mail')).toEqual({ at: START });
    });
  });

  it('tells the limits of names', async () => {
    const perKey = { key: { concurrency: 2 } };
    await twin.both(({ broker }) =>
      broker.register([
        { name: 'mail', maxRescues: 2, limits: perKey },
        { name: 'report', maxRescues: 2 },
      ]),
    );
    await twin.both(({ manager }) => manager.setLimits('report', { key: { concurrency: 1 } }));

    await twin.ask(({ manager }) => manager.limits());
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });

  it('knows the hosts that are alive', async () => {
    for (const host of ['b', 'a']) await twin.both(({ broker }) => broker.beat(beat(host)));

    await twin.ask(({ manager }) => manager.hosts());
    await twin.both(({ broker }) => broker.leave('a'));
    await twin.ask(({ manager }) => manager.hosts());
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });

  it('keeps metrics, and tells since when the oldest due job of all partitions is due', async () => {
    await addJobs(40, { name: 'mail', due: { at: START + 10_000 } });
    await twin.add([newJob(0, { name: 'mail', due: { at: START - 5_000 } })]);
    const minute = Math.floor(START / 60_000);
    const rows = [{ name: 'mail', minute, numbers: [3, 1, 0, 2] }];
    await twin.both(({ manager }) => manager.addMetrics({ writer: 'host-1', number: 1, rows }));

    for (const minutes of [1, METRICS_KEPT_MINUTES]) {
      await twin.ask(({ manager }) => manager.readMetrics({ minutes }));
      await twin.ask(({ manager }) => manager.readMetrics({ minutes, names: ['none', 'mail'] }));
    }
    expect((await twin.redis.manager.readMetrics({ minutes: 1 })).latencyMs.get('mail')).toBe(
      5_000,
    );
    expect(twin.answers.redis).toEqual(twin.answers.memory);
  });
});

/** A query for each state in each order that its index has. */
function bounded(): JobsQueryOptions[] {
  const sorts = QUERIED.flatMap((state): JobsQueryOptions[] => {
    if (state === 'completed') return [{ state }, { state, sort: { lastFinishedAt: 'asc' } }];
    if (state !== 'scheduled' && state !== 'repeating') return [{ state }];
    return [{ state }, { state, sort: { nextRunAt: 'desc' } }];
  });
  return sorts.flatMap((query) => [
    { ...query, limit: 500 },
    { ...query, names: ['mail', 'report'], limit: 500 },
  ]);
}

function gathered(): JobsQueryOptions[] {
  return [
    {},
    { sort: { priority: 'desc' } },
    { sort: { name: 'asc', priority: 'asc' } },
    { data: { kind: 3 } },
    { state: 'scheduled', data: { kind: 2 } },
    { state: 'failed', sort: { priority: 'asc' } },
    { search: 'ma', includeDisabled: false },
  ].map((query) => ({ ...query, limit: 500 }) as JobsQueryOptions);
}

/** The ids of a query, so many a call. */
async function inPages(
  manager: JobManager,
  query: JobsQueryOptions,
  size: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let skip = 0; ; skip += size) {
    const { jobs } = await manager.query({ ...query, skip, limit: size });
    if (jobs.length === 0) return ids;
    ids.push(...idsOf(jobs));
  }
}

const withoutId = (job: JobRecord): unknown => ({ ...job, id: undefined });
const sorted = (texts: readonly string[]): string[] => [...texts].sort();
const byName = (counts: ReadonlyMap<string, unknown>): unknown => Object.fromEntries(counts);

function withoutFence(inspected: Inspected | undefined): unknown {
  return inspected?.lease ? { ...inspected, lease: { ...inspected.lease, fence: 0 } } : inspected;
}

const beat = (host: string): HostBeat => ({
  host,
  names: [{ name: 'mail', concurrency: 5, running: 0, paused: false }],
  slots: 5,
  running: 0,
  paused: false,
  version: '1.0.0',
  startedAt: START,
});
