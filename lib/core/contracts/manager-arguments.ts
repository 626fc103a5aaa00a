import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import { wholeNumber } from '../options/checks.js';
import { PRUNE_LIMIT } from './job-broker.js';
import { checkBatch, checkDue } from './broker-arguments.js';
import type { CleanRequest, RequeueRequest } from './job-manager.js';

/*
 * What every manager refuses before it looks at anything else, so that all of them refuse the same,
 * with the same words.
 */

/** @throws InvalidOptionError, InvalidJobError */
export function checkClean({ name, place, olderThanMs, limit }: CleanRequest): void {
  checkText('name', name);
  if (place !== 'completed' && place !== 'dead') {
    throw new InvalidOptionError('place', place, "'completed' or 'dead'");
  }
  durationOption('olderThanMs', olderThanMs, { min: 0 });
  wholeNumber('limit', limit, 1, PRUNE_LIMIT);
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkRequeue(ids: readonly string[], { expectName, due }: RequeueRequest): void {
  checkBatch('ids', ids);
  if (expectName !== undefined) checkText('name', expectName);
  checkDue(due);
}
