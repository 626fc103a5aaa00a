import { InvalidOptionError } from '../errors.js';
import type { JobOverrides, OwnRetention } from '../job/job-record.js';
import { wholeNumber } from './checks.js';
import { pathOf } from './known-keys.js';
import {
  type JobRetentionLimit,
  readJobLimit,
  readJobRetention,
  readLimits,
  readRetention,
  type RetentionLayer,
  type RetentionLimits,
} from './retention.js';

/*
 * `removeOnComplete` and `removeOnFail`, as users of queues write them. `true` is at once, by the step that
 * ends the job. Everything else is a retention in other words.
 */

/**
 * Of the jobs of a name: `true` deletes each at once; `false` keeps it for as long as `retention` says. A number
 * keeps so many, the newest, however old; an object those that break neither of its limits, and what it leaves
 * out is no limit. Ages are durations, also plain numbers, which are milliseconds.
 */
export type Removal = boolean | number | RetentionLimits;

/** The same for one job, which has an age alone. */
export type JobRemoval = boolean | JobRetentionLimit;

type End = keyof OwnRetention;
const OPTIONS = { completed: 'removeOnComplete', failed: 'removeOnFail' } as const;

/** What a layer of options says of removals: in plain words, and as a retention. */
export interface RemovalLayer {
  removeOnComplete?: boolean | undefined;
  removeOnFail?: boolean | undefined;
  retention?: RetentionLayer | undefined;
}

/** @throws InvalidOptionError, also where an end is told of twice */
export function readRemovals(
  path: string,
  given: { removeOnComplete?: unknown; removeOnFail?: unknown; retention?: unknown },
): RemovalLayer {
  const retention =
    given.retention === undefined
      ? undefined
      : readRetention(pathOf(path, 'retention'), given.retention);
  const layer: RemovalLayer = { retention };
  for (const end of ['completed', 'failed'] as const) {
    const option = OPTIONS[end];
    const value = given[option];
    if (value === undefined) continue;
    layer[option] = value === true;
    if (typeof value === 'boolean') continue;
    refuseTwice(path, end, given, retention?.[end]);
    layer.retention = { ...layer.retention, [end]: readRule(pathOf(path, option), value) };
  }
  return layer;
}

/** @throws InvalidOptionError, also for a number of jobs, and where an end is told of twice */
export function readJobRemovals(given: {
  removeOnComplete?: unknown;
  removeOnFail?: unknown;
  retention?: unknown;
}): Pick<JobOverrides, 'removeOnComplete' | 'removeOnFail' | 'retention'> {
  const retention: OwnRetention =
    given.retention === undefined ? {} : readJobRetention('retention', given.retention);
  const said: { removeOnComplete?: boolean; removeOnFail?: boolean } = {};
  for (const end of ['completed', 'failed'] as const) {
    const option = OPTIONS[end];
    const value = given[option];
    if (value === undefined) continue;
    said[option] = value === true;
    if (typeof value === 'boolean') continue;
    refuseNumber(option, value);
    refuseTwice('', end, given, retention[end]);
    retention[end] = readJobLimit(option, value) ?? null;
  }
  // Where nobody decides how it ends (its process is lost, or it expires), the janitor takes it by this.
  if (said.removeOnFail) retention.failed = 0;
  return { ...said, ...(Object.keys(retention).length > 0 && { retention }) };
}

function readRule(path: string, value: unknown): RetentionLayer['completed'] {
  if (typeof value === 'number') return { ageMs: null, count: wholeNumber(path, value, 0) };
  if (typeof value !== 'object' || value === null) {
    const expected = 'true, false, how many to keep, or { age, count }';
    throw new InvalidOptionError(path, value, expected);
  }
  return { ageMs: null, count: null, ...readLimits(path, value) };
}

function refuseNumber(option: string, value: unknown): void {
  if (typeof value !== 'number') return;
  const remedy =
    'true, false or { age } for a single job (how many are kept is up to the options of its name)';
  throw new InvalidOptionError(option, value, remedy);
}

function refuseTwice(
  path: string,
  end: End,
  given: { readonly [Option in (typeof OPTIONS)[End] | 'retention']?: unknown },
  said: unknown,
): void {
  if (said === undefined) return;
  const option = OPTIONS[end];
  const remedy = `left out where \`${pathOf(path, 'retention')}.${end}\` says how long jobs are kept`;
  throw new InvalidOptionError(pathOf(path, option), given[option], remedy);
}
