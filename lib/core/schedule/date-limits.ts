import { InvalidScheduleError } from '../errors.js';
import { Zone } from './zone.js';

const DAY = 86_400_000;

/** Limits of the dates of a job, as the user gives them. */
export interface DateConstraints {
  /** Nothing runs before it. */
  startDate?: Date | number | null;
  /** Nothing runs after it; a date equal to it is allowed. */
  endDate?: Date | number | null;
  /** Weekdays on which nothing runs; 0 is Sunday. */
  skipDays?: readonly number[] | null;
  /** The zone of `skipDays`; that of the process when left out. */
  timezone?: string | null;
}

/** Start, end and skipped weekdays, applied to every date of a job. */
export class DateLimits {
  private constructor(
    readonly start: number,
    readonly end: number,
    readonly skipDays: ReadonlySet<number>,
    private readonly zone: Zone,
  ) {}

  /**
   * @throws InvalidScheduleError for an invalid date, a start after the end, a weekday that is not a
   * whole number from 0 to 6, and a week that is skipped whole
   */
  static of(constraints: DateConstraints): DateLimits {
    const limits = DateLimits.unchecked(constraints);
    const { startDate, skipDays } = constraints;
    if (limits.start > limits.end)
      throw refusal(startDate, '`startDate` is after `endDate`, so no run is left');
    for (const day of limits.skipDays)
      if (!Number.isInteger(day) || day < 0 || day > 6)
        throw refusal(skipDays, '`skipDays` holds whole numbers from 0 (Sunday) to 6', ['[0, 6]']);
    if (limits.skipDays.size === 7)
      throw refusal(skipDays, '`skipDays` leaves no day of the week', ['[0, 6]']);
    return limits;
  }

  /**
   * The same without asking whether the limits leave any date, for the helpers of single dates.
   *
   * @throws InvalidScheduleError for an invalid date
   */
  static unchecked({ startDate, endDate, skipDays, timezone }: DateConstraints): DateLimits {
    if (!Array.isArray(skipDays ?? []))
      throw refusal(skipDays, '`skipDays` is a list of weekdays', ['[0, 6]']);
    const start = startDate === undefined || startDate === null ? -Infinity : Number(startDate);
    const end = endDate === undefined || endDate === null ? Infinity : Number(endDate);
    if (Number.isNaN(start)) throw refusal(startDate, '`startDate` is not a valid date');
    if (Number.isNaN(end)) throw refusal(endDate, '`endDate` is not a valid date');
    return new DateLimits(start, end, new Set(skipDays), Zone.of(timezone));
  }

  /** Moves a date to the first one allowed; `null` when the job has come to its end. */
  apply(date: number): number | null {
    const allowed = this.afterSkippedDays(Math.max(date, this.start));
    return allowed === null || allowed > this.end ? null : allowed;
  }

  allows(date: number): boolean {
    return date >= this.start && date <= this.end && !this.skips(date);
  }

  /** Whether a date falls on a skipped weekday. */
  skips(date: number): boolean {
    return this.skipDays.size > 0 && this.skipDays.has(weekday(this.zone.wallTime(date)));
  }

  /** The same time on the wall on the next day that is not skipped; `null` when all are. */
  afterSkippedDays(date: number): number | null {
    if (!this.skips(date)) return date;
    const wall = this.zone.wallTime(date);
    // A wall time that the clocks leave out can land on the next day, once even on the day after.
    for (let days = 1; days <= 7; days += 1) {
      const later = this.zone.instant(wall + days * DAY);
      if (!this.skips(later)) return later;
    }
    return null;
  }

  /** The instant at which the day of a date begins. */
  startOfDay(date: number): number {
    return this.zone.instant(Math.floor(this.zone.wallTime(date) / DAY) * DAY);
  }
}

const weekday = (wallTime: number): number => new Date(wallTime).getUTCDay();

const refusal = (value: unknown, reason: string, examples?: string[]): InvalidScheduleError =>
  new InvalidScheduleError(value, reason, examples);
