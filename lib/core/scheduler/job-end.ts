import { JobFailedError, ResultOmittedError } from '../errors.js';
import type { Failure, JobRecord } from '../job/job-record.js';
import { isRecurring } from '../job/job-state.js';

/** What a job has come to, for whoever waits for it. */
export type JobEnd =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: Error };

/** When a run of the job ended last, as far as its record tells; `null` for never. */
export const lastEndOf = ({ lastFinishedAt, failedAt }: JobRecord): number | null =>
  lastFinishedAt ?? failedAt;

/**
 * The end of a job: of one that has ended for good that end, of a recurring one that of a run which ended since.
 * `undefined` as long as there is none; a failure that is tried again is none.
 *
 * @param since - when a run of it had ended last, as it was looked at first; itself at that first look
 */
export function endOf(job: JobRecord, since: number | null): JobEnd | undefined {
  const isOver = job.lockedAt === null && job.nextRunAt === null;
  const at = lastEndOf(job);
  if (at === null) return undefined;
  // What earlier runs used up is taken back when an occurrence is over, and only then.
  const endedOccurrence = isRecurring(job) && at !== since && job.attempt === 0;
  if (!isOver && !endedOccurrence) return undefined;
  return hasFailed(job) ? failed(job) : succeeded(job);
}

const hasFailed = ({ failedAt, lastFinishedAt }: JobRecord): boolean =>
  failedAt !== null && failedAt >= (lastFinishedAt ?? 0);

function failed({ id, name, failure, attempt }: JobRecord): JobEnd {
  return { kind: 'error', error: new JobFailedError(id, name, failure ?? UNKNOWN, attempt) };
}

function succeeded({ id, name, result, resultOmitted }: JobRecord): JobEnd {
  if (!resultOmitted) return { kind: 'result', result };
  const { reason, bytes } = resultOmitted;
  return { kind: 'error', error: new ResultOmittedError(id, name, reason, bytes) };
}

const UNKNOWN: Failure = { name: 'Error', message: 'unknown' };
