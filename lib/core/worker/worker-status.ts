import type { Duration } from '../duration.js';
import type { Job } from '../job/job.js';

export interface DrainOptions {
  /** How long running handlers may go on before their signals fire. @default the option `shutdown.timeout` */
  timeout?: Duration;
  /** Cuts the waiting short. */
  signal?: AbortSignal;
}

/** What a drain came to. */
export interface DrainReport {
  /** Attempts that ended while it waited. */
  readonly completed: number;
  /** Handlers that had not returned when it stopped to wait for them. */
  readonly running: number;
  /** Attempts that have ended and whose ends the store has not answered: their jobs may run again. */
  readonly unsettled: number;
  readonly timedOut: boolean;
  readonly aborted: boolean;
}

export interface WorkerStatus {
  readonly state: 'stopped' | 'running' | 'stopping';
  /**
   * Whether this process takes jobs: it runs, and the store answers it. False as the first thing of a stop,
   * before anything is waited for; always false in a process that only adds jobs.
   */
  readonly ready: boolean;
  /** Whether this process only adds jobs (`worker: false`): its host is never started. */
  readonly onlyAdds: boolean;
  /** This process among all hosts: unique, also among processes of one name. */
  readonly host: string;
  readonly running: number;
  /** How many jobs may run at once, over all names: `maxConcurrency`. */
  readonly slots: number;
  /** Finished attempts the store has not answered for yet. */
  readonly unsettled: number;
  /** Whether every name is paused in this process. */
  readonly paused: boolean;
  /** Whether the store could not be reached when it was last asked. */
  readonly storeIsAway: boolean;
  readonly names: readonly {
    readonly name: string;
    readonly running: number;
    readonly concurrency: number;
    readonly paused: boolean;
  }[];
}

/** What the host does at this moment. */
export interface HostSnapshot {
  /** The names it runs, and how many of each at once. */
  readonly names: readonly { readonly name: string; readonly concurrency: number }[];
  readonly maxConcurrency: number;
  /** Jobs whose handlers execute. */
  readonly running: readonly Job[];
  /** Jobs whose leases it holds: those that run, and those whose ends are not stored yet. */
  readonly held: readonly Job[];
  /** Claims that have no answer yet. */
  readonly callsUnderWay: number;
}
