import type { FindOptions, Job, JobScheduler } from '../core/index.js';

/** The most jobs that a page of the store has. */
const PAGE = 200;

export interface FoundSome {
  readonly jobs: readonly Job[];
  /** Where to go on; `undefined` after the last job. */
  readonly cursor: string | undefined;
}

/** So many jobs, in as many pages as that takes: pages of a search by data may be short, or empty. */
export async function findSome(
  scheduler: JobScheduler,
  options: Omit<FindOptions, 'limit'>,
  limit: number,
  signal: AbortSignal,
): Promise<FoundSome> {
  const jobs: Job[] = [];
  let { cursor } = options;
  do {
    signal.throwIfAborted();
    const wanted = Math.min(limit - jobs.length, PAGE);
    const page = await scheduler.find({ ...options, limit: wanted, cursor });
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined && jobs.length < limit);
  return { jobs, cursor };
}

/** Every job that matches, a page at a time. */
export async function* foundPages(
  scheduler: JobScheduler,
  options: Omit<FindOptions, 'limit' | 'cursor'>,
  signal: AbortSignal,
): AsyncGenerator<readonly Job[]> {
  let cursor: string | undefined;
  do {
    if (signal.aborted) return;
    const page = await scheduler.find({ ...options, limit: PAGE, cursor });
    if (page.jobs.length > 0) yield page.jobs;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
