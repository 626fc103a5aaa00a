import { PRUNE_LIMIT, UNHANDLED_LIMIT, type Pruned } from '../core/contracts/job-broker.js';
import { InvalidOptionError } from '../core/errors.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';
import type { StayingJobs } from './staying-jobs.js';

const BEGINNING = 'names 0 0';
const CURSOR = /^(?:names \d+ \d+|leaving|logs)$/;

/**
 * One step of a pass: over the names, then jobs with a retention of their own, then what is left of the logs of
 * removed jobs.
 */
export async function pruneJobs(
  store: RedisStore,
  staying: StayingJobs,
  cursor: string,
): Promise<Pruned> {
  if (cursor === 'logs') {
    const [, isLeft] = await store.run(scripts.dropLogs, []);
    return { removed: 0, next: isLeft === '' ? null : 'logs' };
  }
  if (cursor !== '' && !CURSOR.test(cursor)) {
    throw new InvalidOptionError('cursor', cursor, 'empty, or what the call before answered');
  }
  if (cursor === '') staying.beginPass();
  const [, removed, next, unhandled, ...told] = (await store.run(scripts.pruneJobs, [
    String(store.options.retryForMs),
    String(PRUNE_LIMIT),
    String(UNHANDLED_LIMIT),
    cursor === '' ? BEGINNING : cursor,
    ...staying.toArgs(),
  ])) as unknown as [now: string, removed: string, next: string, names: string[], ...string[]];
  staying.learn(told);
  return {
    removed: Number(removed),
    next: next === '' ? null : next,
    ...(unhandled.length > 0 && { unhandled }),
  };
}
