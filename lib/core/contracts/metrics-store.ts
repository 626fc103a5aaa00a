/*
 * How a store keeps metrics: for each name and minute a row of whole numbers, to which every process adds
 * what it has gathered. What the places of a row mean stands in `metrics/figures.ts`; the store only knows
 * that of the first places the greatest number counts, and of all others the sum.
 */

/** How many places at the head of a row keep the greatest number instead of the sum. */
export const MAXIMA = 2;
/** How many minutes back metrics are kept. */
export const METRICS_KEPT_MINUTES = 120;
/** The most rows of one call. */
export const METRICS_BATCH = 100;

export interface MetricsRow {
  readonly name: string;
  /** Minutes since the epoch. */
  readonly minute: number;
  /** Whole numbers of 0 or more. */
  readonly numbers: readonly number[];
}

export interface MetricsBatch {
  /** Who gathered it: unique among processes. */
  readonly writer: string;
  /** Grows with each batch of the writer; a repeat of its last one adds nothing. */
  readonly number: number;
  readonly rows: readonly MetricsRow[];
}

export interface MetricsQuery {
  /** Left out: every name that has, or has had, jobs. */
  readonly names?: readonly string[];
  /** How many minutes back, the present one included. */
  readonly minutes: number;
}

export interface StoredMetrics {
  readonly now: number;
  /** What was added, by name; of a name and minute at most one row. */
  readonly rows: readonly MetricsRow[];
  /** For how long the oldest due job of each name asked for has been due, in ms; 0 where none is. */
  readonly latencyMs: ReadonlyMap<string, number>;
}
