import { InvalidScheduleError } from '../errors.js';
import { compileRepeatRule } from '../schedule/compile-repeat-rule.js';
import { type DateInput, parseDate } from '../schedule/date.js';
import { DateLimits } from '../schedule/date-limits.js';
import type { JobAttrs } from './job-attrs.js';
import type { Clock } from './job-home.js';
import type { RuleFields } from './job-row.js';

/*
 * When a job that is being set up runs first.
 *
 * What was said stays as it was said: every change reads it all again, so that limits and a zone hold
 * for a time that was given before them. A time somebody asked for goes before the first run of a
 * rule, and a rule before the time that the job had. What does not fit together throws and changes
 * nothing.
 */

/** What is said about the times of a job; what is left out stays. */
export interface TimingChange {
  /** When it runs first. */
  readonly when?: DateInput | undefined;
  /** `null`: it recurs no more, and has no time. */
  readonly rule?: NewRule | null;
  /** `null`: the zone of the process. */
  readonly timezone?: string | null;
  /** `null`: none. */
  readonly startDate?: DateInput | null | undefined;
  readonly endDate?: DateInput | null | undefined;
  readonly skipDays?: readonly number[] | null | undefined;
}

export interface NewRule {
  readonly interval?: string | number;
  readonly at?: string;
  readonly skipImmediate?: boolean;
}

/** Where the first run comes from. */
type First =
  | { readonly kind: 'kept'; readonly at: number | null }
  | { readonly kind: 'asked for'; readonly when: DateInput; readonly now: number }
  | { readonly kind: 'rule'; readonly now: number; readonly skipImmediate: boolean };

/** A limit as it was written, to be read again in another zone. */
interface WrittenDate {
  readonly when: DateInput;
  readonly now: number;
  readonly instant: number;
}

type LimitName = 'startDate' | 'endDate';

export class JobTiming {
  private first: First;
  /** What `nextRunAt` was set to; another value was written by hand. */
  private computed: number | null;
  private written: Partial<Record<LimitName, WrittenDate>> = {};

  /** @param stored - the time that the job has in the store */
  constructor(
    private readonly attrs: JobAttrs,
    private readonly clock: Clock,
    stored: number | null,
  ) {
    this.computed = stored;
    this.first = { kind: 'kept', at: stored };
  }

  /**
   * Writes the change and what follows from it into the fields.
   *
   * @throws InvalidScheduleError
   */
  change(change: TimingChange): void {
    const now = this.clock.now();
    const timezone = this.zoneAfter(change);
    const written = {
      startDate: this.limitAfter('startDate', change, timezone, now),
      endDate: this.limitAfter('endDate', change, timezone, now),
    };
    const fields = this.fieldsAfter(change, timezone, written);
    const first = this.firstAfter(change, now);
    const at = this.firstRun(fields, first, change.rule != null);
    this.written = written;
    this.first = first;
    this.computed = at;
    write(this.attrs, fields);
    this.attrs.nextRunAt = at === null ? null : new Date(at);
  }

  /** Reads the fields as they are now, which may have been written by hand. @throws InvalidScheduleError */
  check(): void {
    this.change({});
  }

  /** The time is the one that is stored: what was asked for has been done. */
  stored(): void {
    this.computed = this.attrs.nextRunAt?.getTime() ?? null;
    this.first = { kind: 'kept', at: this.computed };
  }

  private zoneAfter({ timezone }: TimingChange): string | undefined {
    return timezone === undefined ? this.attrs.repeatTimezone : (timezone ?? undefined);
  }

  private limitAfter(
    name: LimitName,
    change: TimingChange,
    timezone: string | undefined,
    now: number,
  ): WrittenDate | undefined {
    if (change[name] === null) return undefined;
    if (name in change) return writtenDate(change[name]!, now, timezone);
    const date = this.attrs[name];
    if (!date) return undefined;
    const before = this.written[name];
    const isByHand = !before || !isAt(date, before.instant);
    return isByHand
      ? writtenDate(date, now, timezone)
      : writtenDate(before.when, before.now, timezone);
  }

