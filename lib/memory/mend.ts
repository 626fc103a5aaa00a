import type {
  JobChange,
  PromoteAnswer,
  RemovalTerms,
  UpdateAnswer,
} from '../core/contracts/mending.js';
import { dueInstant } from '../core/job/due.js';
import { computeState, isDead, isRecurring } from '../core/job/job-state.js';
import type { MemoryStore } from './memory-store.js';
import { withdraw } from './rescue.js';
import type { StoredJob } from './stored-job.js';

/** Changes a job, wherever it is. */
export function updateJob(
  store: MemoryStore,
  job: StoredJob | undefined,
  change: JobChange,
): UpdateAnswer {
  if (!job) return 'not-found';
  const { due } = change;
  const at = due && dueInstant(due, store.now());
  if (job.isUnderWay) {
    rewrite(job, change);
    job.lease!.pending = at ?? job.lease!.pending;
    return 'kept-for-next';
  }
  if (whenItWaits(job) === null) return 'ended';
  leaveLine(store, job);
  rewrite(job, change);
  moveTo(store, job, at ?? job.happened.nextRunAt!);
  store.announceEarlier();
  return 'ok';
}

/** Makes jobs due, each judged alone: one that is named twice is judged once. */
export function promoteJobs(store: MemoryStore, ids: readonly string[]): PromoteAnswer[] {
  const answers = new Map<string, PromoteAnswer>();
  for (const id of new Set(ids)) answers.set(id, promote(store, store.jobs.get(id)));
  store.announceEarlier();
  return ids.map((id) => answers.get(id)!);
}

function promote(store: MemoryStore, job: StoredJob | undefined): PromoteAnswer {
  if (!job) return 'not-found';
  if (job.isUnderWay) return 'running';
  const at = whenItWaits(job);
  if (at === null) return 'ended';
  if (job.asked.disabled) return 'disabled';
  const now = store.now();
  if (at <= now) return 'ok';
  leaveLine(store, job);
  moveTo(store, job, now);
  return 'ok';
}

/** Of a row that is handed out and has not begun: when it would go back to. */
const whenItWaits = ({ lease, happened }: StoredJob): number | null =>
  lease ? lease.planned : happened.nextRunAt;

function leaveLine(store: MemoryStore, job: StoredJob): void {
  if (job.lease) withdraw(store, job);
  else store.displace(job);
}

/** The occurrence that the run of a recurring job is for stays what it was. */
function moveTo(store: MemoryStore, job: StoredJob, at: number): void {
  const { asked, happened } = job;
  const { nextRunAt, occurrenceAt } = happened;
  store.place(job, at);
  if (at === nextRunAt) return;
  const occurrence = asked.repeat === null ? null : (occurrenceAt ?? nextRunAt);
  happened.occurrenceAt = occurrence === at ? null : occurrence;
}

function rewrite(job: StoredJob, { data, version, priority, lastModifiedBy }: JobChange): void {
  const { asked } = job;
  if (data !== undefined) job.takeData(data ?? undefined, version);
  if (priority !== undefined) asked.priority = priority;
  if (lastModifiedBy !== undefined) asked.lastModifiedBy = lastModifiedBy;
}

/** Removes those of the jobs that may go. @returns their ids */
export function removeIf(
  store: MemoryStore,
  ids: readonly string[],
  terms: RemovalTerms,
): string[] {
  const gone = [...new Set(ids)].filter((id) => mayGo(store.jobs.get(id), terms, store.now()));
  const { reason = '', ...limits } = terms;
  const toldAs = Object.values(limits).some(Boolean) ? 'removed' : 'cancelled';
  for (const id of gone) store.cancel(store.jobs.get(id)!, reason, { toldAs });
  store.announceEarlier();
  return gone;
}

function mayGo(
  job: StoredJob | undefined,
  { only, sparesRunning, sparesRecurring }: RemovalTerms,
  now: number,
): boolean {
  if (!job) return false;
  const record = job.toRecord();
  const state = computeState(record, now);
  if (only === 'dead') return isDead(record, now) && !isRecurring(job.asked);
  if (only !== undefined) {
    const isMeant = state === 'queued' || (state === 'scheduled' && only === 'waiting');
    return isMeant && !isRecurring(job.asked);
  }
  if (sparesRunning && state === 'running') return false;
  return !(sparesRecurring && isRecurring(job.asked));
}
