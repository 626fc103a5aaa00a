import type { NameRetention, RetentionRule } from '../contracts/job-broker.js';
import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { OwnRetention } from '../job/job-record.js';
import { wholeNumber } from './checks.js';
import { checkKnownKeys, pathOf } from './known-keys.js';

/**
 * How long jobs are kept once they have ended. Workers remove what has outstayed it on a timer, with its
 * result, history and log, each half minute: that is how exact `age` is, and a `count` holds after each look.
 * Recurring jobs, and jobs that run, wait, or wait for a retry, are never removed.
 *
 * Members that are left out are those of the next wider options: a handler's in `handlers`, its own, the
 * module's `defaults`, the module's `retention`, and at last the defaults. `false` for one is no limit.
 */
export interface RetentionOptions {
  /** Jobs that succeeded. @default { age: '24 hours', count: 10000 } */
  completed?: RetentionLimits | false;
  /** Dead letters. @default { age: '30 days', count: 10000 } */
  failed?: RetentionLimits | false;
}

/** Jobs that break either limit go, the oldest first. */
export interface RetentionLimits {
  /** How long since its end, at least 1 ms; `false`: however long. */
  age?: Duration | false;
  /**
   * How many of a name, the newest; 0 keeps none, `false` any number. Jobs with a retention of their own
   * are counted, and not removed for it.
   */
  count?: number | false;
}

/** The same for one job, which has an age alone. */
export interface JobRetention {
  /** If it succeeds. @default as its name says */
  completed?: JobRetentionLimit | false;
  /** If it becomes a dead letter. @default as its name says */
  failed?: JobRetentionLimit | false;
}

export interface JobRetentionLimit {
  /** How long since its end, at least 1 ms; `false`: for ever. */
  age?: Duration | false;
}

/** What one layer of options says, checked and in plain numbers; `null` is no limit, absent is not said. */
export type RetentionLayer = { readonly [End in keyof NameRetention]?: Partial<RetentionRule> };

const DAY_MS = 86_400_000;
const DEFAULT: NameRetention = {
  completed: { ageMs: DAY_MS, count: 10_000 },
  failed: { ageMs: 30 * DAY_MS, count: 10_000 },
};
const NO_LIMIT: RetentionRule = { ageMs: null, count: null };
const ENDS = ['completed', 'failed'] as const;

/** @throws InvalidOptionError */
export function readRetention(path: string, value: unknown): RetentionLayer {
  if (value === false) return { completed: NO_LIMIT, failed: NO_LIMIT };
  return perEnd(path, value, readLimits);
}

/** The limits of one end, or `false`. @throws InvalidOptionError */
export function readLimits(path: string, limits: unknown): Partial<RetentionRule> {
  if (limits === false) return NO_LIMIT;
  checkKnownKeys(path, limits, ['age', 'count']);
  const { age, count } = limits as RetentionLimits;
  return {
    ...(age !== undefined && { ageMs: readAge(pathOf(path, 'age'), age) }),
    ...(count !== undefined && { count: readCount(pathOf(path, 'count'), count) }),
  };
}

/**
 * What a job says itself.
 *
 * @throws InvalidOptionError
 */
export function readJobRetention(path: string, value: unknown): OwnRetention {
  if (value === false) return { completed: null, failed: null };
  return perEnd(path, value, readJobLimit);
}

/** The age of one end; `undefined` when nothing is said. @throws InvalidOptionError */
export function readJobLimit(path: string, limits: unknown): number | null | undefined {
  if (limits === false) return null;
  refuseCount(path, limits);
  checkKnownKeys(path, limits, ['age']);
  const { age } = limits as JobRetentionLimit;
  return age === undefined ? undefined : readAge(pathOf(path, 'age'), age);
}

/** Lays the nearer over the wider, member by member. */
export function mergeRetention(
  wider: RetentionLayer | undefined,
  nearer: RetentionLayer,
): RetentionLayer {
  return {
    completed: { ...wider?.completed, ...nearer.completed },
    failed: { ...wider?.failed, ...nearer.failed },
  };
}

/** With the defaults for all that nobody said; `undefined` when everything is kept for ever. */
export function completeRetention(said: RetentionLayer | undefined): NameRetention | undefined {
  const retention = {
    completed: { ...DEFAULT.completed, ...said?.completed },
    failed: { ...DEFAULT.failed, ...said?.failed },
  };
  return hasLimit(retention) ? retention : undefined;
}

/** Whether anything would ever be removed. */
export function hasLimit(retention: RetentionLayer): boolean {
  return ENDS.some((end) => {
    const { ageMs = null, count = null } = retention[end] ?? {};
    return ageMs !== null || count !== null;
  });
}

type PerEnd<T> = { [End in (typeof ENDS)[number]]?: T };

function perEnd<T>(
  path: string,
  value: unknown,
  read: (path: string, value: unknown) => T | undefined,
): PerEnd<T> {
  checkKnownKeys(path, value, ENDS);
  const found: PerEnd<T> = {};
  for (const end of ENDS) {
    const given = (value as PerEnd<unknown>)[end];
    const meant = given === undefined ? undefined : read(pathOf(path, end), given);
    if (meant !== undefined) found[end] = meant;
  }
  return found;
}

const readAge = (path: string, age: unknown): number | null =>
  age === false ? null : durationOption(path, age);

const readCount = (path: string, count: unknown): number | null =>
  count === false ? null : wholeNumber(path, count, 0);

function refuseCount(path: string, limits: unknown): void {
  const { count } = (limits ?? {}) as RetentionLimits;
  if (count === undefined) return;
  const remedy = 'left out for a single job (how many are kept is up to the options of its name)';
  throw new InvalidOptionError(pathOf(path, 'count'), count, remedy);
}
