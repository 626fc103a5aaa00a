import type { AgendaBackend } from '../contracts/agenda-backend.js';
import { type Enqueued, type JobBroker, MAX_BATCH } from '../contracts/job-broker.js';
import type { JobManager } from '../contracts/job-manager.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import { InvalidOptionError, UnsupportedOperationError } from '../errors.js';
import type { JobEventKey, JobEventListener } from '../events/job-event.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import { encodeData } from '../job/job-data.js';
import { checkText } from '../job/job-id.js';
import { emptyCounts, type StateCounts } from '../job/job-state.js';
import { type Clock, Job } from '../job/job.js';
import { textList } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { DateInput } from '../schedule/date.js';
import { filterOf, onlyIds } from './cancel-filter.js';
import { EnqueueBatcher } from './enqueue-batcher.js';
import { type BulkTools, enqueueMany } from './enqueue-many.js';
import type {
  CancelFilter,
  DateOptions,
  EnqueueManyOptions,
  EnqueueManyResult,
  EveryOptions,
  JobInput,
  JobOptions,
  ScheduleOptions,
} from './job-options.js';
import { type Due, NewJobs } from './new-job.js';
import { hasLimits, limitedRow, recordOf, ruleRow } from './recurring.js';
import { apart, dueAt, instantOf, onlyPriority } from './schedule-options.js';

/*
 * Adds, finds and cancels jobs.
 *
 * What a caller gives is checked and encoded at once, before the first wait: later changes to the
 * caller's objects change nothing, and a bad job is refused alone with nothing written. Dates are
 * read on the backend's clock; what is relative to the present travels as a delay, so that no clock
 * of this process decides.
 */
export class JobScheduler {
  private readonly batcher = new EnqueueBatcher(() => this.broker);
  private readonly newJobs: NewJobs;
  private readonly clock: Clock = { now: () => this.broker.now() };

  constructor(
    private readonly backend: AgendaBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    private readonly options: ResolvedEngineOptions,
  ) {
    this.newJobs = new NewJobs(handlers, options);
  }

  // ── adding ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds a job that is due at once, or after `delay`.
   *
   * @throws InvalidJobError for the name, the id or the data: nothing was written
   * @throws InvalidOptionError
   * @throws ConnectionError when the backend did not answer in time
   */
  async now<Data = unknown>(name: string, data?: Data, options?: JobOptions): Promise<Job<Data>> {
    return this.add(name, data, options);
  }

  /**
   * Adds a job, or one for each name, that is due at a time: a Date, milliseconds since the epoch, or
   * a text such as `'in 10 minutes'` or `'2027-01-01 10:00'`. A time that has passed is due at once.
   *
   * @throws InvalidScheduleError for a time that is not understood
   */
  schedule<Data = unknown>(
    when: DateInput,
    name: string,
    data?: Data,
    options?: ScheduleOptions,
  ): Promise<Job<Data>>;
  schedule<Data = unknown>(
    when: DateInput,
    names: readonly string[],
    data?: Data,
    options?: ScheduleOptions,
  ): Promise<Job<Data>[]>;
  async schedule<Data>(
    when: DateInput,
    nameOrNames: string | readonly string[],
    data?: Data,
    options: ScheduleOptions = {},
  ): Promise<Job<Data> | Job<Data>[]> {
    const { dates, own } = apart(options);
    const due = dueAt(when, this.clock.now(), dates.timezone);
    const add = hasLimits(dates) ? this.limited(when, dates, own) : undefined;
    return forEachName(nameOrNames, (name) =>
      add ? add<Data>(name, data) : this.add<Data>(name, data, own, due),
    );
  }

  /**
   * Adds a recurring job, or one for each name: by an interval (`'5 minutes'`) or a cron rule. There
   * is one for each name and `key`. Calling it again with the same rule moves nothing, least of all
   * a run that is due; data and priority follow the newest call.
   *
   * @throws InvalidScheduleError for a rule that is not understood or never runs
   */
  every<Data = unknown>(
    interval: string | number,
    name: string,
    data?: Data,
    options?: EveryOptions,
  ): Promise<Job<Data>>;
  every<Data = unknown>(
    interval: string | number,
    names: readonly string[],
    data?: Data,
    options?: EveryOptions,
  ): Promise<Job<Data>[]>;
  async every<Data>(
    interval: string | number,
    nameOrNames: string | readonly string[],
    data?: Data,
    options: EveryOptions = {},
  ): Promise<Job<Data> | Job<Data>[]> {
    return forEachName(nameOrNames, async (name) => {
      checkText('name', name);
      const rule = ruleRow(name, interval, options, this.clock.now());
      const priority = this.priorityOf(name, options.priority);
      return this.save<Data>({ ...rule, name, type: 'single', priority }, data);
    });
  }

  /**
   * Adds many jobs, from any iterable, in few calls. An item that cannot be added fails alone; the
   * result says which and why. An empty input is a result too, and so is a source that throws midway:
   * what it gave before is added, and its error is the last of the result's.
   *
   * @throws InvalidOptionError; the reason of a signal that has fired before the call
   */
  async enqueueMany<Item = JobInput>(
    items: Iterable<Item> | AsyncIterable<Item>,
    options: EnqueueManyOptions<Item> = {},
  ): Promise<EnqueueManyResult<Item>> {
    if (!isIterable(items)) throw new InvalidOptionError('items', items, 'an iterable of jobs');
    const tools: BulkTools = {
      broker: this.broker,
      make: (input) => this.madeFrom(input),
      added: (answer) => this.added(answer),
      report: (error) => this.events.reportError(error),
    };
    return enqueueMany(tools, items, options);
  }

