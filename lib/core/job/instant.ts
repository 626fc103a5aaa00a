import { InvalidOptionError } from '../errors.js';

/** The end of the year 9999, in ms: what lies behind it is a mistake, and soon no date any more. */
export const LATEST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * A field of a row that is a Date or missing, in whole milliseconds, rounded up: a job never starts early.
 *
 * @throws InvalidOptionError
 */
export function rowInstant(field: string, date: unknown): number | null {
  if (date === null || date === undefined) return null;
  const at = date instanceof Date ? date.getTime() : Number.NaN;
  if (!(Math.abs(at) <= LATEST_INSTANT)) {
    throw new InvalidOptionError(field, date, 'a valid Date, before the year 10000');
  }
  return Math.ceil(at);
}

/**
 * An argument that is a Date, in ms.
 *
 * @throws InvalidOptionError
 */
export function instantArgument(name: string, date: unknown): number {
  const at = rowInstant(name, date);
  if (at === null) throw new InvalidOptionError(name, date, 'a valid Date');
  return at;
}
