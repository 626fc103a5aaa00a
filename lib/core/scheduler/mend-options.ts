import type { HostBeat } from '../contracts/host-registry.js';
import type { Priority } from '../options/priority.js';
import type { DateInput } from '../schedule/date.js';

/** What is to be different about a job; what is left out stays. */
export interface JobUpdate {
  /** What it is to work with from now on. Left out, or `undefined`: what it has. */
  data?: unknown;
  priority?: Priority;
  /** When it runs next: forms as for `schedule`. */
  nextRunAt?: DateInput;
}

export interface PromoteOptions {
  /** How many to make due at most. @default no limit */
  limit?: number;
  /** Stops the work between two calls; what was made due stays so. */
  signal?: AbortSignal;
}

export interface PromoteResult {
  /** Jobs with a time ahead that were taken up. */
  readonly matched: number;
  readonly promoted: number;
  /** Those that stay as they are: disabled, or taken up by a worker, changed or gone meanwhile. */
  readonly skipped: number;
  /** Why it ended before the last one, if it did. */
  readonly stopped: 'aborted' | 'limit' | 'error' | undefined;
  /**
   * The error that ended it. Jobs of the call that failed are counted as `matched` alone: with a
   * `DurabilityError` they are due, with a `ConnectionError` its `outcomeKnown` tells.
   */
  readonly error: Error | undefined;
}

export interface ClearOptions {
  /** Whether jobs go as well whose time is ahead; `'only'`: no others than these. @default false */
  scheduled?: boolean | 'only';
  /** Stops the work between two calls; what is removed is gone. */
  signal?: AbortSignal;
}

export interface RemoveOptions {
  /** What the worker of a running job is told. @default '' */
  reason?: string;
  /** Leaves the job alone if it runs. @default false */
  unlessRunning?: boolean;
}

export interface ObliterateOptions {
  /** The name once more. */
  confirm: string;
  /** Whether jobs go as well that run: their signals fire. @default false */
  force?: boolean;
  /** Whether recurring jobs go as well. @default false */
  recurring?: boolean;
  /** Stops the work between two calls; what is removed is gone. */
  signal?: AbortSignal;
}

/** A live worker host, as it was when it was last heard of. */
export interface HostInfo extends Omit<HostBeat, 'startedAt'> {
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
}
