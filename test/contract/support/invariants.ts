import { HISTORY_LENGTH } from '../../../lib/core/job/attempt-history.js';
import type { JobOverrides, JobRecord, RepeatFacts } from '../../../lib/core/job/job-record.js';
import { isDead } from '../../../lib/core/job/job-state.js';
import { unpackRecord } from '../../../lib/redis/record-codec.js';

/*
 * What holds for a store of either kind at every moment, whatever was done to it: every job is in
 * exactly one place, and it is the one that its record tells; a job runs if and only if there is a
 * lease; a name is due no later than its first job.
 */

interface Snapshot {
  jobs: Stored[];
  lanes: { name: string; due?: number; ready: string[]; timed: string[] }[];
  leases: string[];
  keys: Map<string, string>;
  held: Map<string, number>;
  leaving: Map<string, number>;
}
interface Stored {
  birth: { id: string; name: string; key?: string; freesKey?: boolean };
  lease?: { phase: string };
  asked: Asked;
  happened: Happened;
}
interface Asked {
  disabled: boolean;
  repeat: RepeatFacts | null;
  overrides: JobOverrides | null;
}
interface Happened {
  nextRunAt: number | null;
  lastFinishedAt: number | null;
  failedAt: number | null;
}

export function checkMemory(dump: unknown): void {
  const { jobs, lanes, leases, keys, held, leaving } = dump as Snapshot;
  const waits = jobs.filter(
    ({ lease, asked, happened }) => !lease && !asked.disabled && happened.nextRunAt !== null,
  );

  const inLanes = lanes.flatMap(({ name, ready, timed }) =>
    [...ready, ...timed].map((id) => `${name} ${id}`),
  );
  expect(inLanes.sort()).toEqual(waits.map(({ birth }) => `${birth.name} ${birth.id}`).sort());
  expect([...leases].sort()).toEqual(
    jobs
      // A lock that came with a row has no end.
      .filter(({ lease }) => lease && lease.phase !== 'locked')
      .map(({ birth }) => birth.id)
      .sort(),
  );
  for (const { name, due } of lanes) {
    const first = Math.min(
      ...waits
        .filter(({ birth }) => birth.name === name)
        .map(({ happened }) => happened.nextRunAt!),
    );
    expect(due ?? Infinity).toBeLessThanOrEqual(first);
  }
  const ended = jobs.filter(({ lease, happened }) => !lease && happened.nextRunAt === null);
  for (const { birth, asked, happened } of ended) {
    if (goesByItself({ ...asked, ...happened })) expect(leaving.has(birth.id)).toBe(true);
  }
  checkKeys(
    keys,
    held,
    jobs.map(({ birth: { id, key, freesKey }, lease, happened }) => ({
      id,
      keys: key === undefined ? [] : [key],
      frees: freesKey ? [key!] : [],
      hasEnded: !lease && happened.nextRunAt === null,
    })),
  );
}

export function checkRedis(dump: unknown, now: number): void {
  const store = new RedisDump(dump as Record<string, unknown>);
  const expected: Record<string, string[]> = {};
  const put = (place: string, id: string) => void (expected[place] ??= []).push(id);
  const earliest = new Map<string, number>();
  const hasEnded = new Set<string>();
  const { jobs, state, lease, results } = store;

  for (const [id, text] of jobs) {
    const past = state.get(id) ?? '';
    const job = unpackRecord(id, text, past, lease.get(id), results.get(id));
    const { name, nextRunAt, disabled } = job;
    if (disabled) put(`disabled:${name}`, id);
    if (lease.has(id)) put(`running:${name}`, id);
    else if (nextRunAt === null) {
      put(`${isDead(job, now) ? 'dead' : 'completed'}:${name}`, id);
      hasEnded.add(id);
      if (goesByItself(job)) expect(store.scores('leaving').has(id)).toBe(true);
    } else {
      put(`${disabled ? 'parked' : 'waiting'}:${name}`, id);
      const hasFailed = job.failedAt !== null && job.failedAt >= (job.lastFinishedAt ?? 0);
      if (hasFailed) put(`retrying:${name}`, id);
      else if (job.repeat?.interval !== undefined) put(`repeating:${name}`, id);
      if (!disabled) earliest.set(name, Math.min(earliest.get(name) ?? Infinity, nextRunAt));
    }
  }

  expect(sorted(store.places())).toEqual(sorted(expected));
  const ending = [...lease].filter(([, entry]) => !isLock(entry)).map(([id]) => id);
  expect([...store.scores('leases').keys()].sort()).toEqual(ending.sort());
  expect([...lease.keys()].filter((id) => !jobs.has(id))).toEqual([]);
  expect([...state.keys(), ...results.keys()].filter((id) => !jobs.has(id))).toEqual([]);
  for (const [id, entries] of store.histories()) {
    expect(state.has(id)).toBe(true);
    expect(entries.length).toBeLessThanOrEqual(HISTORY_LENGTH);
  }
  for (const [name, at] of earliest) {
    expect(store.scores('due').get(name) ?? Infinity).toBeLessThanOrEqual(at);
  }
  checkKeys(
    store.hash('keys'),
    store.scores('held'),
    [...jobs].map(([id, text]) => ({ id, ...ownOf(text), hasEnded: hasEnded.has(id) })),
  );
}

