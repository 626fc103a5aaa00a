import { AddedJobs } from './added-jobs.js';
import { BulkChanges } from './bulk-changes.js';
import { DeadChanges } from './dead-changes.js';
import { JobChanges } from './job-changes.js';
import { PauseChanges } from './pause-changes.js';

/** The providers of all that can be changed. */
export const CHANGES = [AddedJobs, BulkChanges, DeadChanges, JobChanges, PauseChanges];
