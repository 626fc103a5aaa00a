import { type CronFields, readCron, refusal } from './cron-fields.js';
import type { Zone, ZoneSpan } from './zone.js';

/*
 * When a cron rule fires.
 *
 * The rule is about wall time; a zone's wall time jumps and repeats. Three sentences settle it:
 *
 * 1. A wall time that exists once fires at its instant.
 * 2. One that the clocks leave out fires once, as much later as the clocks jump (02:30 → 03:30).
 * 3. One that exists twice fires the first time only; but a rule whose hour field allows every
 *    hour (hourly and minutely rules) fires both times, or it would pause for an hour.
 *
 * A span of the zone (see `zone.ts`) has a constant offset, so inside it the search is arithmetic
 * on fields. Its beginning is where 2 and 3 come in. The libraries of the field differ from these
 * sentences where clocks change by half an hour, at midnight, or when a rule fires more than once
 * in the hour that is left out.
 */

// The end of year 9999, where dates end for us.
const END_OF_TIME = Date.UTC(10_000, 0, 1);

/** A cron rule in a time zone. */
export class CronRule {
  private readonly firesInEveryHour: boolean;

  /**
   * @param seed - what `H` is made from: the job's name
   * @throws InvalidScheduleError for a text that is not understood, and for dates that never come
   */
  static parse(text: string, zone: Zone, seed = ''): CronRule {
    const fields = readCron(text, seed);
    // The calendar repeats itself after 400 years, weekdays included.
    const start = Date.UTC(2000, 0, 1);
    if (nextMatch(fields, start, Date.UTC(2400, 0, 1)) === null)
      throw refusal(text, 'such a date never comes');
    return new CronRule(fields, zone);
  }

  constructor(
    private readonly fields: CronFields,
    private readonly zone: Zone,
  ) {
    this.firesInEveryHour = fields.hours.length === 24;
  }

  /** The first time the rule fires after an instant, in ms; `null` when there is none up to year 9999. */
  after(instant: number): number | null {
    let from = (Math.floor(instant / 1_000) + 1) * 1_000;
    while (from < END_OF_TIME) {
      const span = this.zone.spanAt(from);
      const next = Math.min(this.leftOut(span, from), this.inside(span, from));
      if (next < END_OF_TIME) return next;
      from = span.until;
    }
    return null;
  }

  /** The first instant in the span, and not before `from`, whose wall time fires; `Infinity` for none. */
  private inside(span: ZoneSpan, from: number): number {
    // Before this the wall time repeats what the span before has had.
    const repeatedUntil = span.from + span.before;
    const wall = this.firesInEveryHour
      ? from + span.offset
      : Math.max(from + span.offset, repeatedUntil);
    const match = nextMatch(this.fields, wall, span.until + span.offset);
    return match === null ? Infinity : match - span.offset;
  }

  /** The same for the wall times that were left out where the span begins. */
  private leftOut(span: ZoneSpan, from: number): number {
    const jump = span.offset - span.before;
    if (jump <= 0 || from >= span.from + jump) return Infinity;
    const match = nextMatch(this.fields, from + span.before, span.from + span.offset);
    return match === null ? Infinity : match - span.before;
  }
}

/** The first wall time in [from, until) that the fields allow. */
function nextMatch(fields: CronFields, from: number, until: number): number | null {
  const start = new Date(from);
  const clock = nextClock(fields, start);
  const today = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate());
  if (clock !== null && allowsDay(fields, start)) {
    return today + clock < until ? today + clock : null;
  }
  const day = nextDay(fields, today + 86_400_000, until);
  if (day === null) return null;
  const match = day + clockOf(fields.hours[0]!, fields.minutes[0]!, fields.seconds[0]!);
  return match < until ? match : null;
}

/** The first allowed time of the day, in ms, that is not before that of `wall`. */
function nextClock(fields: CronFields, wall: Date): number | null {
  const [hour, minute, second] = [wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()];
  const { hours, minutes, seconds } = fields;
  if (hours.includes(hour)) {
    const laterSecond = seconds.find((value) => value >= second);
    if (minutes.includes(minute) && laterSecond !== undefined)
      return clockOf(hour, minute, laterSecond);
    const laterMinute = minutes.find((value) => value > minute);
    if (laterMinute !== undefined) return clockOf(hour, laterMinute, seconds[0]!);
  }
  const laterHour = hours.find((value) => value > hour);
  return laterHour === undefined ? null : clockOf(laterHour, minutes[0]!, seconds[0]!);
}

const clockOf = (hour: number, minute: number, second: number): number =>
  ((hour * 60 + minute) * 60 + second) * 1_000;

/** The first allowed day from `day` on that begins before `until`. */
function nextDay(fields: CronFields, day: number, until: number): number | null {
  const date = new Date(day);
  while (date.getTime() < until) {
    if (!fields.months.has(date.getUTCMonth() + 1)) date.setUTCMonth(date.getUTCMonth() + 1, 1);
    else if (allowsDay(fields, date)) return date.getTime();
    else date.setUTCDate(date.getUTCDate() + 1);
  }
  return null;
}

/** Day of the month and weekday: when both are limited, either may allow the day. */
function allowsDay(fields: CronFields, date: Date): boolean {
  if (!fields.months.has(date.getUTCMonth() + 1)) return false;
  if (!fields.limitsDayOfMonth) return allowsWeekday(fields, date);
  if (!fields.limitsWeekday) return allowsDayOfMonth(fields, date);
  return allowsDayOfMonth(fields, date) || allowsWeekday(fields, date);
}

function allowsDayOfMonth(fields: CronFields, date: Date): boolean {
  if (fields.daysOfMonth.has(date.getUTCDate())) return true;
  return fields.lastDayOfMonth && date.getUTCDate() === daysInMonth(date);
}

function allowsWeekday(fields: CronFields, date: Date): boolean {
  const [weekday, day] = [date.getUTCDay(), date.getUTCDate()];
  if (fields.weekdays.has(weekday)) return true;
  return fields.nthWeekdays.some(
    (wanted) =>
      wanted.weekday === weekday &&
      (wanted.nth === -1 ? day + 7 > daysInMonth(date) : wanted.nth === Math.ceil(day / 7)),
  );
}

const daysInMonth = (date: Date): number =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
