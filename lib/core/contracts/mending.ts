import type { Due } from '../job/due.js';

/** What is to be different about a job; what is left out stays. */
export interface JobChange {
  /** JSON text; `null` for none. */
  readonly data?: string | null;
  /** Which version of its handler's input the new data is; without new data it means nothing. @default as the data in place */
  readonly version?: number;
  readonly priority?: number;
  readonly due?: Due;
  /** Who changes it. */
  readonly lastModifiedBy?: string;
}

/**
 * What became of a change: `ok`, the job waits as it was told; `kept-for-next`, it runs, and the change counts
 * for the run that follows, if one does; `ended`, no run of it is planned, so nothing was changed.
 */
export type UpdateAnswer = 'ok' | 'kept-for-next' | 'not-found' | 'ended';

/**
 * What became of a job that should be due at once: `ok`, it is; `running`, `ended` (no run of it is planned) and
 * `disabled` ones stay as they are.
 */
export type PromoteAnswer = 'ok' | 'not-found' | 'running' | 'ended' | 'disabled';

/** Which jobs a removal takes. The others stay, each as it is found in the step that would remove it. */
export interface RemovalTerms {
  /**
   * `queued`: one-time jobs that count as `queued`, disabled ones among them; `waiting`: those that count as
   * `queued` or `scheduled`. Neither takes a job that waits for its retry. `dead`: one-time jobs that are dead
   * letters. Left out: jobs of every state.
   */
  readonly only?: 'queued' | 'waiting' | 'dead';
  /** @default false */
  readonly sparesRunning?: boolean;
  /** @default false */
  readonly sparesRecurring?: boolean;
  /** What the workers of running jobs are told. @default '' */
  readonly reason?: string;
}
