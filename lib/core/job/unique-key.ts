import { createHash } from 'node:crypto';
import type { JobParameters } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import type { Dedupe } from './job-record.js';

/** What a unique query may compare besides the parts of `data`. */
const COLUMNS: ReadonlySet<string> = new Set<keyof JobParameters>([
  '_id',
  'name',
  'priority',
  'nextRunAt',
  'type',
  'data',
  'lockedAt',
  'lastRunAt',
  'lastFinishedAt',
  'failedAt',
  'failCount',
  'failReason',
  'repeatInterval',
  'repeatTimezone',
  'repeatAt',
  'repeatKey',
  'catchUp',
  'startDate',
  'endDate',
  'skipDays',
  'disabled',
  'progress',
  'debounceStartedAt',
  'lastModifiedBy',
  'fork',
]);
const DATA_PATH = /^data(\.[^.]+)+$/;

/**
 * The key of the one job that has this name and was saved with this query. Equal queries make equal
 * keys: the order of members means nothing, and a Date is the ISO text that JSON makes of it.
 *
 * @throws InvalidOptionError for anything but columns and `data.` paths with values to be equal to
 */
export function uniqueKey(name: string, query: unknown): string {
  const digest = createHash('sha256').update(canonicalQuery(query)).digest('base64url');
  return `unique\n${name}\n${digest}`;
}

/** The idempotency key of jobs with this name, as backends keep it. */
export const idempotencyKey = (name: string, key: string): string => `idempotency\n${name}\n${key}`;

/** The key of jobs with this name that are added in this mode of `dedupe`: each mode has keys of its own. */
export const dedupeKey = (name: string, { mode, key }: Dedupe): string =>
  `${mode}\n${name}\n${key}`;

function canonicalQuery(query: unknown): string {
  if (!isObject(query)) {
    throw new InvalidOptionError('unique', query, "an object such as { 'data.userId': 1 }");
  }
  for (const [key, value] of Object.entries(query)) {
    if (key.startsWith('$')) throw operator(`unique.${key}`, value);
    if (!COLUMNS.has(key) && !DATA_PATH.test(key)) {
      throw new InvalidOptionError(
        `unique.${key}`,
        value,
        'a field of the job, or a path in its data such as `data.userId`',
      );
    }
    if (value === undefined) {
      throw new InvalidOptionError(`unique.${key}`, value, 'a value to be equal to');
    }
  }
  return canonical(query, 'unique', []);
}

/** JSON with the members of objects in one order. */
function canonical(value: unknown, path: string, above: readonly object[]): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case 'object':
      if (value === null) return 'null';
      if (above.includes(value)) break;
      return canonicalObject(value, path, [...above, value]);
    case 'undefined':
    case 'bigint':
    case 'function':
    case 'symbol':
  }
  throw new InvalidOptionError(path, value, 'a value that JSON knows');
}

function canonicalObject(value: object, path: string, above: readonly object[]): string {
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw new InvalidOptionError(path, value, 'a valid Date');
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return canonical(toJSON.call(value), path, above);
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, i) => canonical(item, `${path}[${i}]`, above));
    return `[${items.join(',')}]`;
  }
  if (!isObject(value)) {
    throw new InvalidOptionError(path, value, 'a value that JSON knows');
  }
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => {
      if (key.startsWith('$')) throw operator(`${path}.${key}`, item);
      return `${JSON.stringify(key)}:${canonical(item, `${path}.${key}`, above)}`;
    });
  return `{${members.join(',')}}`;
}

/** Not an array, nor a Map, a Set, a regular expression or other things that JSON takes for empty. */
const isObject = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';

const operator = (path: string, value: unknown): InvalidOptionError =>
  new InvalidOptionError(path, value, 'left out: values are compared, there are no operators');
