import type { CompleteBackend } from '../contracts/agenda-backend.js';
import { JobManager, type RequeueAnswer } from '../contracts/job-manager.js';
import type { JobLogQuery, JobLogQueryResult } from '../contracts/job-logger.js';
import type { JobsOverview } from '../contracts/job-parameters.js';
import type { PromoteAnswer, UpdateAnswer } from '../contracts/mending.js';
import type { Duration } from '../duration.js';
import { UnsupportedOperationError } from '../errors.js';
import type {
  JobEventKey,
  JobEventListener,
  JobsRemovedEvent,
  LocalEventListener,
  RemoteEventKey,
  RemoteEventListener,
} from '../events/job-event.js';
import type { DurableEvent } from '../events/durable-event.js';
import type { DurableEvents, EventStreamOptions } from '../events/durable-events.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import { checkText } from '../job/job-id.js';
import { emptyCounts, type StateCounts } from '../job/job-state.js';
import { JobToken } from '../job/job-token.js';
import { nameOf, type JobName, type ResultOf } from '../job/job-types.js';
import type { Job } from '../job/job.js';
import type { Added, Answer, Given, GivenData, Spelled, StoredData } from '../job/typed-names.js';
import type { DebounceOptions } from '../job/unique-options.js';
import { trueOrFalse } from '../options/checks.js';
import { readLogQuery } from '../logging/log-query.js';
import { loggerOf } from '../logging/logging-option.js';
import type { MetricsRecorder } from '../metrics/metrics-recorder.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { DateInput } from '../schedule/date.js';
import { cleanJobs } from './clean-jobs.js';
import { clearJobs } from './clear-jobs.js';
import { requeueMany, requeueOne, type RequeueTools } from './dead-letters.js';
import { findJobs, historyOf, inspectJob } from './find-jobs.js';
import { JobAdder } from './job-adder.js';
import { JobControl } from './job-control.js';
import { linesOf } from './job-lines.js';
import type { JobWaits } from './job-waits.js';
import type {
  EnqueueManyOptions,
  EnqueueManyResult,
  EveryOptions,
  JobFilter,
  JobInput,
  JobOptions,
  JobQuery,
  ScheduleOptions,
} from './job-options.js';
import { liveHosts, type MendTools, promoteOne, updateJob } from './mend-jobs.js';
import type {
  ClearOptions,
  HostInfo,
  JobUpdate,
  ObliterateOptions,
  PromoteOptions,
  PromoteResult,
  RemoveOptions,
} from './mend-options.js';
import { LimitsOfName, type StoredLimits, storedLimits } from './name-limits.js';
import type { PausedNames, PauseOptions, PauseResult } from './pause-options.js';
import { PauseControl } from './pause-control.js';
import { obliterateJobs } from './obliterate-jobs.js';
import { plainNames } from './plain-names.js';
import { promoteMany } from './promote-walk.js';
import { readMetrics, type MetricsOptions, type NameMetrics } from './read-metrics.js';
import { removeJob, type RemovalTools } from './remove-job.js';
import { runAndWait } from './run-and-wait.js';
import { runningStats, type RunningStats } from './running-stats.js';
import type { StoredJobs } from './stored-jobs.js';
import type {
  CleanOptions,
  DeadLetterFilter,
  FindOptions,
  FoundJobs,
  JobHistoryEntry,
  JobInspection,
  JobLines,
  LinesOptions,
  RequeueManyOptions,
  RequeueOptions,
  RequeueResult,
} from './upkeep-options.js';
import type { AnyItem, Fitting, Items } from './typed-items.js';
import { readWaitOptions, type RunAndWaitOptions, type WaitOptions } from './wait-options.js';

/** What of this process tells what happens to jobs, beside its events. */
export interface Observation {
  readonly durableEvents: DurableEvents;
  /** `undefined` where nothing is counted. */
  readonly metrics: MetricsRecorder | undefined;
}

/** What a manager may come without. */
type RarerVerb = Exclude<keyof JobManager, 'get' | 'counts' | 'query' | 'cancel'>;

