import type { JobStatus } from '@bull-board/api/dist/types.js';
import type { Job } from '../core/index.js';
import type { BoardStore } from './board-store.js';
import { stateOf, stretchesOf } from './states.js';

/** Which of the jobs of a status, counted from 0; the last one is among them. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A page of a status: what is asked for is read, whatever comes before it. */
export async function pageOf(
  store: BoardStore,
  name: string,
  status: JobStatus,
  { start, end }: Range,
): Promise<Job[]> {
  const [counts, isPaused] = await Promise.all([store.countsOf(name), store.isPaused(name)]);
  const jobs: Job[] = [];
  let before = 0;
  for (const { state, begin, count } of stretchesOf(status, counts, isPaused)) {
    const skip = Math.max(start - before, 0);
    const limit = Math.min(end - before + 1, count) - skip;
    before += count;
    if (limit <= 0) continue;
    const found = await store.scheduler.queryJobs({ name, state, skip: begin + skip, limit });
    jobs.push(...found.jobs.filter((job) => isOf(status, job)));
  }
  return jobs;
}

/** Since they were counted jobs may have come or gone, so that others stand in their places. */
const isOf = (status: JobStatus, job: Job): boolean => {
  const state = stateOf(job);
  return state === status || (status === 'paused' && state === 'waiting');
};
