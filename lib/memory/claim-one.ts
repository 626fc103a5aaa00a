import type { ClaimedOne, ClaimOneRequest } from '../core/contracts/job-broker.js';
import { handOut } from './claim.js';
import type { MemoryStore } from './memory-store.js';

/** Leases one job out of turn; a repeat gets the same lease. */
export function claimOne(
  store: MemoryStore,
  { id, claimId, host, leaseMs }: ClaimOneRequest,
): ClaimedOne {
  const job = store.jobs.get(id);
  if (!job) return { refusal: 'not-found' };
  const token = `${claimId}:1`;
  if (job.lease) {
    return job.lease.token === token ? { job: handOut(store, job) } : { refusal: 'lease-mismatch' };
  }
  const now = store.now();
  store.pass(leaseMs);
  store.displace(job);
  if (job.happened.nextRunAt === null) job.beginAnew();
  store.fence = store.nextFence();
  store.startLease(job, {
    phase: 'run',
    token,
    fence: store.fence,
    host,
    lockedAt: now,
    expiresAt: Math.ceil(now + leaseMs),
    pending: null,
    planned: null,
  });
  store.events.started(job);
  store.announceEarlier();
  return { job: handOut(store, job) };
}
