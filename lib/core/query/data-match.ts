import { isDeepStrictEqual } from 'node:util';
import { InvalidJobError, InvalidOptionError } from '../errors.js';
import { encodeData } from '../job/job-data.js';

/** Whether the data of a job, as JSON gives it back, is what was asked for. */
export type DataMatch = (stored: unknown) => boolean;

/**
 * The structural match of a `data` criterion. Of a plain object its properties are asked for, at any
 * depth, whatever else the job's data holds; all other values have to be equal. Both sides are JSON, so
 * a Date is its ISO text, and an undefined property is none.
 *
 * @returns `undefined` when there is nothing to ask: no data, or `{}`
 * @throws InvalidOptionError for data that JSON does not know
 */
export function dataMatch(path: string, data: unknown): DataMatch | undefined {
  const text = encoded(path, data);
  if (text === undefined || text === '{}') return undefined;
  const pattern = JSON.parse(text) as unknown;
  return (stored) => matches(pattern, stored);
}

function encoded(path: string, data: unknown): string | undefined {
  try {
    return encodeData(data, Infinity, path);
  } catch (error) {
    if (!(error instanceof InvalidJobError)) throw error;
    throw new InvalidOptionError(error.part, error.value, error.remedy, { cause: error });
  }
}

function matches(pattern: unknown, stored: unknown): boolean {
  if (!isObject(pattern)) return isDeepStrictEqual(pattern, stored);
  if (!isObject(stored)) return false;
  return Object.entries(pattern).every(
    ([key, asked]) => Object.hasOwn(stored, key) && matches(asked, stored[key]),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
