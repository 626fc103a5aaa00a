import type { Refusal } from '../contracts/job-broker.js';
import type { Failure } from '../job/job-record.js';
import type { Job } from '../job/job.js';

/** A job was added by this process. */
export interface JobEnqueuedEvent {
  readonly job: Job;
}

/** An attempt begins: the handler is called next. */
export interface JobStartedEvent {
  readonly job: Job;
}

/** An attempt ended well, and the store has written it down. */
export interface JobCompletedEvent {
  readonly job: Job;
  /** What the handler returned. */
  readonly result: unknown;
  /** How long the handler took. */
  readonly durationMs: number;
  /** When a recurring job runs next. */
  readonly nextRunAt: Date | null;
}

/** An attempt failed, and the store has written it down; `retrying` or `dead` follows. */
export interface JobFailedEvent {
  readonly job: Job;
  /** What the handler threw, as an Error whatever it was. */
  readonly error: Error;
  readonly durationMs: number;
}

/** A failed job runs again. */
export interface JobRetryingEvent {
  readonly job: Job;
  readonly error: Error;
  /** From the failure on; `undefined` when the job waits for an instant. */
  readonly delayMs: number | undefined;
  /** By the backend's clock. */
  readonly nextRunAt: Date;
}

/** A recurring job was claimed too late for its occurrence, which its rule (`catchUp: 'skip'`) does not make up for. */
export interface JobSkippedEvent {
  readonly job: Job;
  /** When it runs next. */
  readonly nextRunAt: Date;
}

/** A job became a dead letter. */
export interface JobDeadEvent {
  readonly id: string;
  readonly name: string;
  readonly failure: Failure;
  /** Missing when the job was buried because its processes were lost. */
  readonly job: Job | undefined;
  readonly error: Error | undefined;
}

/** An attempt was handed back at shutdown; it does not count. */
export interface JobInterruptedEvent {
  readonly job: Job;
}

/** A job was cancelled while it ran in this process; its signal has fired. */
export interface JobCancelledEvent {
  readonly job: Job;
  readonly reason: string;
}

/** A process was lost, and this one gave its job back. */
export interface JobStalledEvent {
  readonly id: string;
  readonly name: string;
  /** The host that lost it. */
  readonly host: string;
  readonly rescueCount: number;
  readonly outcome: 'requeued' | 'buried';
}

/** An attempt of this process is no longer its own: what it did is not stored. */
export interface JobLostEvent {
  readonly job: Job;
  readonly refusal: Refusal | 'expired';
  /** True when a repeated call was refused: then its first sending decided, most likely as wished. */
  readonly repeated: boolean;
}

/** A handler goes on although its attempt is over; its slot stays taken until it returns. */
export interface JobStuckEvent {
  readonly job: Job;
  readonly error: Error;
}

/** A worker host began or stopped to claim jobs. */
export interface HostEvent {
  readonly host: string;
}

/** Something went wrong that has no caller to be told. */
export interface ErrorEvent {
  readonly error: Error;
}

/** The events and what their listeners receive. */
export interface JobEventMap {
  enqueued: JobEnqueuedEvent;
  started: JobStartedEvent;
  completed: JobCompletedEvent;
  failed: JobFailedEvent;
  retrying: JobRetryingEvent;
  skipped: JobSkippedEvent;
  dead: JobDeadEvent;
  interrupted: JobInterruptedEvent;
  cancelled: JobCancelledEvent;
  stalled: JobStalledEvent;
  lost: JobLostEvent;
  stuck: JobStuckEvent;
  online: HostEvent;
  offline: HostEvent;
  error: ErrorEvent;
}

export type JobEventName = keyof JobEventMap;

/** The events that are of one job. */
export type JobScopedEventName = Exclude<JobEventName, 'online' | 'offline' | 'error'>;

/** An event, or an event of the jobs of one name: `failed:send-welcome`. */
export type JobEventKey = JobEventName | `${JobScopedEventName}:${string}`;

/** What the listener of an event receives. */
export type JobEventOf<Key extends JobEventKey> = Key extends JobEventName
  ? JobEventMap[Key]
  : Key extends `${infer Name extends JobScopedEventName}:${string}`
    ? JobEventMap[Name]
    : never;

export type JobEventListener<Key extends JobEventKey> = (event: JobEventOf<Key>) => unknown;

export const JOB_EVENTS: readonly JobEventName[] = [
  'enqueued',
  'started',
  'completed',
  'failed',
  'retrying',
  'skipped',
  'dead',
  'interrupted',
  'cancelled',
  'stalled',
  'lost',
  'stuck',
  'online',
  'offline',
  'error',
];
