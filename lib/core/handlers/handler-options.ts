import type { Duration } from '../duration.js';
import type { Job } from '../job/job.js';
import type { LimitOptions } from '../options/limits.js';
import type { Priority } from '../options/priority.js';
import type { Removal } from '../options/removal.js';
import type { RetentionOptions } from '../options/retention.js';
import type { DataOptions } from './data-options.js';
import type { BackoffChoice } from './handler-backoff.js';

/**
 * How jobs of one name are run. Given by the decorator or `define`, for a name in `handlers`, and
 * for all names in `defaults`; the nearer one wins.
 */
export interface HandlerOptions extends LimitOptions, DataOptions {
  /** How many run at once in this process. @default the module's `defaultConcurrency`, 5 */
  concurrency?: number;
  /** How many this process may hold at once; 0 is no limit. It only caps: nothing is held ahead of a free slot. @default 0 */
  lockLimit?: number;
  /** How long one attempt may take before its signal fires and it counts as failed. @default no limit */
  timeout?: Duration;
  /**
   * How long a handler may be silent, that is, call neither `touch` nor report progress, before its
   * attempt ends as under `timeout`. It has nothing to do with the lease, which the host renews.
   *
   * @default the module's `defaultLockLifetime`: no limit
   */
  lockLifetime?: Duration;
  /** How often a job may run because it failed, in all: 3 is two retries. @default 1 */
  attempts?: number;
  /** How long a failed job waits for its next attempt. @default at once */
  backoff?: BackoffChoice;
  /**
   * Whether what a handler threw is a failure. If not, the job runs again after the wait that its backoff
   * has for the next failure, at least after a second where that is none, and no attempt is counted: how
   * often that happens is `job.snoozeCount`. An answer other than true or false is reported, and the error
   * counts. It is not asked of a `NonRetryableError`, nor when the handler was asked to end.
   *
   * @default every error is one
   * @example
   * isFailure: (error) => !(error instanceof TooManyRequestsError)
   */
  isFailure?(error: Error, job: Job): boolean;
  /** Of jobs added without one, by this process. @default 'normal' */
  priority?: Priority;
  /**
   * Delete a job that succeeded instead of keeping it; or how many to keep, and how long: see {@link Removal}.
   *
   * @default the module's `removeOnComplete`, false
   */
  removeOnComplete?: Removal;
  /** The same of a job that would become a dead letter; `dead` is told all the same. @default the module's, false */
  removeOnFail?: Removal;
  /**
   * How long its jobs are kept once they have ended; `false` for ever. It stands in the store when a worker
   * with this handler has started: from then on any worker removes by it. `removeOnComplete: true` wins, and
   * so does `removeOnFail: true`.
   *
   * @default the module's `retention`
   */
  retention?: RetentionOptions | false;
  /** How often a job may lose its process and still run again; after that it is a dead letter. @default 2 */
  maxRescues?: number;
  /**
   * The most bytes of JSON that are kept of what a handler returns. Of more only the size is kept
   * (`job.resultOmitted`), with a warning; the job is completed all the same.
   *
   * @default the module's `maxResultBytes`, 65536 (64 KiB)
   */
  maxResultBytes?: number;
  /** Whether runs are written to the log, where there is one. @default as the module's `logging` says */
  logging?: boolean;
  /**
   * Which jobs share the limits per key (`keyConcurrency`, `keyOrder`, `keyRateLimit`): a text of 1 to 256 bytes
   * made of the data, asked when a job is added; `undefined` for a job that has none and is in nobody's way. A
   * process that adds jobs without having their handler is given it in `handlers`, or gives the `key` with the
   * job.
   *
   * @example
   * key: ({ url }) => new URL(url).host
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- the name decides the type of the data
  key?(data: any): string | undefined;
}
