import type { JobId } from '../job/job-id.js';

/** A job was saved, or its name became claimable earlier than before: workers may want to look. */
export interface JobNotification {
  /** Empty when the news is of a name and not of one job. */
  jobId: JobId;
  /** {@link EVERY_NAME} when any name may have become claimable, as after a pause of everything. */
  jobName: string;
  nextRunAt: Date | null;
  priority: number;
  timestamp: Date;
  /** Which instance saved it. */
  source?: string;
  /** In which partition of the store; left out: in any. */
  partition?: number;
}

/** Whose news a handler gets. */
export interface NewsOptions {
  /**
   * Only what is meant for this host (a name that stands by, see `ClaimRequest.standBy`), or for all whom it
   * may concern. Left out: every piece of news.
   */
  readonly host?: string;
}

/** In place of a name: whatever there is may be claimable by now. */
export const EVERY_NAME = '';

/** What processes tell each other of a run. */
export const JOB_STATE_TYPES = [
  'start',
  'progress',
  'success',
  'fail',
  'complete',
  'retry',
] as const;
export type JobStateType = (typeof JOB_STATE_TYPES)[number];

/** Something happened to a running job of another process. */
export interface JobStateNotification {
  type: JobStateType;
  jobId: JobId;
  jobName: string;
  timestamp: Date;
  /** Which instance tells it. */
  source?: string;
  /** Of `progress`, by convention from 0 to 100. */
  progress?: number;
  /** Of `fail` and `retry`: the message of the error. */
  error?: string;
  /** Of `fail`: failures since the last success. */
  failCount?: number;
  /** Of `retry`: when the job runs again. */
  retryAt?: Date;
  /** Of `retry`: which retry that is, from 1. */
  retryAttempt?: number;
  /** Of `success` and `complete`: milliseconds. */
  duration?: number;
  lastRunAt?: Date;
  lastFinishedAt?: Date;
}

/** A running job was cancelled: the worker that runs it should fire its signal. */
export interface CancelNotification {
  jobId: string;
  reason: string;
}

export type NotificationHandler = (notification: JobNotification) => void | Promise<void>;
export type StateNotificationHandler = (notification: JobStateNotification) => void | Promise<void>;
export type CancelHandler = (notification: CancelNotification) => void;
export type NotificationChannelState =
  'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'error';
export type Unsubscribe = () => void;

/**
 * Best-effort news between processes, in the shape of Agenda v6's channels. News may be lost; no
 * promise of this library rests on it. An `error` event without a listener is dropped, never thrown.
 */
export abstract class NotificationChannel {
  /** Tells the truth, also after a silent loss of the connection. */
  abstract readonly state: NotificationChannelState;

  /** Counts its users: each `connect` needs its own `disconnect`. */
  abstract connect(): Promise<void>;
  /** The last user closes, and all handlers are dropped. It can be connected again. */
  abstract disconnect(): Promise<void>;

  /** A handler that throws harms neither the other handlers nor the process. `options` are ours, beyond Agenda's contract. */
  abstract subscribe(handler: NotificationHandler, options?: NewsOptions): Unsubscribe;
  /** Rejects with a message containing "not connected" when it is not. */
  abstract publish(notification: JobNotification): Promise<void>;

  abstract subscribeState(handler: StateNotificationHandler): Unsubscribe;
  abstract publishState(notification: JobStateNotification): Promise<void>;

  /** Ours, beyond Agenda's contract: many in one message, in order. */
  publishStates?(notifications: readonly JobStateNotification[]): Promise<void>;

  /** Ours, beyond Agenda's contract: told at once when a running job is cancelled. */
  subscribeCancel?(handler: CancelHandler): Unsubscribe;

  abstract on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  abstract on(event: 'error', listener: (error: Error) => void): this;
  abstract off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  abstract off(event: 'error', listener: (error: Error) => void): this;
}
