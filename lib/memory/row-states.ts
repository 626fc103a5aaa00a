import { LeaseLostError } from '../core/errors.js';
import type { RowHistory } from '../core/job/row-history.js';
import type { MemoryStore } from './memory-store.js';
import { earlier, giveBack } from './rescue.js';
import { plainLock } from './row-claim.js';
import { refusalOf } from './settle.js';
import { copied, type StoredJob } from './stored-job.js';

/*
 * What an engine that was handed rows writes of their runs. With the token of its lease: the opening
 * write, which starts the run; touches, which say that it lives; the closing write, which ends it.
 * Without one it may write a row that nobody holds, and touch one that runs in a child process.
 */

export interface StateWrite {
  readonly id: string;
  /** `undefined` when the row carries none. */
  readonly token: string | undefined;
  /** With `lockedAt` null it ends the lease. */
  readonly state: RowHistory;
  /** Left out: as it was. */
  readonly lastModifiedBy: string | undefined;
  readonly leaseMs: number;
}

/** @throws LeaseLostError: nothing was written */
export function writeRowState(store: MemoryStore, write: StateWrite): void {
  const { id, token, state, lastModifiedBy, leaseMs } = write;
  const job = store.jobs.get(id);
  const refusal =
    token === undefined
      ? refusalWithoutToken(job, state)
      : // A lease that ran out is good as long as nobody has taken the row over.
        refusalOf(job, token, store.now(), true);
  if (refusal) throw new LeaseLostError(id, refusal);

  if (token === undefined && job!.lease && job!.lease.phase !== 'locked') {
    renewRow(store, job!, leaseMs);
    if (state.progress !== null) job!.happened.progress = state.progress;
    return;
  }
  if (lastModifiedBy !== undefined) job!.asked.lastModifiedBy = lastModifiedBy;
  if (token === undefined) writeUnheld(store, job!, state);
  else if (state.lockedAt === null) close(store, job!, state);
  else keep(store, job!, state, leaseMs);
  store.announceEarlier();
}

/** Gives back what is held with this token; without a time only `evenWithoutTime`, since it would never run again. */
export function releaseRow(
  store: MemoryStore,
  { id, token }: { readonly id: string; readonly token: string },
  { evenWithoutTime }: { readonly evenWithoutTime: boolean },
): void {
  const job = store.jobs.get(id);
  if (refusalOf(job, token, store.now(), true)) return;
  if (job!.happened.nextRunAt === null && !evenWithoutTime) return;
  giveBack(store, job!);
  store.announceEarlier();
}

function refusalWithoutToken(
  job: StoredJob | undefined,
  { lockedAt }: RowHistory,
): LeaseLostError['reason'] | undefined {
  if (!job) return 'not-found';
  const { lease, asked } = job;
  if (!lease || lease.phase === 'locked') return undefined;
  const isTouchOfChild = asked.fork && lease.phase !== 'run' && lockedAt !== null;
  return isTouchOfChild ? undefined : 'lease-mismatch';
}

/** The opening write, or a touch. */
function keep(store: MemoryStore, job: StoredJob, state: RowHistory, leaseMs: number): void {
  const lease = job.lease!;
  if (lease.phase === 'claimed') {
    lease.phase = 'started';
    beginRun(job);
    store.events.started(job);
  }
  writeFacts(job, state);
  job.happened.nextRunAt = state.nextRunAt;
  renewRow(store, job, leaseMs);
}

function close(store: MemoryStore, job: StoredJob, state: RowHistory): void {
  const attempt = job.happened.attempt + 1;
  const { phase, pending, host } = store.endLease(job);
  if (phase === 'claimed') beginRun(job);
  writeFacts(job, state);
  const { happened } = job;
  if (!job.hasFailed) {
    happened.result = undefined;
    delete happened.resultOmitted;
  }
  if (!job.hasFailed && state.nextRunAt !== null) job.beginAnew();
  else happened.attempt++;
  if (job.hasFailed && state.nextRunAt !== null) store.keepKey(job);
  placeAfterRun(store, job, withPending(job, state.nextRunAt, pending));
  happened.occurrenceAt = null;
  store.events.ended(job, job.hasFailed ? 'failed' : 'completed', attempt, host);
}

/** As given: nobody is in its way. */
function writeUnheld(store: MemoryStore, job: StoredJob, state: RowHistory): void {
  const { lease, happened } = job;
  const endedAmong = !lease && happened.nextRunAt === null ? endOf(job) : null;
  if (lease) store.endLease(job);
  else store.displace(job);
  if (state.lastRunAt !== happened.lastRunAt) beginRun(job);
  writeFacts(job, state);
  const pending = lease?.pending ?? null;
  if (state.lockedAt === null) {
    placeAfterRun(store, job, withPending(job, state.nextRunAt, pending), endedAmong);
    return;
  }
  happened.nextRunAt = state.nextRunAt;
  store.startLease(job, plainLock(state.lockedAt, pending));
}

/** @param endedAmong - where the job stands already, if it had ended before */
function placeAfterRun(
  store: MemoryStore,
  job: StoredJob,
  nextRunAt: number | null,
  endedAmong: EndedPlace | null = null,
): void {
  store.place(job, nextRunAt);
  if (nextRunAt === null && endOf(job) !== endedAmong) store.endOwnWay(job, endOf(job));
}

type EndedPlace = 'completed' | 'dead';

const endOf = (job: StoredJob): EndedPlace => (job.hasFailed ? 'dead' : 'completed');

/** With it a debounce window that was open is over; a leading one has its own time. */
function beginRun({ happened }: StoredJob): void {
  if (happened.window?.kind !== 'leading') happened.window = null;
}

function writeFacts({ happened }: StoredJob, state: RowHistory): void {
  const { lastRunAt, lastFinishedAt, failedAt, failCount, failure, progress } = state;
  if (!isSameFailure(happened, state)) happened.failure = copied(failure);
  Object.assign(happened, { lastRunAt, lastFinishedAt, failedAt, failCount });
  if (progress !== null) happened.progress = progress;
}

/** A row says less of a failure than the store may know: if it is the same, that stays. */
export function isSameFailure(stored: ToldFailure, told: ToldFailure): boolean {
  return stored.failedAt === told.failedAt && stored.failure?.message === told.failure?.message;
}

type ToldFailure = Pick<RowHistory, 'failedAt' | 'failure'>;

function renewRow(store: MemoryStore, job: StoredJob, leaseMs: number): void {
  const now = store.now();
  job.lease!.lockedAt = now;
  store.moveExpiry(job, Math.max(job.lease!.expiresAt, Math.ceil(now + leaseMs)));
}

/** A time saved during the run wins over the computed one; after a failure with a retry the earlier of both. */
function withPending(job: StoredJob, next: number | null, pending: number | null): number | null {
  return job.hasFailed ? earlier(next, pending) : (pending ?? next);
}
