import { toUSVString } from 'node:util';
import type { Settlement } from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { Duration } from '../duration.js';
import {
  InvalidOptionError,
  JobCancelledError,
  JobNotFoundError,
  JobNotRunningError,
  JobTimeoutError,
  LeaseLostError,
} from '../errors.js';
import type { DateInput } from '../schedule/date.js';
import { recordOf } from './job-attrs.js';
import { JobDraft } from './job-draft.js';
import type { BesideRow } from './job-home.js';
import { encodeProgress } from './job-progress.js';
import type { HappenedFacts, JobRecord } from './job-record.js';
import { storedVersion, wasBorn } from './row-birth.js';
import { orSavedTime } from './saved-time.js';
import { errorOf } from './thrown.js';
import {
  discardVerdict,
  type JobVerdict,
  type RetryAtOptions,
  retryVerdict,
  type SnoozeOptions,
  snoozeVerdict,
  throttleVerdict,
} from './verdict.js';

export type { RepeatOptions } from './job-draft.js';
export type { Clock, JobHome, RunningAttempt } from './job-home.js';
export type { JobJson } from './job-view.js';
export type { JobVerdict, RetryAtOptions, SnoozeOptions } from './verdict.js';

/**
 * A job: what handlers receive, and what scheduling and queries return.
 *
 * The methods that set it up can be chained, in any order. They throw at once what cannot be meant,
 * and nothing is written before `save()`.
 *
 * @example
 * await scheduler
 *   .create('report', { month: 3 })
 *   .schedule('tomorrow at 9am')
 *   .skipDays([0, 6])
 *   .priority('high')
 *   .save();
 */
export class Job<Data = unknown, Result = unknown> extends JobDraft<Data, Result> {
  private cancelled: JobCancelledError | undefined;
  /** The time that was saved while the job runs. */
  private savedTime: number | undefined;
  private savesUnderWay = 0;

  // ── the store ────────────────────────────────────────────────────────────────────────────────

  /**
   * Writes what is asked of the job, and nothing that belongs to its runs. The first save adds the
   * job, later ones change it. In a handler, data and rule count at once, a new time after this run.
   *
   * In a handler with a `schema` or a `version`, `attrs.data` is what is stored, and `data` what was made of it for
   * this run. Data that is not what is stored already has to fit the schema.
   *
   * @returns this object, with `_id`, `nextRunAt` and `debounceStartedAt` as they are stored
   * @throws InvalidScheduleError, InvalidJobError, InvalidOptionError for fields that cannot be meant
   * @throws InvalidDataError for data that the schema of the name refuses: nothing was written
   * @throws QueueFullError when as many jobs of its name wait as may, and it is a new one that does not recur
   * @throws LeaseLostError, JobCancelledError in a handler that is known to have lost its job
   */
  async save(): Promise<this> {
    if (this.running?.isLost) throw this.running.endReason!;
    const row = this.askedRow();
    if (row.uniqueOpts?.debounce && !row.unique) warnOfUselessDebounce(this.name);
    const { isSurelyNew } = this;
    const beside = this.id === '' ? this.home.besideRow(row) : {};
    const saved = await this.written(row, beside);
    this.takeOver(saved);
    if (this.id !== '') return this;
    this.isCreated = wasBorn(saved) ?? (isSurelyNew || undefined);
    await this.takeOverRecord(saved, beside);
    if (this.created) this.home.added(this);
    return this;
  }

  /** Removes the job from the store. @returns how many jobs that were: 1 or 0 */
  async remove(): Promise<number> {
    return this.id === '' ? 0 : this.home.remove(this.id);
  }

  /**
   * Runs the job here and now, whatever its time, outside all limits; resolves when its end is stored,
   * also when its handler fails. A recurring job keeps its next planned run.
   *
   * @throws LeaseLostError when the job runs already, or its run was given to another process
   * @throws JobNotFoundError, MissingHandlerError
   */
  async run(): Promise<void> {
    if (this.id === '') throw new JobNotFoundError('', this.name);
    const ended = await this.home.run(this.id, this.name);
    // Of a job that is removed by now, what this run wrote is all there is.
    this.happened((await this.home.read(this.id)) ?? ended);
  }