/*
 * Adds, finds and cancels jobs: the whole producing, querying and managing API in one place. How each
 * is done stands in the classes beside it.
 *
 * What a caller gives is checked and encoded at once, before the first wait: later changes to the
 * caller's objects change nothing, and a bad job is refused alone with nothing written. Adds of one
 * caller are in the order of its calls, unless one has to be repeated since the store did not answer; those
 * of a name with an async schema come as soon as that has spoken. Dates are read on the backend's clock; what
 * is relative to the present travels as a delay, so that no clock of this process decides.
 */
export class JobScheduler {
  private readonly adder: JobAdder;
  private readonly control: JobControl;

  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
    private readonly jobEvents: JobEvents,
    private readonly options: ResolvedEngineOptions,
    private readonly jobs: StoredJobs,
    private readonly observation: Observation,
    private readonly waits: JobWaits,
  ) {
    this.adder = new JobAdder(backend, handlers, jobEvents, options, jobs);
    this.control = new JobControl(backend, handlers);
  }

  // ── adding ───────────────────────────────────────────────────────────────────────────────────

  /**
   * A job that is not stored yet, due at once, to be set up by its methods and stored by `save()`.
   *
   * @throws InvalidJobError for the name
   */
  create<Data = unknown, Name extends JobName = string>(
    name: Spelled<Name>,
    ...given: Given<Name, Data>
  ): Added<Name, Data>;
  create(name: JobName, data?: unknown): Job {
    return this.adder.draft(name, data);
  }

  /**
   * Adds a job that is due at once, or after `delay`.
   *
   * @throws InvalidJobError for the name, the id or the data: nothing was written
   * @throws InvalidDataError for data that the `schema` of the name refuses; what the schema itself throws
   * @throws InvalidOptionError
   * @throws QueueFullError when as many jobs of its name wait as its `maxQueued` says: nothing was written
   * @throws ConnectionError when the backend did not answer in time
   */
  now<Data = unknown, Name extends JobName = string>(
    name: Spelled<Name>,
    ...given: Given<Name, Data, [options?: JobOptions]>
  ): Promise<Added<Name, Data>>;
  async now(name: JobName, data?: unknown, options?: JobOptions): Promise<Job> {
    return this.adder.add(name, data, options);
  }

  /**
   * Adds a job, or one for each name, that is due at a time: a Date, milliseconds since the epoch, or
   * a text such as `'in 10 minutes'`, `'tomorrow at 9am'` or `'2027-01-01 10:00'` (all forms stand at
   * {@link DateInput}). A time that has passed is due at once.
   *
   * @throws InvalidScheduleError for a time that is not understood
   */
  schedule<Data = unknown, Names extends JobName | readonly JobName[] = string>(
    when: DateInput,
    nameOrNames: Spelled<Names>,
    ...given: Given<Names, Data, [options?: ScheduleOptions]>
  ): Promise<Added<Names, Data>>;
  async schedule(
    when: DateInput,
    nameOrNames: JobName | readonly JobName[],
    data?: unknown,
    options: ScheduleOptions = {},
  ): Promise<Job | Job[]> {
    return this.adder.schedule(when, nameOrNames, data, options);
  }

  /**
   * Adds a recurring job, or one for each name: by an interval (`'5 minutes'`) or a cron rule. There
   * is one for each name and `key`. Calling it again with the same rule moves nothing, least of all
   * a run that is due; data and priority follow the newest call.
   *
   * @throws InvalidScheduleError for a rule that is not understood or never runs
   */
  every<Data = unknown, Names extends JobName | readonly JobName[] = string>(
    interval: string | number,
    nameOrNames: Spelled<Names>,
    ...given: Given<Names, Data, [options?: EveryOptions]>
  ): Promise<Added<Names, Data>>;
  async every(
    interval: string | number,
    nameOrNames: JobName | readonly JobName[],
    data?: unknown,
    options: EveryOptions = {},
  ): Promise<Job | Job[]> {
    return this.adder.every(interval, nameOrNames, data, options);
  }

  /**
   * Adds a job that waits for so long; calls with the same name and `uniqueKey` that come meanwhile
   * make no job of their own, but put the run off and replace its data.
   *
   * @param uniqueKey - such as `{ 'data.userId': 1 }`: see `Job.unique`
   * @param delay - the window: see `Job.debounce`
   * @throws InvalidOptionError
   */
  nowDebounced<Data = unknown, Name extends JobName = string>(
    name: Spelled<Name>,
    data: GivenData<Name, Data>,
    uniqueKey: Record<string, unknown>,
    delay: Duration,
    options?: DebounceOptions,
  ): Promise<Added<Name, Data>>;
  async nowDebounced(
    name: JobName,
    data: unknown,
    uniqueKey: Record<string, unknown>,
    delay: Duration,
    options: DebounceOptions = {},
  ): Promise<Job> {
    const job = this.adder.draft(name, data).unique(uniqueKey).debounce(delay, options);
    return this.jobs.saved(job);
  }

  /**
   * Adds many jobs, from any iterable, in few calls. An item that cannot be added fails alone; the
   * result says which and why. An empty input is a result too, and so is a source that throws midway:
   * what it gave before is added, and its error is the last of the result's. An item that failed with a
   * `DurabilityError` is stored; with a `ConnectionError` it may be, unless its `outcomeKnown` is true.
   *
   * @throws InvalidOptionError; the reason of a signal that has fired before the call
   */
  enqueueMany<Item, Made extends AnyItem = JobInput>(
    items: Items<Item>,
    options: EnqueueManyOptions<Item, Fitting<Made>> & { map: unknown },
  ): Promise<EnqueueManyResult<Item>>;
  /** The same of items that are jobs as they are. */
  enqueueMany<Item extends AnyItem = JobInput>(
    items: Items<Fitting<Item>>,
    options?: EnqueueManyOptions<Item> & { map?: undefined },
  ): Promise<EnqueueManyResult<Item>>;
  async enqueueMany<Item>(
    items: Items<Item>,
    options: EnqueueManyOptions<Item> = {},
  ): Promise<EnqueueManyResult<Item>> {
    return this.adder.many(items, options);
  }

  /**
   * Adds another job with the name, data, data version, priority, key, tags, context and other options of this one,
   * in whatever state that is, due at once. It has a time of its own: a rule or an expiry is not taken over. The data
   * is not judged again.
   *
   * @throws JobNotFoundError; QueueFullError
   */
  runAgain<Data = unknown>(id: string): Promise<Job<Data>>;
  async runAgain(id: string): Promise<Job> {
    return this.adder.again(id);
  }

  // ── waiting ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Waits for the end of a job, here or in another process, and resolves with what its handler returned; at once,
   * if it has ended before. A failure that is tried again is no end. Of a recurring job it is the run under way,
   * or else the next one. A foreign backend keeps no results: of a run elsewhere that is `undefined`.
   *
   * @throws JobFailedError when it became a dead letter, or a recurring job gave its occurrence up
   * @throws ResultOmittedError when it is completed, and its result is not kept
   * @throws JobNotFoundError when there is no such job, or no longer; JobCancelledError when it is known why
   * @throws WaitTimeoutError after 30 seconds, or what `timeout` says; the reason of the signal
   * @throws BackendClosedError when the engine is closed meanwhile; ConnectionError
   */
  waitFor<Result>(job: Job<unknown, Result>, options?: WaitOptions): Promise<Result>;
  /** The same of a job whose result nobody knows: of what type it is, the caller says. */
  waitFor<Result = unknown>(
    which: string | Pick<Job, 'id'>,
    options?: WaitOptions,
  ): Promise<Result>;
  async waitFor(which: string | Pick<Job, 'id'>, options: WaitOptions = {}): Promise<unknown> {
    const id = typeof which === 'string' ? which : which?.id;
    checkText('id', id);
    return this.waits.waitFor(id, readWaitOptions('', options));
  }

  /**
   * Adds a job that is due at once, or after `delay`, and waits for its end: see {@link waitFor}. The job is kept
   * for a minute after it is completed, or longer if its own `retention` says so; where it would be deleted
   * (`removeOnComplete`), it goes as soon as its result is read.
   *
   * @throws what {@link now} and {@link waitFor} throw; UnsupportedOperationError by a foreign backend
   *
   * @example
   * const { url } = await scheduler.runAndWait<{ url: string }>('render', { page: 7 }, { wait: { timeout: '5s' } });
   */
  runAndWait<Result = unknown, Data = unknown, Name extends JobName = string>(
    name: Spelled<Name>,
    ...given: Given<Name, Data, [options?: RunAndWaitOptions]>
  ): Promise<Answer<Name, Result>>;
  async runAndWait(
    name: JobName,
    data?: unknown,
    options: RunAndWaitOptions = {},
  ): Promise<unknown> {
    const { adder, backend, handlers, waits } = this;
    const { manager } = backend;
    if (!backend.broker.prune) throw new UnsupportedOperationError('runAndWait', backend.name);
    const tools = { adder, manager, waits, planOf: (of: string) => handlers.planFor(of) };
    return runAndWait(tools, name, data, options);
  }

  // ── finding and mending ──────────────────────────────────────────────────────────────────────

  /** The job with this id, or `undefined`. */
  async get<Data = unknown>(id: string): Promise<Job<Data> | undefined> {
    checkText('id', id);
    const record = await this.jobs.read(id);
    return record && this.jobs.of<Data>(record);
  }

  /**
   * Jobs by filter, a page of them in order; `total` counts all that match. Without `limit` all.
   *
   * Reads only its page when a state is given and no sort, or the one that the state is kept in;
   * every other query reads all that match.
   *
   * @throws InvalidOptionError for an unknown option, state, sort key or direction
   */
  queryJobs<Data = unknown, Name extends JobName = string>(
    query?: JobQuery<Name>,
  ): Promise<{ jobs: Added<Name, Data>[]; total: number }>;
  async queryJobs(query: JobQuery = {}): Promise<{ jobs: Job[]; total: number }> {
    const { jobs, total } = await this.backend.manager.query(plainNames(query));
    return { jobs: jobs.map((record) => this.jobs.of(record)), total };
  }

  /**
   * Goes through jobs a page at a time, from cursor to cursor, in the order that `state` is kept in: ended
   * jobs newest first, running ones by their start, waiting ones by their time, of one name after the other.
   *
   * A job that matches all the while is seen exactly once for a given state other than `queued`, and at
   * least once otherwise, whatever else comes, goes, is renewed or gets another priority meanwhile. One
   * that is given another time by hand moves: it may be missed, or come twice.
   *
   * A page reads its own jobs alone; with `data`, and with names and no state, it may be short.
   *
   * @throws InvalidOptionError
   * @throws InvalidCursorError for a cursor that is damaged, or of another filter
   */
  find<Data = unknown, Name extends JobName = string>(
    options?: FindOptions<Name>,
  ): Promise<FoundJobs<StoredData<Name, Data>, ResultOf<Name>>>;
  async find(options: FindOptions = {}): Promise<FoundJobs> {
    return findJobs(this.managerThatCan('find'), this.jobs, plainNames(options));
  }

  /** All that is known of a job, judged at one instant; `undefined` when there is no such job. */
  async inspect<Data = unknown>(id: string): Promise<JobInspection<Data> | undefined> {
    return inspectJob<Data>(this.managerThatCan('inspect'), this.jobs, id);
  }

  /**
   * How the attempts of a job ended, the newest 20 of them, the oldest of these first; `undefined` when
   * there is no such job. What was put off by its handler or handed back by a shutdown is no attempt.
   */
  async history(id: string): Promise<JobHistoryEntry[] | undefined> {
    return historyOf(this.managerThatCan('history'), id);
  }

  /**
   * What the handlers of a job have logged by `job.log`, a page of it, oldest line first; `undefined` when there
   * is no such job. The newest 1,000 lines and 64 KiB are kept with the job. What the engine does with jobs is
   * another log: see {@link getLogs}.
   *
   * @throws InvalidOptionError
   * @throws InvalidCursorError for a cursor that is damaged, or of another job or direction
   * @throws UnsupportedOperationError by a backend that keeps none
   */
  async logs(id: string, options: LinesOptions = {}): Promise<JobLines | undefined> {
    return linesOf(this.managerThatCan('logs'), id, options);
  }

  /** How many jobs there are in each state: of every name that has jobs, or of one. */
  counts(): Promise<Record<string, StateCounts>>;
  counts<Name extends JobName>(name: Spelled<Name>): Promise<StateCounts>;
  async counts(nameOrToken?: JobName): Promise<Record<string, StateCounts> | StateCounts> {
    const name = nameOrToken === undefined ? undefined : nameOf(nameOrToken);
    if (name !== undefined) checkText('name', name);
    const counts = await this.backend.manager.counts(name === undefined ? undefined : [name]);
    if (name !== undefined) return counts.get(name) ?? emptyCounts();
    return Object.fromEntries(counts);
  }

  /** How many jobs there are in each state, over all names. */
  async total(): Promise<StateCounts> {
    const total = emptyCounts();
    for (const counts of (await this.backend.manager.counts()).values()) {
      for (const state of Object.keys(total) as (keyof StateCounts)[]) {
        total[state] += counts[state];
      }
    }
    return total;
  }

  /** For each name that has jobs how many there are in each state; a paused one counts in its time state too. */
  getJobsOverview(): Promise<JobsOverview[]> {
    return this.backend.repository.getJobsOverview();
  }

  /** How many jobs are due and wait for a worker. */
  getQueueSize(): Promise<number> {
    return this.backend.repository.getQueueSize();
  }

  /**
   * What the worker host of this process does.
   *
   * @param fullDetails - the jobs themselves instead of their numbers
   * @throws WorkerNotStartedError before the host was started, and after it was stopped
   */
  async getRunningStats(fullDetails = false): Promise<RunningStats> {
    trueOrFalse('fullDetails', fullDetails);
    const { backend, handlers, options } = this;
    const snapshot = this.jobs.snapshot();
    return runningStats({ backend, handlers, options, snapshot }, fullDetails);
  }

  /**
   * Removes jobs in whatever state, by id or filter; the signal of one that runs fires with the
   * reason. Ids, names and data are combined with AND; an empty filter matches nothing.
   *
   * @returns how many there were
   * @throws InvalidOptionError
   */
  async cancel<Name extends JobName = string>(
    which: string | JobFilter<Name>,
    options: { reason?: string } = {},
  ): Promise<number> {
    return this.removedBy('cancel', this.control.cancel(plainNames(which), options));
  }

  /**
   * Brings a dead letter back. Its reason and its time stay in its history.
   *
   * @returns `ok`, or why it stays dead: there is no such job (`not-found`), it is no dead letter
   * (`not-dead`), it has another name (`name-mismatch`), or another job has taken its idempotency key
   * meanwhile (`key-taken`, by `holder`)
   * @throws InvalidJobError, InvalidDataError for the data; InvalidScheduleError for a time that is not understood
   */
  requeue(id: string, options?: RequeueOptions): Promise<RequeueAnswer>;
  /**
   * Brings dead letters back, in bounded calls: of each name those that died first, and each of them once,
   * also if it dies again meanwhile. It can be stopped and repeated.
   *
   * An error of the backend ends it: once a call to bring jobs back was made, the result tells of it, and how
   * far it came. Repeated, it goes on with those that are still dead.
   *
   * @throws InvalidOptionError for a filter without id, name, data and reason
   * @throws ConnectionError when the backend did not answer in time, and nothing was brought back
   */
  requeue<Name extends JobName = string>(
    filter: DeadLetterFilter<Name>,
    options?: RequeueManyOptions,
  ): Promise<RequeueResult>;
  async requeue(
    which: string | DeadLetterFilter,
    options: RequeueOptions | RequeueManyOptions = {},
  ): Promise<RequeueAnswer | RequeueResult> {
    const tools: RequeueTools = {
      manager: this.managerThatCan('requeue'),
      handlers: this.handlers,
      read: (id) => this.jobs.read(id),
      maxDataBytes: this.options.maxDataBytes,
      now: () => this.jobs.now(),
      report: (error) => this.jobEvents.reportError(error),
    };
    if (typeof which === 'string') return requeueOne(tools, which, options);
    return requeueMany(tools, plainNames(which), options as RequeueManyOptions);
  }

  /**
   * Removes completed jobs or dead letters that ended so long ago, the oldest of each name first. A
   * recurring job stays, whatever its state.
   *
   * @returns how many were removed
   * @throws InvalidOptionError also for another state, and without a limit
   */
  async clean<Name extends JobName = string>(options: CleanOptions<Name>): Promise<number> {
    const tools = { manager: this.managerThatCan('clean'), now: () => this.jobs.now() };
    return this.removedBy('clean', cleanJobs(tools, plainNames(options)));
  }

  /**
   * Changes a job in one step. One that waits gets its new place at once, and is run as it is then. Of one that
   * runs this run goes on as it began: data and priority count for the next one, and a time makes it run again
   * then, once this run has ended. A recurring job keeps the occurrences of its rule: what a time moves is its
   * next run alone, unless it is running.
   *
   * @returns `ok`; `kept-for-next` when it runs; `ended` when no run of it is planned (see {@link requeue}), or
   * `not-found`: then nothing was changed
   * @throws InvalidJobError, InvalidDataError for the data; InvalidScheduleError for a time that is not understood
   */
  async update(id: string, update: JobUpdate): Promise<UpdateAnswer> {
    return updateJob(this.mending('update'), id, update);
  }

  /** Gives the next run of a job another time: {@link update} with nothing else. */
  async reschedule(id: string, when: DateInput): Promise<UpdateAnswer> {
    return updateJob(this.mending('update', 'reschedule'), id, { nextRunAt: when });
  }

  /**
   * Makes a job due now that waits for a time ahead, also for that of its retry; priority and order stay, and
   * one that is due already keeps its place. A recurring job runs once more, and keeps its next occurrence.
   *
   * @returns `ok`, or why nothing was changed: it is `running`, `ended` (no run of it is planned), `disabled`, or
   * `not-found`
   */
  promote(id: string): Promise<PromoteAnswer>;
  /**
   * Makes jobs due now that wait for a time ahead, in bounded calls, each of them once. It can be stopped and
   * repeated.
   *
   * An error of the backend ends it: once a call to make jobs due was made, the result tells of it.
   *
   * @throws InvalidOptionError also for a filter without a criterion
   */
  promote<Name extends JobName = string>(
    filter: JobFilter<Name>,
    options?: PromoteOptions,
  ): Promise<PromoteResult>;
  async promote(
    which: string | JobFilter,
    options: PromoteOptions = {},
  ): Promise<PromoteAnswer | PromoteResult> {
    const tools = this.mending('promote');
    if (typeof which === 'string') return promoteOne(tools.manager, which);
    return promoteMany(tools, plainNames(which), options);
  }

  /**
   * Removes a job in whatever state, as {@link cancel} does; told so, only if it does not run.
   *
   * @returns whether it was removed
   */
  async remove(id: string, options: RemoveOptions = {}): Promise<boolean> {
    checkText('id', id);
    const tools: RemovalTools = {
      cancel: (how) => this.control.cancel(id, how),
      carefulManager: () => this.managerThatCan('removeIf', 'remove unless it runs'),
    };
    return (await this.removedBy('remove', removeJob(tools, id, options))) > 0;
  }

  /**
   * Removes the one-time jobs of a name that are `queued`, in bounded calls; told so, those that are `scheduled`
   * too. Disabled ones go by their time, like others. Jobs that run, wait for a retry, have ended or recur stay.
   * It can be stopped and repeated.
   *
   * @returns how many were removed
   * @throws InvalidOptionError
   */
  async clear<Name extends JobName>(
    name: Spelled<Name>,
    options: ClearOptions = {},
  ): Promise<number> {
    const manager = this.managerThatCan('removeIf', 'clear');
    return this.removedBy('clear', clearJobs(manager, nameOf(name), options));
  }

  /**
   * Removes every job of a name, in whatever state, in bounded calls, recurring ones only if told. Settings,
   * limits and pause of the name stay, and so do idempotency keys that time holds after their jobs. Jobs that
   * are added meanwhile may stay.
   *
   * @returns how many were removed
   * @throws InvalidOptionError also unless `confirm` is the name
   * @throws JobsRunningError while jobs of it run, and `force` is not said: nothing was removed, unless they began
   * meanwhile; pause the name first
   */
  async obliterate<Name extends JobName>(
    name: Spelled<Name>,
    options: ObliterateOptions,
  ): Promise<number> {
    const manager = this.managerThatCan('removeIf', 'obliterate');
    return this.removedBy('obliterate', obliterateJobs(manager, nameOf(name), options));
  }

  /** The worker hosts that are alive, in all processes: each tells of itself every 15 seconds. */
  async hosts(): Promise<HostInfo[]> {
    return liveHosts(this.managerThatCan('hosts'));
  }

  /** Removes every job of this backend's namespace. @returns how many there were */
  cancelAll(): Promise<number> {
    return this.removedBy('cancelAll', this.control.cancelAll());
  }

  /** Jobs that are disabled are not run; one that runs ends. @returns how many match */
  disable<Name extends JobName = string>(which: string | JobFilter<Name>): Promise<number> {
    return this.control.disable(plainNames(which));
  }

  /** @returns how many match */
  enable<Name extends JobName = string>(which: string | JobFilter<Name>): Promise<number> {
    return this.control.enable(plainNames(which));
  }

  /**
   * Removes the jobs of all names that have no handler in this process; where there is none at all,
   * nothing. Not for processes that share the work by names.
   *
   * @returns how many there were
   */
  purge(): Promise<number> {
    return this.removedBy('purge', this.control.purge());
  }

  // ── pauses and limits ────────────────────────────────────────────────────────────────────────

  /**
   * Starts no more jobs of this name, or of any, in all processes, until {@link resume}: also over restarts. Jobs
   * that run go on, and adding goes on; what becomes due waits as `queued`.
   *
   * @returns how many run still
   * @throws InvalidOptionError; the reason of a signal that has fired before the call
   */
  pause<Name extends JobName>(name: Spelled<Name>, options?: PauseOptions): Promise<PauseResult>;
  pause(options?: PauseOptions): Promise<PauseResult>;
  async pause(which?: JobName | PauseOptions, options: PauseOptions = {}): Promise<PauseResult> {
    if (typeof which === 'object' && !(which instanceof JobToken)) {
      return this.pausing().pause(undefined, which);
    }
    return this.pausing().pause(which && nameOf(which), options);
  }

  /**
   * Takes the pause of this name back, or that of everything: names that were paused on their own stay so.
   *
   * @returns whether it was paused
   */
  async resume<Name extends JobName>(name?: Spelled<Name>): Promise<boolean> {
    return this.pausing().resume(name && nameOf(name));
  }

  /** Whether no job of this name starts, since it is paused or everything is; without a name, whether everything is. */
  async isPaused<Name extends JobName>(name?: Spelled<Name>): Promise<boolean> {
    return this.pausing().isPaused(name && nameOf(name));
  }

  /** What is paused, since when, why and by whom. */
  async pauses(): Promise<PausedNames> {
    return this.pausing().list();
  }

  /**
   * The limits of a name over all processes, to be read and changed while they run.
   *
   * @throws InvalidJobError for the name; UnsupportedOperationError by a backend that has none
   *
   * @example
   * await scheduler.limits('email').set({ rateLimit: { max: 5, per: '1 second' } });
   */
  limits<Name extends JobName>(name: Spelled<Name>): LimitsOfName {
    return new LimitsOfName(this.managerThatCan('setLimits'), nameOf(name));
  }

  /** The limits of each name that has any. */
  async listLimits(): Promise<Record<string, StoredLimits>> {
    return Object.fromEntries(await storedLimits(this.managerThatCan('limits')));
  }

  // ── the log ──────────────────────────────────────────────────────────────────────────────────

  /**
   * What was logged of jobs, newest first, 50 entries unless the query says otherwise; nothing where
   * neither the option `logging` nor that of a handler in this process is on.
   *
   * @throws InvalidOptionError for a query that cannot be meant
   */
  async getLogs(query: JobLogQuery = {}): Promise<JobLogQueryResult> {
    readLogQuery(query);
    const logger = loggerOf(this.backend, this.options.logging, this.handlers);
    return logger ? logger.getLogs(query) : { entries: [], total: 0 };
  }

  /**
   * Deletes what was logged: what matches, or everything without a query.
   *
   * @returns how many entries that were
   * @throws InvalidOptionError for a query that cannot be meant
   */
  async clearLogs(query: JobLogQuery = {}): Promise<number> {
    readLogQuery(query);
    const logger = loggerOf(this.backend, this.options.logging, this.handlers);
    return logger ? logger.clearLogs(query) : 0;
  }

  // ── events ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Calls the listener with every event from now on; `failed:send-welcome` is `failed` for one name.
   * Agenda's events (`start`, `progress`, `success`, `fail`, `retry`, `complete`) come from other processes
   * too, with `true` as the last argument; all others are of this one.
   *
   * @throws InvalidOptionError for an unknown event
   */
  on<Key extends JobEventKey>(event: Key, listener: LocalEventListener<Key>): this;
  on<Key extends RemoteEventKey>(event: Key, listener: RemoteEventListener<Key>): this;
  on(event: JobEventKey, listener: JobEventListener<JobEventKey>): this {
    this.jobEvents.on(event, listener);
    return this;
  }

  once<Key extends JobEventKey>(event: Key, listener: LocalEventListener<Key>): this;
  once<Key extends RemoteEventKey>(event: Key, listener: RemoteEventListener<Key>): this;
  once(event: JobEventKey, listener: JobEventListener<JobEventKey>): this {
    this.jobEvents.once(event, listener);
    return this;
  }

  off<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    this.jobEvents.off(event, listener);
    return this;
  }

  /**
   * The durable stream of events, of all processes: also what happened while nobody read it, for as long as it
   * is kept (the option `events.durable`). Each event has a `cursor`, from which a later reader goes on behind it.
   * An event comes as soon as it is asked for, or within about a second of its happening. Readers outlast a
   * connection that is lost; `break`, the signal, and the end of the engine end them.
   *
   * @throws InvalidOptionError; UnsupportedOperationError by a backend that keeps none
   * @throws in the iteration: EventsLostError when what is behind the cursor is no longer kept, and where to go
   *   on; InvalidCursorError for a damaged cursor; InvalidOptionError when no events are kept
   *
   * @example
   * for await (const event of scheduler.events({ from: cursor ?? 'start' })) {
   *   await audit(event);
   *   cursor = event.cursor;
   * }
   */
  events(options: EventStreamOptions = {}): AsyncGenerator<DurableEvent, void, undefined> {
    this.managerThatCan('readEvents', 'events');
    return this.observation.durableEvents.read(options);
  }

  /**
   * What happened to the jobs of each name in the newest minutes, in all processes, and for how long the
   * oldest due job has been waiting. The numbers of other processes are up to ten seconds old. Costs O(1) for
   * each name and minute.
   *
   * @throws InvalidOptionError; UnsupportedOperationError by a backend that keeps none
   */
  async metrics(options: MetricsOptions = {}): Promise<Record<string, NameMetrics>> {
    const manager = this.managerThatCan('readMetrics', 'metrics');
    await this.observation.metrics?.flush();
    return readMetrics(manager, options);
  }

  /** Resolves when every add has its answer. */
  settled(): Promise<void> {
    return this.adder.idle();
  }

  private async removedBy(
    verb: JobsRemovedEvent['verb'],
    removal: Promise<number>,
  ): Promise<number> {
    const count = await removal;
    if (count > 0) this.jobEvents.emitHostwide('removed', { verb, count });
    return count;
  }

  private pausing(): PauseControl {
    return new PauseControl(this.managerThatCan('pause'), this.jobEvents, this.options.name);
  }

  /** @throws UnsupportedOperationError naming what was asked for, rather than a part of it, and the backend */
  private managerThatCan(verb: RarerVerb, asked: string = verb): JobManager {
    const { manager, name } = this.backend;
    if (manager[verb] !== JobManager.prototype[verb]) return manager;
    throw new UnsupportedOperationError(asked, name);
  }

  private mending(verb: RarerVerb, asked: string = verb): MendTools {
    const { maxDataBytes, name } = this.options;
    const manager = this.managerThatCan(verb, asked);
    const { handlers, jobs } = this;
    const read = (id: string) => jobs.read(id);
    return { manager, handlers, read, maxDataBytes, name, now: () => jobs.now() };
  }
}
