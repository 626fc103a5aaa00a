import { HISTORY_LENGTH } from '../../../lib/core/job/attempt-history.js';
import type { JobOverrides, JobRecord, RepeatFacts } from '../../../lib/core/job/job-record.js';
import { isDead } from '../../../lib/core/job/job-state.js';
import { unpackRecord } from '../../../lib/redis/record-codec.js';
import type { PackedAsked } from '../../../lib/redis/pack-record.js';
import { gateFaults, type StoredGates } from './gate-faults.js';
import { lineFaults, type Keyed as KeyedJob, type StoredLine } from './line-faults.js';

/*
 * What holds for a store of either kind at every moment, whatever was done to it: every job is in
 * exactly one place, and it is the one that its record tells; a job runs if and only if there is a
 * lease; a name is due no later than its first job.
 */

interface Snapshot {
  jobs: Stored[];
  lanes: Lane[];
  leases: string[];
  keys: Map<string, string>;
  held: Map<string, number>;
  leaving: Map<string, number>;
}
interface Lane {
  name: string;
  due?: number;
  opensAt?: number;
  ready: string[];
  timed: string[];
  keys: Omit<StoredLine, 'name'>[];
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
  key?: string;
}
interface Happened {
  nextRunAt: number | null;
  lastFinishedAt: number | null;
  failedAt: number | null;
}

