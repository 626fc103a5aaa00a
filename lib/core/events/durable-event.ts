/*
 * The durable stream of events: what happened to jobs in all processes, kept by the store for readers that
 * come later. It is written by the very steps that change the jobs, so it misses nothing and tells nothing
 * that did not happen. It tells ids and facts; neither data nor results, messages or reasons of people.
 */

/**
 * `enqueued`: added. `started`: handed to a host, whose handler is called next. `failed`: each failed
 * attempt, followed by `retrying`, by `dead`, or, where a recurring job goes on with its next occurrence, by
 * neither. `interrupted`: handed back; its attempt does not count. `stalled`: its process was lost.
 * `cancelled`: removed on somebody's wish, in whatever state. `removed`: in any other way, with the reason
 * `completed` (not to be kept), `retention` or `clean`. `requeued`: a dead letter that came back. `emptied`: of a name, when its last run has ended and nothing of
 * it is due; where jobs are spread over several partitions, each tells it of its own ones.
 */
export const DURABLE_EVENT_KINDS = [
  'enqueued',
  'started',
  'completed',
  'failed',
  'retrying',
  'snoozed',
  'throttled',
  'interrupted',
  'skipped',
  'dead',
  'stalled',
  'cancelled',
  'removed',
  'requeued',
  'paused',
  'resumed',
  'emptied',
] as const;
export type DurableEventKind = (typeof DURABLE_EVENT_KINDS)[number];

/** One event of the stream; what does not apply to its kind is left out. */
export interface DurableEvent {
  readonly kind: DurableEventKind;
  /** The job; left out where a name as a whole is meant. */
  readonly id?: string;
  /** The job's name; left out where all names are meant. */
  readonly name?: string;
  /** By the backend's clock. */
  readonly at: Date;
  /** Of `started` and the ends of attempts: which attempt, from 1. */
  readonly attempt?: number;
  /** The worker host that runs it, or that has lost it. */
  readonly host?: string;
  /** A word: of `dead` the reason of the dead letter, of `removed` why it is. */
  readonly reason?: string;
  /** When the job runs, or runs next. */
  readonly nextRunAt?: Date;
  /** From which a reader goes on behind this event: `scheduler.events({ from })`. */
  readonly cursor: string;
}