/** What leads to a job, and which of that its end frees. */
function ownOf(text: string): { keys: string[]; frees: string[] } {
  const [own] = (JSON.parse(text) as unknown[]).slice(6) as [
    0 | { keys?: string[]; frees?: string[] },
  ];
  return { keys: (own && own.keys) || [], frees: (own && own.frees) || [] };
}

interface Keyed {
  readonly id: string;
  readonly keys: readonly string[];
  readonly frees: readonly string[];
  readonly hasEnded: boolean;
}

/**
 * Every key is that of a job that carries it, or there is a time for it; and the other way round, but
 * for keys that are freed by an end: these lead to no job that has ended.
 */
function checkKeys(
  keys: ReadonlyMap<string, string>,
  held: ReadonlyMap<string, number>,
  jobs: readonly Keyed[],
): void {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const isKept = ([key, id]: [string, string]) => byId.get(id)?.keys.includes(key) || held.has(key);
  expect([...keys].filter((entry) => !isKept(entry))).toEqual([]);
  expect([...held.keys()].filter((key) => !keys.has(key))).toEqual([]);
  for (const { id, keys: own, frees, hasEnded } of jobs) {
    for (const key of own) {
      if (!frees.includes(key)) expect([key, keys.get(key)]).toEqual([key, id]);
      else if (hasEnded) expect([key, keys.get(key)]).not.toEqual([key, id]);
    }
  }
}

/** Whether a job that stands among the ended ones has a retention of its own, by which it will go. */
function goesByItself({
  overrides,
  repeat,
  lastFinishedAt,
  failedAt,
}: Pick<JobRecord, 'overrides' | 'repeat' | 'lastFinishedAt' | 'failedAt'>): boolean {
  const recurs = repeat?.interval !== undefined || repeat?.at !== undefined;
  const hasEnded = lastFinishedAt !== null || failedAt !== null;
  const end = failedAt !== null && failedAt >= (lastFinishedAt ?? 0) ? 'failed' : 'completed';
  return hasEnded && !recurs && typeof overrides?.retention?.[end] === 'number';
}

/** A lock that came with a row has no end, so it stands in no index by expiry. */
const isLock = (entry: string): boolean => entry.split('|')[5] === 'l';

/** The dump of a Redis store, by the names of `keys.ts`. */
class RedisDump {
  private readonly entries: readonly (readonly [string, unknown])[];
  readonly jobs: ReadonlyMap<string, string>;
  readonly state: ReadonlyMap<string, string>;
  readonly lease: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, string>;

  constructor(dump: Record<string, unknown>) {
    // `zset test:0123:ready:mail` → `ready:mail`
    this.entries = Object.entries(dump).map(([key, value]) => [
      key.replace(/^\w+ test:\w+:/, ''),
      value,
    ]);
    this.jobs = this.hash('jobs');
    this.state = this.hash('jobs:state');
    this.lease = this.hash('lease');
    this.results = this.hash('results');
  }

  hash(name: string): ReadonlyMap<string, string> {
    return new Map(this.valueOf(name) as [string, string][]);
  }

  scores(name: string): ReadonlyMap<string, number> {
    return new Map(pairs(this.valueOf(name)));
  }

  /** How attempts ended, by job. */
  histories(): [id: string, entries: string[]][] {
    return this.entries
      .filter(([key]) => key.startsWith('history:'))
      .map(([key, entries]) => [key.slice('history:'.length), entries as string[]]);
  }

  /** Every index of a name, with the ids that are in it; `ready` and `timed` are one: `waiting`. */
  places(): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const [key, value] of this.entries) {
      const [, place, name] =
        /^(ready|timed|parked|running|completed|dead|repeating|retrying|disabled):(.*)$/s.exec(
          key,
        ) ?? [];
      if (place === undefined) continue;
      const ids = pairs(value).map(([member]) => idOf(place, member));
      const group = place === 'ready' || place === 'timed' ? 'waiting' : place;
      (found[`${group}:${name}`] ??= []).push(...ids);
    }
    return found;
  }

  private valueOf(name: string): unknown {
    return this.entries.find(([key]) => key === name)?.[1] ?? [];
  }
}

function pairs(list: unknown): [string, number][] {
  const flat = list as string[];
  return flat.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(flat[i + 1])]] : []));
}

function idOf(place: string, member: string): string {
  if (place === 'ready') return member.slice(24);
  return place === 'timed' ? member.slice(member.indexOf(':') + 1) : member;
}

const sorted = (places: Record<string, string[]>): [string, string[]][] =>
  Object.entries(places)
    .map(([place, ids]): [string, string[]] => [place, [...ids].sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
