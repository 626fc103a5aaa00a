import { MAXIMA } from '../contracts/metrics-store.js';

/*
 * What is counted of a name in a minute, and where it stands in its row of numbers. Times are whole
 * microseconds there, and milliseconds for those who read them.
 */

/**
 * The upper bounds of the buckets of a histogram, in ms, each included: about three to a power of ten. The last
 * bucket, one more than there are bounds, holds all that is longer.
 */
export const METRICS_BUCKETS_MS = [
  1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000,
  10_000_000,
] as const;

const BUCKETS = METRICS_BUCKETS_MS.length + 1;

/** The places of a row: first the greatest numbers, then the sums. */
export const PLACE = {
  waitMax: 0,
  runMax: 1,
  enqueued: MAXIMA,
  started: MAXIMA + 1,
  completed: MAXIMA + 2,
  failed: MAXIMA + 3,
  retried: MAXIMA + 4,
  stalled: MAXIMA + 5,
  dead: MAXIMA + 6,
  waitSum: MAXIMA + 7,
  runSum: MAXIMA + 8,
  wait: MAXIMA + 9,
  run: MAXIMA + 9 + BUCKETS,
} as const;

export const ROW_WIDTH = PLACE.run + BUCKETS;

/** Of the waiting, or the running, of jobs. */
export interface TimeFigures {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** How many were in each bucket: see `METRICS_BUCKETS_MS`. */
  readonly buckets: readonly number[];
}

/** Of all processes together. */
export interface JobFigures {
  /** Added. */
  readonly enqueued: number;
  /** Attempts that began. */
  readonly started: number;
  readonly completed: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Of these: those after which the job runs again. */
  readonly retried: number;
  /** Attempts whose process was lost. */
  readonly stalled: number;
  /** Jobs that became dead letters. */
  readonly dead: number;
  /** From the due time of a job to its start. */
  readonly wait: TimeFigures;
  /** How long handlers took: of attempts that were completed or failed. */
  readonly run: TimeFigures;
}

export function emptyRow(): number[] {
  return Array.from({ length: ROW_WIDTH }, () => 0);
}

/** Counts a time in a row. */
export function countTime(row: number[], of: 'wait' | 'run', ms: number): void {
  const micros = Math.round(ms * 1_000);
  const [max, sum] = of === 'wait' ? [PLACE.waitMax, PLACE.waitSum] : [PLACE.runMax, PLACE.runSum];
  if (micros > row[max]!) row[max] = micros;
  row[sum]! += micros;
  row[PLACE[of] + bucketOf(ms)]! += 1;
}

function bucketOf(ms: number): number {
  let bucket = 0;
  while (bucket < METRICS_BUCKETS_MS.length && ms > METRICS_BUCKETS_MS[bucket]!) bucket += 1;
  return bucket;
}

/** The sum of rows, each of which may be shorter: of another version, which counted less. */
export function addRows(rows: readonly (readonly number[])[]): number[] {
  const total = emptyRow();
  for (const row of rows) {
    for (let i = 0; i < Math.min(row.length, ROW_WIDTH); i++) {
      total[i] = i < MAXIMA ? Math.max(total[i]!, row[i]!) : total[i]! + row[i]!;
    }
  }
  return total;
}

export function figuresOf(row: readonly number[]): JobFigures {
  const at = (place: number) => row[place] ?? 0;
  return {
    enqueued: at(PLACE.enqueued),
    started: at(PLACE.started),
    completed: at(PLACE.completed),
    failed: at(PLACE.failed),
    retried: at(PLACE.retried),
    stalled: at(PLACE.stalled),
    dead: at(PLACE.dead),
    wait: timesOf(row, PLACE.wait, at(PLACE.waitSum), at(PLACE.waitMax)),
    run: timesOf(row, PLACE.run, at(PLACE.runSum), at(PLACE.runMax)),
  };
}

function timesOf(row: readonly number[], first: number, sum: number, max: number): TimeFigures {
  const buckets = Array.from({ length: BUCKETS }, (_, i) => row[first + i] ?? 0);
  const count = buckets.reduce((total, n) => total + n, 0);
  return { count, sumMs: sum / 1_000, maxMs: max / 1_000, buckets };
}