export function checkMemory(dump: unknown, now: number): void {
  const { jobs, lanes, leases, keys, held, leaving } = dump as Snapshot;
  const waits = jobs.filter(
    ({ lease, asked, happened }) => !lease && !asked.disabled && happened.nextRunAt !== null,
  );

  const lines = lanes.flatMap(({ name, keys: ofName }) =>
    ofName.map((line) => ({ name, ...line })),
  );
  const inLanes = lanes.flatMap(({ name, ready, timed, keys: ofName }) =>
    [...ready, ...timed, ...ofName.flatMap(({ waiting }) => waiting)].map((id) => `${name} ${id}`),
  );
  const keyed = (job: Stored): KeyedJob => ({ ...job.birth, key: job.asked.key });
  expect(
    lineFaults({
      lines,
      ready: (name) => lanes.find((lane) => lane.name === name)?.ready ?? [],
      running: jobs.filter(({ lease }) => lease).map(keyed),
      waiting: waits.map(keyed),
    }),
  ).toEqual([]);
  const isInLine = new Set(lines.flatMap(({ waiting }) => waiting));
  expect(inLanes.sort()).toEqual(waits.map(({ birth }) => `${birth.name} ${birth.id}`).sort());
  expect([...leases].sort()).toEqual(
    jobs
      // A lock that came with a row has no end.
      .filter(({ lease }) => lease && lease.phase !== 'locked')
      .map(({ birth }) => birth.id)
      .sort(),
  );
  for (const { name, due, opensAt } of lanes) {
    if (opensAt !== undefined) continue;
    const first = Math.min(
      ...waits
        .filter(({ birth }) => birth.name === name && !isInLine.has(birth.id))
        .map(({ happened }) => happened.nextRunAt!),
    );
    expect(due ?? Infinity).toBeLessThanOrEqual(Math.max(first, now));
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
  const [held, waiting]: JobRecord[][] = [[], []];
  const hasEnded = new Set<string>();
  const { jobs, state, lease, results } = store;

  for (const [id, text] of jobs) {
    const past = state.get(id) ?? '';
    const job = unpackRecord(id, text, past, lease.get(id), results.get(id));
    const { name, nextRunAt, disabled } = job;
    if (disabled) put(`disabled:${name}`, id);
    if (lease.has(id)) put(`running:${name}`, id);
    if (lease.has(id)) held.push(job);
    else if (nextRunAt === null) {
      put(`${isDead(job, now) ? 'dead' : 'completed'}:${name}`, id);
      hasEnded.add(id);
      if (goesByItself(job)) expect(store.scores('leaving').has(id)).toBe(true);
    } else {
      put(`${disabled ? 'parked' : 'waiting'}:${name}`, id);
      const hasFailed = job.failedAt !== null && job.failedAt >= (job.lastFinishedAt ?? 0);
      if (hasFailed) put(`retrying:${name}`, id);
      else if (job.repeat?.interval !== undefined) put(`repeating:${name}`, id);
      if (!disabled) waiting.push(job);
      if (!disabled && !store.scores(`lined:${name}`).has(id)) {
        earliest.set(name, Math.min(earliest.get(name) ?? Infinity, nextRunAt));
      }
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
  const elsewhere = [...jobs.keys()].filter((id) => tellsElsewhere(state.get(id), lease.get(id)));
  expect([...store.hash('progress').keys()].filter((id) => !elsewhere.includes(id))).toEqual([]);
  expect(store.outputs().filter((id) => !jobs.has(id))).toEqual([]);
  for (const [name, at] of earliest) {
    expect(store.scores('due').get(name) ?? Infinity).toBeLessThanOrEqual(Math.max(at, now));
  }
  const running = (name: string) => expected[`running:${name}`]?.length ?? 0;
  expect(gateFaults({ now, running, ...store.gates() })).toEqual([]);
  checkLines(store, held!.map(keyedJob), waiting!.map(keyedJob), now);
  checkTags(store);
  checkVersions(store);
  checkExpiring(store, now);
  checkStandBys(store, now);
  checkEvents(store.told(), store.hash('meta'));
  checkKeys(
    store.hash('keys'),
    store.scores('held'),
    [...jobs].map(([id, text]) => ({ id, ...ownOf(text), hasEnded: hasEnded.has(id) })),
  );
}

const keyedJob = ({ id, name, key }: JobRecord): KeyedJob => ({ id, name, key });

function checkLines(
  store: RedisDump,
  running: readonly KeyedJob[],
  waiting: readonly KeyedJob[],
  now: number,
): void {
  const lines = store.lines();
  const ready = (name: string) => store.idsIn(`ready:${name}`);
  expect(lineFaults({ lines, ready, running, waiting })).toEqual([]);

  const turns = new Map(store.hash('turns'));
  expect([...turns.keys()].sort()).toEqual(lines.flatMap(({ heads }) => heads).sort());
  for (const { name, key, waiting: inLine, heads, runs, holder } of lines) {
    expect([key, store.scores(`lines:${name}`).has(key)]).toEqual([key, inLine.length > 0]);
    const opensAt = store.scores(`openings:${name}`).get(key);
    const due = store.scores('due').get(name) ?? Infinity;
    if (opensAt !== undefined) expect(due).toBeLessThanOrEqual(Math.max(opensAt, now));
    const isStuck = inLine.length > 0 && opensAt === undefined && holder === undefined;
    if (isStuck && heads.length + runs.length === 0) expect(due).toBeLessThanOrEqual(now);
  }
  for (const name of new Set(waiting.map((job) => job.name))) {
    const inLines = lines.filter((line) => line.name === name).flatMap((line) => line.waiting);
    expect([...store.scores(`lined:${name}`).keys()].sort()).toEqual(inLines.sort());
  }
}

/** The first version is left out, and so are empty headers. */
function checkVersions({ jobs }: RedisDump): void {
  for (const text of jobs.values()) {
    const [, , , , flags, , own] = JSON.parse(text) as PackedAsked;
    expect([text, Math.floor(flags / 65_536)]).not.toEqual([text, 1]);
    expect(flags).toBeLessThan(2 ** 31);
    if (own && own.context) expect(Object.keys(own.context)).not.toEqual([]);
  }
}

/** Each tag leads to the jobs that have it, by their insertion numbers, and to no others. */
function checkTags(store: RedisDump): void {
  const expected: Record<string, string[]> = {};
  for (const [id, text] of store.jobs) {
    const [, , seq, , , , own] = JSON.parse(text) as PackedAsked;
    for (const tag of (own && own.tags) || []) (expected[tag] ??= []).push(`${String(seq)} ${id}`);
  }
  expect(sorted(store.tags())).toEqual(sorted(expected));
}

/**
 * Whatever expires and has not ended is found by its instant, or, when it was running then, by a later one;
 * nothing else is looked for. What runs again after its end is not found until it waits.
 */
function checkExpiring(store: RedisDump, now: number): void {
  const expiring = new Map(store.scores('expiring'));
  for (const [id, text] of store.jobs) {
    const job = unpackRecord(id, text, store.state.get(id) ?? '', store.lease.get(id));
    const { expiresAt, nextRunAt } = job;
    const isOver = nextRunAt === null && !store.lease.has(id);
    if (expiresAt === undefined || isOver) continue;
    const score = expiring.get(id);
    const isPutOff = store.lease.has(id) && (score === undefined || score <= now + 60_000);
    expect([id, isPutOff ? expiresAt : score]).toEqual([id, expiresAt]);
    expiring.delete(id);
  }
  expect([...expiring.keys()]).toEqual([]);
}

/** Two hosts at most watch for a group, and nobody stands by for longer than names lead to the group. */
function checkStandBys(store: RedisDump, now: number): void {
  const hint = Number(store.hash('meta').get('idleUntil') ?? 0);
  for (const group of store.groups()) {
    const { '': known = 0, ...watchers } = Object.fromEntries(store.scores(`watch:${group}`));
    const live = Object.values(watchers).filter((until) => until > now);
    expect([group, live.length <= 2]).toEqual([group, true]);
    const idle = [...store.scores(`idle:${group}`).values()].filter((until) => until > now);
    expect(Math.max(0, ...idle, ...live)).toBeLessThanOrEqual(Math.min(known, hint));
  }
}

/** Whether the state of a job, or its lease, says that its progress stands apart. */
const tellsElsewhere = (state = '', lease = ''): boolean =>
  (state !== '' && (JSON.parse(state) as unknown[])[9] === true) || lease.split('|')[6] === 'true';

/** The numbers of events have no gap, and `meta` knows how many there are and what they take. */
function checkEvents(
  entries: ReturnType<RedisDump['told']>,
  meta: ReadonlyMap<string, string>,
): void {
  const at = (field: string) => Number(meta.get(field) ?? 0);
  let number = at('eventsDropped');
  let bytes = 0;
  for (const { first, events } of entries) {
    expect(first).toBe(number + 1);
    number += (JSON.parse(events) as unknown[]).length;
    bytes += Buffer.byteLength(events);
  }
  if (!meta.has('stream')) return expect(entries).toEqual([]);
  expect([number, bytes]).toEqual([at('eventSeq'), at('eventBytes') - at('eventBytesDropped')]);
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
      // The claim of a debounced job leaves its key to the next one.
      if (key.startsWith('debounce\n')) continue;
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

  /** The entries of the stream of events: number of the first, and the text of all. */
  told(): { first: number; events: string }[] {
    const entries = this.valueOf('events') as [string, string[]][];
    return entries.map(([, [, first, , , , events]]) => ({
      first: Number(first),
      events: events!,
    }));
  }

  hash(name: string): ReadonlyMap<string, string> {
    return new Map(this.valueOf(name) as [string, string][]);
  }

  scores(name: string): ReadonlyMap<string, number> {
    return new Map(pairs(this.valueOf(name)));
  }

  gates(): Omit<StoredGates, 'now' | 'running'> {
    const [gates, gated] = [this.hash('gates'), this.hash('meta').get('gated')];
    return { gates, gated, due: this.scores('due'), opens: this.scores('opens') };
  }

  /** The jobs of each tag, with their insertion numbers. */
  tags(): Record<string, string[]> {
    const ofTags = this.entries.filter(([key]) => key.startsWith('tag:'));
    return Object.fromEntries(
      ofTags.map(([key, value]) => [
        key.slice('tag:'.length),
        pairs(value).map(([id, seq]) => `${seq} ${id}`),
      ]),
    );
  }

  /** In which hosts stand by. */
  groups(): string[] {
    return this.entries.flatMap(([key]) => /^idle:(.*)$/s.exec(key)?.[1] ?? []);
  }

  /** The jobs of which lines are kept. */
  outputs(): string[] {
    const keys = this.entries.map(([key]) => key);
    return keys
      .filter((key) => key.startsWith('output:'))
      .map((key) => key.slice('output:'.length));
  }

  /** How attempts ended, by job. */
  histories(): [id: string, entries: string[]][] {
    return this.entries
      .filter(([key]) => key.startsWith('history:'))
      .map(([key, entries]) => [key.slice('history:'.length), entries as string[]]);
  }

  /** The ids in the order of `ready`, or of a line. */
  idsIn(name: string): string[] {
    return pairs(this.valueOf(name)).map(([member]) => idOf('ready', member));
  }

  /** What is known of each key of each name. */
  lines(): StoredLine[] {
    const wholes = this.entries.flatMap(
      ([key]) => /^(?:line|heads|runs|holder):(.*)$/s.exec(key)?.[1] ?? [],
    );
    return [...new Set(wholes)].map((whole) => {
      const [, length, rest] = /^(\d+):(.*)$/s.exec(whole)!;
      return {
        name: Buffer.from(rest!).subarray(0, Number(length)).toString(),
        key: Buffer.from(rest!).subarray(Number(length)).toString(),
        waiting: this.idsIn(`line:${whole}`),
        heads: this.idsIn(`heads:${whole}`),
        runs: this.valueOf(`runs:${whole}`) as string[],
        holder: this.entries.find(([key]) => key === `holder:${whole}`)?.[1] as string | undefined,
      };
    });
  }

  /** Every index of a name, with the ids that are in it; `ready`, `timed` and `lined` are one: `waiting`. */
  places(): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const [key, value] of this.entries) {
      const [, place, name] =
        /^(ready|timed|lined|parked|running|completed|dead|repeating|retrying|disabled):(.*)$/s.exec(
          key,
        ) ?? [];
      if (place === undefined) continue;
      const ids = pairs(value).map(([member]) => idOf(place, member));
      const group = ['ready', 'timed', 'lined'].includes(place) ? 'waiting' : place;
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
  return flat.flatMap((member, i) => (i % 2 === 0 ? [[member, scoreOf(flat[i + 1]!)]] : []));
}

/** Redis writes the infinities in a way of its own. */
const scoreOf = (text: string): number => (text === '-inf' ? -Infinity : Number(text));

function idOf(place: string, member: string): string {
  if (place === 'ready') return member.slice(24);
  return place === 'timed' ? member.slice(member.indexOf(':') + 1) : member;
}

const sorted = (places: Record<string, string[]>): [string, string[]][] =>
  Object.entries(places)
    .map(([place, ids]): [string, string[]] => [place, [...ids].sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
