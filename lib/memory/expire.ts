import { MAX_REWRITES, type ExpiredJob } from '../core/contracts/job-broker.js';
import { inBrief } from '../core/job/attempt-history.js';
import { EXPIRED } from '../core/job/expiry.js';
import { compareTexts } from '../core/query/job-order.js';
import type { MemoryStore } from './memory-store.js';
import { copied, type StoredJob } from './stored-job.js';

export interface Expiries {
  readonly expired: readonly ExpiredJob[];
  /** There are others that this step did not reach. */
  readonly more: boolean;
}

/** Whether a job must not start any more: at the very instant it is too late. */
export function hasExpired({ asked }: StoredJob, now: number): boolean {
  return asked.expiresAt !== undefined && asked.expiresAt <= now;
}

/** Buries jobs that wait and have expired, those that did so first. */
export function expireJobs(store: MemoryStore, most = MAX_REWRITES): Expiries {
  const found = waitingExpired(store);
  const expired = found.slice(0, most).map((job) => expire(store, job));
  store.announceEarlier();
  return { expired, more: found.length > most };
}

/** Buries a job that waits, or that was taken out of its line. */
export function expire(store: MemoryStore, job: StoredJob): ExpiredJob {
  const now = store.now();
  const { happened, history } = job;
  const plannedAt = happened.nextRunAt;
  store.displace(job);
  happened.lastFinishedAt = happened.failedAt = now;
  happened.failure = copied(EXPIRED);
  store.place(job, null);
  job.chronicle(history, {
    kind: 'dead',
    attempt: Math.max(happened.attempt, 1),
    plannedAt,
    startedAt: null,
    endedAt: now,
    host: '',
    failure: inBrief(EXPIRED),
  });
  store.endOwnWay(job, 'dead');
  store.events.tell('dead', { id: job.id, name: job.name, reason: 'expired' });
  return { id: job.id, name: job.name };
}

function waitingExpired(store: MemoryStore): StoredJob[] {
  const now = store.now();
  return [...store.expiring]
    .filter((job) => !job.lease && hasExpired(job, now))
    .sort((a, b) => a.asked.expiresAt! - b.asked.expiresAt! || compareTexts(a.id, b.id));
}
