import { type Amount, type TimeUnit, readAmounts } from './amounts.js';
import { InvalidOptionError, InvalidScheduleError } from './errors.js';
import type { Reading } from './words.js';

/**
 * A length of time: a number of milliseconds, or a text such as `'5s'`, `'10 minutes'`, `'1h30m'`,
 * `'1 day, 2 hours'`, `'half an hour'`, `'PT5M'`. A month is 30 days, a year 365; `m` is minutes.
 */
export type Duration = number | string;

/** Inputs that work, for messages. */
export const DURATION_EXAMPLES: readonly string[] = [
  '5 minutes',
  '90s',
  '1h30m',
  'half an hour',
  'PT5M',
];

/** The longest duration: 100 years of 365 days, in ms. */
export const LONGEST_DURATION = 100 * 365 * 86_400_000;

const LONGEST_TEXT = 256;

const MILLISECONDS: Record<TimeUnit, number> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

/**
 * The milliseconds of a duration from 1 ms to 100 years, rounded to whole ones.
 *
 * @throws InvalidScheduleError for everything else
 */
export function parseDuration(value: Duration): number {
  const reading = within(readDuration(value), 1, LONGEST_DURATION);
  if ('reason' in reading) throw new InvalidScheduleError(value, reading.reason, DURATION_EXAMPLES);
  return reading.value;
}

/**
 * The milliseconds of an option that is a duration.
 *
 * @param name - the option as the user writes it
 * @param limits - in ms, both included; from 1 ms to 100 years when left out
 * @throws InvalidOptionError
 */
export function durationOption(
  name: string,
  value: unknown,
  { min = 1, max = LONGEST_DURATION }: { min?: number; max?: number } = {},
): number {
  const reading = within(readDuration(value), min, max);
  if ('value' in reading) return reading.value;
  const longest = max === LONGEST_DURATION ? '100 years' : `${max} ms`;
  const expected = `a duration from ${min} ms to ${longest}, such as '5 seconds', '1h30m' or 5000`;
  throw new InvalidOptionError(name, value, `${expected} (${reading.reason})`);
}

/** Reads a duration of any length, zero included. */
function readDuration(value: unknown): Reading<number> {
  if (typeof value === 'number')
    return Number.isFinite(value) ? { value } : { reason: 'it is not a finite number' };
  if (typeof value !== 'string') return { reason: 'it is neither a number nor a text' };
  if (value.length > LONGEST_TEXT)
    return { reason: `it is longer than ${LONGEST_TEXT} characters` };
  const text = value.trim().toLowerCase();
  if (/^\d+$/.test(text)) return { value: Number(text) };
  const unprefixed = text.replace(/^every\s+/, '');
  return readIsoDuration(unprefixed) ?? readSum(unprefixed);
}

function readSum(text: string): Reading<number> {
  const reading = readAmounts(text);
  return 'reason' in reading ? reading : { value: sum(reading.value) };
}

const ISO_DURATION =
  /^p(?=.)(?:([\d.]+)y)?(?:([\d.]+)m)?(?:([\d.]+)w)?(?:([\d.]+)d)?(?:t(?=.)(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?)?$/;
const ISO_UNITS: readonly TimeUnit[] = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'];

/** ISO 8601, in lower case: 'pt1h30m', 'p1d', 'p1w'; `undefined` for another kind of text. */
function readIsoDuration(text: string): Reading<number> | undefined {
  const parts = ISO_DURATION.exec(text)?.slice(1);
  if (!parts) return undefined;
  const amounts = ISO_UNITS.flatMap((unit, index) =>
    parts[index] === undefined ? [] : [{ count: Number(parts[index]), unit }],
  );
  const total = sum(amounts);
  return Number.isNaN(total) ? { reason: 'it has a malformed number' } : { value: total };
}

const sum = (amounts: readonly Amount[]): number =>
  amounts.reduce((total, { count, unit }) => total + count * MILLISECONDS[unit], 0);

function within(reading: Reading<number>, min: number, max: number): Reading<number> {
  if ('reason' in reading) return reading;
  if (reading.value < min) return { reason: `it is shorter than ${min} ms` };
  if (reading.value > max) return { reason: `it is longer than ${max} ms` };
  return { value: Math.round(reading.value) };
}
