import type { JobLogger } from '../contracts/job-logger.js';
import type { Duration } from '../duration.js';
import type { DataOptions } from '../handlers/data-options.js';
import type { HandlerOptions } from '../handlers/handler-options.js';
import type { ContextSource, JobMiddleware } from '../handlers/job-middleware.js';
import type { JobName } from '../job/job-types.js';
import type { LoggingOptions } from '../logging/logging-option.js';
import type { EventsOptions } from './events-option.js';
import type { Removal } from './removal.js';
import type { RetentionOptions } from './retention.js';

/** How the engine runs jobs. Everything may be left out. */
export interface EngineOptions {
  /** This process, as it is kept with the jobs it adds or changes. @default '' */
  name?: string;
  /**
   * How often a worker looks for work though nothing told it to: the safety net for lost news. Of a store with several
   * partitions it looks at one after the other, at each no later than after two thirds of a `lease`.
   *
   * @default '5 seconds'
   */
  processEvery?: Duration;
  /** How many jobs run at once in this process. @default 20 */
  maxConcurrency?: number;
  /** How many jobs of one name run at once in this process, unless its handler says otherwise. @default 5 */
  defaultConcurrency?: number;
  /** How many jobs this process may hold at once; 0 is no limit. @default 0 */
  lockLimit?: number;
  /** The same for one name, unless its handler says otherwise. @default 0 */
  defaultLockLimit?: number;
  /**
   * How long a process may stay silent before its jobs are given to another.
   * Shorter means faster recovery and more renewals; the worker host renews at a third of it.
   *
   * @default '30 seconds'
   */
  lease?: Duration;
  /**
   * How long a handler may be silent (no `touch`, no progress) before its attempt ends as under
   * `timeout`, unless its own options say otherwise. It is not the lease, which the host renews.
   *
   * @default no limit
   */
  defaultLockLifetime?: Duration;
  /**
   * Handler options of all names, without those that belong to one name (`schema`, `version`, `upcast`). Of all that
   * is said of a job the nearest counts, option by option, and member by member inside `backoff`, `retention` and
   * rates: `defaults` (over the module's own options), then its token, then the options of its handler in the code,
   * then `handlers`, then the options of the call that adds it.
   */
  defaults?: Omit<HandlerOptions, keyof DataOptions>;
  /** Handler options by job name, from configuration; they win over those in the code. */
  handlers?: Readonly<Record<string, HandlerOptions>>;
  /** Delete jobs that succeeded, or keep some, unless a handler says otherwise: see {@link Removal}. @default false */
  removeOnComplete?: Removal;
  /** The same of dead letters. @default false */
  removeOnFail?: Removal;
  /**
   * How long jobs are kept once they have ended, unless a handler says otherwise; `false` for ever. Of each
   * name that has a handler in a worker. A backend of another package keeps everything: there it is an error.
   *
   * @default { completed: { age: '24 hours', count: 10000 }, failed: { age: '30 days', count: 10000 } }
   */
  retention?: RetentionOptions | false;
  /**
   * How long the `idempotencyKey` of a job is held at least, from its add on, when retention or
   * `removeOnComplete` takes the job earlier; 1 second or more. A producer may repeat its request for so long.
   *
   * @default '24 hours'
   */
  idempotencyWindow?: Duration;
  /** How often a job may lose its process and still run again, unless its handler says otherwise. @default 2 */
  maxRescues?: number;
  /** The most bytes of JSON a job's data may have. @default 262144 (256 KiB) */
  maxDataBytes?: number;
  /** The most bytes of JSON that are kept of what a handler returns, unless it says otherwise. @default 65536 (64 KiB) */
  maxResultBytes?: number;
  /** Whether this process runs jobs, and of which names. @default true */
  worker?: boolean | { only: readonly JobName[] } | { except: readonly JobName[] };
  /** How long each phase of a stop may take. A stop ends, whatever handlers and the store do. */
  shutdown?: ShutdownOptions;
  /**
   * Keep a log of what happens to jobs, for `getLogs`: in the backend's own logger (`true`), in another
   * one, or only of handlers that ask for it (`{ default: false }`).
   *
   * @default false
   */
  logging?: boolean | JobLogger | LoggingOptions;
  /** What is kept of events for readers that come later: see `scheduler.events()`. */
  events?: EventsOptions;
  /**
   * Count what happens to jobs in this process for `scheduler.metrics()`. Each process adds its numbers every 10
   * seconds; one that is killed loses its newest. A backend of another package keeps none.
   *
   * @default true where the backend keeps metrics
   */
  metrics?: boolean;
  /**
   * What new jobs carry along as `job.context` from where they are added, such as tenant, locale or user: at most 32
   * texts by name, 8 KiB as JSON in all. It is asked at each add, there and then. Name by name it comes before what
   * a job added in a handler inherits from the job that runs, and after what the call itself says.
   *
   * It never costs a job: what it throws, and headers out of bounds, are an `error` event, and the job goes without.
   * Jobs of `every` and `Job.save`, and of `schedule` with limits of its dates, carry nothing. With a backend of another
   * package this is an error, and nothing is inherited.
   *
   * @default only what is inherited
   * @example
   * context: () => ({ tenant: tenantStorage.getStore()?.id })
   */
  context?: ContextSource;
  /** What is done around every add and every run of this process; the first is the outermost. @default none */
  middleware?: readonly JobMiddleware[];
}

export interface ShutdownOptions {
  /** How long running handlers may go on before their signals fire. @default '10 seconds' */
  timeout?: Duration;
  /** How long they have after that before their jobs are handed back. @default '1 second' */
  grace?: Duration;
  /**
   * How long the store may take to answer for attempts that have ended. What it has not answered for by
   * then runs again when its lease has expired.
   *
   * @default '2 seconds'
   */
  flush?: Duration;
}
