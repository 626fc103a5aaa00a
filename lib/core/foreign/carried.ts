import type { JobParameters, JobWithState } from '../contracts/job-parameters.js';
import type { JobRepositoryOptions } from '../contracts/job-repository.js';
import { UnsupportedOperationError } from '../errors.js';
import type { NewJob } from '../job/job-record.js';

/*
 * What a row of the plain contract can carry. Whatever else is asked for is refused by its name before
 * anything is written: an option that a store would drop in silence is worse than none.
 */

const OF_A_JOB: ReadonlySet<string> = new Set<keyof NewJob>([
  'id',
  'name',
  'data',
  'priority',
  'due',
  'lastModifiedBy',
]);

const OF_A_ROW: ReadonlySet<string> = new Set<keyof JobWithState>([
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
  'startDate',
  'endDate',
  'skipDays',
  'disabled',
  'progress',
  'unique',
  'uniqueOpts',
  'debounceStartedAt',
  'lastModifiedBy',
  'fork',
  // Dashboards save rows as queries gave them.
  'state',
]);

/** Where the option that a user wrote has another name than what it became. */
const OPTION_OF: Readonly<Record<string, string>> = {
  // Only an id that the caller chose comes with a nonce; the store gives ids of its own.
  nonce: 'id',
  idempotency: 'idempotencyKey',
  expires: 'expiresIn',
  repeatKey: 'key',
};

/** Of this option no row can carry anything. */
export const uncarriedDedupe = (backend: string): UnsupportedOperationError =>
  uncarried('dedupe', backend);

/** @throws UnsupportedOperationError naming the option */
export function refuseUncarriedOptions(job: NewJob, backend: string): void {
  for (const [key, value] of Object.entries(job)) {
    if (value === undefined || OF_A_JOB.has(key)) continue;
    const own = key === 'overrides' ? Object.keys(value as object)[0] : key;
    if (own !== undefined) throw uncarried(own, backend);
  }
}

/** @throws UnsupportedOperationError naming what a save brings beside its row */
export function refuseUncarriedBeside(
  { version = 1, context }: JobRepositoryOptions = {},
  backend: string,
): void {
  if (version > 1) throw uncarried('version', backend);
  if (context !== undefined) throw uncarried('context', backend);
}

/**
 * The row without what says nothing beyond the default, nor where its rule stands, for which nobody asked.
 *
 * @throws UnsupportedOperationError naming the option
 */
export function carriedRow<Data>(asked: JobParameters<Data>, backend: string): JobParameters<Data> {
  const { catchUp, repeatOrigin: _, ...row } = asked;
  if (catchUp !== undefined && catchUp !== 'latest') throw uncarried('catchUp', backend);
  for (const [key, value] of Object.entries(row)) {
    if (value !== undefined && !OF_A_ROW.has(key)) throw uncarried(key, backend);
  }
  return row;
}

const uncarried = (key: string, backend: string): UnsupportedOperationError =>
  new UnsupportedOperationError(`store the option ${OPTION_OF[key] ?? key} of a job`, backend);
