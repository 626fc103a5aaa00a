import { PRUNE_LIMIT } from '../contracts/job-broker.js';
import type { CleanRequest, JobManager } from '../contracts/job-manager.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { textsOf } from '../query/job-selection.js';
import type { CleanOptions } from './upkeep-options.js';

const KEYS: readonly (keyof CleanOptions)[] = ['state', 'olderThan', 'limit', 'name', 'names'];

/**
 * Removes ended jobs, the oldest of each name first, in bounded calls.
 *
 * @returns how many
 * @throws InvalidOptionError
 */
export async function cleanJobs(manager: JobManager, options: CleanOptions): Promise<number> {
  checkKnownKeys('clean', options, KEYS);
  const place = placeOf(options.state);
  const olderThanMs = durationOption('clean.olderThan', options.olderThan, { min: 0 });
  const limit = limitOf(options.limit);
  const listed = textsOf('clean', 'name', options);
  let removed = 0;
  for (const name of listed ?? (await namesWith(manager, place))) {
    removed += await cleanName(manager, { name, place, olderThanMs, limit: limit - removed });
    if (removed >= limit) break;
  }
  return removed;
}

/** As many calls as it needs, each of at most what one may remove. */
async function cleanName(manager: JobManager, request: CleanRequest): Promise<number> {
  let removed = 0;
  for (;;) {
    const limit = Math.min(request.limit - removed, PRUNE_LIMIT);
    const gone = await manager.clean({ ...request, limit });
    removed += gone.length;
    if (gone.length < limit || removed >= request.limit) return removed;
  }
}

async function namesWith(manager: JobManager, place: CleanRequest['place']): Promise<string[]> {
  const counts = await manager.counts();
  return [...counts].filter(([, states]) => states[place] > 0).map(([name]) => name);
}

function placeOf(state: unknown): CleanRequest['place'] {
  if (state === 'completed') return 'completed';
  if (state === 'failed') return 'dead';
  throw new InvalidOptionError(
    'clean.state',
    state,
    "'completed' or 'failed' (only jobs that have ended can be cleaned up)",
  );
}

function limitOf(limit: unknown): number {
  if (limit === Infinity) return Infinity;
  if (limit !== undefined) return wholeNumber('clean.limit', limit, 1);
  throw new InvalidOptionError('clean.limit', limit, 'a whole number of 1 or more, or Infinity');
}
