import { InvalidScheduleError } from '../errors.js';
import { type DateConstraints, DateLimits } from './date-limits.js';

/*
 * Agenda's helpers for single dates. They change no argument and, unlike the options of a job, do
 * not mind limits that leave no date: the answer is `null` then. An invalid date, and an unknown
 * zone, are an `InvalidScheduleError`.
 */

/** Whether a date falls on one of the weekdays to skip (0 is Sunday), in the zone or in that of the process. */
export function shouldSkipDay(
  date: Date,
  skipDays?: readonly number[],
  timezone?: string,
): boolean {
  return DateLimits.unchecked({ skipDays, timezone }).skips(instantOf(date));
}

/** The date, or the same time on the wall on the next day that is not skipped; `null` when all seven are. */
export function applySkipDays(
  date: Date,
  skipDays?: readonly number[],
  timezone?: string,
): Date | null {
  return asDate(DateLimits.unchecked({ skipDays, timezone }).afterSkippedDays(instantOf(date)));
}

/** The date, not before `startDate`; `null` when it is after `endDate`. */
export function applyDateRangeConstraints(
  date: Date,
  startDate?: Date,
  endDate?: Date,
): Date | null {
  return asDate(DateLimits.unchecked({ startDate, endDate }).apply(instantOf(date)));
}

/** All limits in their order: start, skipped weekdays, end. */
export function applyAllDateConstraints(date: Date, constraints: DateConstraints): Date | null {
  return asDate(DateLimits.unchecked(constraints).apply(instantOf(date)));
}

/** Whether a date is neither before `startDate` nor after `endDate`. */
export function isWithinDateRange(date: Date, startDate?: Date, endDate?: Date): boolean {
  return DateLimits.unchecked({ startDate, endDate }).allows(instantOf(date));
}

function instantOf(date: Date): number {
  const instant = Number(date);
  if (Number.isNaN(instant)) throw new InvalidScheduleError(date, 'it is not a valid date');
  return instant;
}

const asDate = (instant: number | null): Date | null =>
  instant === null ? null : new Date(instant);
