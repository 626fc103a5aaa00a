import { InvalidScheduleError } from '../errors.js';
import { NotUnderstood, readingOf } from '../words.js';
import { readIsoDate } from './iso-date.js';
import { readPhrase } from './phrase.js';
import { phraseInstant } from './phrase-instant.js';
import { Zone } from './zone.js';

/**
 * When something shall happen: a valid `Date`, milliseconds since the epoch, or a text. Neither case
 * nor extra blanks matter; a word that is not understood is refused. Texts that are understood:
 *
 * - ISO 8601: `2027-01-01T10:00:00Z`, `2027-01-01T10:00:00+02:00`; `2027-01-01 10:00` in the zone;
 *   `2027-01-01` is midnight of the zone, or of UTC when no zone is given
 * - milliseconds since the epoch, 12 to 16 digits: `1735689600000`
 * - the present and amounts of time: `now`, `in 10 minutes`, `10 minutes from now`, `two hours later`,
 *   `10 minutes`, `in 1h30m`, `in half an hour`, `in 2 days`, `in a fortnight`, `5 weeks ago`
 * - days: `today`, `tomorrow`, `day after tomorrow`, `yesterday`; `next week`, `last month`, `next
 *   year`; `monday`, `this fri`, `next friday`, `last monday`; `next week tuesday`
 * - days of a month: `2nd of January`, `January 2`, `2 jan`; with the year: `March 10, 2027 14:30`,
 *   `Wed, 10 Mar 2027 14:30:00 GMT`
 * - times of day: `5pm`, `at 9`, `15:30`, `09:05:10`, `noon`, `midnight`; `in the morning` (08:00),
 *   `afternoon` (14:00), `evening` (17:00), `night` (19:00); `9 in the morning`
 * - a day with a time of day: `tomorrow at noon`, `monday at 1:00am`, `tonight at 8`, `this morning`,
 *   `tomorrow night at 9`, `in 2 days at 5pm`
 * - amounts from any of these: `2 weeks from wednesday`, `2 years from yesterday at 5pm`
 *
 * A weekday, a day of a month and a time of day mean the next one that is still ahead; `today`,
 * `tonight` and `this morning` stay on today, also when they have passed. A day without a time of day
 * keeps that of the present; one with a year begins at midnight. Days and longer keep the clock on
 * the wall when clocks change, and the end of a month (31 January + 1 month is 28 or 29 February). A
 * time of day that the clocks leave out is as much later as they jump; of one that comes twice it is
 * the first.
 */
export type DateInput = Date | number | string;

export const DATE_EXAMPLES: readonly string[] = [
  'in 10 minutes',
  'tomorrow at 9am',
  'next friday at noon',
  '2nd of January at 17:00',
  '2 weeks from wednesday',
  '2027-01-01 10:00',
  '2027-01-01T10:00:00Z',
];

const LONGEST_TEXT = 256;
// Years 0 to 9999.
const FIRST_INSTANT = -62_167_219_200_000;
const LAST_INSTANT = 253_402_300_799_999;
const OUT_OF_RANGE = 'it is not between the years 0 and 9999';

/**
 * The instant of a date, in ms.
 *
 * @param now - the present, in ms
 * @param timezone - IANA name of the zone in which texts are read; that of the process when left out
 * @throws InvalidScheduleError for what is not understood (see `DateInput`), an unknown zone, and
 * dates that are not between the years 0 and 9999
 */
export function parseDate(
  when: DateInput,
  { now, timezone }: { now: number; timezone?: string },
): number {
  const zone = Zone.of(timezone);
  const reading = readingOf(() => {
    const instant = instantOf(when, {
      now: Math.floor(now),
      zone,
      zoneGiven: timezone !== undefined,
    });
    if (!(instant >= FIRST_INSTANT && instant <= LAST_INSTANT))
      throw new NotUnderstood(OUT_OF_RANGE);
    return instant;
  });
  if ('reason' in reading) throw new InvalidScheduleError(when, reading.reason, DATE_EXAMPLES);
  return reading.value;
}

interface DateContext {
  readonly now: number;
  readonly zone: Zone;
  /** Whether the caller named the zone; otherwise it is that of the process. */
  readonly zoneGiven: boolean;
}

function instantOf(when: unknown, context: DateContext): number {
  if (when instanceof Date) return validInstant(when.getTime());
  if (typeof when === 'number') return validInstant(when);
  if (typeof when !== 'string')
    throw new NotUnderstood('it is neither a Date, a number nor a text');
  if (when.length > LONGEST_TEXT)
    throw new NotUnderstood(`it is longer than ${LONGEST_TEXT} characters`);
  try {
    return readText(when.trim().toLowerCase().replace(/\s+/g, ' '), context);
  } catch (error) {
    // Temporal's own end of time.
    throw error instanceof RangeError ? new NotUnderstood(OUT_OF_RANGE) : error;
  }
}

/** Three shapes of text that have nothing in common, so that none falls from one reader to the next. */
function readText(text: string, context: DateContext): number {
  if (/^\d+$/.test(text)) return readEpochDigits(text);
  if (/^\d{4}-/.test(text)) return readIsoDate(text, context);
  return phraseInstant(readPhrase(text), context);
}

function readEpochDigits(text: string): number {
  if (text.length >= 12 && text.length <= 16) return Number(text);
  throw new NotUnderstood(
    'a number is a date only as milliseconds since the epoch, with 12 to 16 digits',
  );
}

function validInstant(instant: number): number {
  if (Number.isNaN(instant)) throw new NotUnderstood('it is not a valid date');
  return Math.round(instant);
}
