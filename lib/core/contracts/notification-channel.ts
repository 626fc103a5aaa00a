/** A job was saved, or its name became claimable earlier than before: workers may want to look. */
export interface JobNotification {
  /** Empty when the news is of a name and not of one job. */
  jobId: string;
  jobName: string;
  nextRunAt: Date | null;
  priority: number;
  timestamp: Date;
  source?: string;
}

export type JobStateType = 'start' | 'progress' | 'success' | 'fail' | 'complete' | 'retry';

/** Something happened to a running job of another process. */
export interface JobStateNotification {
  type: JobStateType;
  jobId: string;
  jobName: string;
  timestamp: Date;
  source?: string;
  progress?: number;
  error?: string;
  failCount?: number;
  retryAt?: Date;
  retryAttempt?: number;
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

  /** Counts its users: each `connect` needs its own `disconnect`, and the last one closes. */
  abstract connect(): Promise<void>;
  abstract disconnect(): Promise<void>;

  /** A handler that throws harms neither the other handlers nor the process. */
  abstract subscribe(handler: NotificationHandler): Unsubscribe;
  /** Rejects with a message containing "not connected" when it is not. */
  abstract publish(notification: JobNotification): Promise<void>;

  abstract subscribeState(handler: StateNotificationHandler): Unsubscribe;
  abstract publishState(notification: JobStateNotification): Promise<void>;

  /** Ours, beyond Agenda's contract: told at once when a running job is cancelled. */
  subscribeCancel?(handler: CancelHandler): Unsubscribe;

  abstract on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  abstract on(event: 'error', listener: (error: Error) => void): this;
  abstract off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  abstract off(event: 'error', listener: (error: Error) => void): this;
}
