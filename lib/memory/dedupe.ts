import type { Enqueued } from '../core/contracts/job-broker.js';
import { dueInstant } from '../core/job/due.js';
import type { Dedupe, Deduped, DedupedJob, ReplacedPart } from '../core/job/job-record.js';
import { dedupeKey } from '../core/job/unique-key.js';
import { fullQueue, newJob } from './enqueue.js';
import { hasExpired } from './expire.js';
import type { MemoryStore } from './memory-store.js';
import { withdraw } from './rescue.js';
import type { StoredJob } from './stored-job.js';

/*
 * Adds that are one job.
 *
 * A key leads to the job that was added with it. That job holds the key until it ends or is removed, or can
 * start no more; one that is debounced, until it is claimed for the first time. A leading debounce holds its
 * key for a time besides, whatever becomes of the job.
 */

export function dedupeJob(store: MemoryStore, asked: DedupedJob): Enqueued {
  const sameId = store.jobs.get(asked.id);
  if (sameId) {
    return { job: sameId.toRecord(), created: sameId.birth.nonce === asked.nonce };
  }
  const key = dedupeKey(asked.name, asked.dedupe);
  const id = store.keys.get(key);
  const inPlace = store.jobs.get(id ?? '');
  if (inPlace && holdsKey(store, inPlace, key)) {
    const deduped = takeOver(store, inPlace, asked);
    return { job: inPlace.toRecord(), created: false, ...(deduped && { deduped }) };
  }
  if (id === undefined || !store.keys.isOpen(key, store.now())) return added(store, asked, key);
  if (inPlace) return { job: inPlace.toRecord(), created: false };
  // That job is removed, and its id is all that is known of it.
  return { job: { ...newJob(store, asked).toRecord(), id }, created: false };
}

function added(store: MemoryStore, asked: DedupedJob, key: string): Enqueued {
  const job = newJob(store, asked);
  const refused = fullQueue(store, asked.name);
  if (refused) return { job: job.toRecord(), created: false, refused };
  store.jobs.set(job.id, job);
  store.place(job, job.happened.nextRunAt);
  store.events.enqueued(job);
  hold(store, key, job, asked.dedupe);
  return { job: job.toRecord(), created: true };
}

function hold(store: MemoryStore, key: string, { id }: StoredJob, dedupe: Dedupe): void {
  if (dedupe.mode !== 'debounce' || !dedupe.leading) return store.keys.hold(key, id, null);
  const now = store.now();
  // Twice as many as are added, so that what is over does not pile up.
  store.keys.forget(2, now);
  store.keys.hold(key, id, Math.ceil(now + dedupe.forMs));
}

function holdsKey(store: MemoryStore, job: StoredJob, key: string): boolean {
  const { birth, happened, lease } = job;
  if (birth.key !== key) return false;
  if (job.isUnderWay) return birth.freesKey === true;
  const plannedAt = lease ? lease.planned : happened.nextRunAt;
  const canStart = plannedAt !== null && !hasExpired(job, store.now());
  return canStart && (birth.freesKey === true || happened.lastRunAt === null);
}

/** What the job in place takes of a duplicate; `undefined` when that is nothing. */
function takeOver(store: MemoryStore, job: StoredJob, asked: DedupedJob): Deduped | undefined {
  const { dedupe } = asked;
  if (job.isUnderWay) {
    if (dedupe.mode !== 'latest') return undefined;
    rewrite(job, asked, ['data']);
    // The run that follows has all the time it wants: it is no longer about what was to expire.
    delete job.asked.expiresAt;
    job.lease!.pending ??= dueInstant(asked.due, store.now());
    return 'kept-for-next';
  }
  if (job.lease) withdraw(store, job);
  else store.displace(job);
  const plannedAt = job.happened.nextRunAt;
  rewrite(job, asked, dedupe.mode === 'replace' ? dedupe.takes : ['data']);
  store.place(job, nextRunAt(store, job, asked) ?? plannedAt);
  return 'replaced';
}

function rewrite(job: StoredJob, asked: DedupedJob, takes: readonly ReplacedPart[]): void {
  const { data, version = 1, priority, lastModifiedBy } = asked;
  if (takes.includes('data')) job.takeData(data, version);
  job.asked = {
    ...job.asked,
    ...(takes.includes('priority') && { priority }),
    ...(lastModifiedBy !== undefined && { lastModifiedBy }),
  };
}

/** When a waiting job runs after a duplicate; `undefined` for as before. */
function nextRunAt(
  store: MemoryStore,
  { birth, happened }: StoredJob,
  { dedupe, due }: DedupedJob,
): number | undefined {
  const now = store.now();
  if (dedupe.mode === 'replace') {
    return dedupe.takes.includes('nextRunAt') ? dueInstant(due, now) : undefined;
  }
  if (dedupe.mode !== 'debounce' || dedupe.leading) return undefined;
  const { forMs, maxWaitMs = Infinity } = dedupe;
  const latest = Math.ceil(birth.createdAt + maxWaitMs);
  // It has been put off for long enough, and keeps its place if it has come to be due.
  if (latest <= now) return Math.min(happened.nextRunAt ?? now, now);
  return Math.min(Math.ceil(now + forMs), latest);
}
