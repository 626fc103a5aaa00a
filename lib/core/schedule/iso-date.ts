import { Temporal } from 'temporal-polyfill';
import { NotUnderstood } from '../words.js';
import type { Zone } from './zone.js';

const ISO_DATE =
  /^(\d{4})-(\d{2})-(\d{2})(?:(?:t|\s+)(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*(z|[+-]\d{2}(?::?\d{2})?))?)?$/;

/**
 * Reads ISO 8601: '2027-01-01T10:00:00Z', '2027-01-01 10:00', '2027-01-01'. Without an offset it is
 * a wall time of the zone; a date alone is midnight, in UTC when no zone was asked for.
 *
 * @param text - lower case
 * @throws NotUnderstood
 */
export function readIsoDate(
  text: string,
  { zone, zoneGiven }: { zone: Zone; zoneGiven: boolean },
): number {
  const match = ISO_DATE.exec(text);
  if (!match) throw new NotUnderstood('it is not a date and time of ISO 8601');
  const wall = wallDate(match);
  const [hour, offset] = [match[4], match[8]];
  if (offset !== undefined) return wall.toZonedDateTime('UTC').epochMilliseconds - offsetMs(offset);
  const name = hour === undefined && !zoneGiven ? 'UTC' : zone.name;
  return wall.toZonedDateTime(name).epochMilliseconds;
}

function wallDate(match: RegExpExecArray): Temporal.PlainDateTime {
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
    throw new NotUnderstood('there is no such date or time of day');
  }
}

/** The milliseconds of an offset such as '+02:00', '+0200', '-05' or 'z'. */
function offsetMs(offset: string): number {
  if (offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 23 || minutes > 59) throw new NotUnderstood(`'${offset}' is not an offset from UTC`);
  const ms = (hours * 60 + minutes) * 60_000;
  return offset.startsWith('-') ? -ms : ms;
}
