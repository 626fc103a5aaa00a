import type { JobsQueryOptions } from '../contracts/job-parameters.js';
import type { Duration } from '../duration.js';
import type { DeclaredBackoff } from '../handlers/handler-backoff.js';
import type { GivenHeaders, ReplacedPart } from '../job/job-record.js';
import type { JobName } from '../job/job-types.js';
import type { Job } from '../job/job.js';
import type { Spelled } from '../job/typed-names.js';
import type { Priority } from '../options/priority.js';
import type { JobRemoval } from '../options/removal.js';
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
  /** Makes several calls one job, by a key: see {@link DedupeOptions}. Not together with `idempotencyKey`. */
  dedupe?: DedupeOptions;
  /** Higher goes first. @default the handler's, else 'normal' */
  priority?: Priority;
  /**
   * Ahead of all others of its priority, the newest first, whatever their time. Higher priorities still go before it
   * (where `sort` puts time first, it goes before all). Its place is its own through retries and rescues.
   *
   * @default false
   */
  first?: boolean;
  /** How long to wait before the job is due, by the backend's clock. */
  delay?: Duration;
  /**
   * If it has not started so long after the add it never does: it becomes a dead letter with the reason `expired`, at
   * the latest half a minute after that. A run under way goes on, and a retry does not start after it either. One that
   * is brought back by `requeue` expires no more. Runs by hand (`job.run()`) are not asked.
   *
   * @default never
   */
  expiresIn?: Duration;
  /** The same as a time: a Date, milliseconds since the epoch, or a text as of `schedule`. Not together with `expiresIn`. */
  expiresAt?: Date | string | number;
  /** Words by which `find` and filters know it: at most 16, each 1 to 256 bytes without control characters. */
  tags?: readonly string[];
  /**
   * Which jobs of its name it shares limits per key with: 1 to 256 bytes without control characters.
   *
   * @default what the handler's `key` makes of the data
   */
  key?: string;
  /**
   * What it carries along as `job.context`, such as a tenant or a trace: at most 32 texts by name, 8 KiB as JSON in
   * all. It is laid over what the job carries anyway, name by name: what the option `context` of the module says,
   * and what is inherited from the job that runs where the call is made. `null`: it carries nothing at all.
   */
  context?: GivenHeaders | null;
  /** How often it may run because it failed, in all. */
  attempts?: number;
  /** How long it waits after a failure; a duration or an object, since it is stored with the job. */
  backoff?: DeclaredBackoff;
  /** How long one attempt may take. */
  timeout?: Duration;
  /** Delete the job when it has succeeded; or how long to keep it, as `{ age }`. */
  removeOnComplete?: JobRemoval;
  /** The same if it would become a dead letter; `dead` is told all the same. */
  removeOnFail?: JobRemoval;
  /** How long it is kept once it has ended, whatever its name says; `false` for ever. `true` for a removal wins. */
  retention?: JobRetention | false;
}

/**
 * Several calls, one job. The first call with a key adds the job. While the job holds the key, further calls with
 * the same name, mode and key add none: they return the job in place with `created: false`, and its `deduped` says
 * what became of the call. A key is freed by the step that frees it in the store, not by time passing in a process:
 * it holds through restarts, pauses and rescues. A job that has expired holds none.
 *
 * Only what a mode names is taken from a further call; the job keeps its id, its place among equals and all
 * other options of its first call. A job that waits for a retry waits; one that is disabled or paused does too.
 */
export type DedupeOptions = {
  /**
   * 1 to 512 bytes without control characters; each name and each mode has keys of its own. Or a list of fields
   * of the data, with dots for deeper ones (`['userId', 'order.id']`): jobs with the same values have the same
   * key. The data must have these fields.
   */
  key: string | readonly string[];
} & (
  | {
      /**
       * One run when the calls pause. The waiting job takes the newest data (`replaced`), and its time starts over. Its claim
       * frees the key: a call during the run opens the next round, with a job of its own. It takes no `when` and no `delay`.
       */
      mode: 'debounce';
      /** How long after the newest call the job runs. */
      for: Duration;
      /** At most so long after the first call it is put off. @default no limit */
      maxWait?: Duration;
      /**
       * The first call runs at once instead. It holds its key until it is claimed, and at least for `for`: calls that come
       * before its claim give it their data (`replaced`), later ones change nothing (`duplicate`).
       *
       * @default false
       */
      leading?: boolean;
    }
  | {
      /**
       * Never two at once, and the newest data is always run. The waiting job takes the newest data (`replaced`). While it
       * runs, that is kept (`kept-for-next`), and the job runs once more afterwards, at the time of the first such call, its
       * attempts counted anew. Freed when the job is done, dead or removed.
       */
      mode: 'latest';
    }
  | {
      /**
       * The waiting job takes what `replace` lists (`replaced`); while it runs, calls change nothing (`duplicate`). Freed
       * when the job is done, dead or removed.
       */
      mode: 'replace';
      /** @default ['data'] */
      replace?: readonly ReplacedPart[];
    }
);

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

/** What becomes of a time that has passed: it is now, or the call is refused. */
interface PastOption {
  /** @default 'now' */
  past?: 'now' | 'reject';
}

/** What can be said of a job that is due at one time. */
export interface TimedOptions
  extends
    OwnOptions,
    PastOption,
    Pick<DateOptions, 'timezone'>,
    LeftOut<'startDate' | 'endDate' | 'skipDays'> {}

/** What can be said of a job with limits of its dates: of its own options the priority alone. */
export interface LimitedOptions
  extends
    DateOptions,
    PastOption,
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
  name: JobName;
  data?: Data;
  /** @default now */
  when?: Date | string | number;
  options?: JobOptions;
}

export interface EnqueueManyOptions<Item = JobInput, Made = JobInput> {
  /** How many jobs one call carries, at most 100. @default 100 */
  chunkSize?: number;
  /** Makes a job of an item. An item it throws for fails alone. */
  map?: (item: Item, index: number) => Made | Promise<Made>;
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

/** Which jobs `queryJobs` looks for. */
export interface JobQuery<Name extends JobName = JobName> extends Omit<
  JobsQueryOptions,
  'name' | 'names'
> {
  /** Wins over `names`. */
  name?: Spelled<Name>;
  /** An empty list matches nothing. */
  names?: readonly Spelled<Name>[];
}

/**
 * Which jobs: ids, names, data and tags are combined with AND. A filter without a criterion matches nothing,
 * and so does an empty list of `ids` or `names`.
 */
export interface JobFilter<Name extends JobName = JobName> {
  id?: string;
  ids?: readonly string[];
  name?: Spelled<Name>;
  names?: readonly Spelled<Name>[];
  /** An empty list is no criterion. */
  notNames?: readonly Spelled<Name>[];
  /** Part of the jobs' data: the properties of objects, at any depth; other values are equal. */
  data?: unknown;
  /** Jobs that have all of these. An empty list is no criterion. */
  tags?: readonly string[];
}
