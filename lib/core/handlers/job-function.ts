import type { Job } from '../job/job.js';

/** What runs a job; may return a promise. What it returns is the job's result, what it throws its failure. */
// oxlint-disable-next-line typescript/no-explicit-any -- the name decides the type of the data
export type JobFunction = (job: Job<any>) => unknown;
