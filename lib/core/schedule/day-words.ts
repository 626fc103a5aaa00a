import type { Temporal } from 'temporal-polyfill';
import { NotUnderstood, type Words } from '../words.js';
import { takeCalendarDate } from './calendar-date.js';
import { type DayPart, isDayPart } from './clock-time.js';
import type { Day } from './day.js';

/** Counted as Temporal does: Monday is 1. */
type Weekday = number;

const WEEKDAYS = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');
const weekdayOf = new Map<string, Weekday>(
  WEEKDAYS.flatMap((name, index) => [
    [name, index + 1],
    [name.slice(0, 3), index + 1],
  ]),
);
const PERIODS = ['week', 'month', 'year'] as const;

const TODAY = counted(0);

/**
 * The words that name a day: 'tomorrow', 'next friday', 'last month', 'next week tuesday',
 * '2nd of January'. 'tonight' and 'this morning' name a part of the day too. `undefined` when no day
 * comes next.
 */
export function takeDay(words: Words): { day: Day; part?: DayPart } | undefined {
  if (words.take('tonight')) return { day: TODAY, part: 'night' };
  if (words.peek() === 'this' && isDayPart(words.peek(1))) {
    words.next();
    return { day: TODAY, part: words.next() as DayPart };
  }
  const day =
    takeCountedDay(words) ?? takeNextOrLast(words) ?? takeWeekday(words) ?? takeCalendarDate(words);
  return day && { day };
}

function takeCountedDay(words: Words): Day | undefined {
  if (words.take('today')) return TODAY;
  if (words.take('tomorrow')) return counted(1);
  if (words.take('day', 'after', 'tomorrow')) return counted(2);
  if (words.take('yesterday')) return counted(-1);
  return undefined;
}

function counted(days: number): Day {
  return { dates: (today) => [today.add({ days })], isCounted: true };
}

/** 'next month', 'last year', 'next friday', 'next week', 'next week tuesday'. */
function takeNextOrLast(words: Words): Day | undefined {
  const direction = words.take('next') ? 1 : words.take('last') ? -1 : undefined;
  if (direction === undefined) return undefined;
  const period = words.takeFrom(PERIODS);
  if (period !== undefined) {
    const weekday = PERIODS[period] === 'week' ? takeWeekdayName(words) : undefined;
    if (weekday !== undefined) return weekdayOfWeek(weekday, direction);
    return { dates: (today) => [today.add({ [`${PERIODS[period]}s`]: direction })] };
  }
  const weekday = takeWeekdayName(words);
  if (weekday === undefined) throw words.notUnderstood();
  return direction === 1
    ? { dates: (today) => [today.add({ days: daysBetween(today.dayOfWeek, weekday) })] }
    : { dates: (today) => [today.subtract({ days: daysBetween(weekday, today.dayOfWeek) })] };
}

/** From a weekday to the other one after it, 1 to 7. */
const daysBetween = (from: Weekday, to: Weekday): number => (to - from + 7) % 7 || 7;

/** A weekday of the week before or after this one; weeks begin on Monday. */
function weekdayOfWeek(weekday: Weekday, weeks: number): Day {
  return { dates: (today) => [today.add({ days: weeks * 7 + weekday - today.dayOfWeek })] };
}

/** 'friday', 'this fri', and 'Fri, 12 March 2027', where both must say the same. */
function takeWeekday(words: Words): Day | undefined {
  const isThis = words.take('this');
  const weekday = takeWeekdayName(words);
  if (weekday === undefined) {
    if (isThis) throw words.notUnderstood();
    return undefined;
  }
  const comma = !isThis && words.take(',');
  const date = isThis ? undefined : takeCalendarDate(words);
  if (date) return checkWeekday(date, weekday);
  if (comma) throw words.notUnderstood();
  return { dates: (today) => comingDates(weekday, today) };
}

/** Today, if it is that weekday, and the next one after today. */
function comingDates(weekday: Weekday, today: Temporal.PlainDate): Temporal.PlainDate[] {
  const first = today.add({ days: (weekday - today.dayOfWeek + 7) % 7 });
  return [first, first.add({ weeks: 1 })];
}

function checkWeekday(date: Day, weekday: Weekday): Day {
  if (!date.fixed)
    throw new NotUnderstood('a weekday goes with a date only where the year is written too');
  if (date.fixed.dayOfWeek !== weekday)
    throw new NotUnderstood(`that day is a ${WEEKDAYS[date.fixed.dayOfWeek - 1]}`);
  return date;
}

function takeWeekdayName(words: Words): Weekday | undefined {
  const weekday = weekdayOf.get(words.peek() ?? '');
  if (weekday !== undefined) words.next();
  return weekday;
}
