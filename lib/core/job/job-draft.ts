import type { JobParameters } from '../contracts/job-parameters.js';
import type { Duration } from '../duration.js';
import { trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { type Priority, parsePriority } from '../options/priority.js';
import type { DateInput } from '../schedule/date.js';
import type { HappenedFacts } from './job-record.js';
import { JobTiming, type TimingChange } from './job-timing.js';
import { JobView } from './job-view.js';
import { uniqueKey } from './unique-key.js';
import { type DebounceOptions, readDebounce, readUniqueOptions } from './unique-options.js';

export interface RepeatOptions {
  /** IANA name of the zone of cron rules, clock times and weekdays. @default the zone of the process */
  timezone?: string;
  /** Wait one interval before the first run. It changes nothing for cron rules. */
  skipImmediate?: boolean;
}

/**
 * What can be asked of a job. The methods can be chained, in any order; they throw at once what cannot
 * be meant, and write to `attrs` alone.
 */
export class JobDraft<Data = unknown, Result = unknown> extends JobView<Data, Result> {
  private timing: JobTiming | undefined;
  /** What `enable` or `disable` said; a save that says nothing of it leaves a stored pause alone. */
  private pause: boolean | undefined;

  /**
   * Sets when the job runs first: a Date, milliseconds since the epoch, or a text such as
   * `'in 10 minutes'` or `'tomorrow at noon'`. It goes before the first run of a rule.
   *
   * @throws InvalidScheduleError
   */
  schedule(when: DateInput): this {
    return this.change({ when });
  }

  /**
   * Makes the job recur, by an interval (`'5 minutes'`, 5000) or a cron rule, and sets its first run.
   * An empty text or `null` takes the rule away, and leaves the job without a time.
   *
   * @throws InvalidScheduleError
   */
  repeatEvery(interval: string | number | null, options: RepeatOptions = {}): this {
    checkKnownKeys('', options, ['timezone', 'skipImmediate']);
    const { timezone = null, skipImmediate = false } = options;
    trueOrFalse('skipImmediate', skipImmediate);
    const isNone = interval === '' || interval === null;
    return this.change({ rule: isNone ? null : { interval, skipImmediate }, timezone });
  }

  /**
   * Makes the job recur daily at a time of day (`'3:30pm'`), from its next occurrence on. An empty
   * text or `null` takes the rule away, and leaves the job without a time.
   *
   * @throws InvalidScheduleError
   */
  repeatAt(time: string | null, options: Pick<RepeatOptions, 'timezone'> = {}): this {
    checkKnownKeys('', options, ['timezone']);
    const isNone = time === '' || time === null;
    return this.change({ rule: isNone ? null : { at: time }, timezone: options.timezone ?? null });
  }

  /** Nothing runs before it; `null` for no limit. @throws InvalidScheduleError */
  startDate(date: DateInput | null): this {
    return this.change({ startDate: date });
  }

  /** Nothing runs after it; `null` for no limit. @throws InvalidScheduleError */
  endDate(date: DateInput | null): this {
    return this.change({ endDate: date });
  }

  /** Weekdays on which nothing runs; 0 is Sunday. @throws InvalidScheduleError */
  skipDays(days: readonly number[] | null): this {
    return this.change({ skipDays: days });
  }

  /**
   * The next save updates the job of this name that was saved with the same constraint, if there is
   * one; with `insertOnly` it leaves that job as it is. Keys are fields or paths into the data.
   *
   * @throws InvalidOptionError
   */
  unique(query: Record<string, unknown>, options: { insertOnly?: boolean } = {}): this {
    // Made for its checks: the store will make it again.
    uniqueKey(this.name, query);
    const { insertOnly: _, ...kept } = this.attrs.uniqueOpts ?? {};
    const uniqueOpts = { ...kept, ...readUniqueOptions(options) };
    this.attrs.unique = query;
    if (Object.keys(uniqueOpts).length > 0) this.attrs.uniqueOpts = uniqueOpts;
    return this;
  }

  /**
   * Saves with the same `unique` constraint that come within this time make one run. Without such a
   * constraint the job is simply added, and a process warning says so.
   *
   * @throws InvalidOptionError for less than 1 ms
   */
  debounce(delay: Duration, options: DebounceOptions = {}): this {
    const debounce = readDebounce(delay, options);
    this.attrs.uniqueOpts = { ...this.attrs.uniqueOpts, debounce };
    return this;
  }

  /** Higher goes first. @throws InvalidOptionError for a word that is none */
  priority(priority: Priority): this {
    this.attrs.priority = parsePriority('priority', priority);
    return this;
  }

  enable(): this {
    return this.setDisabled(false);
  }

  /** The job is not run until it is enabled; a run under way ends as it would. */
  disable(): this {
    return this.setDisabled(true);
  }

  /** @internal */
  change(change: TimingChange): this {
    this.times.change(change);
    return this;
  }

  /**
   * What a save writes.
   *
   * @internal
   * @throws InvalidScheduleError for fields that were written by hand and cannot be meant
   */
  askedRow(): JobParameters {
    this.times.check();
    const { disabled } = this.attrs;
    const isChanged = disabled !== this.record.disabled;
    return { ...this.toJson(true), disabled: this.pause ?? (isChanged ? disabled : undefined) };
  }

  /** @internal whether a save will add it for certain: nothing that is stored can be meant */
  get isSurelyNew(): boolean {
    const { _id, unique, type } = this.attrs;
    return _id === undefined && unique === undefined && type !== 'single';
  }

  /** @internal */
  override happened(facts: Partial<HappenedFacts>): void {
    super.happened(facts);
    if (facts.nextRunAt !== undefined) this.timing?.stored();
  }

  /** What was asked for has been saved. */
  protected asked(): void {
    this.pause = undefined;
    this.times.stored();
    delete this.attrs.unique;
    delete this.attrs.uniqueOpts;
  }

  private get times(): JobTiming {
    return (this.timing ??= new JobTiming(this.attrs, this.home, this.record.nextRunAt));
  }

  private setDisabled(disabled: boolean): this {
    this.pause = disabled;
    this.attrs.disabled = disabled;
    return this;
  }
}
