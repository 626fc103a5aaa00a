import type { Refusal, Settlement } from '../core/contracts/job-broker.js';
import type { Failure } from '../core/job/job-record.js';
import type { MemoryStore } from './memory-store.js';
import { copied, type StoredJob } from './stored-job.js';

/** The refusal ladder, in the order of judgement; `undefined` when the caller holds the lease. */
export function refusalOf(
  job: StoredJob | undefined,
  token: string,
  now: number,
  afterExpiry = false,
): Refusal | undefined {
  if (!job) return 'not-found';
  if (!job.lease) return 'not-running';
  if (!afterExpiry && job.lease.expiresAt <= now) return 'lease-expired';
  if (job.lease.phase === 'locked' || job.lease.token !== token) return 'lease-mismatch';
  return undefined;
}

/** Ends that come twice are no refusals: completing a completed job, burying one that is done either way. */
export function hasEndedSo(job: StoredJob, kind: Settlement['kind']): boolean {
  if (job.lease || job.happened.nextRunAt !== null) return false;
  return kind === 'bury' || (kind === 'completed' && !job.hasFailed);
}

/** Ends an attempt whose lease has been judged good. */
export function settle(store: MemoryStore, job: StoredJob, settlement: Settlement): void {
  const now = store.now();
  const lease = store.endLease(job);
  const { lockedAt, pending } = lease;
  job.closeWindow(lease);
  const planned = job.happened.nextRunAt ?? now;
  if (settlement.kind === 'completed' && leavesNothing(settlement) && pending === null) {
    store.remove(job);
    return;
  }
  if (settlement.kind !== 'skip') job.happened.lastRunAt = lockedAt;
  const next = nextRunAt(job, settlement, planned, now);
  const occurrenceAt = occurrence(job, settlement, planned, next, pending);
  store.place(job, pending === null ? next : withPending(settlement, next, pending));
  job.happened.occurrenceAt = occurrenceAt;
}

const leavesNothing = (settlement: Settlement & { kind: 'completed' }): boolean =>
  settlement.remove === true && settlement.nextRunAt === undefined;

/** Writes what happened; tells when the job runs next, `null` for never. */
function nextRunAt(
  job: StoredJob,
  settlement: Settlement,
  planned: number,
  now: number,
): number | null {
  const { happened } = job;
  switch (settlement.kind) {
    case 'completed':
      // A success lies behind the failure it follows, also within one millisecond.
      happened.lastFinishedAt = Math.max(now, (happened.failedAt ?? 0) + 1);
      happened.failCount = 0;
      happened.result = settlement.result;
      if (settlement.nextRunAt === undefined) {
        happened.attempt++;
        return null;
      }
      job.beginAnew();
      return Math.ceil(settlement.nextRunAt);
    case 'retry':
      countFailure(job, settlement.failure, now);
      if (settlement.fresh) job.beginAnew();
      return 'at' in settlement.due
        ? Math.ceil(settlement.due.at)
        : later(settlement.due.delayMs, planned, now);
    case 'bury':
      countFailure(job, { ...settlement.failure, reason: settlement.reason }, now);
      return null;
    case 'skip':
      return Math.ceil(settlement.nextRunAt);
    case 'release':
      happened.releaseCount++;
      return later(settlement.delayMs ?? 0, planned, now);
  }
}

/** Where a retry or a snooze moves a recurring job off its occurrence, that is kept. */
function occurrence(
  { asked, happened }: StoredJob,
  settlement: Settlement,
  planned: number,
  next: number | null,
  pending: number | null,
): number | null {
  if (!goesOn(settlement) || pending !== null || asked.repeat === null) return null;
  return happened.occurrenceAt ?? (next === planned ? null : planned);
}

/** Whether the job is still about the same occurrence. */
const goesOn = (settlement: Settlement): boolean =>
  settlement.kind === 'release' || (settlement.kind === 'retry' && !settlement.fresh);

function countFailure({ happened }: StoredJob, failure: Failure, now: number): void {
  happened.attempt++;
  happened.failCount++;
  happened.lastFinishedAt = now;
  happened.failedAt = now;
  happened.failure = copied(failure);
}

/** No delay is the job's old place in the line. */
const later = (delayMs: number, planned: number, now: number): number =>
  delayMs === 0 ? Math.min(planned, now) : Math.ceil(now + delayMs);

/** A time saved during the run wins over the computed one; where the same attempt goes on, the earlier of both. */
function withPending(settlement: Settlement, next: number | null, pending: number): number {
  return goesOn(settlement) && next !== null ? Math.min(next, pending) : pending;
}