  /** Notes a failure in `attrs`. It is not stored: a handler that shall fail throws. */
  fail(reason: Error | string): this {
    const { attrs } = this;
    attrs.failReason = errorOf(reason).message;
    attrs.failCount = (attrs.failCount ?? 0) + 1;
    attrs.failedAt = new Date(this.home.now());
    attrs.lastFinishedAt = attrs.failedAt;
    return this;
  }

  // ── a run ────────────────────────────────────────────────────────────────────────────────────

  /**
   * In a handler: says that it is still at work, and how far it has come (by convention from 0 to
   * 100). Without a number the stored progress stays.
   *
   * @throws JobCancelledError when the handler was asked to end; LeaseLostError when the job is no
   * longer this run's; InvalidOptionError for a number that is none
   */
  async touch(progress?: number): Promise<void> {
    if (progress !== undefined && !Number.isFinite(progress)) {
      throw new InvalidOptionError('progress', progress, 'a finite number');
    }
    const reason = this.running?.endReason ?? this.cancelled;
    if (reason) throw this.asCancelled(reason);
    const { running } = this;
    if (!running || running.isOver) throw new LeaseLostError(this.id, 'not-running');
    await running.touch(progress);
    if (progress !== undefined) this.happened({ progress });
  }

  /** How far the newest run has come, as it told last; `undefined` when none has. */
  progress(): unknown;
  /**
   * In a handler: tells how far it has come, and that it is still at work. It returns at once: of what is told
   * within a quarter of a second the last is stored, and the very last before the run ends. Whether the job is
   * still this run's own is not said: see `touch` and `signal`.
   *
   * @param value - any JSON of at most 16 KiB; a number is by convention from 0 to 100
   * @throws InvalidOptionError
   * @throws UnsupportedOperationError for anything but a number, where the backend keeps no more
   * @throws JobNotRunningError outside a running handler
   */
  progress(value: unknown): void;
  progress(...given: readonly unknown[]): unknown {
    if (given.length === 0) return this.record.progress ?? undefined;
    const [value] = given;
    const text = encodeProgress(value);
    if (typeof value !== 'number') this.home.expectOutput('progress');
    const progress: unknown = JSON.parse(text);
    const running = this.running;
    if (!running || running.isOver) throw this.notRunning('progress');
    this.happened({ progress });
    running.report(progress, text);
    return undefined;
  }

  /**
   * In a handler: keeps a line with the job, for `scheduler.logs`. It returns at once; lines are stored within a
   * quarter of a second, and before the run ends. The newest 1,000 lines and 64 KiB of a job are kept, whatever
   * its runs; a longer line is cut. What the engine does with jobs is another log: see `scheduler.getLogs`.
   *
   * @throws InvalidOptionError for what is no text
   * @throws UnsupportedOperationError by a backend that keeps none
   * @throws JobNotRunningError outside a running handler
   */
  log(line: string): void {
    if (typeof line !== 'string') throw new InvalidOptionError('line', line, 'a text');
    this.home.expectOutput('log');
    const { running } = this;
    if (!running || running.isOver) throw this.notRunning('log');
    running.log(toUSVString(line));
  }

  /**
   * In a handler: puts the job off, counted from the end of this run. It is no failure, and the attempt
   * does not count. Without `max` that may go on for ever.
   *
   * This and the three verbs below decide by being called, and the last call before the handler ends
   * wins; what it returns then is no result. Return or throw what they answer to leave at once, from
   * however deep below. A handler that throws anything else has failed, whatever it called before.
   *
   * @throws InvalidOptionError for a duration below 1 ms, or a `max` that is no whole number
   * @throws JobNotRunningError outside a running handler; JobTimeoutError when its time is up
   *
   * @example
   * if (await isNight(job.data.userId)) return job.snooze('1 hour', { max: 12 });
   */
  snooze(duration: Duration, options: SnoozeOptions = {}): JobVerdict {
    return this.decided('snooze', snoozeVerdict(this.id, duration, options));
  }

