import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRepositoryOptions } from '../contracts/job-repository.js';
import type { JobRecord } from './job-record.js';
import type { JobVerdict } from './verdict.js';

/** Whose time a job's state is computed on. */
export interface Clock {
  now(): number;
}

/** Of a new job, what no row tells. */
export type BesideRow = Pick<JobRepositoryOptions, 'key' | 'context'>;

/** The engine that a job belongs to, as the job sees it. */
export interface JobHome extends Clock {
  /** What a new job gets beside its row. @throws InvalidOptionError */
  besideRow(row: JobParameters): BesideRow;
  /** Writes what is asked of a job; answers with the row as it is stored. @param beside - of a new job */
  save(row: JobParameters, beside: BesideRow): Promise<JobParameters>;
  /** A job of which nothing was stored before has been saved. */
  added(job: { readonly name: string }): void;
  read(id: string): Promise<JobRecord | undefined>;
  /** @returns how many jobs were removed: 1 or 0 */
  remove(id: string): Promise<number>;
  /** Runs a stored job here and now; answers, when its end is stored, with the job as it then was. */
  run(id: string, name: string): Promise<JobRecord>;
  /** Whether the lease of a running job has run out; false for a job that does not run. */
  hasLostItsProcess(id: string): Promise<boolean>;
  /** @throws UnsupportedOperationError where nothing but numbers can be told of a run */
  expectOutput(verb: string): void;
  /** @throws UnsupportedOperationError where a handler cannot stop the jobs of its name */
  expectThrottling(): void;
  /** How long handlers of this name may be silent, in ms, where that is limited. */
  lockLifetimeOf(name: string): number | undefined;
}

/** An attempt under way, as its job sees it. */
export interface RunningAttempt {
  readonly signal: AbortSignal;
  readonly fence: number;
  /** Its outcome is fixed, or it is void. */
  readonly isOver: boolean;
  /** The store has said that the job is not its own any more: cancelled, or taken over. */
  readonly isLost: boolean;
  /** Its lease is not to be believed in any more, or its handler has been silent for too long. */
  readonly hasExpired: boolean;
  /** Why its handler was asked to end. */
  readonly endReason: Error | undefined;
  /** Asks its handler to end. */
  fire(reason: Error): void;
  /** What its handler has decided of the job: the newest word counts. */
  verdict: JobVerdict | undefined;
  /**
   * Renews the lease, and keeps how far the handler has come.
   *
   * @throws LeaseLostError
   */
  touch(progress: number | undefined): Promise<void>;
  /** Tells how far its handler has come, soon. @param text - the same as JSON */
  report(progress: unknown, text: string): void;
  /** Keeps a line, soon. */
  log(line: string): void;
}
