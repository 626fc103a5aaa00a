import type { JobStateNotification, JobStateType } from '../contracts/notification-channel.js';
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

/** A job that runs here, or what another process tells of it. */
type Told = Job | JobStateNotification;

/**
 * The events of Agenda and their listeners. As with Agenda a listener may name the types of the local
 * arguments alone; in an application of several processes it must look at `remote`, or at what it got.
 */
export interface AgendaEventMap {
  // Methods, since their parameters may be declared narrower than what comes.
  start(job: Told, remote?: true): unknown;
  progress(job: Told, remote?: true): unknown;
  success(job: Told, remote?: true): unknown;
  complete(job: Told, remote?: true): unknown;
  /** Another process tells the message of the error. */
  fail(error: Error | string, job: Told, remote?: true): unknown;
  retry(job: Told, details: RetryDetails, remote?: true): unknown;
  /** Retries were allowed and none is left; told in this process only. */
  'retry exhausted'(error: Error, job: Job): unknown;
  /** The engine is connected. */
  ready(): unknown;
  /** Something went wrong that has no caller to be told. */
  error(error: Error): unknown;
}

/** The events that come from other processes too. */
export const REMOTE_EVENTS: readonly string[] = [
  'start',
  'progress',
  'success',
  'fail',
  'complete',
  'retry',
] satisfies JobStateType[];