  /**
   * In a handler: the outside world has asked for a pause (`429 Too Many Requests`). The job keeps its place and
   * runs again after it, the attempt is not counted as anything, and until then no job of its name starts in any
   * process; where its name has a `keyRateLimit`, none with its key. Jobs that run go on.
   *
   * @throws InvalidOptionError for a duration below 1 ms
   * @throws UnsupportedOperationError by a backend that cannot stop a name
   * @throws JobNotRunningError outside a running handler; JobTimeoutError when its time is up
   *
   * @example
   * if (response.status === 429) return job.rateLimited(`${response.headers.get('retry-after')} seconds`);
   */
  rateLimited(duration: Duration): JobVerdict {
    this.home.expectThrottling();
    return this.decided('rateLimited', throttleVerdict(this.id, duration));
  }

  /**
   * In a handler: this attempt has failed, and the next one comes at that time instead of after the
   * backoff; at once, if the time has passed. When no attempts are left the job becomes a dead letter.
   *
   * @param date - a text is read in the zone of the job's rule, if it has one
   * @throws InvalidScheduleError for a date that is not understood; InvalidOptionError
   * @throws JobNotRunningError outside a running handler; JobTimeoutError when its time is up
   */
  retryAt(date: DateInput, options: RetryAtOptions = {}): JobVerdict {
    const { repeatTimezone: timezone } = this;
    const zone = { now: this.home.now(), ...(timezone !== undefined && { timezone }) };
    return this.decided('retryAt', retryVerdict(this.id, date, options, zone));
  }

  /**
   * In a handler: gives the job up for good, whatever attempts are left. It becomes a dead letter for
   * the reason `discarded`; a recurring job goes on with its next occurrence.
   *
   * @throws InvalidOptionError without a reason
   * @throws JobNotRunningError outside a running handler; JobTimeoutError when its time is up
   */
  discard(reason: Error | string): JobVerdict {
    return this.decided('discard', discardVerdict(this.id, reason));
  }

  /** In a run: what the last of these verbs has decided; `undefined` as long as none was called, and outside. */
  get verdict(): JobVerdict | undefined {
    return this.running?.verdict;
  }

  /**
   * Asks the handler to end: its signal fires, and `touch` throws. What it does then decides: it may
   * still succeed. A job elsewhere is cancelled by `scheduler.cancel`.
   */
  cancel(error?: Error | string): void {
    const reason = error === undefined ? '' : errorOf(error).message;
    this.cancelled ??= new JobCancelledError(this.id, reason, this.name, { cause: error });
    this.running?.fire(this.cancelled);
  }

  /** Why the handler was asked to end; `undefined` as long as it was not. */
  getCanceledMessage(): string | undefined {
    const reason = this.running?.endReason ?? this.cancelled;
    if (!(reason instanceof JobCancelledError)) return reason?.message;
    return reason.reason === '' ? reason.message : reason.reason;
  }

  /** Whether the job has started and not finished since. @throws JobNotFoundError */
  async isRunning(): Promise<boolean> {
    if (this.running && !this.running.isOver) return true;
    const { lockedAt, lastRunAt, lastFinishedAt } = await this.readAgain();
    return lockedAt !== null && lastRunAt !== null && lastRunAt >= (lastFinishedAt ?? lastRunAt);
  }

  /**
   * Whether the job runs without a living process behind it: its lease is over, or it was locked
   * longer ago than the `lockLifetime` of its handler here.
   *
   * @throws JobNotFoundError
   */
  async isExpired(): Promise<boolean> {
    if (this.running && !this.running.isOver) return this.running.hasExpired;
    const { lockedAt } = await this.readAgain();
    if (lockedAt === null) return false;
    const lifetime = this.home.lockLifetimeOf(this.name) ?? Infinity;
    return lockedAt < this.home.now() - lifetime || this.home.hasLostItsProcess(this.id);
  }

