import { isUnit } from '../amounts.js';
import { NotUnderstood, type Reading, readingOf, Words } from '../words.js';

/*
 * Times of day: '3:30pm', '15:30', 'at 9', 'noon', 'in the evening', 'at 9 in the morning'.
 *
 * A clock and a part of the day may stand apart in a phrase ('tomorrow night at 9'), so they are
 * read one by one and put together at the end: the part says which half of the day an hour without
 * am or pm belongs to, and a clock that does not lie in its part is refused.
 */

/** A time of day on the 24-hour clock. */
export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A clock as it is written. */
export interface WrittenClock {
  /** The hours it may mean: the one on the 24-hour clock, then the one in the afternoon. */
  readonly hours: readonly number[];
  readonly minute: number;
  readonly second: number;
}

export type DayPart = keyof typeof PARTS;

export const CLOCK_EXAMPLES: readonly string[] = ['15:30', '3:30pm', '9am', '09:05:10', 'noon'];

/** The hour that each part of the day stands for, and its first and last one. */
const PARTS = {
  morning: { hour: 8, first: 0, last: 11 },
  afternoon: { hour: 14, first: 12, last: 18 },
  evening: { hour: 17, first: 17, last: 23 },
  night: { hour: 19, first: 17, last: 23 },
} as const;

const CLOCK = /^(\d{1,2})(?:[.:](\d{2})(?::(\d{2}))?)?$/;

/**
 * Reads a text that is a time of day and nothing else, such as '3:30pm', 'at 9', 'midnight',
 * '9 in the morning'. A bare number is not a time of day.
 */
export function readClockTime(text: string): Reading<ClockTime> {
  return readingOf(() => {
    const words = new Words(text);
    const before = takeDayPart(words);
    const clock = takeClock(words);
    const part = before ?? takeDayPart(words);
    const time = clockTime(clock, part);
    if (time && words.atEnd()) return time;
    if (/^\d{1,2}$/.test(words.peek() ?? ''))
      throw new NotUnderstood('a number alone is not a time of day');
    throw words.notUnderstood();
  });
}

/** The time of day that a clock, a part of the day, or both together mean; `undefined` without any. */
export function clockTime(clock?: WrittenClock, part?: DayPart): ClockTime | undefined {
  if (!clock) return part && { hour: PARTS[part].hour, minute: 0, second: 0 };
  const { hours, minute, second } = clock;
  if (!part) return { hour: hours[0]!, minute, second };
  const { first, last } = PARTS[part];
  const hour = hours.find((possible) => first <= possible && possible <= last);
  if (hour === undefined)
    throw new NotUnderstood(`the ${part} is from ${first}:00 to ${last}:59, and its clock is not`);
  return { hour, minute, second };
}

/** 'morning', 'in the evening'. */
export function takeDayPart(words: Words): DayPart | undefined {
  if (isDayPart(words.peek())) return words.next() as DayPart;
  if (!precedesDayPart(words, 0)) return undefined;
  words.take('in', 'the');
  return words.next() as DayPart;
}

export const isDayPart = (word: string | undefined): word is DayPart =>
  word !== undefined && Object.hasOwn(PARTS, word);

/** 'noon', '15:30', '12.30', '5pm', 'at 9', '9 in the morning'; `undefined` when no clock comes next. */
export function takeClock(words: Words): WrittenClock | undefined {
  const at = words.take('at');
  if (words.take('noon')) return { hours: [12], minute: 0, second: 0 };
  if (words.take('midnight')) return { hours: [0], minute: 0, second: 0 };
  if (!at && !beginsClock(words)) return undefined;
  const match = CLOCK.exec(words.peek() ?? '');
  if (!match) throw notAClock(words);
  words.next();
  const [, hour, minute, second] = match;
  const half = words.takeFrom(['am', 'pm']);
  return checked(Number(hour), Number(minute ?? 0), Number(second ?? 0), half);
}

/** Whether a number is written like a clock, or its neighbours make it one. */
function beginsClock(words: Words): boolean {
  const word = words.peek() ?? '';
  if (word.includes(':')) return true;
  if (!CLOCK.test(word)) return false;
  const following = words.peek(1);
  if (word.includes('.')) return !isUnit(following);
  return following === 'am' || following === 'pm' || precedesDayPart(words, 1);
}

const precedesDayPart = (words: Words, ahead: number): boolean =>
  words.peek(ahead) === 'in' && words.peek(ahead + 1) === 'the' && isDayPart(words.peek(ahead + 2));

/** @param half - 0 for am, 1 for pm, none for the 24-hour clock */
function checked(hour: number, minute: number, second: number, half?: number): WrittenClock {
  if (minute > 59 || second > 59) throw new NotUnderstood('minutes and seconds are 0 to 59');
  if (half !== undefined) {
    if (hour < 1 || hour > 12) throw new NotUnderstood('with am or pm the hour is 1 to 12');
    return { hours: [(hour % 12) + half * 12], minute, second };
  }
  if (hour > 23) throw new NotUnderstood('the hour is 0 to 23');
  return { hours: 1 <= hour && hour < 12 ? [hour, hour + 12] : [hour], minute, second };
}

function notAClock(words: Words): NotUnderstood {
  const word = words.peek();
  return word === undefined
    ? words.notUnderstood()
    : new NotUnderstood(`'${word}' is not a time of day`);
}
