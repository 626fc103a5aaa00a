import { InvalidScheduleError } from '../errors.js';
import { readingOf } from '../words.js';
import {
  DAY_OF_MONTH,
  HOUR,
  MINUTE,
  MONTH,
  readField,
  readItem,
  readValue,
  SECOND,
  WEEKDAY,
} from './cron-field.js';

/*
 * The text of a cron rule, read into the values each field allows.
 *
 * Five fields, or six with seconds first. Each is a list of `*`, values, ranges and steps; months
 * and weekdays also by name. `?` is `*` for the two day fields. `L` is the last day of the month,
 * `5L` its last Friday, `1#2` its second Monday. `H` stands for a value that is made from the job's
 * name: the same for ever and in every process, and spread evenly over the names.
 */

export interface CronFields {
  /** Ascending. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly lastDayOfMonth: boolean;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** `1#2`: the second Monday; -1 is the last one of the month. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /** Whether the day of the month, and the weekday, leave out any day. */
  readonly limitsDayOfMonth: boolean;
  readonly limitsWeekday: boolean;
}

export const CRON_EXAMPLES: readonly string[] = [
  '0 2 * * *',
  '*/15 * * * *',
  '0 9 * * mon-fri',
  '@hourly',
];

const LONGEST_TEXT = 256;

const MACROS = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@minutely', '* * * * *'],
  ['@secondly', '* * * * * *'],
  ['@weekdays', '0 0 * * 1-5'],
  ['@weekends', '0 0 * * 0,6'],
]);

/** Whether a text can only be meant as a cron rule, right or wrong, and not as a duration in words. */
export function looksLikeCron(text: string): boolean {
  if (/[*?#@]/.test(text)) return true;
  const words = text.trim().toLowerCase().split(/\s+/);
  return words.length >= 5 && words.every((word) => CRON_WORD.test(word));
}
const CRON_WORD =
  /^(?:[\d,/lwh()-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/;

/**
 * Reads a cron rule.
 *
 * @param seed - what `H` is made from: the job's name
 * @throws InvalidScheduleError when a field is not understood or out of range
 */
export function readCron(text: string, seed: string): CronFields {
  if (text.length > LONGEST_TEXT)
    throw refusal(text, `it is longer than ${LONGEST_TEXT} characters`);
  const written = text.trim().toLowerCase();
  const rule = written.startsWith('@') ? MACROS.get(written) : written;
  if (rule === undefined)
    throw refusal(text, `there is no such macro; there are ${[...MACROS.keys()].join(' ')}`);
  const parts = rule.split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    throw refusal(text, `a cron rule has 5 fields, or 6 with seconds first, not ${parts.length}`);
  const reading = readingOf(() => readFields(parts.length === 5 ? ['0', ...parts] : parts, seed));
  if ('reason' in reading) throw refusal(text, reading.reason);
  return reading.value;
}

function readFields(parts: readonly string[], seed: string): CronFields {
  const [second, minute, hour, dayOfMonth, month, weekday] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const days = readDaysOfMonth(dayOfMonth, seed);
  const week = readWeekdays(weekday, seed);
  return {
    seconds: readField(second, SECOND, seed),
    minutes: readField(minute, MINUTE, seed),
    hours: readField(hour, HOUR, seed),
    months: new Set(readField(month, MONTH, seed)),
    ...days,
    ...week,
  };
}

function readDaysOfMonth(text: string, seed: string) {
  const items = text === '?' ? ['*'] : text.split(',');
  const plain = items.filter((item) => item !== 'l');
  const daysOfMonth = new Set(plain.flatMap((item) => readItem(item, DAY_OF_MONTH, seed)));
  return {
    daysOfMonth,
    lastDayOfMonth: plain.length < items.length,
    limitsDayOfMonth: daysOfMonth.size < 31,
  };
}

function readWeekdays(text: string, seed: string) {
  const nthWeekdays: { weekday: number; nth: number }[] = [];
  const weekdays = new Set<number>();
  for (const item of text === '?' ? ['*'] : text.split(',')) {
    const [, day, nth] = /^([a-z]{3}|\d+)(l|#[1-5])$/.exec(item) ?? [];
    if (day !== undefined && nth !== undefined) {
      const weekday = readValue(day, WEEKDAY) % 7;
      nthWeekdays.push({ weekday, nth: nth === 'l' ? -1 : Number(nth.slice(1)) });
    } else {
      for (const weekday of readItem(item, WEEKDAY, seed)) weekdays.add(weekday % 7);
    }
  }
  return { weekdays, nthWeekdays, limitsWeekday: weekdays.size < 7 };
}

export const refusal = (text: unknown, reason: string): InvalidScheduleError =>
  new InvalidScheduleError(text, reason, CRON_EXAMPLES);
