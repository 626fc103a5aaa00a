import type { Inspected } from '../core/contracts/job-manager.js';
import type { StoredJob } from './stored-job.js';

/** Everything that is known of a job at one instant, but the token of its lease. */
export function inspectJob(job: StoredJob, now: number): Inspected {
  const { lease } = job;
  return {
    record: job.toRecord(),
    lease: lease && {
      host: lease.host,
      lockedAt: lease.lockedAt,
      expiresAt: lease.phase === 'locked' ? null : lease.expiresAt,
      fence: lease.fence,
    },
    history: structuredClone([...job.history]),
    now,
  };
}
