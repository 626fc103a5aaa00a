import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { Enqueued } from '../contracts/job-broker.js';
import { InvalidOptionError, JobNotFoundError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { Due } from '../job/due.js';
import { checkText } from '../job/job-id.js';
import type { NewJob } from '../job/job-record.js';
import { JobToken } from '../job/job-token.js';
import type { JobName } from '../job/job-types.js';
import type { Job } from '../job/job.js';
import { expectNotAborted } from '../options/checks.js';
import { FOREIGN_ITEM_WORDS } from '../options/foreign-words.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { holdOverName } from '../options/limits.js';
import { nameList } from '../options/name-list.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { DateInput } from '../schedule/date.js';
import { AroundAdds } from './around-adds.js';
import { CarriedHeaders } from './carried-headers.js';
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
import { refusalOf } from './refusal-of.js';
import { apart, dueAt, onlyPriority, refusePast } from './schedule-options.js';
import type { StoredJobs } from './stored-jobs.js';

/*
 * How jobs are added. A plain job goes to the broker, together with others of the same tick; one with
 * a rule, or with limits of its dates, is a row, which the repository saves.
 */
export class JobAdder {
  private readonly batcher: EnqueueBatcher;
  private readonly newJobs: NewJobs;
  private readonly middleware: AroundAdds | undefined;
  /** Adds on their way to the batcher. */
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    options: ResolvedEngineOptions,
    private readonly jobs: StoredJobs,
  ) {
    const tools = {
      kept: backend.broker.keepsContext,
      report: (error: Error) => events.reportError(error),
      warn: (code: string, message: string, about?: string) =>
        events.emitWarning(code, message, about),
    };
    this.middleware = AroundAdds.of(options.middleware, tools);
    this.newJobs = new NewJobs(handlers, options, {
      headers: new CarriedHeaders(options.context, tools),
      now: () => jobs.now(),
      // What the store may not have heard of yet, this process may know.
      holdsTogether: (name) =>
        backend.broker.holdsTogether(name) || holdOverName(handlers.planFor(name).limits),
      checkPlace: (job, chosenId) => backend.broker.checkPlace(job, chosenId),
      warn: tools.warn,
    });
    this.batcher = new EnqueueBatcher(() => backend.broker);
  }

  draft(nameOrToken: JobName, data: unknown): Job {
    const name = this.handlers.named(nameOrToken);
    checkText('name', name);
    return this.jobs.draft(name, data);
  }

  /** @param change - what is to be otherwise than the options say */
  async add(
    name: JobName,
    data: unknown,
    options?: JobOptions,
    due?: Due,
    change?: (job: NewJob) => NewJob,
  ): Promise<Job> {
    const made = this.newJobs.make(this.handlers.named(name), data, options, due);
    // Waiting for nothing would change the order of adds.
    if (made instanceof Promise) {
      return this.waitedFor(made.then((job) => this.sent(change ? change(job) : job)));
    }
    const job = change ? change(made) : made;
    return this.middleware ? this.sent(job) : this.added(await this.batcher.add(job));
  }

  /** @throws JobNotFoundError, InvalidJobError */
  async again(id: string): Promise<Job> {
    checkText('id', id);
    const record = await this.jobs.read(id);
    if (!record) throw new JobNotFoundError(id);
    return this.sent(this.newJobs.like(record));
  }

  schedule(
    when: DateInput,
    nameOrNames: JobName | readonly JobName[],
    data: unknown,
    options: ScheduleOptions,
  ): Promise<Job | Job[]> {
    const { dates, own, past } = apart(options);
    const due = dueAt(when, this.jobs.now(), dates.timezone);
    if (past === 'reject') refusePast(when, due, this.jobs.now());
    if (hasLimits(dates)) return this.scheduleLimited(when, nameOrNames, data, dates, own);
    return forEachName(nameOrNames, (name) => this.add(name, data, own, due));
  }

  every(
    interval: string | number,
    nameOrNames: JobName | readonly JobName[],
    data: unknown,
    options: EveryOptions,
  ): Promise<Job | Job[]> {
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
      middleware: this.middleware,
      make: (input) => this.madeFrom(input),
      added: (answer) => this.added(answer),
      report: (error) => this.events.reportError(error),
    };
    return enqueueMany(tools, items, options);
  }

  /** Resolves when every add has its answer. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.underWay);
    return this.batcher.idle();
  }

  /** An add whose data is being judged, or that is in the hands of middleware, is one without an answer. */
  private async waitedFor<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private async sent(job: NewJob): Promise<Job> {
    if (!this.middleware) return this.added(await this.batcher.add(job));
    const around = this.middleware.call([job], async ([one]) => {
      return this.added(await this.batcher.add(one!));
    });
    return this.waitedFor(around);
  }

  private scheduleLimited(
    when: DateInput,
    nameOrNames: JobName | readonly JobName[],
    data: unknown,
    dates: DateOptions,
    own: JobOptions | undefined,
  ): Promise<Job | Job[]> {
    const priority = onlyPriority(own);
    return forEachName(nameOrNames, async (name) => {
      const draft = this.draft(name, data).change({ when, ...limitsOf(dates) });
      if (priority !== undefined) draft.priority(priority);
      return this.jobs.saved(draft);
    });
  }

  private added(answer: Enqueued): Job {
    const refusal = refusalOf(answer);
    if (refusal) throw refusal;
    const { job: record, created, deduped = 'duplicate' } = answer;
    const job = this.jobs.of(record, created, created ? undefined : deduped);
    if (created) this.jobs.added(job);
    else this.jobs.duplicate(job, deduped);
    return job;
  }

  private madeFrom(input: JobInput): NewJob | Promise<NewJob> {
    checkKnownKeys('item', input, ['name', 'data', 'when', 'options'], FOREIGN_ITEM_WORDS);
    const { name, data, when, options } = input;
    const due = when === undefined ? undefined : dueAt(when, this.jobs.now());
    return this.newJobs.make(this.handlers.named(name), data, options, due);
  }
}

/** One answer for a name, a list for a list. */
async function forEachName<T>(
  nameOrNames: JobName | readonly JobName[],
  add: (name: JobName) => Promise<T>,
): Promise<T | T[]> {
  if (typeof nameOrNames === 'string' || nameOrNames instanceof JobToken) return add(nameOrNames);
  nameList('names', nameOrNames);
  return Promise.all(nameOrNames.map(add));
}

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value);