  // ── finding and mending ──────────────────────────────────────────────────────────────────────

  /** The job with this id, or `undefined`. */
  async get<Data = unknown>(id: string): Promise<Job<Data> | undefined> {
    checkText('id', id);
    const { manager, repository } = this.backend;
    if (manager) {
      const record = await manager.get(id);
      return record && new Job<Data>(record, this.clock);
    }
    const row = await repository.getJobById(id);
    return row ? new Job<Data>(recordOf(row, this.clock.now()), this.clock) : undefined;
  }

  /** How many jobs there are in each state: of every name that has jobs, or of one. */
  counts(): Promise<Record<string, StateCounts>>;
  counts(name: string): Promise<StateCounts>;
  async counts(name?: string): Promise<Record<string, StateCounts> | StateCounts> {
    if (name !== undefined) checkText('name', name);
    const counts = await this.manager.counts(name === undefined ? undefined : [name]);
    if (name !== undefined) return counts.get(name) ?? emptyCounts();
    return Object.fromEntries(counts);
  }

  /** How many jobs there are in each state, over all names. */
  async total(): Promise<StateCounts> {
    const total = emptyCounts();
    for (const counts of (await this.manager.counts()).values()) {
      for (const state of Object.keys(total) as (keyof StateCounts)[]) {
        total[state] += counts[state];
      }
    }
    return total;
  }

  /**
   * Removes jobs in whatever state, by id or filter; the signal of one that runs fires with the
   * reason. Ids, names and data are combined with AND; an empty filter matches nothing.
   *
   * @returns how many there were
   */
  async cancel(which: string | CancelFilter, options: { reason?: string } = {}): Promise<number> {
    checkKnownKeys('options', options, ['reason']);
    const { reason = '' } = options;
    if (typeof reason !== 'string') throw new InvalidOptionError('reason', reason, 'a text');
    const filter = filterOf(which);
    const { manager, repository } = this.backend;
    const ids = onlyIds(filter);
    if (!ids || !manager) return repository.removeJobs(filter);
    let removed = 0;
    for (let from = 0; from < ids.length; from += MAX_BATCH) {
      removed += (await manager.cancel(ids.slice(from, from + MAX_BATCH), reason)).length;
    }
    return removed;
  }

  // ── events ───────────────────────────────────────────────────────────────────────────────────

  /** Calls the listener with every event of this process from now on; `failed:send-welcome` is `failed` for one name. */
  on<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    this.events.on(event, listener);
    return this;
  }

  once<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    this.events.once(event, listener);
    return this;
  }

  off<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    this.events.off(event, listener);
    return this;
  }

  /** Resolves when every add has its answer. */
  settled(): Promise<void> {
    return this.batcher.idle();
  }

  private get broker(): JobBroker {
    const { broker, name } = this.backend;
    if (!broker) throw new UnsupportedOperationError('enqueue', name);
    return broker;
  }

  private get manager(): JobManager {
    const { manager, name } = this.backend;
    if (!manager) throw new UnsupportedOperationError('counts', name);
    return manager;
  }

  private async add<Data>(
    name: string,
    data: Data | undefined,
    options?: JobOptions,
    due?: Due,
  ): Promise<Job<Data>> {
    const answer = await this.batcher.add(this.newJobs.make(name, data, options, due));
    return this.added(answer) as Job<Data>;
  }

  private added({ job: record, created }: Enqueued): Job {
    const job = new Job(record, this.clock, undefined, created);
    if (created && this.events.wants('enqueued', record.name)) {
      this.events.emit('enqueued', record.name, { job });
    }
    return job;
  }

  private madeFrom(input: JobInput) {
    checkKnownKeys('item', input, ['name', 'data', 'when', 'options']);
    const { name, data, when, options } = input;
    return this.newJobs.make(
      name,
      data,
      options,
      when === undefined ? undefined : dueAt(when, this.clock.now()),
    );
  }

  /** Adds jobs whose dates are limited: the limits are stored with them, which only a row can do. */
  private limited(when: DateInput, dates: DateOptions, own: JobOptions | undefined) {
    const priority = onlyPriority(own);
    const now = this.clock.now();
    const row = limitedRow(instantOf(when, now, dates.timezone), dates, now);
    return async <Data>(name: string, data: Data | undefined): Promise<Job<Data>> => {
      checkText('name', name);
      return this.save<Data>(
        { ...row, name, type: 'normal', priority: this.priorityOf(name, priority) },
        data,
      );
    };
  }

  private async save<Data>(row: Omit<JobParameters, 'data'>, data?: Data): Promise<Job<Data>> {
    // Encoded here for its checks and its limit, which are those of every other job.
    encodeData(data, this.options.maxDataBytes);
    const { manager, repository } = this.backend;
    const saved = await repository.saveJob({ ...row, data }, { lastModifiedBy: this.options.name });
    // The record says more than a row: when the job was made, and how often it was tried.
    const record = saved._id === undefined ? undefined : await manager?.get(saved._id);
    return new Job<Data>(record ?? recordOf(saved, this.clock.now()), this.clock);
  }

  private priorityOf(name: string, given: unknown): number {
    if (given === undefined) return this.handlers.planFor(name).priority;
    return parsePriority('priority', given);
  }
}

/** One answer for a name, a list for a list. */
async function forEachName<T>(
  nameOrNames: string | readonly string[],
  add: (name: string) => Promise<T>,
): Promise<T | T[]> {
  if (typeof nameOrNames === 'string') return add(nameOrNames);
  return Promise.all(textList('names', nameOrNames).map(add));
}

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);
