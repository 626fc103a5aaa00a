import type { Refusal } from '../contracts/job-broker.js';
import type { Deduped, Failure } from '../job/job-record.js';
import type { Job } from '../job/job.js';
import type { AgendaEventMap, RemoteEventMap } from './agenda-event.js';

/*
 * The events of this library: one object each, told in this process only. `agenda-event.ts` has those
 * in the words of Agenda, which go by the same `on`, `once` and `off`.
 */

/** A job was added by this process: whatever its time, and before anything else is told of it. */
export interface JobEnqueuedEvent {
  readonly job: Job;
}

/** A job was added by this process whose time is ahead; it comes right after `enqueued`. */
export interface JobScheduledEvent {
  readonly job: Job;
  readonly nextRunAt: Date;
}

/** This process has asked for a job that is there already: nothing was added. */
export interface JobDuplicateEvent {
  /** The one in place. */
  readonly job: Job;
  /** What became of it. */
  readonly deduped: Deduped;
}

/** An attempt begins: the handler is called next. */
export interface JobStartedEvent {
  readonly job: Job;
}

/**
 * An attempt began more than `processEvery` after its job was due: there were not enough slots, or its name was
 * held back. It comes right after `started`.
 */
export interface JobLateEvent {
  readonly job: Job;
  readonly lateMs: number;
}

/** A handler told how far it has come. */
export interface JobProgressedEvent {
  readonly job: Job;
  /** Any JSON; a number is by convention from 0 to 100. */
  readonly progress: unknown;
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

/**
 * An attempt failed, and the store has written it down; `retrying` or `dead` follows, unless a recurring
 * job goes on with its next occurrence.
 */
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

/** A handler has put its job off, or its error is no failure (`isFailure`): it runs again, and no attempt is counted. */
export interface JobSnoozedEvent {
  readonly job: Job;
  /** By the backend's clock. */
  readonly nextRunAt: Date;
  /** From the end of the run on; `undefined` when the job waits for an instant. */
  readonly delayMs: number | undefined;
  /** What was thrown, if anything was. */
  readonly error: Error | undefined;
}

/**
 * A handler has stopped its job, and all of its name or key, for so long (`job.rateLimited`): nothing is
 * counted, and the job keeps its place.
 */
export interface JobThrottledEvent {
  readonly job: Job;
  /** From the end of the run on. */
  readonly forMs: number;
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
  /** Which attempt was its last, from 1; missing when it waited too long and was not run. */
  readonly attempt: number | undefined;
  /** Missing when the job was buried because its processes were lost, or because it waited too long. */
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
  /** Which attempt was lost, from 1. */
  readonly attempt: number;
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

/** The engine works, and less well than it might: the store could lose jobs, a setting is questionable. */
export interface WarningEvent {
  /** Tells warnings apart, such as `persistence-off`. */
  readonly code: string;
  /** What is wrong, and what to do about it. */
  readonly message: string;
}

/** The scheduler of this process has removed jobs. Which ones, the durable stream tells. */
export interface JobsRemovedEvent {
  readonly verb: 'cancel' | 'cancelAll' | 'purge' | 'remove' | 'clean' | 'clear' | 'obliterate';
  readonly count: number;
}

/** The scheduler of this process has paused a name, or everything. */
export interface PausedEvent {
  /** Left out: everything. */
  readonly name?: string;
  readonly reason?: string;
}

/** The scheduler of this process has ended the pause of a name, or that of everything. */
export interface ResumedEvent {
  /** Left out: everything. */
  readonly name?: string;
}

/**
 * News of other processes comes again after it was cut off. What they told meanwhile is lost: whoever keeps a
 * picture of their jobs reads them again.
 */
export interface ReconnectedEvent {
  /** When it was cut off, as far as this process knows, by the backend's clock. */
  readonly since: Date;
}

/** A worker host began or stopped to claim jobs. */
export interface HostEvent {
  readonly host: string;
}

/** The events of this library and what their listeners receive. */
export interface JobEventMap {
  enqueued: JobEnqueuedEvent;
  scheduled: JobScheduledEvent;
  duplicate: JobDuplicateEvent;
  started: JobStartedEvent;
  late: JobLateEvent;
  progressed: JobProgressedEvent;
  completed: JobCompletedEvent;
  failed: JobFailedEvent;
  retrying: JobRetryingEvent;
  snoozed: JobSnoozedEvent;
  throttled: JobThrottledEvent;
  skipped: JobSkippedEvent;
  dead: JobDeadEvent;
  interrupted: JobInterruptedEvent;
  cancelled: JobCancelledEvent;
  stalled: JobStalledEvent;
  lost: JobLostEvent;
  stuck: JobStuckEvent;
  removed: JobsRemovedEvent;
  paused: PausedEvent;
  resumed: ResumedEvent;
  reconnected: ReconnectedEvent;
  online: HostEvent;
  offline: HostEvent;
  warning: WarningEvent;
}

export type JobEventName = keyof JobEventMap | keyof AgendaEventMap;

/** The events that are of one job. */
export type JobScopedEventName = Exclude<JobEventName, (typeof HOSTWIDE_EVENTS)[number]>;

/** An event, or an event of the jobs of one name: `failed:send-welcome`. */
export type JobEventKey = JobEventName | `${JobScopedEventName}:${string}`;

/** An event that other processes tell, too. */
export type RemoteEventKey = keyof RemoteEventMap | `${keyof RemoteEventMap}:${string}`;

type EventOf<Key extends JobEventKey> = Key extends JobEventName
  ? Key
  : Key extends `${infer Name extends JobScopedEventName}:${string}`
    ? Name
    : never;

type Listeners = AgendaEventMap & {
  [Name in keyof JobEventMap]: (event: JobEventMap[Name]) => unknown;
};

/** Of most events other processes tell nothing. */
type RemoteListeners = RemoteEventMap & {
  [Name in Exclude<JobEventName, keyof RemoteEventMap>]: never;
};

/** A listener of what happens in this process. */
export type LocalEventListener<Key extends JobEventKey> = Listeners[EventOf<Key>];

/** A listener of what other processes tell. */
export type RemoteEventListener<Key extends JobEventKey> = RemoteListeners[EventOf<Key>];

/** A listener of either; it is called with both. */
export type JobEventListener<Key extends JobEventKey> =
  LocalEventListener<Key> | RemoteEventListener<Key>;

/** What the listener of an event is called with. */
export type JobEventArguments<Key extends JobEventKey> = Facts[EventOf<Key>];

type Facts = { [Name in JobEventName]: Parameters<Listeners[Name] | RemoteListeners[Name]> };

/** Events of the whole process: there is none for a job name. */
export const HOSTWIDE_EVENTS = [
  'removed',
  'paused',
  'resumed',
  'reconnected',
  'online',
  'offline',
  'warning',
  'ready',
  'error',
] as const;

export const JOB_EVENTS: readonly JobEventName[] = [
  'enqueued',
  'scheduled',
  'duplicate',
  'started',
  'late',
  'progressed',
  'completed',
  'failed',
  'retrying',
  'snoozed',
  'throttled',
  'skipped',
  'dead',
  'interrupted',
  'cancelled',
  'stalled',
  'lost',
  'stuck',
  'removed',
  'paused',
  'resumed',
  'reconnected',
  'online',
  'offline',
  'warning',
  'start',
  'progress',
  'success',
  'fail',
  'retry',
  'retry exhausted',
  'complete',
  'ready',
  'error',
];
