import type { Temporal } from 'temporal-polyfill';
import { type ClockTime, clockTime } from './clock-time.js';
import type { CalendarSteps } from './calendar-steps.js';
import type { Phrase } from './phrase.js';
import type { Zone } from './zone.js';

const MIDNIGHT: ClockTime = { hour: 0, minute: 0, second: 0 };

/**
 * The instant of a phrase, seen from the present.
 *
 * A clock that is not there is that on the wall now, to the millisecond; only a date with its year
 * begins at midnight. A wall time that the clocks leave out is as much later as they jump (02:30
 * becomes 03:30), and of one that exists twice it is the first.
 *
 * @param present.now - in ms
 * @throws NotUnderstood when the clock does not lie in the part of the day
 */
export function phraseInstant(phrase: Phrase, { now, zone }: { now: number; zone: Zone }): number {
  const { day, shift } = phrase;
  const clock = clockTime(phrase.clock, phrase.part) ?? (day?.fixed && MIDNIGHT);
  const steps = shift?.steps ?? NO_STEPS;
  if (!day && !clock && staysOnTheDay(steps)) return now + steps.milliseconds;

  const present = zone.at(now);
  const timeZone = phrase.isUtc ? 'UTC' : zone.name;
  const instantOn = (date: Temporal.PlainDate): number =>
    clock
      ? date.toZonedDateTime({ timeZone, plainTime: clock }).epochMilliseconds
      : present.add({ days: present.toPlainDate().until(date).days }).epochMilliseconds;

  const possible = possibleDates(phrase, clock, present.toPlainDate());
  const { milliseconds, ...calendar } = steps;
  const ahead = possible.find((date) => possible.length === 1 || instantOn(date) > now);
  return instantOn((ahead ?? possible.at(-1)!).add(calendar)) + milliseconds;
}

/** The dates it may mean before its shift; of several the first one ahead is meant. */
function possibleDates(
  { day, shift }: Phrase,
  clock: ClockTime | undefined,
  today: Temporal.PlainDate,
): readonly Temporal.PlainDate[] {
  if (day) return day.dates(today);
  // 'in 2 days at 9am' counts from today, '2 days from 9am' from when it is 9 the next time.
  const countsFromToday = shift && shift.kind !== 'from';
  return clock && !countsFromToday ? [today, today.add({ days: 1 })] : [today];
}

const NO_STEPS: CalendarSteps = { years: 0, months: 0, days: 0, milliseconds: 0 };

const staysOnTheDay = ({ years, months, days }: CalendarSteps): boolean =>
  years === 0 && months === 0 && days === 0;
