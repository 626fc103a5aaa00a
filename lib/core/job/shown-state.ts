import type { Job } from './job.js';
import type { JobState } from './job-state.js';

/**
 * What people are shown: beside the states of a job, `dead` when it does not run again, and `paused` when it is disabled
 * and waits. A disabled job that has ended, or runs, is no less that.
 */
export type ShownState = JobState | 'dead' | 'paused';

export function shownState({
  state,
  nextRunAt,
  disabled,
}: Pick<Job, 'state' | 'nextRunAt' | 'disabled'>): ShownState {
  if (state === 'failed' && nextRunAt === null) return 'dead';
  return disabled && state !== 'running' && nextRunAt !== null ? 'paused' : state;
}
