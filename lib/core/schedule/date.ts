import type { Reading } from '../amounts.js';
import { InvalidScheduleError } from '../errors.js';
import type { DateContext, DateForm } from './date-form.js';
import { readIsoDate } from './iso-date.js';
import { readRelativeDate } from './relative-date.js';
import { Zone } from './zone.js';

/** When something shall happen: a `Date`, milliseconds since the epoch, or a text (see `parseDate`). */
export type DateInput = Date | number | string;

/** The forms of a date, in the order they are asked. */
const FORMS: readonly DateForm[] = [readEpochDigits, readIsoDate, readRelativeDate];

export const DATE_EXAMPLES: readonly string[] = [
  'in 10 minutes',
  '2 days from now',
  '2027-01-01T10:00:00Z',
  '2027-01-01 10:00',
  'now',
];

const LONGEST_TEXT = 256;
// Years 0 to 9999.
const FIRST_INSTANT = -62_167_219_200_000;
const LAST_INSTANT = 253_402_300_799_999;

/**
 * The instant of a date, in ms: a `Date`; milliseconds since the epoch, as a number or 12 to 16
 * digits; ISO 8601 (`2027-01-01T10:00:00+02:00`, `2027-01-01 10:00` in the zone, `2027-01-01`);
 * `now`; and amounts (`in 10 minutes`, `2 days from now`, `in half an hour`, `5 weeks ago`), of
 * which days and longer keep the clock on the wall.
 *
 * @param now - the present, in ms
 * @param timezone - IANA name of the zone of dates without an offset; that of the process when left out
 * @throws InvalidScheduleError for what is not understood, an unknown zone, and dates after year 9999
 */
export function parseDate(
  when: DateInput,
  { now, timezone }: { now: number; timezone?: string },
): number {
  const context = { now, zone: Zone.of(timezone), zoneGiven: timezone !== undefined };
  const reading = readDate(when, context);
  if ('reason' in reading) throw new InvalidScheduleError(when, reading.reason, DATE_EXAMPLES);
  return reading.value;
}

function readDate(when: unknown, context: DateContext): Reading<number> {
  if (when instanceof Date) return inRange(when.getTime());
  if (typeof when === 'number') return inRange(Math.round(when));
  if (typeof when !== 'string') return { reason: 'it is neither a Date, a number nor a text' };
  if (when.length > LONGEST_TEXT) return { reason: `it is longer than ${LONGEST_TEXT} characters` };
  const text = when.trim().toLowerCase().replace(/\s+/g, ' ');
  try {
    const reading = readText(text, context);
    return 'reason' in reading ? reading : inRange(reading.value);
  } catch (error) {
    // Temporal's own end of time.
    if (error instanceof RangeError) return OUT_OF_RANGE;
    throw error;
  }
}

function readText(text: string, context: DateContext): Reading<number> {
  for (const form of FORMS) {
    const reading = form(text, context);
    if (reading) return reading;
  }
  return { reason: text === '' ? 'it is empty' : 'it is not a date that is understood' };
}

function readEpochDigits(text: string): Reading<number> | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  if (text.length >= 12 && text.length <= 16) return { value: Number(text) };
  return {
    reason: 'a number is a date only as milliseconds since the epoch, with 12 to 16 digits',
  };
}

const OUT_OF_RANGE = { reason: 'it is not between the years 0 and 9999' };

function inRange(instant: number): Reading<number> {
  if (Number.isNaN(instant)) return { reason: 'it is not a valid date' };
  return instant >= FIRST_INSTANT && instant <= LAST_INSTANT ? { value: instant } : OUT_OF_RANGE;
}
