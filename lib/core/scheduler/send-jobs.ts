import type { Enqueued, JobBroker } from '../contracts/job-broker.js';
import { ConnectionError } from '../errors.js';
import type { DedupedJob, NewJob } from '../job/job-record.js';

/** Whether one job may be sent with the one before it: one with `dedupe` needs a call of its own. */
export const goTogether = (job: NewJob, next: NewJob): boolean =>
  (job.dedupe === undefined) === (next.dedupe === undefined);

/**
 * Sends jobs that go together, in their order. Those with `dedupe` are so many calls, all on their way at once, so
 * that each has its own outcome; the others are one.
 */
export async function sendJobs(
  broker: JobBroker,
  jobs: readonly NewJob[],
): Promise<readonly (Enqueued | Promise<Enqueued>)[]> {
  if (jobs[0]?.dedupe === undefined) return broker.enqueue(jobs);
  const calls = jobs.map((job) => broker.dedupe(job as DedupedJob));
  const outcomes = await Promise.allSettled(calls);
  const errors = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
  // Nothing came through: those that wait behind need not find out for themselves.
  if (errors.every((error) => error instanceof ConnectionError)) throw errors[0];
  return calls;
}
