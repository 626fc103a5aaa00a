import type { FindState } from '../contracts/job-manager.js';
import type { JobRecord } from '../job/job-record.js';
import { computeState, isDead } from '../job/job-state.js';

/** Whether a search for a state means a job as it is at an instant. */
export function isInState(state: FindState, job: JobRecord, now: number): boolean {
  if (state === 'paused') return job.disabled;
  if (state === 'dead') return isDead(job, now);
  if (state === 'retrying') return computeState(job, now) === 'failed' && !isDead(job, now);
  return computeState(job, now) === state;
}
