import { inspect, isDeepStrictEqual } from 'node:util';

/*
 * Part of a job's data: of objects the properties that are asked for, at any depth; lists and all other values
 * whole. A Date is its ISO text, as it is in stored data. A matcher of a test runner, such as
 * `expect.any(String)`, speaks for itself.
 */

/** A matcher of Jest, Vitest or Jasmine. */
interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
}

/** Where the data is not as asked, each in a line; none when it is. */
export function differencesOf(asked: unknown, actual: unknown, path = 'data'): string[] {
  if (asked === undefined) return [];
  if (isMatcher(asked)) return asked.asymmetricMatch(actual) ? [] : [line(path, asked, actual)];
  const [wanted, found] = [asked, actual].map(asStored);
  if (!isObject(wanted)) {
    return isDeepStrictEqual(wanted, found) ? [] : [line(path, wanted, found)];
  }
  if (!isObject(found)) return [line(path, wanted, found)];
  return Object.entries(wanted).flatMap(([key, value]) =>
    differencesOf(value, found[key], `${path}.${key}`),
  );
}

/** A schema may have made a Date of what is stored as text. */
const asStored = (value: unknown): unknown =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;

/** A value, short enough for a line. */
export const shown = (value: unknown): string =>
  inspect(value, { depth: 4, breakLength: Infinity, maxArrayLength: 10, maxStringLength: 100 });

const line = (path: string, asked: unknown, actual: unknown): string =>
  `${path}: expected ${isMatcher(asked) ? nameOfMatcher(asked) : shown(asked)}, got ${shown(actual)}`;

const nameOfMatcher = (matcher: AsymmetricMatcher): string => {
  const { toAsymmetricMatcher } = matcher as { toAsymmetricMatcher?: () => string };
  return toAsymmetricMatcher ? toAsymmetricMatcher.call(matcher) : shown(matcher);
};

const isMatcher = (value: unknown): value is AsymmetricMatcher =>
  typeof (value as Partial<AsymmetricMatcher> | null | undefined)?.asymmetricMatch === 'function';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
