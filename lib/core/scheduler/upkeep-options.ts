import type { FindState } from '../contracts/job-manager.js';
import type { Duration } from '../duration.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import type { DeathReason, Failure } from '../job/job-record.js';
import type { JobState } from '../job/job-state.js';
import type { JobName } from '../job/job-types.js';
import type { Job } from '../job/job.js';
import type { Spelled } from '../job/typed-names.js';
import type { DateInput } from '../schedule/date.js';
import type { JobFilter } from './job-options.js';

/** Which jobs `find` looks for; what is given is combined with AND, without any criterion it is every job. */
export interface FindOptions<Name extends JobName = JobName> {
  /** Wins over `names`. */
  name?: Spelled<Name>;
  /** An empty list matches nothing. */
  names?: readonly Spelled<Name>[];
  /**
   * `failed` are the dead letters and the jobs that wait for their retry, `dead` the former alone;
   * `paused` the disabled ones.
   */
  state?: FindState;
  /** Part of the jobs' data: the properties of objects, at any depth; other values are equal. */
  data?: unknown;
  /**
   * Jobs that have all of these, found by an index of tags. They come in the order in which they were added, over all
   * names and whatever `state` is; each once.
   */
  tags?: readonly string[];
  /** The most jobs of a page, 1 to 200. @default 50 */
  limit?: number;
  /** Where the page begins: what the page before brought, and the same filter. @default at the first */
  cursor?: string | undefined;
}

export interface FoundJobs<Data = unknown, Result = unknown> {
  readonly jobs: readonly Job<Data, Result>[];
  /** Where the next page begins; `undefined` after the last one. A page may be short, or empty, and not the last. */
  readonly cursor: string | undefined;
}

/** Which lines of a job `logs` shows. */
export interface LinesOptions {
  /** The most lines of a page, 1 to 1000. @default 100 */
  limit?: number;
  /** Where the page begins: what the page before brought, of the same job and direction. */
  cursor?: string | undefined;
  /** From the newest line to older ones. @default false: from the oldest to newer ones */
  newestFirst?: boolean;
}

export interface JobLines {
  readonly lines: readonly string[];
  /**
   * Where to go on, also to lines that come later; it stays good when old lines are dropped. `undefined` as
   * long as there is no line.
   */
  readonly cursor: string | undefined;
  /** Whether more lines follow at present. */
  readonly more: boolean;
}

/** How an attempt of a job ended, or that somebody brought the job back. */
export interface JobHistoryEntry extends Omit<HistoryEntry, 'plannedAt' | 'startedAt' | 'endedAt'> {
  /** When it was due; `null` where nobody knows. */
  readonly plannedAt: Date | null;
  /** When it began; `null` for a requeue, and where nobody knows. */
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  /** How long it waited for a worker once it was due, in ms. */
  readonly waitMs: number | null;
  /** How long it ran, in ms. */
  readonly runMs: number | null;
}

/** A job and all that is known of it, as of one instant. */
export interface JobInspection<Data = unknown> {
  readonly job: Job<Data>;
  readonly state: JobState;
  /** Who runs it; `undefined` unless it is running. */
  readonly lease: JobLease | undefined;
  /** Why it is a dead letter, if it is one. */
  readonly deadReason: DeathReason | undefined;
  /** The newest failure, also of a job that has succeeded since. */
  readonly failure: Failure | undefined;
  /** The newest attempts, 20 at most, the oldest of these first. */
  readonly history: readonly JobHistoryEntry[];
}

export interface JobLease {
  /** The worker host; empty where nobody knows. */
  readonly host: string;
  readonly lockedAt: Date;
  /** When it ends unless it is renewed; `null` for a lock that falls to age alone. */
  readonly expiresAt: Date | null;
  /** Grows from attempt to attempt. */
  readonly fence: number;
}

/** How dead letters come back. */
interface RequeueTiming {
  /** When to run; a time that has passed is now. @default now */
  runAt?: DateInput;
  /** Whether attempts are counted anew; else a job that has used them up gets one more run. @default true */
  resetAttempts?: boolean;
}

export interface RequeueOptions extends RequeueTiming {
  /** Only if the job has this name. */
  expectName?: JobName;
  /** What the job is to work with from now on. Left out, or `undefined`: what it has. */
  data?: unknown;
}

/** Which dead letters; what is given is combined with AND. At least an id, a name, data or a reason is needed. */
export interface DeadLetterFilter<Name extends JobName = JobName> extends JobFilter<Name> {
  reason?: DeathReason;
  /** How long ago they died, at least. */
  olderThan?: Duration;
}

export interface RequeueManyOptions extends RequeueTiming {
  /** At most so many jobs a second. @default no limit */
  perSecond?: number;
  /** How many to bring back at most. @default no limit */
  limit?: number;
  /** Only tells how many match. @default false */
  dryRun?: boolean;
  /** Stops the work between two calls; what was brought back stays. */
  signal?: AbortSignal;
  /** Told after every call. */
  onProgress?: (progress: RequeueProgress) => unknown;
}

export interface RequeueProgress {
  /** Dead letters that were taken up. */
  readonly matched: number;
  readonly requeued: number;
  /** Those that could not come back: gone meanwhile, or another job has their idempotency key. */
  readonly skipped: number;
}

export interface RequeueResult extends RequeueProgress {
  /** Why it ended before the last one, if it did. */
  readonly stopped: 'aborted' | 'limit' | 'error' | undefined;
  /**
   * The error that ended it. Jobs of the call that failed are counted as `matched` alone: with a
   * `DurabilityError` they have come back, with a `ConnectionError` its `outcomeKnown` tells.
   */
  readonly error: Error | undefined;
}

export interface CleanOptions<Name extends JobName = JobName> {
  /** `failed` means dead letters: jobs that wait for their retry are not touched. */
  state: 'completed' | 'failed';
  /** How long ago they ended, at least. */
  olderThan: Duration;
  /** How many to remove at most, the oldest first; `Infinity` for all. */
  limit: number;
  /** Only dead letters that died for this; they are read for it, in pages. */
  reason?: DeathReason;
  /** Wins over `names`. */
  name?: Spelled<Name>;
  /** An empty list matches nothing. @default all names */
  names?: readonly Spelled<Name>[];
}
