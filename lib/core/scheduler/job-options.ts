import type { Duration } from '../duration.js';
import type { DeclaredBackoff } from '../handlers/handler-backoff.js';
import type { Job } from '../job/job.js';
import type { Priority } from '../options/priority.js';
import type { JobRetention } from '../options/retention.js';

/** What one job wants otherwise than its handler's options say. */
export interface JobOptions {
  /**
   * The job's id: 1 to 256 bytes without control characters. While a job with this id is kept,
   * adding it again adds nothing and returns the one in place, with `created: false`.
   *
   * @default a new one
   */
  id?: string;
  /**
   * Protects from adding the same work twice: 1 to 512 bytes without control characters; each name has keys
   * of its own. While the key is held, adding a job with it adds nothing, changes nothing, and returns the
   * job that was added with it first, with `created: false`: of one that is removed, the id is all that is
   * known. With an `id` as well, the id is looked at first.
   */
  idempotencyKey?: string;
  /**
   * When another job may have the key. `'removal'`: once the job is removed, and not before
   * `idempotencyWindow` has passed since the add, unless somebody cancelled it. `'finish'`: once it has
   * succeeded or is a dead letter; a waiting retry still holds. A duration: so long after the add, whatever
   * becomes of the job.
   *
   * @default 'removal'
   */
  // oxlint-disable-next-line typescript/no-redundant-type-constituents -- shown by editors
  idempotencyRelease?: 'removal' | 'finish' | Duration;
  /** Higher goes first. @default the handler's, else 'normal' */
  priority?: Priority;
  /** How long to wait before the job is due, by the backend's clock. */
  delay?: Duration;
  /** How often it may run because it failed, in all. */
  attempts?: number;
  /** How long it waits after a failure; a duration or an object, since it is stored with the job. */
  backoff?: DeclaredBackoff;
  /** How long one attempt may take. */
  timeout?: Duration;
  /** Delete the job when it has succeeded. */
  removeOnComplete?: boolean;
  /** How long it is kept once it has ended, whatever its name says; `false` for ever. `removeOnComplete` wins. */
  retention?: JobRetention | false;
}

/** Limits of a job's dates. They are stored and hold for its retries too. */
export interface DateOptions {
  /** IANA name of the zone in which texts and weekdays are read. @default the zone of the process */
  timezone?: string;
  /** Nothing runs before it. */
  startDate?: Date | string | number;
  /** Nothing runs after it. */
  endDate?: Date | string | number;
  /** Weekdays on which nothing runs; 0 is Sunday. */
  skipDays?: readonly number[];
}

/** The same names, and nothing to be said of them. */
type LeftOut<Names extends string> = { readonly [Name in Names]?: undefined };

type OwnOptions = Omit<JobOptions, 'delay'>;

/** What can be said of a job that is due at one time. */
export interface TimedOptions
  extends
    OwnOptions,
    Pick<DateOptions, 'timezone'>,
    LeftOut<'startDate' | 'endDate' | 'skipDays'> {}

/** What can be said of a job with limits of its dates: of its own options the priority alone. */
export interface LimitedOptions
  extends
    DateOptions,
    Pick<OwnOptions, 'priority'>,
    LeftOut<Exclude<keyof OwnOptions, 'priority'>> {}

export type ScheduleOptions = TimedOptions | LimitedOptions;

export interface EveryOptions extends DateOptions {
  /** Wait one interval before the first run. It changes nothing for cron rules. */
  skipImmediate?: boolean;
  /** Tells several rules of one name apart. */
  key?: string;
  /** Occurrences missed while nobody could run them: one run for the latest, or none. @default 'latest' */
  catchUp?: 'latest' | 'skip';
  /** @default the handler's, else 'normal' */
  priority?: Priority;
}

/** One job of `enqueueMany`. */
export interface JobInput<Data = unknown> {
  name: string;
  data?: Data;
  /** @default now */
  when?: Date | string | number;
  options?: JobOptions;
}

export interface EnqueueManyOptions<Item = JobInput> {
  /** How many jobs one call carries, at most 100. @default 100 */
  chunkSize?: number;
  /** Makes a job of an item. An item it throws for fails alone. */
  map?: (item: Item, index: number) => JobInput | Promise<JobInput>;
  /** Told after every call. */
  onProgress?: (progress: EnqueueProgress) => unknown;
  /** Told of every item that could not be added. */
  onError?: (error: Error, item: Item, index: number) => unknown;
  /** Whether to go on after an error; a source that fails has nothing to go on with. @default true */
  continueOnError?: boolean;
  /** At most so many jobs a second. @default no limit */
  perSecond?: number;
  /** Stops the work; what was added stays. */
  signal?: AbortSignal;
}

export interface EnqueueProgress {
  readonly created: number;
  readonly existing: number;
  /** Items with an error; those with a `DurabilityError` are stored all the same. */
  readonly failed: number;
}

export interface EnqueueManyResult<Item = JobInput> extends EnqueueProgress {
  /** Items that were taken up. */
  readonly total: number;
  /** In the order of the items, without those that failed. */
  readonly jobs: readonly Job[];
  /**
   * In the order of the items. When the source itself failed, that error is the last: at the index
   * after the last item, without an item, and not counted in `failed`.
   */
  readonly errors: readonly {
    readonly index: number;
    readonly item: Item | undefined;
    readonly error: Error;
  }[];
  /** Why it ended before the last item, if it did. */
  readonly stopped: 'error' | 'aborted' | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/**
 * Which jobs: ids, names and data are combined with AND. A filter without a criterion matches nothing,
 * and so does an empty list of `ids` or `names`.
 */
export interface JobFilter {
  id?: string;
  ids?: readonly string[];
  name?: string;
  names?: readonly string[];
  /** An empty list is no criterion. */
  notNames?: readonly string[];
  /** Part of the jobs' data: the properties of objects, at any depth; other values are equal. */
  data?: unknown;
}
