import { InvalidOptionError } from '../errors.js';
import type { GivenHeaders, NewJob } from '../job/job-record.js';
import type { Job } from '../job/job.js';

/**
 * What is done around every add and every run of this process: tracing, a context of one's own, a transaction.
 * Of several the first is the outermost. Each part may be left out, and costs nothing then.
 *
 * Each part has to call `next` once, and to wait for it. Calling it twice is a `MiddlewareError`.
 */
export interface JobMiddleware {
  /**
   * Around a call that adds jobs: `next` adds them, and rejects when they cannot be added. What is written into the
   * headers of a job before that travels with it (`job.context`); headers that are out of bounds are reported, and
   * none of this middleware's go along. What it throws before `next` is the error of the caller, and nothing is
   * added; the same goes for not calling `next`. Once the jobs are added an error is reported instead.
   *
   * It is asked for what runs once; `every`, `Job.save`, and `schedule` with limits of its dates carry no headers.
   */
  add?(call: AddCall, next: () => Promise<void>): unknown;
  /**
   * Around every run of a handler: `next` runs it, and answers what it returned. What this returns is the job's
   * result, also without calling `next`, and what it throws its failure. It runs inside the `JobContext` of the run.
   */
  run?(job: Job, next: () => Promise<unknown>): unknown;
}

/** Jobs on their way into the store. */
export interface AddCall {
  /** In the order they are added; all of one call: `now`, `schedule`, `runAndWait`, or one chunk of `enqueueMany`. */
  readonly jobs: readonly AddedJob[];
}

/** One of them: what is known of it before it is stored. */
export interface AddedJob extends Pick<NewJob, 'id' | 'name'> {
  /** The headers it will carry. */
  readonly headers: Record<string, string>;
}

/** Headers of new jobs, from where the add is called; `undefined` for none. */
export type ContextSource = (name: string) => GivenHeaders | undefined;

/** @throws InvalidOptionError */
export function readContextSource(path: string, value: unknown): ContextSource | undefined {
  if (value === undefined || typeof value === 'function') return value as ContextSource | undefined;
  throw new InvalidOptionError(path, value, 'a function that answers headers for a job name');
}

/** @throws InvalidOptionError */
export function readMiddleware(path: string, value: unknown): readonly JobMiddleware[] {
  if (!Array.isArray(value)) throw new InvalidOptionError(path, value, 'a list of middleware');
  return value.map((one, index) => readOne(`${path}[${index}]`, one));
}

function readOne(path: string, value: unknown): JobMiddleware {
  const { add, run } = (value ?? {}) as { add?: unknown; run?: unknown };
  const parts = [add, run].filter((part) => part !== undefined);
  if (parts.length > 0 && parts.every((part) => typeof part === 'function')) {
    return value as JobMiddleware;
  }
  throw new InvalidOptionError(path, value, 'an object with a function `add`, `run` or both');
}
