import type { Refusal, Settlement } from '../core/contracts/job-broker.js';
import { inBrief, type HistoryEntry } from '../core/job/attempt-history.js';
import { dueInstant, type Due } from '../core/job/due.js';
import type { Failure } from '../core/job/job-record.js';
import { goesOn, orSavedTime } from '../core/job/saved-time.js';
import type { ToldEnd } from './job-events.js';
import type { MemoryStore } from './memory-store.js';
import { copied, type HeldLease, type StoredJob } from './stored-job.js';

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
  if (goesOn(settlement)) store.keepKey(job);
  job.closeWindow(lease);
  const before = pastOf(job);
  const planned = before.plannedAt ?? now;
  if (leavesNothing(settlement) && pending === null) {
    store.remove(job);
    store.events.removedAtItsEnd(job, settlement, before.attempt + 1, lease.host);
    return;
  }
  if (settlement.kind !== 'skip') job.happened.lastRunAt = lockedAt;
  const next = nextRunAt(job, settlement, planned, now);
  const occurrenceAt = occurrence(job, settlement, before.plannedAt, next, pending);
  if (pending !== null && keepsForNext(job)) job.beginAnew();
  if (settlement.kind === 'throttle') stop(store, job, settlement.forMs);
  store.place(job, orSavedTime(settlement, next, pending));
  job.happened.occurrenceAt = occurrenceAt;
  chronicle(job, settlement, before, lease);
  if (job.happened.nextRunAt === null) store.endOwnWay(job, job.hasFailed ? 'dead' : 'completed');
  store.events.ended(job, toldAs(settlement), before.attempt + 1, lease.host);
}

/** Nothing starts for so long: of the job's key, where its name has a rate for each; else of its name. */
function stop(store: MemoryStore, job: StoredJob, forMs: number): void {
  const isOfKey = job.asked.key !== undefined && store.gates.limitsOf(job.name).key?.rate;
  if (isOfKey) store.lane(job.name).keys.stop(job, Math.ceil(store.now() + forMs));
  else store.gates.stop(job.name, forMs);
}

const TOLD_AS = {
  completed: 'completed',
  bury: 'failed',
  release: 'interrupted',
  snooze: 'snoozed',
  throttle: 'throttled',
  skip: 'skipped',
} as const;

function toldAs(settlement: Settlement): ToldEnd {
  if (settlement.kind !== 'retry') return TOLD_AS[settlement.kind];
  return settlement.fresh ? 'failed for this time' : 'failed';
}

/** Whether it was added with a key that keeps the newest data for the next run: that one begins anew. */
const keepsForNext = ({ birth }: StoredJob): boolean =>
  birth.freesKey === true && birth.key!.startsWith('latest\n');

/** What a job has behind it when an attempt ends. */
interface Past {
  readonly attempt: number;
  readonly plannedAt: number | null;
  readonly history: readonly HistoryEntry[];
  readonly wasUntouched: boolean;
}

function pastOf({ happened, history }: StoredJob): Past {
  const { attempt, nextRunAt, lastRunAt, lastFinishedAt } = happened;
  const wasUntouched = lastRunAt === null && lastFinishedAt === null;
  return { attempt, plannedAt: nextRunAt, history, wasUntouched };
}

/** Writes down how the attempt ended; of a first run that ended its job well the record alone tells. */
function chronicle(job: StoredJob, settlement: Settlement, before: Past, lease: HeldLease): void {
  const { lastFinishedAt, nextRunAt } = job.happened;
  const end = {
    attempt: before.attempt + 1,
    plannedAt: before.plannedAt,
    startedAt: lease.lockedAt,
    endedAt: lastFinishedAt!,
    host: lease.host,
  };
  if (settlement.kind === 'completed') {
    if (before.wasUntouched && nextRunAt === null) return;
    job.chronicle(before.history, { kind: 'completed', ...end });
  } else if (settlement.kind === 'retry' || settlement.kind === 'bury') {
    const kind = nextRunAt === null ? 'dead' : 'failed';
    job.chronicle(before.history, { kind, ...end, failure: inBrief(failureIn(settlement)) });
  }
}

function leavesNothing(
  settlement: Settlement,
): settlement is Extract<Settlement, { kind: 'completed' | 'bury' }> {
  if (settlement.kind === 'bury') return settlement.remove === true;
  if (settlement.kind !== 'completed') return false;
  return settlement.remove === true && settlement.nextRunAt === undefined;
}

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
      keepResult(happened, settlement);
      if (settlement.nextRunAt === undefined) {
        happened.attempt++;
        return null;
      }
      job.beginAnew();
      return Math.ceil(settlement.nextRunAt);
    case 'retry':
      countFailure(job, failureIn(settlement), now);
      if (settlement.fresh) job.beginAnew();
      return whenDue(settlement.due, planned, now);
    case 'bury':
      countFailure(job, failureIn(settlement), now);
      return null;
    case 'skip':
      return Math.ceil(settlement.nextRunAt);
    case 'release':
      happened.releaseCount++;
      return Math.min(planned, now);
    case 'throttle':
      return Math.min(planned, now);
    case 'snooze':
      happened.snoozeCount++;
      return whenDue(settlement.due, planned, now);
  }
}

function keepResult(
  happened: StoredJob['happened'],
  { result, omitted }: Extract<Settlement, { kind: 'completed' }>,
): void {
  happened.result = omitted ? undefined : result;
  if (omitted) happened.resultOmitted = { ...omitted };
  else delete happened.resultOmitted;
}

/** Where a retry or a snooze moves a recurring job off its occurrence, that is kept. */
function occurrence(
  { asked, happened }: StoredJob,
  settlement: Settlement,
  planned: number | null,
  next: number | null,
  pending: number | null,
): number | null {
  if (!goesOn(settlement) || pending !== null || asked.repeat === null) return null;
  return happened.occurrenceAt ?? (next === planned ? null : planned);
}

type Failing = Extract<Settlement, { readonly failure: Failure }>;

/** What failed, and of a dead letter why it is one. */
const failureIn = (settlement: Failing): Failure =>
  settlement.kind === 'bury'
    ? { ...settlement.failure, reason: settlement.reason }
    : settlement.failure;

function countFailure({ happened }: StoredJob, failure: Failure, now: number): void {
  happened.attempt++;
  happened.failCount++;
  happened.lastFinishedAt = now;
  happened.failedAt = now;
  happened.failure = copied(failure);
}

/** No delay is the job's old place in the line. */
function whenDue(due: Due, planned: number, now: number): number {
  const isAtOnce = 'delayMs' in due && due.delayMs === 0;
  return isAtOnce ? Math.min(planned, now) : dueInstant(due, now);
}
