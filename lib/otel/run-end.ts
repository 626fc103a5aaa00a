import { type Job, JobCancelledError, JobTimeoutError, JobVerdict } from '../core/index.js';
import { causedBy } from '../core/job/thrown.js';

/*
 * How a run came out, as the engine will judge it: what a handler has decided by a verb of its job is no error
 * unless the verb says that the attempt has failed. Only what an option `isFailure` excuses is not known here: it
 * was thrown, and is shown as an error.
 */

export type RunEnd =
  | { readonly outcome: 'completed' | 'snoozed' | 'rate-limited' | 'released' }
  | { readonly outcome: 'failed' | 'retried' | 'discarded'; readonly error: unknown };

/** @param failure - what the handler has thrown */
export function runEndOf(job: Job, failure?: { readonly thrown: unknown }): RunEnd {
  const { verdict } = job;
  const reason: unknown = job.signal.aborted ? job.signal.reason : undefined;
  if (reason instanceof JobTimeoutError) return { outcome: 'failed', error: reason };
  if (verdict && (!failure || isVerdictOf(job, failure.thrown))) return decided(verdict);
  if (!failure) return { outcome: 'completed' };
  const isReleased = reason !== undefined && !(reason instanceof JobCancelledError);
  return isReleased ? { outcome: 'released' } : { outcome: 'failed', error: failure.thrown };
}

const isVerdictOf = (job: Job, thrown: unknown): boolean =>
  causedBy(thrown, JobVerdict)?.jobId === job.id;

function decided({ wish, failure }: JobVerdict): RunEnd {
  switch (wish.kind) {
    case 'snooze':
      return { outcome: 'snoozed' };
    case 'throttle':
      return { outcome: 'rate-limited' };
    case 'retry':
      return { outcome: 'retried', error: failure };
    case 'discard':
      return { outcome: 'discarded', error: failure };
  }
}
