import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkVersion } from '../job/data-version.js';
import { checkText } from '../job/job-id.js';
import { wholeNumber } from '../options/checks.js';
import { PRUNE_LIMIT } from './job-broker.js';
import { checkBatch, checkDue } from './broker-arguments.js';
import type { CleanRequest, PauseRequest, RequeueRequest } from './job-manager.js';
import {
  METRICS_BATCH,
  METRICS_KEPT_MINUTES,
  type MetricsBatch,
  type MetricsQuery,
} from './metrics-store.js';
import type { JobChange, RemovalTerms } from './mending.js';

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
export function checkRequeue(
  ids: readonly string[],
  { expectName, due, version }: RequeueRequest,
): void {
  checkBatch('ids', ids);
  if (expectName !== undefined) checkText('name', expectName);
  checkDue(due);
  if (version !== undefined) checkVersion('version', version);
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkUpdate(id: string, { priority, due, version }: JobChange): void {
  checkText('id', id);
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw new InvalidOptionError('priority', priority, 'a finite number');
  }
  if (due !== undefined) checkDue(due);
  if (version !== undefined) checkVersion('version', version);
}

/** @throws InvalidOptionError */
export function checkRemoval(ids: readonly string[], { only }: RemovalTerms): void {
  checkBatch('ids', ids);
  if (only !== undefined && !['queued', 'waiting', 'dead'].includes(only)) {
    throw new InvalidOptionError('only', only, "'queued', 'waiting' or 'dead'");
  }
}

/** @throws InvalidOptionError */
export function checkMetrics({ rows }: MetricsBatch): void {
  if (rows.length > METRICS_BATCH) {
    throw new InvalidOptionError('rows', rows.length, `at most ${METRICS_BATCH} in one call`);
  }
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkMetricsQuery({ names = [], minutes }: MetricsQuery): void {
  for (const name of names) checkText('name', name);
  wholeNumber('minutes', minutes, 1, METRICS_KEPT_MINUTES);
}

/** @throws InvalidOptionError, InvalidJobError */
export function checkPause({ name, reason, by }: PauseRequest): void {
  if (name !== undefined) checkText('name', name);
  for (const [option, value] of Object.entries({ reason, by })) {
    if (value !== undefined && typeof value !== 'string') {
      throw new InvalidOptionError(option, value, 'a text');
    }
  }
}
