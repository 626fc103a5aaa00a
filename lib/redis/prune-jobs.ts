import {
  MAX_REWRITES,
  PRUNE_LIMIT,
  UNHANDLED_LIMIT,
  type ExpiredJob,
  type Pruned,
} from '../core/contracts/job-broker.js';
import { InvalidOptionError } from '../core/errors.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';
import type { StayingJobs } from './staying-jobs.js';

/** Of a pass; and of the same, when all that has expired is buried. */
const BEGINNING = 'begin';
const NAMES = 'names 0 0';
const CURSOR = /^(?:expired|names \d+ \d+|leaving|logs)$/;

/**
 * One step of a pass: what has expired, then over the names, then jobs with a retention of their own, then what is left of the logs of
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
  if (cursor === 'expired') return pruneAfterExpiry(store, staying);
  if (cursor !== '') return pruneFrom(store, staying, cursor);
  staying.beginPass();
  const page = await pruneFrom(store, staying, BEGINNING);
  return page.next === 'expired' ? pruneAfterExpiry(store, staying) : page;
}

async function pruneAfterExpiry(store: RedisStore, staying: StayingJobs): Promise<Pruned> {
  const { more, expired } = await expireJobs(store);
  if (more) return { removed: 0, next: 'expired', ...expired };
  return { ...(await pruneFrom(store, staying, NAMES)), ...expired };
}

async function expireJobs(
  store: RedisStore,
): Promise<{ more: boolean; expired: Pick<Pruned, 'expired'> }> {
  const { channelName } = store.options;
  const args = [channelName, store.messageHead, String(MAX_REWRITES)];
  const [, more, ...expired] = await store.run(scripts.expireJobs, args);
  return { more: more === '1', expired: expiredJobs(expired) };
}

/** What scripts answer of jobs that have expired: nothing where there are none. */
export function expiredJobs(parts: readonly string[] = []): Pick<Pruned, 'expired'> {
  const expired: ExpiredJob[] = [];
  for (let i = 0; i < parts.length; i += 2) expired.push({ id: parts[i]!, name: parts[i + 1]! });
  return expired.length > 0 ? { expired } : {};
}

async function pruneFrom(store: RedisStore, staying: StayingJobs, cursor: string): Promise<Pruned> {
  const [, removed, next, unhandled, ...told] = (await store.run(scripts.pruneJobs, [
    String(store.options.retryForMs),
    String(PRUNE_LIMIT),
    String(UNHANDLED_LIMIT),
    cursor,
    ...staying.toArgs(),
  ])) as unknown as [now: string, removed: string, next: string, names: string[], ...string[]];
  staying.learn(told);
  return {
    removed: Number(removed),
    next: next === '' ? null : next,
    ...(unhandled.length > 0 && { unhandled }),
  };
}
