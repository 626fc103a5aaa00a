import {
  PRUNE_LIMIT,
  type JobBroker,
  type NameSettings,
  type RetentionRule,
} from '../../lib/core/contracts/job-broker.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import type { NewJob, OwnRetention } from '../../lib/core/job/job-record.js';
import { describeBackends, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  bury,
  claim,
  claimOne,
  complete,
  loseAndRescue,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

const HOUR = 3_600_000;

interface Asked {
  name?: string;
  completed?: Partial<RetentionRule>;
  failed?: Partial<RetentionRule>;
}

const rule = (asked: Partial<RetentionRule> = {}): RetentionRule => ({
  ageMs: null,
  count: null,
  ...asked,
});

/** The settings of `mail`, without limits where none are given. */
const settingsOf = ({ name = 'mail', completed, failed }: Asked): NameSettings => ({
  name,
  maxRescues: 2,
  retention: { completed: rule(completed), failed: rule(failed) },
});

const keep = ({ broker }: OpenBackend, ...asked: Asked[]) => broker.register(asked.map(settingsOf));

/** A pass to its end; what each of its calls removed. */
async function pass(broker: JobBroker): Promise<number[]> {
  const removed: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { removed: number; next: string | null } = await broker.prune!(cursor);
    removed.push(page.removed);
    cursor = page.next;
  }
  return removed;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Runs a job of `mail` to its end, at this very time. */
async function runOne(
  { broker }: OpenBackend,
  asked: Partial<NewJob>,
  end: 'completed' | 'dead' = 'completed',
): Promise<void> {
  await add(broker, asked);
  const held = await claimOne(broker, { names: [asked.name ?? 'mail'] });
  await settleOne(broker, end === 'dead' ? bury(held) : complete(held));
}

/** Runs many, with ids `prefix-0` and so on, a millisecond after each other unless they shall end at once. */
async function runMany(
  store: OpenBackend,
  count: number,
  {
    prefix = 'job',
    atOnce = false,
    ...asked
  }: Partial<NewJob> & { prefix?: string; atOnce?: boolean } = {},
): Promise<void> {
  const digits = String(count - 1).length;
  await addMany(store.broker, count, (i) => ({
    ...asked,
    id: `${prefix}-${String(i).padStart(digits, '0')}`,
  }));
  for (let left = count; left > 0;) {
    const { jobs } = await claim(store.broker, { slots: Math.min(left, 100) });
    if (atOnce) await settle(store.broker, ...jobs.map((job) => complete(job)));
    else {
      for (const job of jobs) {
        await settleOne(store.broker, complete(job));
        store.clock.advance(1);
      }
    }
    left -= jobs.length;
  }
}

const withOwn = (retention: OwnRetention): Partial<NewJob> => ({ overrides: { retention } });

describeBackends('retention', (open) => {
  const idsLeft = async ({ manager }: OpenBackend, ...ids: string[]): Promise<string[]> => {
    const jobs = await Promise.all(ids.map((id) => manager.get(id)));
    return jobs.flatMap((job) => (job ? [job.id] : []));
  };

  const totals = async ({ manager }: OpenBackend, name = 'mail') => {
    const { completed, failed } = (await manager.counts([name])).get(name)!;
    return { completed, failed };
  };

  describe('by age', () => {
    it('removes a job at the very millisecond, and not one before', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR } });
      await runOne(store, { id: 'a' });

      store.clock.advance(HOUR - 1);
      expect(await pass(store.broker)).toEqual([0]);
      expect(await idsLeft(store, 'a')).toEqual(['a']);

      store.clock.advance(1);
      expect(await pass(store.broker)).toEqual([1]);
      expect(await idsLeft(store, 'a')).toEqual([]);
    });

    it('counts from the end of the job, not from its birth', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR } });
      await add(store.broker, { id: 'a' });
      store.clock.advance(2 * HOUR);
      await settleOne(store.broker, complete(await claimOne(store.broker)));

      await pass(store.broker);

      expect(await idsLeft(store, 'a')).toEqual(['a']);
    });

    it('has an age for completed jobs and one for dead letters', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR }, failed: { ageMs: 2 * HOUR } });
      await runOne(store, { id: 'well' });
      await runOne(store, { id: 'ill' }, 'dead');

      store.clock.advance(HOUR);
      await pass(store.broker);
      expect(await idsLeft(store, 'well', 'ill')).toEqual(['ill']);

      store.clock.advance(HOUR);
      await pass(store.broker);
      expect(await idsLeft(store, 'ill')).toEqual([]);
    });

    it('buries by it, too, what lost its process too often', async () => {
      const store = await open();
      await store.broker.register([{ ...settingsOf({ failed: { ageMs: HOUR } }), maxRescues: 0 }]);
      await add(store.broker, { id: 'a' });
      await claimOne(store.broker);
      await loseAndRescue(store);

      store.clock.advance(HOUR - 1);
      expect(await pass(store.broker)).toEqual([0]);
      store.clock.advance(1);
      expect(await pass(store.broker)).toEqual([1]);
    });
  });

  describe('by count', () => {
    it('keeps exactly so many, the newest', async () => {
      const store = await open();
      await keep(store, { completed: { count: 3 } });
      await runMany(store, 5);

      expect(await pass(store.broker)).toEqual([2]);

      expect(await idsLeft(store, 'job-0', 'job-1', 'job-2', 'job-3', 'job-4')).toEqual([
        'job-2',
        'job-3',
        'job-4',
      ]);
      expect(await pass(store.broker)).toEqual([0]);
    });

    it('keeps none when told so', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await runMany(store, 2);

      await pass(store.broker);

      expect(await totals(store)).toEqual({ completed: 0, failed: 0 });
    });

    it('counts completed jobs and dead letters apart', async () => {
      const store = await open();
      await keep(store, { completed: { count: 2 }, failed: { count: 1 } });
      for (const id of ['a', 'b', 'c']) {
        await runOne(store, { id });
        await runOne(store, { id: `${id}-dead` }, 'dead');
        store.clock.advance(1);
      }

      await pass(store.broker);

      expect(await idsLeft(store, 'a', 'b', 'c', 'a-dead', 'b-dead', 'c-dead')).toEqual([
        'b',
        'c',
        'c-dead',
      ]);
    });

    it('goes with age: what breaks either goes', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR, count: 2 } });
      await runOne(store, { id: 'old' });
      store.clock.advance(HOUR);
      await runOne(store, { id: 'new' });

      await pass(store.broker);
      expect(await idsLeft(store, 'old', 'new')).toEqual(['new']);

      store.clock.advance(1);
      await runMany(store, 2);
      await pass(store.broker);
      expect(await idsLeft(store, 'new', 'job-0', 'job-1')).toEqual(['job-0', 'job-1']);
    });
  });

  describe('what it leaves', () => {
    it('is everything of a name that has no rule, or none of its own', async () => {
      const store = await open();
      await keep(store, { name: 'other', completed: { count: 0 } });
      await store.broker.register([{ name: 'mail', maxRescues: 2 }]);
      await runMany(store, 2);

      store.clock.advance(1_000 * HOUR);
      expect(await pass(store.broker)).toEqual([0]);

      expect(await totals(store)).toEqual({ completed: 2, failed: 0 });
    });

    it('is what waits, runs, or waits for its retry, however old', async () => {
      const store = await open();
      const { broker } = store;
      await keep(store, { completed: { count: 0 }, failed: { count: 0 } });
      await add(broker, { id: 'retries' });
      await settleOne(broker, retry(await claimOne(broker), { due: { delayMs: 10 * HOUR } }));
      await add(broker, { id: 'runs' });
      await claimOne(broker, { leaseMs: 10 * HOUR });
      await addMany(broker, 2, (i) => ({
        id: ['waits', 'ahead'][i]!,
        due: { delayMs: i * 9 * HOUR },
      }));

      store.clock.advance(HOUR);
      expect(await pass(broker)).toEqual([0]);

      expect(await idsLeft(store, 'retries', 'runs', 'waits', 'ahead')).toHaveLength(4);
    });

    it('is a recurring job, also when it has ended', async () => {
      const store = await open();
      const { broker, repository } = store;
      await keep(store, { completed: { count: 0 }, failed: { count: 0 } });
      const saved = [];
      for (const rule of [{ repeatInterval: 5_000 }, { repeatAt: '3:30pm' }]) {
        saved.push(
          await repository.saveJob({
            name: 'mail',
            type: 'normal',
            priority: 0,
            data: { '"repeat":{}}]': 1 },
            nextRunAt: new Date(START),
            ...rule,
          }),
        );
      }
      const { jobs } = await claim(broker);
      await settle(broker, complete(jobs[0]!), bury(jobs[1]!));

      expect(await pass(broker)).toEqual([0]);

      expect(await idsLeft(store, ...saved.map(({ _id }) => _id!))).toHaveLength(2);
    });

    it('is no job that runs once, though limits of its dates are stored with it', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await store.repository.saveJob({
        name: 'mail',
        type: 'normal',
        priority: 0,
        data: null,
        nextRunAt: new Date(START),
        skipDays: [0],
      });
      await settleOne(store.broker, complete(await claimOne(store.broker)));

      expect(await pass(store.broker)).toEqual([1]);
    });

    it('is what was saved without a time and never ran', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR, count: 0 } });
      const row = { name: 'mail', type: 'normal', priority: 0, data: null } as const;
      const { _id } = await store.repository.saveJob({ ...row, nextRunAt: null });

      store.clock.advance(2 * HOUR);
      expect(await pass(store.broker)).toEqual([0]);

      expect(await idsLeft(store, _id!)).toEqual([_id]);
    });

    it('is a dead letter that was brought back', async () => {
      const store = await open();
      const { broker, repository } = store;
      await keep(store, { failed: { ageMs: HOUR } });
      await runOne(store, { id: 'a' }, 'dead');
      const row = await repository.getJobById('a');
      await repository.saveJob({ ...row!, nextRunAt: new Date(START + 5 * HOUR) });

      store.clock.advance(HOUR);
      expect(await pass(broker)).toEqual([0]);

      expect(await idsLeft(store, 'a')).toEqual(['a']);
    });
  });

  describe('of a job itself', () => {
    it('is shorter than that of its name, to the millisecond', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: HOUR } });
      await runOne(store, { id: 'a', ...withOwn({ completed: 10 }) });

      store.clock.advance(9);
      expect(await pass(store.broker)).toEqual([0]);
      store.clock.advance(1);
      expect(await pass(store.broker)).toEqual([1]);
    });

    it('is longer, and holds against age and count', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: 10, count: 0 }, failed: { ageMs: 10, count: 0 } });
      await runOne(store, { id: 'well', ...withOwn({ completed: HOUR }) });
      await runOne(store, { id: 'ill', ...withOwn({ failed: HOUR }) }, 'dead');
      await runOne(store, { id: 'for ever', ...withOwn({ completed: null }) });
      const ids = ['well', 'ill', 'for ever'];

      store.clock.advance(HOUR - 1);
      expect(await pass(store.broker)).toEqual([0]);
      expect(await idsLeft(store, ...ids)).toEqual(ids);

      store.clock.advance(1);
      expect(await pass(store.broker)).toEqual([2]);
      expect(await idsLeft(store, ...ids)).toEqual(['for ever']);
    });

    it('leaves the other end to its name', async () => {
      const store = await open();
      await keep(store, { completed: { ageMs: 10 }, failed: { ageMs: 10 } });
      await runOne(store, { id: 'well', ...withOwn({ failed: HOUR }) });
      await runOne(store, { id: 'ill', ...withOwn({ completed: HOUR }) }, 'dead');

      store.clock.advance(10);
      expect(await pass(store.broker)).toEqual([2]);
    });

    it('needs no rule of its name', async () => {
      const store = await open();
      await runOne(store, { id: 'a', ...withOwn({ completed: 10 }) });

      store.clock.advance(10);
      expect(await pass(store.broker)).toEqual([1]);
    });

    it('is counted among those of its name, though it stays', async () => {
      const store = await open();
      await keep(store, { completed: { count: 2 } });
      await runOne(store, { id: 'oldest' });
      store.clock.advance(1);
      await runOne(store, { id: 'kept', ...withOwn({ completed: null }) });
      store.clock.advance(1);
      await runOne(store, { id: 'newest' });

      await pass(store.broker);

      expect(await idsLeft(store, 'oldest', 'kept', 'newest')).toEqual(['kept', 'newest']);
    });

    it('does not begin anew when a row that has ended is only written to', async () => {
      const store = await open();
      const { broker, repository } = store;
      await runOne(store, { id: 'a', ...withOwn({ completed: 10, failed: 10 }) });
      store.clock.advance(5);
      const row = (await repository.getJobById('a'))!;
      await repository.saveJobState({ ...row, progress: 50 });

      store.clock.advance(5);
      expect(await pass(broker)).toEqual([1]);
    });

    it('is that of the other end when such a write tells of a failure', async () => {
      const store = await open();
      const { broker, repository } = store;
      await runOne(store, { id: 'a', ...withOwn({ completed: null, failed: 10 }) });
      store.clock.advance(5);
      const row = (await repository.getJobById('a'))!;
      await repository.saveJobState({
        ...row,
        failedAt: new Date(store.clock.now()),
        failReason: 'by hand',
        failCount: 1,
      });

      store.clock.advance(9);
      expect(await pass(broker)).toEqual([0]);
      store.clock.advance(1);
      expect(await pass(broker)).toEqual([1]);
    });

    it('begins anew when the job has ended once more', async () => {
      const store = await open();
      const { broker, repository } = store;
      await runOne(store, { id: 'a', ...withOwn({ completed: HOUR, failed: 10 }) }, 'dead');
      const row = await repository.getJobById('a');
      await repository.saveJob({ ...row!, nextRunAt: new Date(START + 20) });
      store.clock.advance(20);
      expect(await pass(broker)).toEqual([0]);
      await settleOne(broker, complete(await claimOne(broker)));

      store.clock.advance(HOUR - 1);
      expect(await pass(broker)).toEqual([0]);
      store.clock.advance(1);
      expect(await pass(broker)).toEqual([1]);
    });
  });

  describe('a call', () => {
    it(`removes at most ${PRUNE_LIMIT}, the oldest, and the pass ends by repetition`, async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await runMany(store, 2 * PRUNE_LIMIT + 50);

      const { removed, next } = await store.broker.prune!('');
      expect(removed).toBe(PRUNE_LIMIT);
      expect(next).not.toBeNull();
      expect(await idsLeft(store, 'job-000', 'job-199', 'job-200')).toEqual(['job-200']);

      expect(sum(await pass(store.broker))).toBe(PRUNE_LIMIT + 50);
      expect(await totals(store)).toEqual({ completed: 0, failed: 0 });
    });

    it('takes the names in turn until all are done', async () => {
      const store = await open();
      const names = Array.from({ length: 80 }, (_, i) => `name-${i} ${'x'.repeat(i)}`);
      await keep(store, ...names.map((name) => ({ name, completed: { count: 0 } })));
      for (const name of names) await runOne(store, { name });

      expect(sum(await pass(store.broker))).toBe(names.length);
    });

    it('comes past any number of jobs that stay, all of one millisecond too', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await runMany(store, 450, { prefix: 'kept', atOnce: true, ...withOwn({ completed: null }) });
      await runMany(store, 3, { prefix: 'plain', atOnce: true });

      expect(sum(await pass(store.broker))).toBe(3);
      await runMany(store, 2, { prefix: 'later' });
      expect(sum(await pass(store.broker))).toBe(2);

      expect(await totals(store)).toEqual({ completed: 450, failed: 0 });
    });

    it('finds what goes among those that stay, wherever they lie', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await runMany(store, 60, { prefix: 'kept', atOnce: true, ...withOwn({ completed: 10 }) });
      await pass(store.broker);
      await runMany(store, 3, { prefix: 'plain', atOnce: true });
      store.clock.advance(10);

      expect(sum(await pass(store.broker))).toBe(63);
    });

    it('needs no handler of the name, and no worker that has run it', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await runMany(store, 2);

      expect(await pass(await store.another())).toEqual([2]);
    });

    it('goes by the newest settings of the name', async () => {
      const store = await open();
      await keep(store, { completed: { count: 0 } });
      await keep(store, { completed: { count: 1 } });
      await runMany(store, 2);

      expect(await pass(store.broker)).toEqual([1]);
    });

    it('does nothing where nothing is, and ends', async () => {
      const store = await open();

      expect(await pass(store.broker)).toEqual([0]);
    });
  });

  it('takes result, history, log, index entries and keys along', async () => {
    const store = await open();
    const { broker, repository, clock, dump, backend } = store;
    await keep(store, { completed: { ageMs: HOUR } });
    await runOne(store, { id: 'first' });
    clock.advance(HOUR);
    await pass(broker);
    clock.advance(HOUR);
    const before = await dump();
    const logged = (jobId: string) => ({
      timestamp: new Date(clock.now()),
      level: 'info' as const,
      event: 'start' as const,
      jobName: 'mail',
      jobId,
      message: 'started',
    });
    await add(broker, {
      id: 'a',
      nonce: 'ab',
      idempotency: { key: 'k', release: 'removal', holdMs: 1 },
    });
    await repository.saveJob(
      {
        name: 'mail',
        type: 'normal',
        priority: 0,
        data: null,
        nextRunAt: new Date(clock.now()),
        unique: { 'data.x': 1 },
      },
      {},
    );
    const { jobs } = await claim(broker);
    for (const { lease } of jobs) await backend.logger!.log(logged(lease.id));
    await settle(broker, ...jobs.map((job) => retry(job)));
    const again = await claim(broker);
    await settle(broker, ...again.jobs.map((job) => complete(job, { result: '1' })));
    await repository.disableJobs({ id: 'a' });

    // A success lies a millisecond behind the failure before it.
    clock.advance(HOUR + 1);
    expect(await pass(broker)).toEqual([2]);

    expect((await backend.logger!.getLogs()).total).toBe(0);
    expect(withoutShells(await dump())).toEqual(withoutShells(before));
  });

  it('lets go of an idempotency key with the job, and not before its time is over', async () => {
    const store = await open();
    const { broker } = store;
    await keep(store, { completed: { count: 0 } });
    const idempotency = { key: 'k', release: 'removal', holdMs: HOUR } as const;
    await runOne(store, { id: 'a', idempotency });
    await pass(broker);

    store.clock.advance(HOUR - 1);
    await pass(broker);
    const [held] = await broker.enqueue([
      { id: 'b', name: 'mail', data: undefined, priority: 0, due: { delayMs: 0 }, idempotency },
    ]);
    expect(held).toMatchObject({ created: false, job: { id: 'a' } });

    store.clock.advance(1);
    await pass(broker);
    await add(broker, { id: 'b', idempotency });
  });

  it('refuses settings that cannot be meant, and stores none', async () => {
    const store = await open();
    const before = await store.dump();
    const wrong: [string, object][] = [
      ['maxRescues', { maxRescues: -1 }],
      ['retention.completed.ageMs', settingsOf({ completed: { ageMs: -1 } })],
      ['retention.failed.ageMs', settingsOf({ failed: { ageMs: Number.NaN } })],
      ['retention.failed.count', settingsOf({ failed: { count: 0.5 } })],
    ];

    for (const [option, settings] of wrong) {
      const register = store.broker.register([
        settingsOf({}),
        { name: 'mail', maxRescues: 2, ...settings },
      ]);
      await expect(register).rejects.toMatchObject({ name: 'InvalidOptionError', option });
    }
    expect(await store.dump()).toEqual(before);
  });
});

