import type { JobRecord } from './job-record.js';

/** The states of the Agenda family. `paused` is no state of its own: a disabled job keeps its time state. */
export type JobState = 'scheduled' | 'queued' | 'running' | 'completed' | 'failed' | 'repeating';

/**
 * How many jobs there are in each state; `dead` are those of the `failed` that are dead letters, and
 * `paused` counts the disabled ones a second time.
 */
export type StateCounts = Record<JobState | 'dead' | 'paused' | 'total', number>;

type StateFacts = Pick<
  JobRecord,
  'lockedAt' | 'failedAt' | 'lastFinishedAt' | 'repeat' | 'nextRunAt'
>;

/**
 * The state of a job at an instant, computed from its fields; the first rule that holds decides.
 * The rules are those of Agenda v6 (`computeJobState`), but a recurring job that has ended is
 * `completed`: only one that waits is `repeating`.
 *
 * @param now milliseconds since the epoch, by the backend's clock
 */
export function computeState(job: StateFacts, now: number): JobState {
  if (job.lockedAt !== null) return 'running';
  if (job.failedAt !== null && job.failedAt >= (job.lastFinishedAt ?? 0)) return 'failed';
  if (job.nextRunAt === null) return 'completed';
  if (job.repeat?.interval !== undefined) return 'repeating';
  return job.nextRunAt > now ? 'scheduled' : 'queued';
}

/** Whether a job runs again and again, or did: a rule of limits alone belongs to one that runs once. */
export const isRecurring = ({ repeat }: Pick<JobRecord, 'repeat'>): boolean =>
  repeat?.interval !== undefined || repeat?.at !== undefined;

/** Whether the job is a dead letter: failed for good, kept for people. */
export function isDead(job: StateFacts, now: number): boolean {
  return job.nextRunAt === null && computeState(job, now) === 'failed';
}

export function emptyCounts(): StateCounts {
  return {
    scheduled: 0,
    queued: 0,
    running: 0,
    completed: 0,
    failed: 0,
    dead: 0,
    repeating: 0,
    paused: 0,
    total: 0,
  };
}
