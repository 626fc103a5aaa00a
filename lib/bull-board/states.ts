import type { JobCounts, JobState, JobStatus, Status } from '@bull-board/api/dist/types.js';
import type { Job, JobState as OurState, StateCounts } from '../core/index.js';

/** What the board shows of a name, in this order. */
export const JOB_STATUSES: JobStatus[] = [
  'active',
  'waiting',
  'delayed',
  'completed',
  'failed',
  'paused',
];

export const STATUSES: Status[] = ['latest', ...JOB_STATUSES];

/** Some of the jobs that a query for a state finds, as they follow one another there. */
export interface Stretch {
  readonly state: OurState;
  /** How many of the state come before. */
  readonly begin: number;
  readonly count: number;
}

/**
 * Which jobs stand behind a status. Those that wait for a retry have a time ahead, as recurring ones have; what is due
 * of a paused name is paused. A query for `failed` has the dead letters first.
 */
export function stretchesOf(
  status: JobStatus,
  counts: StateCounts,
  isPaused: boolean,
): readonly Stretch[] {
  const { dead, failed } = counts;
  const all = (state: OurState): Stretch => ({ state, begin: 0, count: counts[state] });
  switch (status) {
    case 'active':
      return [all('running')];
    case 'waiting':
      return isPaused ? [] : [all('queued')];
    case 'paused':
      return isPaused ? [all('queued')] : [];
    case 'delayed':
      return [
        all('scheduled'),
        { state: 'failed', begin: dead, count: failed - dead },
        all('repeating'),
      ];
    case 'completed':
      return [all('completed')];
    case 'failed':
      return [{ state: 'failed', begin: 0, count: dead }];
    case 'prioritized':
    case 'waiting-children':
      return [];
  }
}

export function countsOf(counts: StateCounts, isPaused: boolean): JobCounts {
  const sumOf = (status: JobStatus): number =>
    stretchesOf(status, counts, isPaused).reduce((sum, { count }) => sum + count, 0);
  return Object.fromEntries(JOB_STATUSES.map((status) => [status, sumOf(status)])) as JobCounts;
}

/** The state of a job in the words of the board, whether its name is paused or not. */
export function stateOf({ state, nextRunAt }: Job): JobState {
  switch (state) {
    case 'running':
      return 'active';
    case 'queued':
      return 'waiting';
    case 'completed':
      return 'completed';
    case 'failed':
      return nextRunAt === null ? 'failed' : 'delayed';
    case 'scheduled':
    case 'repeating':
      return 'delayed';
  }
}
