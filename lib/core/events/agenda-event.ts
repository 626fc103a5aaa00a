import { JOB_STATE_TYPES, type JobStateNotification } from '../contracts/notification-channel.js';
import type { Job } from '../job/job.js';

/*
 * The events of Agenda v6, by its names and with its arguments, told of the runs in this process and,
 * with `true` as the last argument, of those in others.
 *
 * In one run: start, progress …, then, when the store has accepted how it ended, success or fail, retry
 * or retry exhausted, and complete. So by then a job that is not to be kept is gone, and a run that was
 * interrupted, cancelled or lost tells neither of these: it did not end, as far as jobs are concerned.
 * From other processes each comes at most once, in order for each job, like all news.
 */

/** When a failed job runs again. */
export interface RetryDetails {
  /** Which retry that is, from 1. */
  readonly attempt: number;
  /** From the failure on, in ms; 0 where another process tells it. */
  readonly delay: number;
  readonly nextRunAt: Date;
  readonly error: Error;
}

/** The events of Agenda and what their listeners get of runs in this process. */
export interface AgendaEventMap {
  // Methods, since listeners may declare more of a job than comes for certain: the type of its data.
  start(job: Job, remote?: false): unknown;
  progress(job: Job, remote?: false): unknown;
  success(job: Job, remote?: false): unknown;
  complete(job: Job, remote?: false): unknown;
  fail(error: Error, job: Job, remote?: false): unknown;
  retry(job: Job, details: RetryDetails, remote?: false): unknown;
  /** Retries were allowed and none is left; told in this process only. */
  'retry exhausted'(error: Error, job: Job): unknown;
  /** The engine is connected. */
  ready(): unknown;
  /** Something went wrong that has no caller to be told. */
  error(error: Error): unknown;
}

/**
 * What the same listeners get of runs in other processes. As with Agenda a listener may declare one
 * of the two alone; in an application of several processes it must look at `remote`.
 */
export interface RemoteEventMap {
  start(job: JobStateNotification, remote: true): unknown;
  progress(job: JobStateNotification, remote: true): unknown;
  success(job: JobStateNotification, remote: true): unknown;
  complete(job: JobStateNotification, remote: true): unknown;
  /** The message of the error is all that is told of it. */
  fail(error: string, job: JobStateNotification, remote: true): unknown;
  retry(job: JobStateNotification, details: RetryDetails, remote: true): unknown;
}

/** The events that come from other processes too. */
export const REMOTE_EVENTS: readonly string[] =
  JOB_STATE_TYPES satisfies readonly (keyof RemoteEventMap)[];
