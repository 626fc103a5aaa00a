import {
  type Enqueued,
  type JobBroker,
  MAX_BATCH,
  MAX_CALL_BYTES,
} from '../contracts/job-broker.js';
import { InvalidOptionError } from '../errors.js';
import { MAX_HEADERS_BYTES } from '../job/job-headers.js';
import type { NewJob } from '../job/job-record.js';
import { Job } from '../job/job.js';
import { errorOf } from '../job/thrown.js';
import { abortSignal, trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { AroundAdds } from './around-adds.js';
import { bytesOf } from './enqueue-batcher.js';
import { callGuest } from './guest-callback.js';
import type { EnqueueManyOptions, EnqueueManyResult, JobInput } from './job-options.js';
import { Pace } from './pace.js';
import { refusalOf } from './refusal-of.js';
import { goTogether, sendJobs } from './send-jobs.js';
import { untilAborted } from './until-aborted.js';

/*
 * Many jobs, read as they are needed and sent in chunks.
 *
 * A chunk is one call: at most 100 jobs and 1 MiB, whole or not at all. A few chunks are under way at
 * once, but never more than about 1 MiB of them, so that renewals on the same connection are not
 * stuck behind. An item that cannot become a job fails alone; a call that fails fails its items. A
 * source that fails ends the work, and takes nothing away from what was added.
 */

/** What a bulk add works with. */
export interface BulkTools {
  readonly broker: JobBroker;
  readonly middleware: AroundAdds | undefined;
  /** Makes a job of an input; later, where the schema of its name is async. */
  make(input: JobInput): NewJob | Promise<NewJob>;
  /** A job was answered for. */
  added(answer: Enqueued): Job;
  /** Takes the mistakes of callbacks. */
  report(error: Error): void;
}

const OPTION_KEYS: readonly (keyof EnqueueManyOptions)[] = [
  'chunkSize',
  'map',
  'onProgress',
  'onError',
  'continueOnError',
  'perSecond',
  'signal',
];
const MOST_UNDER_WAY = 4;

interface Entry<Item> {
  readonly index: number;
  readonly item: Item;
  readonly job: NewJob;
  readonly bytes: number;
}

/** @throws InvalidOptionError */
export async function enqueueMany<Item>(
  tools: BulkTools,
  items: Iterable<Item> | AsyncIterable<Item>,
  options: EnqueueManyOptions<Item>,
): Promise<EnqueueManyResult<Item>> {
  checkOptions(options);
  const bulk = new Bulk(tools, options);
  return bulk.run(items);
}

class Bulk<Item> {
  private readonly startedAt = new Date();
  private readonly chunkSize: number;
  private readonly pace: Pace | undefined;
  /** What middleware may write into each job of a chunk: a call has to be small whatever that is. */
  private readonly roomForHeaders: number;
  private readonly answers: (Enqueued | undefined)[] = [];
  private readonly errors: { index: number; item: Item; error: Error }[] = [];
  private sourceError: Error | undefined;
  private readonly underWay = new Set<Promise<void>>();
  private chunk: Entry<Item>[] = [];
  private chunkBytes = 0;
  private bytesUnderWay = 0;
  private total = 0;
  private created = 0;
  private existing = 0;
  private stopped: 'error' | 'aborted' | undefined;

  constructor(
    private readonly tools: BulkTools,
    private readonly options: EnqueueManyOptions<Item>,
  ) {
    const { enqueueLimit, partitions } = tools.broker;
    // A chunk that is spread over partitions is a call to each of them.
    this.chunkSize = Math.min(
      options.chunkSize ?? MAX_BATCH * partitions,
      enqueueLimit * partitions,
    );
    this.pace = options.perSecond === undefined ? undefined : new Pace(options.perSecond);
    this.roomForHeaders = tools.middleware ? MAX_HEADERS_BYTES : 0;
  }

  async run(items: Iterable<Item> | AsyncIterable<Item>): Promise<EnqueueManyResult<Item>> {
    try {
      await this.readAll(items);
    } catch (thrown) {
      this.sourceError = errorOf(thrown);
      if (this.options.continueOnError === false) this.stopped ??= 'error';
    }
    if (!this.stopped) await this.sendChunk();
    await Promise.all(this.underWay);
    if (this.sourceError) this.stopped ??= 'error';
    return this.result();
  }

  private async readAll(items: Iterable<Item> | AsyncIterable<Item>): Promise<void> {
    if (Symbol.asyncIterator in items) {
      const { signal } = this.options;
      for await (const item of untilAborted(items, signal)) if (await this.stopsAt(item)) break;
      if (signal?.aborted) this.stopped ??= 'aborted';
      return;
    }
    // Without waiting for each item: most inputs are arrays.
    for (const item of items) {
      const stop = this.stopsAt(item);
      if (stop === true || (stop !== false && (await stop))) break;
    }
  }

  /** Takes an item up; true when it shall be the last. */
  private stopsAt(item: Item): boolean | Promise<boolean> {
    if (this.options.signal?.aborted) this.stopped ??= 'aborted';
    if (this.stopped) return true;
    const index = this.total;
    this.total += 1;
    try {
      const input = this.options.map ? this.options.map(item, index) : (item as JobInput);
      if (input instanceof Promise) return this.takeLater(input, item, index);
      return this.take(input, item, index);
    } catch (thrown) {
      return this.itemFailed(thrown, item, index);
    }
  }

  private async takeLater(input: Promise<JobInput>, item: Item, index: number): Promise<boolean> {
    try {
      return await this.take(await input, item, index);
    } catch (thrown) {
      return this.itemFailed(thrown, item, index);
    }
  }

  private take(input: JobInput, item: Item, index: number): boolean | Promise<boolean> {
    const job = this.tools.make(input);
    if (!(job instanceof Promise)) return this.gather(job, item, index);
    return job.then(
      (judged) => this.gather(judged, item, index),
      (thrown: unknown) => this.itemFailed(thrown, item, index),
    );
  }

  private gather(job: NewJob, item: Item, index: number): boolean | Promise<boolean> {
    const bytes = bytesOf(job);
    const entry = { index, item, job, bytes };
    const atMost = this.chunkBytes + bytes + (this.chunk.length + 1) * this.roomForHeaders;
    const isFull =
      this.chunk.length >= this.chunkSize ||
      (this.chunk.length > 0 && !goTogether(this.chunk[0]!.job, job)) ||
      (this.chunk.length > 0 && atMost > MAX_CALL_BYTES);
    if (!isFull) {
      this.put(entry);
      return false;
    }
    return this.sendChunk().then(() => {
      this.put(entry);
      return this.stopped !== undefined;
    });
  }

  private put(entry: Entry<Item>): void {
    this.chunk.push(entry);
    this.chunkBytes += entry.bytes;
  }

  private itemFailed(thrown: unknown, item: Item, index: number): boolean {
    this.failed(errorOf(thrown), item, index);
    return this.stopped !== undefined;
  }

  /** Sends what is gathered, in as many calls as the pace asks for; resolves when the last is on its way. */
  private async sendChunk(): Promise<void> {
    let left = this.chunk;
    this.chunk = [];
    this.chunkBytes = 0;
    while (left.length > 0) {
      const count = await this.allowed(left.length);
      if (this.stopped) return;
      const entries = left.slice(0, count);
      left = left.slice(count);
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      await this.untilThereIsRoom(bytes);
      if (this.stopped) return;
      this.pace?.note(entries.length);
      this.dispatch(entries, bytes);
    }
  }

  private async allowed(wanted: number): Promise<number> {
    if (!this.pace) return wanted;
    const { signal } = this.options;
    try {
      return await this.pace.allowance(wanted, signal);
    } catch (thrown) {
      if (!signal?.aborted) throw thrown;
      this.stopped ??= 'aborted';
      return 0;
    }
  }

  private async untilThereIsRoom(bytes: number): Promise<void> {
    while (
      this.underWay.size >= MOST_UNDER_WAY ||
      (this.underWay.size > 0 && this.bytesUnderWay + bytes > MAX_CALL_BYTES)
    ) {
      await Promise.race(this.underWay);
    }
    if (this.options.signal?.aborted) this.stopped ??= 'aborted';
  }

  private dispatch(entries: readonly Entry<Item>[], bytes: number): void {
    this.bytesUnderWay += bytes;
    const call = this.send(entries).finally(() => {
      this.bytesUnderWay -= bytes;
      this.underWay.delete(call);
    });
    this.underWay.add(call);
  }

  private async send(entries: readonly Entry<Item>[]): Promise<void> {
    try {
      const jobs = entries.map(({ job }) => job);
      const answers = await this.sendJobs(jobs);
      for (const [i, entry] of entries.entries()) {
        const answer = answers[i]!;
        if (answer instanceof Promise) await this.answeredBy(answer, entry);
        else this.answered(entry, answer);
      }
    } catch (thrown) {
      const error = errorOf(thrown);
      for (const { item, index } of entries) this.failed(error, item, index);
    }
    const { created, existing } = this;
    this.call(this.options.onProgress, { created, existing, failed: this.errors.length });
  }

  private sendJobs(jobs: readonly NewJob[]): ReturnType<typeof sendJobs> {
    const { broker, middleware } = this.tools;
    return middleware
      ? middleware.call(jobs, (changed) => sendJobs(broker, changed))
      : sendJobs(broker, jobs);
  }

  private async answeredBy(answer: Promise<Enqueued>, entry: Entry<Item>): Promise<void> {
    try {
      this.answered(entry, await answer);
    } catch (thrown) {
      this.failed(errorOf(thrown), entry.item, entry.index);
    }
  }

  private answered({ index, item }: Entry<Item>, answer: Enqueued): void {
    const refusal = refusalOf(answer);
    if (refusal) return this.failed(refusal, item, index);
    this.answers[index] = answer;
    if (answer.created) this.created += 1;
    else this.existing += 1;
  }

  private failed(error: Error, item: Item, index: number): void {
    this.errors.push({ index, item, error });
    if (this.options.continueOnError === false) this.stopped ??= 'error';
    this.call(this.options.onError, error, item, index);
  }

  private call<Args extends unknown[]>(
    callback: ((...args: Args) => unknown) | undefined,
    ...args: Args
  ): void {
    callGuest(callback, (error) => this.tools.report(error), ...args);
  }

  private allErrors(): EnqueueManyResult<Item>['errors'] {
    const errors = this.errors.toSorted((a, b) => a.index - b.index);
    const { sourceError: error, total: index } = this;
    return error ? [...errors, { index, item: undefined, error }] : errors;
  }

  private result(): EnqueueManyResult<Item> {
    const jobs: Job[] = [];
    for (const answer of this.answers) if (answer) jobs.push(this.tools.added(answer));
    return {
      total: this.total,
      created: this.created,
      existing: this.existing,
      failed: this.errors.length,
      jobs,
      errors: this.allErrors(),
      stopped: this.stopped,
      startedAt: this.startedAt,
      endedAt: new Date(),
    };
  }
}

function checkOptions<Item>(options: EnqueueManyOptions<Item>): void {
  checkKnownKeys('', options, OPTION_KEYS);
  const { chunkSize, perSecond, continueOnError, signal } = options;
  if (chunkSize !== undefined) wholeNumber('chunkSize', chunkSize, 1, MAX_BATCH);
  if (perSecond !== undefined) wholeNumber('perSecond', perSecond, 1);
  if (continueOnError !== undefined) trueOrFalse('continueOnError', continueOnError);
  if (signal !== undefined) abortSignal('signal', signal);
  for (const key of ['map', 'onProgress', 'onError'] as const) {
    if (options[key] !== undefined && typeof options[key] !== 'function') {
      throw new InvalidOptionError(key, options[key], 'a function');
    }
  }
}