  /** The same as {@link isExpired}. It is not about dead letters. */
  isDead(): Promise<boolean> {
    return this.isExpired();
  }

  /** @internal the job as it is stored now; `undefined` when it is gone */
  async asStored(): Promise<Job<Data, Result> | undefined> {
    const record = await this.home.read(this.id);
    return record && new Job<Data, Result>(record, this.home);
  }

  /** @internal whether the store has been sent what is asked of the job, and has not answered yet */
  get isBeingSaved(): boolean {
    return this.savesUnderWay > 0;
  }

  /** @internal this run has ended so, and the job runs next at the computed time, unless another was saved */
  ended(
    settlement: Settlement,
    facts: Partial<HappenedFacts> & Pick<HappenedFacts, 'nextRunAt'>,
  ): void {
    if (this.savedTime !== undefined) {
      facts.nextRunAt = orSavedTime(settlement, facts.nextRunAt, this.savedTime);
    }
    this.happened(facts);
  }

  private decided(verb: string, verdict: JobVerdict): JobVerdict {
    const { running } = this;
    if (!running || running.isOver) throw this.notRunning(verb);
    // The timeout is how this attempt ends: nothing its handler says now could count.
    if (running.endReason instanceof JobTimeoutError) throw running.endReason;
    running.verdict = verdict;
    return verdict;
  }

  private notRunning(verb: string): JobNotRunningError {
    return new JobNotRunningError(verb, this.id, this.name, { cause: this.running?.endReason });
  }

  private async written(row: JobParameters, beside: BesideRow): Promise<JobParameters> {
    this.savesUnderWay += 1;
    try {
      return await this.home.save(row, beside);
    } finally {
      this.savesUnderWay -= 1;
    }
  }

  private takeOver(saved: JobParameters): void {
    const { attrs, record } = this;
    const { data, priority, disabled, type, repeat, lastModifiedBy, nextRunAt, debounceStartedAt } =
      recordOf(saved, this.home.now());
    const version = storedVersion(saved);
    Object.assign(record, { data, version, priority, disabled, type, repeat, lastModifiedBy });
    if (this.running && !this.running.isOver) {
      // The row still shows the time of this run.
      const at = attrs.nextRunAt?.getTime();
      if (at !== undefined && at !== record.nextRunAt) this.savedTime = at;
      this.happened({ debounceStartedAt });
    } else {
      this.happened({ nextRunAt, debounceStartedAt });
    }
    if (saved._id !== undefined) attrs._id = saved._id;
    this.asked();
  }

  private async takeOverRecord(saved: JobParameters, beside: BesideRow): Promise<void> {
    const version = storedVersion(saved);
    const stored = {
      ...recordOf(saved, this.home.now()),
      ...beside,
      ...(version !== undefined && { version }),
    };
    // Only a job that may have been there before has a past that its row does not tell.
    this.record = (this.created ? undefined : await this.home.read(stored.id)) ?? stored;
  }

  private async readAgain(): Promise<JobRecord> {
    const record = this.id === '' ? undefined : await this.home.read(this.id);
    if (!record) throw new JobNotFoundError(this.id, this.name);
    const { lockedAt, lastRunAt, lastFinishedAt } = record;
    this.happened({ lockedAt, lastRunAt, lastFinishedAt });
    return record;
  }

  private asCancelled(reason: Error): Error {
    if (reason instanceof JobCancelledError || reason instanceof LeaseLostError) return reason;
    return new JobCancelledError(this.id, reason.message, this.name, { cause: reason });
  }
}

function warnOfUselessDebounce(name: string): void {
  process.emitWarning(
    `Job "${name}" was saved with debounce() but without unique(): nothing tells which saves belong together, so each makes a job of its own.`,
    { code: 'DEBOUNCE_WITHOUT_UNIQUE' },
  );
}
