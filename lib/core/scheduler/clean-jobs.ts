import { MAX_BATCH, PRUNE_LIMIT } from '../contracts/job-broker.js';
import type { CleanRequest, JobManager } from '../contracts/job-manager.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkDeathReason } from '../job/death-reason.js';
import type { DeathReason, JobRecord } from '../job/job-record.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { textsOf } from '../query/job-selection.js';
import type { CleanOptions } from './upkeep-options.js';

const KEYS: readonly (keyof CleanOptions)[] = [
  'state',
  'olderThan',
  'limit',
  'reason',
  'name',
  'names',
];

export interface CleanTools {
  readonly manager: JobManager;
  /** By the backend's clock. */
  now(): number;
}

/**
 * Removes ended jobs, the oldest of each name first, in bounded calls.
 *
 * @returns how many
 * @throws InvalidOptionError
 */
export async function cleanJobs(tools: CleanTools, options: CleanOptions): Promise<number> {
  const { manager } = tools;
  checkKnownKeys('clean', options, KEYS);
  const place = placeOf(options.state);
  const olderThanMs = durationOption('clean.olderThan', options.olderThan, { min: 0 });
  const limit = limitOf(options.limit);
  const listed = textsOf('clean', 'name', options);
  const reason = reasonOf(options);
  let removed = 0;
  for (const name of listed ?? (await namesWith(manager, place))) {
    const request = { name, place, olderThanMs, limit: limit - removed };
    removed +=
      reason === undefined
        ? await cleanName(manager, request)
        : await buryName(manager, request, (job) => diedOf(job, reason, tools.now() - olderThanMs));
    if (removed >= limit) break;
  }
  return removed;
}

/**
 * Removes dead letters that are meant, of which the store does not know which they are: they are read in pages. What
 * has been brought back meanwhile stays.
 */
async function buryName(
  manager: JobManager,
  { name, limit }: CleanRequest,
  isMeant: (job: JobRecord) => boolean,
): Promise<number> {
  const query = { names: [name], state: 'dead', oldestFirst: true, limit: MAX_BATCH } as const;
  let removed = 0;
  let cursor: string | undefined;
  do {
    const page = await manager.find({ ...query, ...(cursor !== undefined && { cursor }) });
    const meant = page.jobs.filter(isMeant).map(({ id }) => id);
    const ids = meant.slice(0, limit - removed);
    if (ids.length > 0) removed += (await manager.removeIf(ids, { only: 'dead' })).length;
    ({ cursor } = page);
  } while (cursor !== undefined && removed < limit);
  return removed;
}

const diedOf = ({ failure, failedAt }: JobRecord, reason: DeathReason, until: number): boolean =>
  failure?.reason === reason && failedAt !== null && failedAt <= until;

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

function reasonOf({ state, reason }: CleanOptions): DeathReason | undefined {
  if (reason === undefined) return undefined;
  checkDeathReason('clean.reason', reason);
  if (state === 'failed') return reason;
  throw new InvalidOptionError('clean.reason', reason, "left out where the state is not 'failed'");
}

function limitOf(limit: unknown): number {
  if (limit === Infinity) return Infinity;
  if (limit !== undefined) return wholeNumber('clean.limit', limit, 1);
  throw new InvalidOptionError('clean.limit', limit, 'a whole number of 1 or more, or Infinity');
}
