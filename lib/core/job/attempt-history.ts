import { cutToBytes } from '../cut.js';
import type { Failure, HappenedFacts } from './job-record.js';

/** The newest entries that are kept of a job. */
export const HISTORY_LENGTH = 20;
const MOST_BYTES = 1024;

/**
 * How an attempt of a job ended, or what was done to the job between two; instants in ms. What a
 * handler put off (`snooze`) and what a shutdown handed back are no attempts: they are only counted.
 */
export interface HistoryEntry {
  /**
   * `completed`; `failed`, to run again; `dead`, for good; `rescued`, its process was lost (and the job
   * with it, if there is a failure); `requeued`, brought back from the dead letters.
   */
  readonly kind: 'completed' | 'failed' | 'dead' | 'rescued' | 'requeued';
  /** From 1; after a requeue with `resetAttempts` it begins anew. Of a requeue: how many lie behind it. */
  readonly attempt: number;
  /** When the attempt was due; `null` for a requeue, and where nobody knows. */
  readonly plannedAt: number | null;
  /** When it was claimed; `null` for a requeue, and where nobody knows. */
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** The worker host that ran it; empty for a requeue, and where nobody knows. */
  readonly host: string;
  /** Message and stack are cut to 1 KiB each. */
  readonly failure?: Failure;
}

/** What a record tells of how its job ended last. */
export type RecordedEnd = Pick<
  HappenedFacts,
  'nextRunAt' | 'lastRunAt' | 'lastFinishedAt' | 'failedAt' | 'attempt' | 'failure'
>;

/**
 * The newest end as a record alone tells it: the history of a job that has no other. Such is a first run
 * that ended its job well, which nobody writes down, and the past of a row that came with one. The scripts
 * say the same in `history.lua`.
 */
export function toldByRecord(job: RecordedEnd): HistoryEntry | undefined {
  const { nextRunAt, lastRunAt, lastFinishedAt, failedAt, attempt, failure } = job;
  if (lastFinishedAt === null) return undefined;
  const hasFailed = failedAt !== null && failedAt >= lastFinishedAt;
  const end = {
    attempt: Math.max(attempt, 1),
    plannedAt: null,
    startedAt: lastRunAt !== null && lastRunAt <= lastFinishedAt ? lastRunAt : null,
    endedAt: lastFinishedAt,
    host: '',
  };
  if (!hasFailed) return { kind: 'completed', ...end };
  const kind = nextRunAt === null ? 'dead' : 'failed';
  return { kind, ...end, ...(failure && { failure: inBrief(failure) }) };
}

/** A failure as the history keeps it. */
export function inBrief({ stack, ...failure }: Failure): Failure {
  return {
    ...failure,
    message: cutToBytes(failure.message, MOST_BYTES),
    ...(stack !== undefined && { stack: cutToBytes(stack, MOST_BYTES) }),
  };
}
