import type { Failure } from './job-record.js';

/** What stands in the record of a job that did not start before its expiry. */
export const EXPIRED: Failure = {
  reason: 'expired',
  name: 'JobExpiredError',
  message: 'The job was not started before it expired.',
};
/** How many jobs that have expired a claim buries, and how many it leases beside as long as more are left. */
export const EXPIRED_BY_CLAIM = 20;
