import type { Job } from '../job/job.js';
import type { Returned } from '../job/typed-names.js';

/** Ends a job: without an argument well, with one as failed. Only the first call counts. */
export type Done = (error?: unknown) => void;

/**
 * What runs a job. A function of one parameter ends it by returning, or by the promise it returns:
 * what it returns is the job's result, what it throws its failure. One that declares exactly two has
 * to call `done`, even if it is async; it fails by throwing, too.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the name decides the type of the data
export type JobFunction<Data = any, Result = unknown> = (
  job: Job<Data, Result>,
  done: Done,
) => Returned<Result>;

/** The same in one form: it ends when what it returns does. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type RunFunction = (job: Job<any>) => unknown;

/** Makes a function that calls `done` one that returns a promise. */
export function asRunFunction(handler: JobFunction): RunFunction {
  if (handler.length !== 2) return handler as RunFunction;
  return (job) =>
    new Promise<void>((resolve, reject) => {
      const done: Done = (error) => (error ? reject(error as Error) : resolve());
      const returned = handler(job, done);
      // Only its failure counts: it says itself when it is done.
      if (typeof returned === 'object' && returned !== null) {
        Promise.resolve(returned).catch(reject);
      }
    });
}
