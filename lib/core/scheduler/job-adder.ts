import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { Enqueued } from '../contracts/job-broker.js';
import { InvalidOptionError, QueueFullError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { Due } from '../job/due.js';
import { checkText } from '../job/job-id.js';
import type { NewJob } from '../job/job-record.js';
import type { Job } from '../job/job.js';
import { expectNotAborted, textList } from '../options/checks.js';
import { FOREIGN_ITEM_WORDS } from '../options/foreign-words.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { DateInput } from '../schedule/date.js';
import { EnqueueBatcher } from './enqueue-batcher.js';
import { type BulkTools, enqueueMany } from './enqueue-many.js';
import type {
  DateOptions,
  EnqueueManyOptions,
  EnqueueManyResult,
  EveryOptions,
  JobInput,
  JobOptions,
  ScheduleOptions,
} from './job-options.js';
import { NewJobs } from './new-job.js';
import { hasLimits, limitsOf, makeRecurring } from './recurring.js';
import { apart, dueAt, onlyPriority, refusePast } from './schedule-options.js';
import type { StoredJobs } from './stored-jobs.js';

/*
 * How jobs are added. A plain job goes to the broker, together with others of the same tick; one with
 * a rule, or with limits of its dates, is a row, which the repository saves.
 */
export class JobAdder {
  private readonly batcher: EnqueueBatcher;
  private readonly newJobs: NewJobs;

  constructor(
    private readonly backend: CompleteBackend,
    handlers: HandlerRegistry,
    private readonly events: JobEvents,
    options: ResolvedEngineOptions,
    private readonly jobs: StoredJobs,
  ) {
    this.newJobs = new NewJobs(handlers, options, {
      now: () => jobs.now(),
      warn: (code, message, about) => events.emitWarning(code, message, about),
    });
    this.batcher = new EnqueueBatcher(() => backend.broker);
  }

  draft<Data>(name: string, data: Data | undefined): Job<Data> {
    checkText('name', name);
    return this.jobs.draft(name, data);
  }

  /** @param change - what is to be otherwise than the options say */
  async add<Data>(
    name: string,
    data: Data | undefined,
    options?: JobOptions,
    due?: Due,
    change?: (job: NewJob) => NewJob,
  ): Promise<Job<Data>> {
    const made = this.newJobs.make(name, data, options, due);
    const answer = await this.batcher.add(change ? change(made) : made);
    return this.added(answer) as Job<Data>;
  }

  schedule<Data>(
    when: DateInput,
    nameOrNames: string | readonly string[],
    data: Data | undefined,
    options: ScheduleOptions,
  ): Promise<Job<Data> | Job<Data>[]> {
    const { dates, own, past } = apart(options);
    const due = dueAt(when, this.jobs.now(), dates.timezone);
    if (past === 'reject') refusePast(when, due, this.jobs.now());
    if (hasLimits(dates)) return this.scheduleLimited(when, nameOrNames, data, dates, own);
    return forEachName(nameOrNames, (name) => this.add<Data>(name, data, own, due));
  }

  every<Data>(
    interval: string | number,
    nameOrNames: string | readonly string[],
    data: Data | undefined,
    options: EveryOptions,
  ): Promise<Job<Data> | Job<Data>[]> {
    return forEachName(nameOrNames, async (name) => {
      const draft = this.draft(name, data);
      makeRecurring(draft, interval, options);
      return this.jobs.saved(draft);
    });
  }

  many<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    options: EnqueueManyOptions<Item>,
  ): Promise<EnqueueManyResult<Item>> {
    expectNotAborted(options);
    if (!isIterable(items)) throw new InvalidOptionError('items', items, 'an iterable of jobs');
    const tools: BulkTools = {
      broker: this.backend.broker,
      make: (input) => this.madeFrom(input),
      added: (answer) => this.added(answer),
      report: (error) => this.events.reportError(error),
    };
    return enqueueMany(tools, items, options);
  }

  /** Resolves when every add has its answer. */
  idle(): Promise<void> {
    return this.batcher.idle();
  }

  private scheduleLimited<Data>(
    when: DateInput,
    nameOrNames: string | readonly string[],
    data: Data | undefined,
    dates: DateOptions,
    own: JobOptions | undefined,
  ): Promise<Job<Data> | Job<Data>[]> {
    const priority = onlyPriority(own);
    return forEachName(nameOrNames, async (name) => {
      const draft = this.draft(name, data).change({ when, ...limitsOf(dates) });
      if (priority !== undefined) draft.priority(priority);
      return this.jobs.saved(draft);
    });
  }

  private added({ job: record, created, deduped = 'duplicate', refused }: Enqueued): Job {
    if (refused) throw new QueueFullError(record.name, refused.maxQueued, refused.queued);
    const job = this.jobs.of(record, created, created ? undefined : deduped);
    if (created) this.jobs.added(job);
    else this.jobs.duplicate(job, deduped);
    return job;
  }

  private madeFrom(input: JobInput): NewJob {
    checkKnownKeys('item', input, ['name', 'data', 'when', 'options'], FOREIGN_ITEM_WORDS);
    const { name, data, when, options } = input;
    const due = when === undefined ? undefined : dueAt(when, this.jobs.now());
    return this.newJobs.make(name, data, options, due);
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
