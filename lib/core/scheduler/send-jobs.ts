import type { Enqueued, JobBroker } from '../contracts/job-broker.js';
import { ConnectionError } from '../errors.js';
import type { DedupedJob, NewJob } from '../job/job-record.js';

/** Whether one job may be sent with the one before it: one with `dedupe` needs a call of its own. */
export const goTogether = (job: NewJob, next: NewJob): boolean =>
  (job.dedupe === undefined) === (next.dedupe === undefined);

type Outcome = Enqueued | Promise<Enqueued>;

/**
 * Sends jobs that go together, in their order. Those with `dedupe` are so many calls, all on their way at once, so
 * that each has its own outcome; the others are one for each partition of the store.
 */
export async function sendJobs(
  broker: JobBroker,
  jobs: readonly NewJob[],
): Promise<readonly Outcome[]> {
  if (jobs[0]?.dedupe === undefined) {
    return broker.partitions === 1 ? broker.enqueue(jobs) : sendShares(broker, jobs);
  }
  const calls = jobs.map((job) => broker.dedupe(job as DedupedJob));
  await settled(calls);
  return calls;
}

/** In the calls of one partition the jobs keep their order. What one that is away fails is not the others' failure. */
async function sendShares(broker: JobBroker, jobs: readonly NewJob[]): Promise<readonly Outcome[]> {
  const outcomes = new Array<Outcome>(jobs.length);
  const calls = sharesOf(broker, jobs).map(async (share) => {
    const call = broker.enqueue(share.map((i) => jobs[i]!));
    try {
      const answers = await call;
      share.forEach((i, at) => (outcomes[i] = answers[at]!));
    } catch (error) {
      // The call has failed, and is what each of its jobs is answered with.
      for (const i of share) outcomes[i] = call as Promise<never>;
      throw error;
    }
  });
  await settled(calls);
  return outcomes;
}

/** The numbers of the jobs that go in one call. */
function sharesOf(broker: JobBroker, jobs: readonly NewJob[]): number[][] {
  const shares: number[][] = [];
  const open = new Map<number, number[]>();
  jobs.forEach(({ id }, i) => {
    const partition = broker.partitionOf(id);
    const share = open.get(partition);
    if (share && share.length < broker.enqueueLimit) return share.push(i);
    const next = [i];
    open.set(partition, next);
    return shares.push(next);
  });
  return shares;
}

/** Waits for all calls. @throws ConnectionError when nothing came through: those that wait behind need not find out for themselves */
async function settled(calls: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(calls);
  const errors = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
  if (errors.every((error) => error instanceof ConnectionError)) throw errors[0];
}
