import type { Payload } from '../payload.js';

/** The name of all jobs of the benchmark; for BullMQ also that of the queue. */
export const JOB = 'bench';

/**
 * One thing to measure. Whatever has to be opened is opened by `open…`, so that no measurement
 * contains a connection being made.
 */
export interface System {
  openProducer(url: string): Promise<Producer>;
  openWorker(url: string, options: WorkOptions, handle: Handle): Promise<Worker>;
  /** What the store holds. */
  tally(url: string): Promise<Tally>;
}

export interface Producer {
  /** Resolves when the store has the job. */
  add(payload: Payload): Promise<unknown>;
  /** Adds up to 100 jobs in the way the system recommends. */
  addBulk(payloads: readonly Payload[]): Promise<unknown>;
  /** Adds a job for an instant, in milliseconds since the epoch. */
  addAt(payload: Payload, at: number): Promise<unknown>;
  close(): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  /** Completed jobs are kept, or removed. */
  readonly kept: boolean;
  /** The name has a rate limit and a global concurrency, which never hold anything back; only by ours. */
  readonly limited: boolean;
}

/** Returns nothing when the job is a no-op, a promise when it takes time. */
export type Handle = (payload: Payload) => Promise<void> | undefined;

export interface Worker {
  start(): Promise<unknown> | undefined;
  /** Takes no more jobs; resolves when the store knows of every job that has ended. */
  close(): Promise<void>;
}

export interface Tally {
  /** Neither finished nor gone. */
  readonly unfinished: number;
  readonly completed: number;
  readonly failed: number;
}

export const BULK = 100;
