import { Temporal } from 'temporal-polyfill';
import type { Reading } from '../amounts.js';
import type { DateContext } from './date-form.js';

const ISO_DATE =
  /^(\d{4})-(\d{2})-(\d{2})(?:(?:t|\s+)(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*(z|[+-]\d{2}(?::?\d{2})?))?)?$/;

/**
 * Reads ISO 8601: '2027-01-01T10:00:00Z', '2027-01-01 10:00', '2027-01-01'. Without an offset it is
 * a wall time of the zone; a date alone is midnight, in UTC when no zone was asked for.
 */
export function readIsoDate(
  text: string,
  { zone, zoneGiven }: DateContext,
): Reading<number> | undefined {
  if (!/^\d{4}-\d/.test(text)) return undefined;
  const match = ISO_DATE.exec(text);
  if (!match) return { reason: 'it is not a date and time of ISO 8601' };
  const wall = wallDate(match);
  if (!wall) return { reason: 'there is no such date or time of day' };

  const [hour, offset] = [match[4], match[8]];
  if (offset !== undefined) return readOffset(wall, offset);
  const name = hour === undefined && !zoneGiven ? 'UTC' : zone.name;
  return { value: wall.toZonedDateTime(name).epochMilliseconds };
}

function wallDate(match: RegExpExecArray): Temporal.PlainDateTime | undefined {
  const [year, month, day, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  const millisecond = Number((match[7] ?? '0').padEnd(3, '0').slice(0, 3));
  try {
    return Temporal.PlainDateTime.from(
      { year: year!, month: month!, day: day!, hour, minute, second, millisecond },
      { overflow: 'reject' },
    );
  } catch {
    return undefined;
  }
}

/** An offset such as '+02:00', '+0200', '-05' or 'z'. */
function readOffset(wall: Temporal.PlainDateTime, offset: string): Reading<number> {
  const utc = wall.toZonedDateTime('UTC').epochMilliseconds;
  if (offset === 'z') return { value: utc };
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 23 || minutes > 59) return { reason: `'${offset}' is not an offset from UTC` };
  const ms = (hours * 60 + minutes) * 60_000;
  return { value: offset.startsWith('-') ? utc + ms : utc - ms };
}
