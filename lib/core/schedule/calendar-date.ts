import { Temporal } from 'temporal-polyfill';
import { NotUnderstood, type Words } from '../words.js';
import type { Day } from './day.js';

const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const monthOf = new Map(
  MONTHS.flatMap((name, index) => [
    [name, index + 1],
    [name.slice(0, 3), index + 1],
  ]),
);
const ORDINAL_ENDINGS: readonly string[] = ['st', 'nd', 'rd', 'th'];
const LEAP_YEAR = 2000;
// From one leap day to the next, past a turn of the century that has none.
const LONGEST_WAIT_IN_YEARS = 8;

/**
 * 'January 2', '2nd of January', '2nd day of January', 'Jan 2', each also with a year; `undefined`
 * when no date comes next. Without a year it is the next occurrence.
 */
export function takeCalendarDate(words: Words): Day | undefined {
  const named = takeDayThenMonth(words) ?? takeMonthThenDay(words);
  if (!named) return undefined;
  const { day, month } = named;
  const year = takeYear(words);
  const fixed = dateOf(year ?? LEAP_YEAR, month, day);
  if (!fixed) throw noSuchDate(day, month, year);
  if (year !== undefined) return { dates: () => [fixed], fixed };
  return {
    dates: (today) =>
      Array.from(
        { length: LONGEST_WAIT_IN_YEARS + 1 },
        (_, years) => dateOf(today.year + years, month, day) ?? [],
      ).flat(),
  };
}

/** '2nd of January', '2nd day of January', '1 st of March', '2 January'. */
function takeDayThenMonth(words: Words): { day: number; month: number } | undefined {
  const following = words.peek(1) ?? '';
  if (!isDay(words.peek())) return undefined;
  if (!monthOf.has(following) && !ORDINAL_ENDINGS.includes(following)) return undefined;
  const day = Number(words.next());
  if (takeOrdinalEnding(words, day) && !words.take('day', 'of')) words.take('of');
  const month = monthOf.get(words.peek() ?? '');
  if (month === undefined) throw words.notUnderstood();
  words.next();
  return { day, month };
}

/** 'January 2', 'March 10th'. */
function takeMonthThenDay(words: Words): { day: number; month: number } | undefined {
  const month = monthOf.get(words.peek() ?? '');
  if (month === undefined) return undefined;
  words.next();
  if (!isDay(words.peek())) throw words.notUnderstood();
  const day = Number(words.next());
  takeOrdinalEnding(words, day);
  return { day, month };
}

const isDay = (word: string | undefined): boolean => /^\d{1,2}$/.test(word ?? '');

function takeOrdinalEnding(words: Words, day: number): boolean {
  const ending = words.takeFrom(ORDINAL_ENDINGS);
  if (ending === undefined) return false;
  const isTeen = 11 <= day && day <= 13;
  const right = isTeen ? 'th' : (ORDINAL_ENDINGS[(day % 10) - 1] ?? 'th');
  if (ORDINAL_ENDINGS[ending] !== right)
    throw new NotUnderstood(`'${day}${ORDINAL_ENDINGS[ending]}' should be '${day}${right}'`);
  return true;
}

function takeYear(words: Words): number | undefined {
  const comma = words.take(',');
  if (/^\d{4}$/.test(words.peek() ?? '')) return Number(words.next());
  if (comma) throw words.notUnderstood();
  return undefined;
}

function dateOf(year: number, month: number, day: number): Temporal.PlainDate | undefined {
  if (day < 1 || day > new Temporal.PlainYearMonth(year, month).daysInMonth) return undefined;
  return new Temporal.PlainDate(year, month, day);
}

function noSuchDate(day: number, month: number, year?: number): NotUnderstood {
  const name = MONTHS[month - 1]!;
  const written = [day, name[0]!.toUpperCase() + name.slice(1), year ?? []].flat().join(' ');
  return new NotUnderstood(`there is no ${written}`);
}
