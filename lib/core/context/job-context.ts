import { AsyncLocalStorage } from 'node:async_hooks';
import type { RunFunction } from '../handlers/job-function.js';
import { unlessEmpty } from '../job/job-headers.js';
import type { JobHeaders } from '../job/job-record.js';
import type { Job } from '../job/job.js';

/*
 * One for all engines of a process: what a handler of one adds through another belongs to the same story. The
 * job alone is kept, so that a run costs no object of its own.
 */
const jobs = new AsyncLocalStorage<Job>();

/** The run of a handler that the code asking for it belongs to, however deep below: nothing has to be passed on. */
export class JobContext {
  private constructor(readonly job: Job) {}

  /** What was given along when the job was added: see the option `context`. The same as `job.context`. */
  get headers(): JobHeaders {
    return this.job.context;
  }

  /**
   * The run this is called in; `undefined` outside. Work that a handler has begun and does not wait for belongs to
   * its run as well, also once that is over.
   *
   * @example
   * const tenant = JobContext.current()?.headers.tenant;
   */
  static current(): JobContext | undefined {
    const job = jobs.getStore();
    return job && new JobContext(job);
  }
}

/** What runs jobs, inside the context of the job it runs. */
export const inJobContext =
  (run: RunFunction): RunFunction =>
  (job) =>
    jobs.run(job, run, job);

/** What the running job carries; `undefined` outside, and of a job that carries nothing. */
export function inheritedHeaders(): JobHeaders | undefined {
  return unlessEmpty(jobs.getStore()?.context);
}
