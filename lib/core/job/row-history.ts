import type { JobParameters } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import { rowInstant } from './instant.js';
import type { Failure, HappenedFacts } from './job-record.js';
import { errorOf } from './thrown.js';

/** What a row says of its runs, checked and in plain values; what it leaves out is `null` or 0. */
export type RowHistory = { readonly progress: number | null } & Pick<
  HappenedFacts,
  | 'nextRunAt'
  | 'lockedAt'
  | 'lastRunAt'
  | 'lastFinishedAt'
  | 'failedAt'
  | 'failCount'
  | 'failure'
  | 'debounceStartedAt'
>;

/** @throws InvalidOptionError */
export function historyOf(row: JobParameters): RowHistory {
  return {
    nextRunAt: rowInstant('nextRunAt', row.nextRunAt),
    lockedAt: rowInstant('lockedAt', row.lockedAt),
    lastRunAt: rowInstant('lastRunAt', row.lastRunAt),
    lastFinishedAt: rowInstant('lastFinishedAt', row.lastFinishedAt),
    failedAt: rowInstant('failedAt', row.failedAt),
    failCount: failCountOf(row.failCount),
    failure: failureOf(row.failReason),
    progress: progressOf(row.progress),
    debounceStartedAt: rowInstant('debounceStartedAt', row.debounceStartedAt),
  };
}

/**
 * What a state write says. The one that ends a run is not refused for a progress that `touch` has
 * refused before: the run would never end.
 *
 * @throws InvalidOptionError
 */
export function stateWriteOf(row: JobParameters): RowHistory {
  const ends = row.lockedAt === undefined || row.lockedAt === null;
  if (!ends || isProgress(row.progress)) return historyOf(row);
  const { progress: _, ...rest } = row;
  return historyOf(rest);
}

/** What a row says of failures, as far as it has these fields at all. */
export function failuresOf(
  row: JobParameters,
  { failedAt, failCount, failure }: RowHistory,
): Partial<Pick<RowHistory, 'failedAt' | 'failCount' | 'failure'>> {
  return {
    ...('failedAt' in row && { failedAt }),
    ...('failCount' in row && { failCount }),
    ...('failReason' in row && { failure }),
  };
}

function failCountOf(count: unknown): number {
  if (count === undefined || count === null) return 0;
  if (!Number.isInteger(count) || (count as number) < 0) {
    throw new InvalidOptionError('failCount', count, 'a whole number of 0 or more');
  }
  return count as number;
}

/** Agenda keeps a text; any other thrown value becomes one. */
function failureOf(reason: unknown): Failure | null {
  if (reason === undefined || reason === null) return null;
  return { name: 'Error', message: typeof reason === 'string' ? reason : errorOf(reason).message };
}

const isProgress = (progress: unknown): progress is number => Number.isFinite(progress);

function progressOf(progress: unknown): number | null {
  if (progress === undefined || progress === null) return null;
  if (!isProgress(progress)) throw new InvalidOptionError('progress', progress, 'a finite number');
  return progress;
}