describeBackends('clean', (open) => {
  const clean = (
    store: OpenBackend,
    asked: Partial<Parameters<OpenBackend['manager']['clean']>[0]>,
  ) =>
    store.manager.clean({ name: 'mail', place: 'completed', olderThanMs: 0, limit: 200, ...asked });

  it('removes what ended at least so long ago, oldest first, and names it', async () => {
    const store = await open();
    await runMany(store, 4);

    expect(await clean(store, { olderThanMs: 2, limit: 2 })).toEqual(['job-0', 'job-1']);
    expect(await clean(store, { olderThanMs: 2, limit: 2 })).toEqual(['job-2']);
    expect(await clean(store, { olderThanMs: 2 })).toEqual([]);
    expect(await clean(store, {})).toEqual(['job-3']);
  });

  it('takes one place of one name', async () => {
    const store = await open();
    await runOne(store, { id: 'well' });
    await runOne(store, { id: 'ill' }, 'dead');
    await runOne(store, { id: 'other', name: 'other' }, 'dead');

    expect(await clean(store, { place: 'dead' })).toEqual(['ill']);
    expect(await store.manager.get('well')).toBeDefined();
    expect(await store.manager.get('other')).toBeDefined();
  });

  it('goes over what a job or its name says of retention', async () => {
    const store = await open();
    await keep(store, { completed: {} });
    await runOne(store, { id: 'a', ...withOwn({ completed: null }) });

    expect(await clean(store, {})).toEqual(['a']);
  });

  it('leaves recurring jobs, whatever their number, and what never ran', async () => {
    const store = await open();
    const { broker, repository } = store;
    const row = { name: 'mail', type: 'normal', priority: 0, data: null } as const;
    await repository.saveJob({ ...row, nextRunAt: null });
    for (let i = 0; i < 5; i++) {
      await repository.saveJob({ ...row, nextRunAt: new Date(START), repeatInterval: 5_000 });
    }
    const { jobs } = await claim(broker);
    await settle(broker, ...jobs.map((job) => complete(job)));
    await runOne(store, { id: 'plain' });

    expect(await clean(store, { limit: 1 })).toEqual(['plain']);
    expect(await clean(store, { limit: 1 })).toEqual([]);
    expect((await store.manager.counts()).get('mail')).toMatchObject({ completed: 6 });
  });

  it('removes large jobs, too, as many as were asked for', async () => {
    const store = await open();
    const data = JSON.stringify('x'.repeat(200_000));
    await runMany(store, 20, { data });

    expect(await clean(store, {})).toHaveLength(20);
  });

  it.each([
    { limit: 0 },
    { limit: 201 },
    { olderThanMs: -1 },
    { olderThanMs: Number.NaN },
    { place: 'running' as never },
  ])('refuses %p', async (wrong) => {
    const store = await open();

    await expect(clean(store, wrong)).rejects.toThrow(InvalidOptionError);
  });
});

/** Without what may stay of a name: its number, its empty lane, and what tells late comers off. */
function withoutShells(dump: unknown): unknown {
  const { lanes: _, log: __, ...rest } = dump as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(rest).filter(
      ([key]) => !/:(meta|due|logs:removed|logs:writer:\w+|gone|saved|names)$/.test(key),
    ),
  );
}
