import type { CleanRequest } from '../core/contracts/job-manager.js';
import {
  UNHANDLED_LIMIT,
  type NameRetention,
  type RetentionRule,
} from '../core/contracts/job-broker.js';
import { isRecurring } from '../core/job/job-state.js';
import { FirstOf } from '../core/query/first-of.js';
import { compareTexts } from '../core/query/job-order.js';
import type { MemoryStore } from './memory-store.js';
import type { StoredJob } from './stored-job.js';

type Place = CleanRequest['place'];

const ENDS = { completed: 'completed', dead: 'failed' } as const;
const PLACES = ['completed', 'dead'] as const;

/** Removes what has outstayed the retention of its name, then what has outstayed its own; at most so many. */
export function prune(store: MemoryStore, limit: number): number {
  const outstaying = outstayingJobs(store, limit);
  const going = [...outstaying, ...leavingJobs(store)].slice(0, limit);
  for (const job of going) removeEnded(store, job, 'retention');
  return going.length;
}

/** Names with due jobs, of which no process has ever registered a handler; those due for the longest. */
export function unhandledNames(store: MemoryStore): string[] {
  const now = store.now();
  return [...store.lanes]
    .filter(
      ([name, lane]) =>
        !store.settings.has(name) &&
        !lane.isClosed &&
        lane.claimableFrom <= now &&
        lane.hasDue(now),
    )
    .sort(([a, one], [b, other]) => one.due! - other.due! || compareTexts(a, b))
    .slice(0, UNHANDLED_LIMIT)
    .map(([name]) => name);
}

/** Removes the oldest that ended at least so long ago, whatever their retention. */
export function clean(
  store: MemoryStore,
  { name, place, olderThanMs, limit }: CleanRequest,
): string[] {
  const oldest = new FirstOf(limit, byEnd);
  for (const job of store.jobs.values()) {
    const isMeant = job.name === name && placeOf(job) === place && mayGo(job);
    if (isMeant && job.standsSince <= store.now() - olderThanMs) oldest.add(job);
  }
  const going = oldest.sorted();
  for (const job of going) removeEnded(store, job, 'clean');
  return going.map(({ id }) => id);
}

function removeEnded(store: MemoryStore, job: StoredJob, reason: string): void {
  store.remove(job);
  store.events.tell('removed', { id: job.id, name: job.name, reason });
}

function outstayingJobs(store: MemoryStore, limit: number): StoredJob[] {
  return [...endedJobs(store)].flatMap(([name, places]) => {
    const retention = store.settings.get(name)?.retention;
    if (!retention) return [];
    return PLACES.flatMap((place) =>
      outstayingOf(places[place], retention[ENDS[place]], ENDS[place], store.now(), limit),
    );
  });
}

/** Of one index: both limits mean its oldest ones. Those that stay are counted all the same. */
function outstayingOf(
  jobs: readonly StoredJob[],
  { ageMs, count }: RetentionRule,
  end: keyof NameRetention,
  now: number,
  limit: number,
): StoredJob[] {
  const tooOld = ageMs === null ? 0 : jobs.filter((job) => job.standsSince <= now - ageMs).length;
  const tooMany = count === null ? 0 : jobs.length - count;
  const past = Math.max(tooOld, tooMany);
  if (past <= 0) return [];
  const goes = (job: StoredJob) => mayGo(job) && ownLimit(job, end) === undefined;
  const staying = jobs.filter((job) => !goes(job)).length;
  // No more are put in order than can go now.
  const oldest = new FirstOf(Math.min(past, limit + staying), byEnd);
  for (const job of jobs) oldest.add(job);
  return oldest.sorted().filter(goes);
}

/** Those with a retention of their own whose time has come. One that was brought back since does not leave yet. */
function leavingJobs(store: MemoryStore): StoredJob[] {
  const now = store.now();
  const due = [...store.leaving].filter(([, at]) => at <= now);
  return due.flatMap(([id]) => {
    const job = store.jobs.get(id);
    const place = job && placeOf(job);
    const limit = place && mayGo(job) ? ownLimit(job, ENDS[place]) : undefined;
    if (job && typeof limit === 'number' && job.standsSince + limit <= now) return [job];
    store.leaving.delete(id);
    if (job && typeof limit === 'number') store.leaving.set(id, job.standsSince + limit);
    return [];
  });
}

function endedJobs(store: MemoryStore): Map<string, Record<Place, StoredJob[]>> {
  const ended = new Map<string, Record<Place, StoredJob[]>>();
  for (const job of store.jobs.values()) {
    const place = placeOf(job);
    if (!place) continue;
    const ofName = ended.get(job.name) ?? { completed: [], dead: [] };
    ofName[place].push(job);
    ended.set(job.name, ofName);
  }
  return ended;
}

function placeOf(job: StoredJob): Place | undefined {
  if (job.lease || job.happened.nextRunAt !== null) return undefined;
  return job.hasFailed ? 'dead' : 'completed';
}

/** Not a recurring one, nor what was saved without a time and never ran. */
const mayGo = ({ asked, endedAt }: StoredJob): boolean => !isRecurring(asked) && endedAt !== null;

const ownLimit = ({ asked }: StoredJob, end: keyof NameRetention): number | null | undefined =>
  asked.overrides?.retention?.[end];

/** As in an index of Redis. */
const byEnd = (a: StoredJob, b: StoredJob): number =>
  a.standsSince - b.standsSince || compareTexts(a.id, b.id);
