import { isDead } from '../../../lib/core/job/job-state.js';
import { unpackRecord } from '../../../lib/redis/record-codec.js';

/*
 * What holds for a store of either kind at every moment, whatever was done to it: every job is in
 * exactly one place, and it is the one that its record tells; a job runs if and only if there is a
 * lease; a name is due no later than its first job.
 */

interface Snapshot {
  jobs: {
    birth: { id: string; name: string };
    lease?: { phase: string };
    asked: Asked;
    happened: Happened;
  }[];
  lanes: { name: string; due?: number; ready: string[]; timed: string[] }[];
  leases: string[];
  keys: Map<string, string>;
}
interface Asked {
  disabled: boolean;
}
interface Happened {
  nextRunAt: number | null;
}

export function checkMemory(dump: unknown): void {
  const { jobs, lanes, leases, keys } = dump as Snapshot;
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
  for (const id of keys.values()) expect(jobs.some(({ birth }) => birth.id === id)).toBe(true);
}

export function checkRedis(dump: unknown, now: number): void {
  const store = new RedisDump(dump as Record<string, unknown>);
  const expected: Record<string, string[]> = {};
  const put = (place: string, id: string) => void (expected[place] ??= []).push(id);
  const earliest = new Map<string, number>();
  const { jobs, state, lease, results } = store;

  for (const [id, text] of jobs) {
    const past = state.get(id) ?? '';
    const job = unpackRecord(id, text, past, lease.get(id), results.get(id));
    const { name, nextRunAt, disabled } = job;
    if (disabled) put(`disabled:${name}`, id);
    if (lease.has(id)) put(`running:${name}`, id);
    else if (nextRunAt === null) put(`${isDead(job, now) ? 'dead' : 'completed'}:${name}`, id);
    else {
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
  for (const [name, at] of earliest) {
    expect(store.scores('due').get(name) ?? Infinity).toBeLessThanOrEqual(at);
  }
  for (const id of store.hash('keys').values()) expect(jobs.has(id)).toBe(true);
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
