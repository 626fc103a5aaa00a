import type { FindState } from '../../lib/core/contracts/job-manager.js';
import type { JobRecord } from '../../lib/core/job/job-record.js';

/*
 * How jobs of a spread store are compared with those of another one: each has a number in its data, since rows that
 * are saved get their ids from the store; and among those that are sorted alike no order is promised.
 */

export const numberOf = ({ data }: JobRecord): number => (data as { n: number }).n;
export const idsOf = (jobs: readonly JobRecord[]): string[] => jobs.map(({ id }) => id);

/** The numbers of jobs, sorted. */
export const numbersOf = (jobs: readonly JobRecord[]): number[] =>
  jobs.map(numberOf).sort((a, b) => a - b);

/** What a job is sorted by in a state, but for ties. */
export function keysOf(state: FindState, jobs: readonly JobRecord[]): unknown[] {
  return jobs.map((job) => {
    switch (state) {
      case 'scheduled':
      case 'repeating':
      case 'retrying':
        return job.nextRunAt;
      case 'queued':
        return job.disabled ? [job.nextRunAt] : [job.priority, job.nextRunAt];
      case 'running':
        return job.lockedAt;
      case 'completed':
        return job.lastFinishedAt;
      case 'dead':
        return job.failedAt;
      case 'failed':
        return job.nextRunAt ?? -job.failedAt!;
      case 'paused':
        return job.disabled;
    }
  });
}
