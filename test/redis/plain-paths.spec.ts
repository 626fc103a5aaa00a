import fc from 'fast-check';
import type { ClaimSort } from '../../lib/core/options/claim-order.js';
import { holdsForRandomRuns, RANDOM_RUNS_TIMEOUT } from '../support/random-runs.js';
import { newClient } from '../support/redis-endpoint.js';
import {
  damagedCalls,
  heldCalls,
  largeCalls,
  mixedCalls,
  plainCalls,
  type AskedClaim,
  type AskedJob,
  type Call,
} from './plain-calls.js';
import { PlainTwin } from './plain-twin.js';

const RUNS = Number(process.env.RUNS) || 20;

const ORDERS: readonly ClaimSort[] = [
  { priority: -1, nextRunAt: 1 },
  { nextRunAt: 1, priority: -1 },
  { nextRunAt: -1, priority: 1 },
  { priority: 1, nextRunAt: -1 },
  { nextRunAt: 1 },
  { priority: 1 },
];

const redis = newClient();
afterAll(() => redis.disconnect());

async function carryOut(sort: ClaimSort, run: readonly Call[]): Promise<number> {
  const twin = new PlainTwin(redis, sort);
  await twin.open();
  try {
    for (const call of run) await twin.carryOut(call);
    return twin.steps;
  } finally {
    await twin.close();
  }
}

/*
 * The two hottest scripts answer calls of plain jobs in few words, before all that others need is made ready: what
 * these words bring about must be the very same. `SEED=… npm test -- test/redis/plain-paths` repeats a run, and
 * `RUNS=1000` looks longer.
 */
it.each([
  ['plain jobs', plainCalls, RUNS],
  ['jobs of all kinds', mixedCalls, RUNS],
  ['jobs of names that are held back', heldCalls, RUNS],
  ['damaged jobs', damagedCalls, RUNS],
  ['large jobs', largeCalls, Math.ceil(RUNS / 4)],
])(
  'random calls of %s bring about the same on the short way and on the long one',
  async (_, calls, numRuns) => {
    let steps = 0;

    const property = fc.asyncProperty(fc.constantFrom(...ORDERS), calls, async (sort, run) => {
      steps += await carryOut(sort, run);
    });
    await holdsForRandomRuns(property, numRuns);

    expect(steps).toBeGreaterThan(numRuns);
  },
  RANDOM_RUNS_TIMEOUT,
);

/* What chance seldom brings. */
const newJob = (name: string): AskedJob => ({
  known: null,
  name,
  due: { delayMs: 0 },
  priority: 0,
  bytes: 0,
});
const add = (name: string, count: number): Call => ({
  do: 'add',
  jobs: Array.from({ length: count }, () => newJob(name)),
  sent: 'now',
  moreFlags: 0,
});
const claim = (slots: number, more: Partial<AskedClaim> = {}): Call => ({
  do: 'claim',
  host: 'h1',
  track: 0,
  slots,
  names: ['mail', 'report', 'a:b|"c"'].map((name) => ({ name, free: 100 })),
  ends: [],
  heard: 'right',
  goneMs: 1_000,
  lastStarts: '',
  standBy: '',
  ...more,
});
const change = (what: (Call & { do: 'change' })['what'], pick: number): Call => ({
  do: 'change',
  what,
  pick,
  name: 'mail',
});
const removed = (manner: string): AskedClaim['ends'] => [
  { pick: 0, manner, body: '', stays: false },
];

it.each<[string, Call[]]>([
  [
    'a second round that meets a job which has run before',
    [add('mail', 6), add('report', 6), add('a:b|"c"', 1), change('state', 9), claim(9), claim(9)],
  ],
  [
    'a second round of a name of which a record is missing',
    [add('mail', 6), add('report', 6), add('a:b|"c"', 1), change('noRecord', 11), claim(9)],
  ],
  [
    'a job that is counted as retrying and has never run',
    [add('mail', 2), change('retrying', 1), claim(1)],
  ],
  [
    'a removal too late for its add to be repeated',
    [add('mail', 2), claim(2), change('gone', 0), claim(0, { ends: removed('removed - y16384') })],
  ],
  [
    'a removal under a damaged patience',
    [
      add('mail', 1),
      claim(1),
      change('badPatience', 0),
      claim(0, { ends: removed('removed - y0') }),
    ],
  ],
  [
    'a name at its limit that is asked for without a free slot',
    [
      { do: 'hold', verb: 'limit', name: 'mail' },
      add('mail', 2),
      claim(2),
      add('mail', 1),
      add('report', 1),
      claim(3, { names: ['mail', 'report'].map((name, free) => ({ name, free })) }),
    ],
  ],
  ['a marked name that keeps jobs', [add('mail', 3), change('marked', 0), claim(1)]],
])('%s is dealt with alike', async (_, run) => {
  expect(await carryOut(ORDERS[0]!, run)).toBe(run.length);
});
