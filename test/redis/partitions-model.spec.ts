import fc from 'fast-check';
import type { JobsQueryOptions } from '../../lib/core/contracts/job-parameters.js';
import { newJobId } from '../../lib/core/job/job-id.js';
import type { JobRecord } from '../../lib/core/job/job-record.js';
import { START } from '../contract/support/backends.js';
import { query, type AskedQuery } from '../contract/support/queries.js';
import { holdsForRandomRuns, RANDOM_RUNS_TIMEOUT } from '../support/random-runs.js';
import { idsOf, keysOf, numbersOf } from './spread-jobs.js';
import { SpreadTwin } from './spread-twin.js';

const RUNS = Number(process.env.RUNS) || 8;
const NAMES = ['mail', 'report', 'a:b|"c"'];
const ALL = 500;

/*
 * Random stocks in a spread store, and random queries about them: a store in memory that was told the same tells
 * what has to be answered. `SEED=… npm test -- test/redis/partitions-model` repeats a run.
 */
it(
  'a spread store gives the pages and totals of a single one, whatever is stored and asked',
  async () => {
    let found = 0;

    const queries = fc.array(query, { minLength: 15, maxLength: 30, size: 'max' });
    const property = fc.asyncProperty(steps, queries, async (run, asked) => {
      const twin = new SpreadTwin();
      await twin.open();
      try {
        const ids = Array.from({ length: 60 }, newJobId);
        await twin.add(ids.map(newJob));
        for (const step of run) await carryOut(twin, ids, step);
        expect(twin.answers.redis).toEqual(twin.answers.memory);
        for (const one of asked) found += await compare(twin, ids, one);
      } finally {
        await twin.close();
      }
    });
    await holdsForRandomRuns(property, RUNS);

    expect(found).toBeGreaterThan(10 * Math.min(RUNS, 10));
  },
  RANDOM_RUNS_TIMEOUT,
);

const newJob = (id: string, n: number) => ({
  id,
  name: NAMES[n % NAMES.length]!,
  data: JSON.stringify({ n, kind: n % 4 }),
  priority: [0, 0, -1, 2.5][n % 4]!,
  due: { at: START + [-5, 0, 50, 100, 1_000, 2_000, 100][n % 7]! },
});

const pick = fc.nat({ max: 59 });
const picks = fc.array(pick, { minLength: 1, maxLength: 12 });
const offset = fc.constantFrom(-5, 0, 1, 50, 1_000);
const step = fc.oneof(
  fc.record({ do: fc.constant('advance'), ms: fc.constantFrom(1, 50, 1_000) }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('run'),
      pick,
      end: fc.constantFrom('run', 'complete', 'retry', 'bury', 'snooze'),
    }),
  },
  fc.record({ do: fc.constant('setDisabled'), picks, disabled: fc.boolean() }),
  fc.record({
    do: fc.constant('update'),
    pick,
    offset,
    priority: fc.constantFrom(undefined, 0, -1, 2.5),
  }),
  fc.record({ do: fc.constant('promote'), picks }),
  fc.record({ do: fc.constant('requeue'), picks, offset }),
  fc.record({ do: fc.constant('cancel'), picks }),
  fc.record({
    do: fc.constant('removeIf'),
    picks,
    only: fc.constantFrom('queued', 'waiting'),
  }),
  fc.record({
    do: fc.constant('clean'),
    name: fc.constantFrom(...NAMES),
    place: fc.constantFrom('completed', 'dead'),
    olderThanMs: fc.constantFrom(0, 50),
  }),
);
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function carryOut(twin: SpreadTwin, ids: readonly string[], step: Step): Promise<void> {
  const idsAt = (some: readonly number[]): string[] => some.map((at) => ids[at]!);
  const now = twin.clock.now();
  if (step.do === 'advance') return twin.clock.advance(step.ms);
  if (step.do === 'run') return twin.run(ids[step.pick]!, step.end);
  await twin.ask(({ manager, repository }): Promise<unknown> => {
    switch (step.do) {
      case 'setDisabled':
        return step.disabled
          ? repository.disableJobs({ ids: idsAt(step.picks) })
          : repository.enableJobs({ ids: idsAt(step.picks) });
      case 'update': {
        const priority = step.priority !== undefined && { priority: step.priority };
        return manager.update(ids[step.pick]!, { due: { at: now + step.offset }, ...priority });
      }
      case 'promote':
        return manager.promote(idsAt(step.picks));
      case 'requeue':
        return manager.requeue(idsAt(step.picks), {
          due: { at: now + step.offset },
          resetAttempts: true,
        });
      case 'cancel':
        return manager.cancel(idsAt(step.picks), '');
      case 'removeIf':
        return manager.removeIf(idsAt(step.picks), { only: step.only });
      case 'clean':
        // Which of those that ended at one instant go first is not promised.
        return manager.clean({ ...step, limit: 200 }).then(sorted);
    }
  });
}

/** The whole of a query, in order but for what is sorted alike, and a page of it. */
async function compare(
  twin: SpreadTwin,
  known: readonly string[],
  { query: asked, picks: some }: AskedQuery,
): Promise<number> {
  const { skip = 0, limit = ALL, ...rest } = asked;
  const ids = some && { ids: some.map((at) => known[at] ?? 'nobody') };
  const whole = { ...rest, ...ids, limit: ALL };
  const [memory, redis] = await twin.both(({ manager }) => manager.query(whole));

  expect(redis.total).toBe(memory.total);
  expect(numbersOf(redis.jobs)).toEqual(numbersOf(memory.jobs));
  expect(orderOf(whole, redis.jobs)).toEqual(orderOf(whole, memory.jobs));
  const page = await twin.redis.manager.query({ ...whole, skip, limit });
  expect(idsOf(page.jobs)).toEqual(idsOf(redis.jobs).slice(skip, skip + (limit || ALL)));
  expect(page.total).toBe(memory.total);
  return redis.jobs.length;
}

function orderOf({ state, sort }: JobsQueryOptions, jobs: readonly JobRecord[]): unknown[] {
  const keys = Object.keys(sort ?? {}) as (keyof JobRecord)[];
  if (keys.length > 0) return jobs.map((job) => keys.map((key) => job[key] ?? null));
  if (state) return keysOf(state, jobs);
  return jobs.map(({ nextRunAt, lastRunAt }) => [nextRunAt, lastRunAt]);
}

const sorted = (ids: readonly string[]): string[] => [...ids].sort();
