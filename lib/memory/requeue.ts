import type { RequeueAnswer, RequeueRequest } from '../core/contracts/job-manager.js';
import { dueInstant } from '../core/job/due.js';
import type { MemoryStore } from './memory-store.js';
import type { StoredJob } from './stored-job.js';

/** Brings dead letters back, each judged alone: one that is named twice is brought back once. */
export function requeueJobs(
  store: MemoryStore,
  ids: readonly string[],
  how: RequeueRequest,
): RequeueAnswer[] {
  const answers = new Map<string, RequeueAnswer>();
  for (const id of new Set(ids)) answers.set(id, requeue(store, store.jobs.get(id), how));
  store.announceEarlier();
  return ids.map((id) => ({ ...answers.get(id)! }));
}

function requeue(
  store: MemoryStore,
  job: StoredJob | undefined,
  how: RequeueRequest,
): RequeueAnswer {
  if (!job) return { outcome: 'not-found' };
  if (!job.isDead) return { outcome: 'not-dead' };
  if (job.name !== (how.expectName ?? job.name)) return { outcome: 'name-mismatch' };
  const { key, freesKey } = job.birth;
  if (key !== undefined && freesKey) {
    const holder = store.keys.holderOf(key, store.now()) ?? job.id;
    if (holder !== job.id) return { outcome: 'key-taken', holder };
    store.keys.hold(key, job.id, null);
  }
  bringBack(store, job, how);
  return { outcome: 'ok' };
}

function bringBack(
  store: MemoryStore,
  job: StoredJob,
  { due, resetAttempts, data, version }: RequeueRequest,
): void {
  const now = store.now();
  const { happened } = job;
  job.chronicle(job.history, {
    kind: 'requeued',
    attempt: Math.max(happened.attempt, 1),
    plannedAt: null,
    startedAt: null,
    endedAt: now,
    host: '',
  });
  happened.window = job.openWindow;
  happened.failedAt = null;
  happened.failure = null;
  if (resetAttempts) {
    job.beginAnew();
    happened.failCount = 0;
  }
  delete job.asked.expiresAt;
  if (data !== undefined) job.takeData(data ?? undefined, version);
  store.leaving.delete(job.id);
  store.place(job, Math.max(dueInstant(due, now), now));
  store.events.tell('requeued', { id: job.id, name: job.name, nextRunAt: happened.nextRunAt });
}
