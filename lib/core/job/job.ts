import type { JobRecord } from './job-record.js';
import { type JobState, computeState } from './job-state.js';

/** Whose time a job's state is computed on. */
export interface Clock {
  now(): number;
}

/** An attempt under way, as its job sees it. */
export interface RunningAttempt {
  readonly signal: AbortSignal;
  readonly fence: number;
}

/**
 * A job: what handlers receive, and what scheduling and queries return. It shows the job as it was
 * when it was handed out or read; nothing changes it afterwards.
 */
export class Job<Data = unknown> {
  private readonly record: JobRecord;
  private readonly clock: Clock;
  private readonly running: RunningAttempt | undefined;
  /** On the answer of scheduling: false when the id was taken, and this is the job in place. */
  readonly created: boolean | undefined;
  private neverFires: AbortSignal | undefined;

  /** @internal made by the scheduler and the worker host */
  constructor(record: JobRecord, clock: Clock, running?: RunningAttempt, created?: boolean) {
    this.record = record;
    this.clock = clock;
    this.running = running;
    this.created = created;
    this.neverFires = undefined;
  }

  get id(): string {
    return this.record.id;
  }

  get name(): string {
    return this.record.name;
  }

  /** The handler's input, as JSON gives it back; `undefined` when the job was added without. */
  get data(): Data {
    return this.record.data as Data;
  }

  /** Higher goes first. */
  get priority(): number {
    return this.record.priority;
  }

  /** In a handler the number of this attempt, from 1; elsewhere how many have ended. */
  get attempt(): number {
    return this.running ? this.record.attempt + 1 : this.record.attempt;
  }

  /** Failures since the last success. */
  get failCount(): number {
    return this.record.failCount;
  }

  /** The message of the newest failure; it outlives a later success, as history. */
  get failReason(): string | undefined {
    return this.record.failure?.message;
  }

  /** The planned time of the next run, in a handler of this one; `null` when none is planned. */
  get nextRunAt(): Date | null {
    return dateOf(this.record.nextRunAt);
  }

  get createdAt(): Date {
    return new Date(this.record.createdAt);
  }

  get lockedAt(): Date | null {
    return dateOf(this.record.lockedAt);
  }

  get lastRunAt(): Date | null {
    return dateOf(this.record.lastRunAt);
  }

  get lastFinishedAt(): Date | null {
    return dateOf(this.record.lastFinishedAt);
  }

  get failedAt(): Date | null {
    return dateOf(this.record.failedAt);
  }

  get disabled(): boolean {
    return this.record.disabled;
  }

  get type(): 'normal' | 'single' {
    return this.record.type;
  }

  /** Of a recurring job: the interval or cron rule, as it was given. */
  get repeatInterval(): string | number | undefined {
    return this.record.repeat?.interval;
  }

  get repeatTimezone(): string | undefined {
    return this.record.repeat?.timezone;
  }

  get repeatAt(): string | undefined {
    return this.record.repeat?.at;
  }

  /** What tells several rules of one name apart. */
  get repeatKey(): string | undefined {
    return this.record.repeat?.key;
  }

  get catchUp(): 'latest' | 'skip' | undefined {
    return this.record.repeat?.catchUp;
  }

  get startDate(): Date | null {
    return dateOf(this.record.repeat?.startDate ?? null);
  }

  get endDate(): Date | null {
    return dateOf(this.record.repeat?.endDate ?? null);
  }

  get skipDays(): readonly number[] {
    return this.record.repeat?.skipDays ?? [];
  }

  /** What the handler returned, as JSON gives it back. */
  get result(): unknown {
    return this.record.result;
  }

  /** At the backend's present. */
  get state(): JobState {
    return computeState(this.record, this.clock.now());
  }

  /**
   * Fires when this attempt should end: with `JobTimeoutError`, `JobCancelledError`, `LeaseLostError`
   * or `ShutdownError` as its reason. Outside a handler it never fires.
   */
  get signal(): AbortSignal {
    if (this.running) return this.running.signal;
    return (this.neverFires ??= new AbortController().signal);
  }

  /**
   * In a handler: a number that grows with every attempt. Stored beside your own data
   * (`WHERE fence < ?`) it keeps a process that lost its job out of your database.
   */
  get fence(): number | undefined {
    return this.running?.fence;
  }

  /** A plain copy, for logs and answers over HTTP. */
  toJSON(): JobJson<Data> {
    return {
      id: this.id,
      name: this.name,
      data: this.data,
      priority: this.priority,
      state: this.state,
      attempt: this.attempt,
      failCount: this.failCount,
      failReason: this.failReason,
      nextRunAt: this.nextRunAt,
      createdAt: this.createdAt,
      lockedAt: this.lockedAt,
      lastRunAt: this.lastRunAt,
      lastFinishedAt: this.lastFinishedAt,
      failedAt: this.failedAt,
      disabled: this.disabled,
      type: this.type,
      repeatInterval: this.repeatInterval,
      repeatTimezone: this.repeatTimezone,
      repeatAt: this.repeatAt,
      repeatKey: this.repeatKey,
      result: this.result,
    };
  }
}

export type JobJson<Data = unknown> = Pick<
  Job<Data>,
  | 'id'
  | 'name'
  | 'data'
  | 'priority'
  | 'state'
  | 'attempt'
  | 'failCount'
  | 'failReason'
  | 'nextRunAt'
  | 'createdAt'
  | 'lockedAt'
  | 'lastRunAt'
  | 'lastFinishedAt'
  | 'failedAt'
  | 'disabled'
  | 'type'
  | 'repeatInterval'
  | 'repeatTimezone'
  | 'repeatAt'
  | 'repeatKey'
  | 'result'
>;

const dateOf = (at: number | null): Date | null => (at === null ? null : new Date(at));
