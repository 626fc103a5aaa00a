import type { Job, JobScheduler } from '../core/index.js';

const PAGE = 200;

/** Every job of the store, or of a name: tests have few. */
export async function allJobs(scheduler: JobScheduler, name?: string): Promise<Job[]> {
  const found: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await scheduler.find({ limit: PAGE, cursor, ...(name !== undefined && { name }) });
    found.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** Whether it waits for a run: planned, due, recurring, or waiting for its retry. */
export const waits = ({ nextRunAt, lockedAt, disabled }: Job): boolean =>
  nextRunAt !== null && lockedAt === null && !disabled;

export const isDeadLetter = ({ state, nextRunAt }: Job): boolean =>
  state === 'failed' && nextRunAt === null;

/** The first due first. */
export const byDue = (a: Job, b: Job): number =>
  a.nextRunAt!.getTime() - b.nextRunAt!.getTime() || a.createdAt.getTime() - b.createdAt.getTime();

/** The state in the words of tests: `dead` instead of `failed` for a job that does not run again. */
export const stateOf = (job: Job): string => (isDeadLetter(job) ? 'dead' : job.state);
