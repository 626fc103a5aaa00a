/** How many jobs there are of each state; `failed` are all that failed last, `dead` those that do not run again. */
export interface Counts {
  readonly scheduled: number;
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly repeating: number;
  readonly dead: number;
  readonly paused: number;
  readonly total: number;
}

/** Since when something is paused, why, and by whom, if they said so. */
export interface PauseInfo {
  readonly at: string;
  readonly reason: string | null;
  readonly by: string | null;
}

/** What happened in a minute, in all processes. */
export interface MinutePoint {
  /** When the minute began. */
  readonly at: string;
  readonly enqueued: number;
  readonly completed: number;
  readonly failed: number;
  readonly dead: number;
  /** From due to start, mean and greatest; null in a minute in which nothing started. */
  readonly waitMeanMs: number | null;
  readonly waitMaxMs: number | null;
  /** How long handlers took, mean and greatest; null in a minute in which none ended. */
  readonly runMeanMs: number | null;
  readonly runMaxMs: number | null;
}

/** A job name on the overview. */
export interface NameOverview {
  readonly name: string;
  readonly counts: Counts;
  /** For how long the oldest due job has been waiting; 0 when none is. */
  readonly latencyMs: number;
  readonly pause: PauseInfo | null;
  /** Completed and failed attempts of each minute, oldest first, as many as `throughput` has. */
  readonly completed: readonly number[];
  readonly failed: readonly number[];
}

/** `GET api/overview`: the first view. */
export interface Overview {
  readonly at: string;
  readonly totals: Counts;
  /** The greatest of all names. */
  readonly latencyMs: number;
  /** When everything is paused. */
  readonly pause: PauseInfo | null;
  /** How many worker hosts are alive. */
  readonly hosts: number;
  /** By name, in order of names. */
  readonly names: readonly NameOverview[];
  /** Of all names together: the last 60 minutes, oldest first, minutes without anything included. */
  readonly throughput: readonly MinutePoint[];
}

/** `GET api/names/:name`: one job name. */
export interface NameDetail extends NameOverview {
  readonly throughput: readonly MinutePoint[];
  /** The limits over all processes that are in force: of the handler, and by hand; as JSON. */
  readonly limits: { readonly handler: unknown; readonly byHand: unknown };
  /** Of the last 60 minutes: how long 50, 95 and 99 of a hundred waited and ran at most, by histogram; null when none did. */
  readonly wait: Percentiles | null;
  readonly run: Percentiles | null;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