  private fieldsAfter(
    change: TimingChange,
    repeatTimezone: string | undefined,
    { startDate, endDate }: Partial<Record<LimitName, WrittenDate>>,
  ): Fields {
    const { repeatInterval, repeatAt } = this.attrs;
    const { rule } = change;
    return {
      repeatInterval: rule === undefined ? repeatInterval : rule?.interval,
      repeatAt: rule === undefined ? repeatAt : rule?.at,
      repeatTimezone,
      startDate: startDate && new Date(startDate.instant),
      endDate: endDate && new Date(endDate.instant),
      skipDays: 'skipDays' in change ? listOf(change.skipDays) : this.attrs.skipDays,
    };
  }

  private firstAfter(change: TimingChange, now: number): First {
    if ('when' in change) return { kind: 'asked for', when: change.when!, now };
    if (change.rule === null) return { kind: 'kept', at: null };
    const before = this.firstBefore(now);
    if (change.rule === undefined || before.kind === 'asked for') return before;
    return { kind: 'rule', now, skipImmediate: change.rule.skipImmediate ?? false };
  }

  private firstBefore(now: number): First {
    const { nextRunAt } = this.attrs;
    if (isAt(nextRunAt, this.computed)) return this.first;
    return nextRunAt === null
      ? { kind: 'kept', at: null }
      : { kind: 'asked for', when: nextRunAt, now };
  }

  /** @param needsRule - whether it is a mistake when there is none */
  private firstRun(fields: Fields, first: First, needsRule: boolean): number | null {
    const { repeatInterval: interval, repeatAt: at, repeatTimezone: timezone, ...limited } = fields;
    const limits = DateLimits.of({ ...limited, timezone });
    const hasRule = (interval !== undefined && interval !== '') || (at ?? '') !== '';
    const rule =
      hasRule || needsRule
        ? compileRepeatRule(
            { interval, at, timezone, ...limited, catchUp: this.attrs.catchUp },
            this.attrs.name,
          )
        : undefined;
    if (first.kind === 'rule' && rule) return rule.first(first.now, first);
    const wanted = wantedOf(first, timezone);
    return wanted === null ? null : limits.apply(wanted);
  }
}

type Fields = Omit<RuleFields, 'catchUp' | 'repeatKey'>;

function wantedOf(first: First, timezone: string | undefined): number | null {
  switch (first.kind) {
    case 'kept':
      return first.at;
    case 'asked for':
      return read(first.when, first.now, timezone);
    case 'rule':
      return first.now;
  }
}

const writtenDate = (when: DateInput, now: number, timezone: string | undefined): WrittenDate => ({
  when,
  now,
  instant: read(when, now, timezone),
});

const read = (when: DateInput, now: number, timezone: string | undefined): number =>
  parseDate(when, timezone === undefined ? { now } : { now, timezone });

/** Fields that are not set are left out, as in what the store gives. */
function write(attrs: JobAttrs, fields: Fields): void {
  for (const [field, value] of Object.entries(fields) as [keyof Fields, never][]) {
    if (value === undefined) delete attrs[field];
    else attrs[field] = value;
  }
}

/** Each weekday once. What they are is judged with the other limits. */
function listOf(skipDays: readonly number[] | null | undefined): number[] | undefined {
  if (skipDays === null) return undefined;
  if (Array.isArray(skipDays)) return [...new Set<number>(skipDays)];
  throw new InvalidScheduleError(skipDays, '`skipDays` is a list of weekdays', ['[0, 6]']);
}

/** False also for what is no Date at all: fields may have been written by anybody. */
const isAt = (date: Date | null | undefined, instant: number | null): boolean =>
  date instanceof Date ? date.getTime() === instant : (date ?? null) === null && instant === null;
