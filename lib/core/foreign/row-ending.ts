import type { Settlement } from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { Failure } from '../job/job-record.js';
import { orSavedTime } from '../job/saved-time.js';
import type { RowLock } from './row-lock.js';
import { instantOf } from './row-record.js';

/** What the closing write says of a row, or that the row is removed. */
export function rowEnding(
  settlement: Settlement,
  lock: RowLock,
  stored: JobParameters,
  now: number,
): JobParameters | 'removal' {
  const pending = lock.pendingTime(stored);
  if (settlement.kind === 'completed' && settlement.remove && pending === null) {
    if (settlement.nextRunAt === undefined) return 'removal';
  }
  if (settlement.kind === 'bury' && settlement.remove && pending === null) return 'removal';
  const at = orSavedTime(settlement, plannedBy(settlement, lock, now), pending);
  const row: JobParameters = {
    // The claimed row first: a store may know its lease by what only that one carries.
    ...lock.row,
    ...stored,
    ...happened(settlement, lock, stored, now),
    nextRunAt: at === null ? null : new Date(at),
  };
  delete row.lockedAt;
  return row;
}

/** When a settlement lets the job run again; `null` for never. */
export function plannedBy(
  settlement: Settlement,
  lock: Pick<RowLock, 'plannedAt'>,
  now: number,
): number | null {
  switch (settlement.kind) {
    case 'completed':
      return settlement.nextRunAt === undefined ? null : Math.ceil(settlement.nextRunAt);
    case 'retry':
    case 'snooze':
      if ('at' in settlement.due) return Math.ceil(settlement.due.at);
      return later(settlement.due.delayMs, lock, now);
    case 'bury':
      return null;
    case 'release':
    case 'throttle':
      return later(0, lock, now);
    case 'skip':
      return Math.ceil(settlement.nextRunAt);
  }
}

/** No delay is the job's old place in the line. */
const later = (delayMs: number, { plannedAt }: Pick<RowLock, 'plannedAt'>, now: number): number =>
  delayMs === 0 ? Math.min(plannedAt ?? now, now) : Math.ceil(now + delayMs);

function happened(
  settlement: Settlement,
  { row }: RowLock,
  stored: JobParameters,
  now: number,
): Partial<JobParameters> {
  switch (settlement.kind) {
    case 'completed': {
      // A success lies behind the failure it follows, also within one millisecond.
      const finishedAt = Math.max(now, (instantOf(stored.failedAt) ?? 0) + 1);
      return { lastFinishedAt: new Date(finishedAt), failCount: 0 };
    }
    case 'retry': {
      const failed = failure(settlement.failure, stored, now);
      // The count of failures is all that says how many attempts are left: the next occurrence begins anew.
      return settlement.fresh ? { ...failed, failCount: 0 } : failed;
    }
    case 'bury':
      return failure(settlement.failure, stored, now);
    case 'release':
    case 'snooze':
    case 'throttle':
      return {};
    case 'skip':
      // It did not run.
      return { lastRunAt: row.lastRunAt };
  }
}

function failure({ message }: Failure, stored: JobParameters, now: number): Partial<JobParameters> {
  return {
    lastFinishedAt: new Date(now),
    failedAt: new Date(now),
    failCount: (stored.failCount ?? 0) + 1,
    // Some stores take no NUL, and a run whose end cannot be stored would be repeated for ever.
    failReason: message.replaceAll('\0', '\uFFFD'),
  };
}
