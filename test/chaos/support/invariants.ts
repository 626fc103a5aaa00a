import type { Cluster, Redis } from 'ioredis';
import type { JobManager } from '../../../lib/core/contracts/job-manager.js';
import type { JobRecord } from '../../../lib/core/job/job-record.js';
import { placeOfId } from '../../../lib/core/job/placement.js';
import {
  computeState,
  emptyCounts,
  isDead,
  type StateCounts,
} from '../../../lib/core/job/job-state.js';
import { parseClaimSort, PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import {
  FLAG,
  idOfMember,
  type IndexName,
  KEY_PARTS,
  Keys,
  LAYOUT,
  PRIMARY_INDEXES,
  SECONDARY_INDEXES,
} from '../../../lib/redis/keys.js';
import { unpackRecord } from '../../../lib/redis/record-codec.js';
import { lineViolations, type KeyedJob } from './line-violations.js';
import { gateFaults } from '../../contract/support/gate-faults.js';
import { keysWith } from '../../support/redis-endpoint.js';

/*
 * Reads every key under a prefix and says which of the promises in `keys.ts` do not hold.
 *
 * The keys are read one after the other, so nobody may write meanwhile. Whatever is wrong is a line
 * of text: a test expects none.
 */

/** One job as it lies in the store, with where the indexes say it is. */
interface StoredJob {
  readonly record: JobRecord;
  readonly seq: number;
  readonly flags: number;
  /** The fields of `keys` that lead to it. */
  readonly keys: readonly string[];
  /** Those of them that its end frees. */
  readonly frees: readonly string[];
  readonly places: Entry[];
}

/** A member of an index of a name. */
interface Entry {
  readonly index: IndexName;
  readonly jobName: string;
  readonly member: string;
  readonly score: number;
}

type Scores = ReadonlyMap<string, number>;
type Fields = ReadonlyMap<string, string>;

/** Everything under the prefix, in plain maps. */
interface Store {
  readonly keys: Keys;
  readonly now: number;
  readonly found: ReadonlySet<string>;
  readonly expiring: ReadonlySet<string>;
  readonly hash: (key: string) => Fields;
  readonly sorted: (key: string) => Scores;
  readonly names: ReadonlySet<string>;
  readonly indexes: readonly Entry[];
  readonly jobs: ReadonlyMap<string, StoredJob>;
  readonly unreadable: readonly string[];
}

/** What is wrong in the store; nothing when every invariant holds. */
/** Keys that have a TTL: notes that only help to answer repeated calls. */
const EXPIRING = [
  'claim:',
  'cancelled:',
  'metrics:',
  'rate:',
  'stop:',
  'deduped:',
  'idle:',
  'watch:',
  'wakes:',
];

export async function violations(
  redis: Redis | Cluster,
  prefix: string,
  manager?: JobManager,
): Promise<string[]> {
  return violationsIn(redis, [prefix], manager);
}

/** As `violations`, of a store with several partitions: the prefix of each, in their order. */
export async function violationsIn(
  redis: Redis | Cluster,
  prefixes: readonly string[],
  manager?: JobManager,
): Promise<string[]> {
  const stores = await Promise.all(prefixes.map((prefix) => readStore(redis, prefix)));
  const found = stores.flatMap((store) => violationsOf(store));
  for (const store of stores) {
    found.push(...(await lineViolations(redis, store.keys, keyedJobs(store))));
  }
  found.push(...strayJobs(stores));
  if (manager) {
    const jobs = new Map(stores.flatMap((store) => [...store.jobs]));
    found.push(...(await wrongCounts(redis, jobs, manager)));
  }
  return found;
}

/** A job lies in the partition that its id tells. */
function strayJobs(stores: readonly Store[]): string[] {
  return stores.flatMap(({ jobs }, number) =>
    [...jobs.keys()]
      .filter((id) => placeOfId(id) % stores.length !== number)
      .map((id) => `job ${id} lies in partition ${number}, and nobody looks for it there`),
  );
}

function violationsOf(store: Store): string[] {
  return [
    ...store.unreadable,
    ...foreignKeys(store),
    ...orphans(store),
    ...misplacedJobs(store),
    ...wrongLeases(store),
    ...wrongSecondaries(store),
    ...wrongFlags(store),
    ...wrongLeads(store),
    ...lateNames(store),
    ...wrongGates(store),
    ...wrongPointers(store),
    ...wrongNumbers(store),
  ];
}

/** What is kept of the keys of jobs; whether it should be, `lineViolations` tells. */
const OF_KEYS = [...KEY_PARTS, 'lines', 'openings'].map((part) => `${part}:`);

function keyedJobs({ keys, hash, jobs }: Store): KeyedJob[] {
  const lease = hash(keys.lease);
  return [...jobs.values()].flatMap(({ record, places }) => {
    const { id, name, key, nextRunAt, disabled } = record;
    if (key === undefined) return [];
    const place = places.find(({ index }) => isPrimary(index))?.index;
    const isRunning = lease.has(id);
    return [
      { id, name, key, place, isRunning, waits: !isRunning && nextRunAt !== null && !disabled },
    ];
  });
}

/** No key without an owner: each has a known form, a known name, and a TTL only where it should. */
function* foreignKeys({ keys, found, expiring, names }: Store): Generator<string> {
  const fixed = new Set<string>([
    keys.jobs,
    keys.meta,
    keys.state,
    keys.results,
    keys.progress,
    keys.names,
    keys.due,
    keys.leases,
    keys.lease,
    keys.settings,
    keys.keys,
    keys.held,
    keys.leaving,
    keys.events,
    keys.expiring,
    keys.gone,
    keys.hosts,
    keys.hostsTold,
    keys.gates,
    keys.limits,
    keys.opens,
    keys.together,
    keys.turns,
    `${keys.prefix}saved`,
  ]);
  for (const key of found) {
    const mayExpire = EXPIRING.some((infix) => key.startsWith(`${keys.prefix}${infix}`));
    if (mayExpire !== expiring.has(key)) {
      yield `key ${key} ${mayExpire ? 'stays for ever' : 'has a TTL'}`;
    }
    const isOfJobs = [keys.history(''), keys.output(''), keys.tag('')].some((start) =>
      key.startsWith(start),
    );
    const isOfKeys = OF_KEYS.some((infix) => key.startsWith(`${keys.prefix}${infix}`));
    if (mayExpire || fixed.has(key) || isOfJobs || isOfKeys) continue;
    const index = indexOf(keys, key);
    if (!index) yield `key ${key} has no owner`;
    else if (!names.has(index.jobName)) yield `key ${key} is of a name that is not in names`;
  }
}

/** Nothing is kept of a job that is not there. */
function* orphans(store: Store): Generator<string> {
  const { keys, hash, sorted, jobs, indexes } = store;
  const kept: [what: string, ids: Iterable<string>][] = [
    ['a state', hash(keys.state).keys()],
    ['a result', hash(keys.results).keys()],
    ['a lease', hash(keys.lease).keys()],
    ['a history', listsOf(store, keys.history(''))],
    ['a progress', hash(keys.progress).keys()],
    ['a line', listsOf(store, keys.output(''))],
    ['a lease expiry', sorted(keys.leases).keys()],
    ['an expiry', sorted(keys.expiring).keys()],
    ['a key', unheld(hash(keys.keys), sorted(keys.held))],
  ];
  for (const [what, ids] of kept) {
    for (const id of ids) if (!jobs.has(id)) yield `${what} is kept of ${id}, which is no job`;
  }
  for (const { index, jobName, member } of indexes) {
    const id = idOf(index, member);
    if (!jobs.has(id)) yield `${index}:${jobName} holds ${id}, which is no job`;
  }
  for (const id of sorted(keys.gone).keys()) if (jobs.has(id)) yield `job ${id} is also gone`;
}

/** The ids that keys lead to which no time holds. */
function unheld(pointers: Fields, held: Scores): string[] {
  return [...pointers].filter(([field]) => !held.has(field)).map(([, id]) => id);
}

/** The ids of jobs that have a list of this kind of their own. */
function listsOf({ found }: Store, start: string): string[] {
  return [...found].filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
}

/** Every job stands in exactly one primary index: the right one, of its name, at the right rank. */
function* misplacedJobs(store: Store): Generator<string> {
  for (const [id, job] of store.jobs) {
    const { record, places } = job;
    const primary = places.filter(({ index }) => isPrimary(index));
    for (const { index, jobName } of places) {
      if (jobName !== record.name)
        yield `job ${id} of ${record.name} stands in ${index}:${jobName}`;
    }
    if (primary.length !== 1) {
      const where = primary.map(({ index }) => index).join(', ') || 'none';
      yield `job ${id} stands in ${primary.length} primary indexes (${where})`;
      continue;
    }
    const [place] = primary as [Entry];
    const right = rightPlaces(store, job);
    if (!right.includes(place.index)) {
      yield `job ${id} stands in ${place.index} instead of ${right.join(' or ')}`;
    } else if (!hasRightRank(store, job, place)) {
      yield `job ${id} stands at the wrong rank in ${place.index}: ${place.score} ${place.member}`;
    }
  }
}

function rightPlaces({ keys, hash, now }: Store, { record }: StoredJob): IndexName[] {
  if (hash(keys.lease).has(record.id)) return ['running'];
  if (record.nextRunAt === null) return [hasFailed(record) ? 'dead' : 'completed'];
  if (record.disabled) return ['parked'];
  // What has become due is moved by the next claim, not by the clock.
  if (record.nextRunAt > now) return ['timed'];
  return record.key === undefined ? ['ready', 'timed'] : ['ready', 'timed', 'lined'];
}

function hasRightRank(store: Store, { record, seq }: StoredJob, place: Entry): boolean {
  const { id, priority, first, nextRunAt, failedAt, lastFinishedAt } = record;
  const { member, score } = place;
  switch (place.index) {
    case 'ready':
      if (first) return score === -priority && member === FRONT + hexTurned(seq) + id;
      return (
        score === -priority &&
        member === hex(standsAt(store, id, nextRunAt!) + EPOCH) + hex(seq) + id
      );
    case 'timed': {
      const [, order, mark, ownPriority] = /^(.{12})(\^?)([^:]*):/s.exec(member) ?? [];
      const goesFirst = mark === '^';
      const isRight = order === hex(seq) && Number(ownPriority) === priority;
      return score === nextRunAt && isRight && goesFirst === (first ?? false);
    }
    case 'lined':
    case 'parked':
      return score === nextRunAt;
    case 'running':
      return score === lockedAt(store, id);
    case 'completed':
      return lastFinishedAt === null || score === lastFinishedAt;
    case 'dead':
      return score === failedAt;
    case 'repeating':
    case 'retrying':
    case 'disabled':
      return true;
  }
}

/** Before all times, and, the newest in front, before all insertion numbers. */
const FRONT = '-'.repeat(12);
const hexTurned = (seq: number): string => `-${(2 ** 44 - 1 - seq).toString(16).padStart(11, '0')}`;

/** For their key jobs stand in front by their turn. */
const standsAt = ({ keys, hash }: Store, id: string, nextRunAt: number): number =>
  Number(hash(keys.turns).get(id)?.split(' ')[0] ?? nextRunAt);

/** Running ⇔ a lease ⇔ an expiry; and a lease says all that a settlement needs. */
function* wrongLeases({ keys, hash, sorted, jobs }: Store): Generator<string> {
  const lease = hash(keys.lease);
  const leases = sorted(keys.leases);
  for (const [id, { places, record }] of jobs) {
    const isRunning = places.some(({ index }) => index === 'running');
    if (lease.has(id) !== leases.has(id) || lease.has(id) !== isRunning) {
      const facts = `running: ${isRunning}, lease: ${lease.has(id)}, expiry: ${leases.has(id)}`;
      yield `job ${id} is half running (${facts})`;
    }
    const entry = lease.get(id);
    if (entry === undefined) continue;
    const parts = /^([0-9a-f]{32}:\d+)\|(\d+)\|(\d+)\|(-?\d*)\|([^|]+)\|\|[^|]*\|(.*)$/s.exec(
      entry,
    );
    if (!parts) yield `the lease of job ${id} cannot be read: ${entry}`;
    else if (parts[6] !== record.name) yield `the lease of job ${id} names ${parts[6]}`;
    else if (Number(parts[2]) > Number(hash(keys.meta).get('fence') ?? 0)) {
      yield `the fence of job ${id} is above the newest one`;
    }
  }
}

/** Waiting jobs that have failed, or recur, are counted apart; disabled ones always. */
function* wrongSecondaries({ keys, hash, jobs }: Store): Generator<string> {
  const lease = hash(keys.lease);
  for (const [id, { record, flags, places }] of jobs) {
    const isWaiting = !lease.has(id) && record.nextRunAt !== null;
    const right = new Map<IndexName, number>();
    if (isWaiting && hasFailed(record)) right.set('retrying', record.nextRunAt!);
    else if (isWaiting && flags & FLAG.recurring) right.set('repeating', record.nextRunAt!);
    if (flags & FLAG.disabled) right.set('disabled', 0);
    for (const index of SECONDARY_INDEXES) {
      const entry = places.find((place) => place.index === index);
      if (entry?.score !== right.get(index)) {
        yield `job ${id} is in ${index} with ${entry?.score}, right is ${right.get(index)}`;
      }
    }
  }
}

/** A tag leads to the jobs that have it; what expires and has not ended is looked for in time. */
function* wrongLeads({ keys, hash, found, sorted, jobs, now }: Store): Generator<string> {
  const lease = hash(keys.lease);
  const expiring = sorted(keys.expiring);
  for (const [id, { record, seq }] of jobs) {
    for (const tag of record.tags ?? []) {
      if (sorted(keys.tag(tag)).get(id) !== seq) yield `tag ${tag} does not lead to job ${id}`;
    }
    const isOver = record.nextRunAt === null && !lease.has(id);
    const { expiresAt = Infinity } = record;
    if (
      isOver ? expiring.has(id) : (expiring.get(id) ?? Infinity) > Math.max(expiresAt, now + 60_000)
    ) {
      yield `job ${id} expires at ${expiresAt} and is looked for at ${expiring.get(id)}`;
    }
  }
  for (const key of found) {
    if (!key.startsWith(keys.tag(''))) continue;
    const tag = key.slice(keys.tag('').length);
    for (const id of sorted(key).keys()) {
      if (!jobs.get(id)?.record.tags?.includes(tag))
        yield `tag ${tag} leads to ${id}, which denies it`;
    }
  }
}

/** Flags repeat what the record says, for scripts that do not decode it. */
function* wrongFlags({ jobs }: Store): Generator<string> {
  for (const [id, { record, flags, keys, frees }] of jobs) {
    const recurring = record.repeat?.interval !== undefined;
    if (recurring !== (flags & FLAG.recurring) > 0) yield `job ${id}: recurring is ${!recurring}`;
    const ruled = record.repeat !== null;
    if (ruled !== (flags & FLAG.ruled) > 0) yield `job ${id}: ruled is ${!ruled}`;
    if (record.version === 1) yield `job ${id}: the first version is written`;
    if (keys.length > 0 && !(flags & FLAG.keyed)) yield `job ${id} has keys and is not keyed`;
    const endsItsOwnWay = frees.length > 0 || record.overrides?.retention !== undefined;
    if (endsItsOwnWay !== (flags & FLAG.endsItsOwnWay) > 0) {
      yield `job ${id}: ends its own way is ${!endsItsOwnWay}`;
    }
  }
}

/** A name with waiting jobs has a due time, and never a later one than its first job. */
function* lateNames({ keys, sorted, indexes, names, jobs, now }: Store): Generator<string> {
  const due = sorted(keys.due);
  const firstOf = new Map<string, number>();
  for (const { index, jobName, score } of indexes) {
    if (index !== 'ready' && index !== 'timed') continue;
    const at = index === 'ready' ? now : score;
    firstOf.set(jobName, Math.min(firstOf.get(jobName) ?? Infinity, at));
  }
  for (const [jobName, first] of firstOf) {
    const at = due.get(jobName);
    if (at === undefined) yield `${jobName} has waiting jobs and no due time`;
    else if (at > first) yield `${jobName} is due ${at - first} ms later than its first job`;
  }
  for (const jobName of due.keys()) {
    // What is paused may never have had a job.
    if (!names.has(jobName) && due.get(jobName) !== -Infinity) {
      yield `${jobName} is due and not in names`;
    }
  }
  for (const [id, { record }] of jobs) {
    if (!names.has(record.name)) yield `the name of job ${id} is not in names`;
  }
}

function* wrongGates({ keys, hash, sorted, indexes, now }: Store): Generator<string> {
  yield* gateFaults({
    now,
    gates: hash(keys.gates),
    gated: hash(keys.meta).get('gated'),
    due: sorted(keys.due),
    opens: sorted(keys.opens),
    running: (name) =>
      indexes.filter(({ index, jobName }) => index === 'running' && jobName === name).length,
  });
  for (const [name, text] of hash(keys.gates)) {
    const { away } = JSON.parse(text) as { readonly away?: unknown };
    if (away !== undefined && indexes.some(({ jobName }) => jobName === name)) {
      yield `"${name}" has jobs here, though all of them live in another partition`;
    }
  }
}

/**
 * A key leads to a job that knows it, unless time alone holds it, and the other way round; but none to
 * a job whose end has freed it.
 */
function* wrongPointers({ keys, hash, sorted, jobs }: Store): Generator<string> {
  const pointers = hash(keys.keys);
  const held = sorted(keys.held);
  for (const [field, id] of pointers) {
    const job = jobs.get(id);
    if (!job || job.keys.includes(field) || held.has(field)) continue;
    yield `key ${field} leads to job ${id}, which denies it`;
  }
  for (const field of held.keys()) {
    if (!pointers.has(field)) yield `key ${field} is held and leads nowhere`;
  }
  for (const [id, job] of jobs) {
    const hasEnded = job.places.some(({ index }) => index === 'completed' || index === 'dead');
    for (const field of job.keys) {
      const leadsHere = pointers.get(field) === id;
      // The claim of a debounced job leaves its key to the next one.
      if (field.startsWith('debounce\n')) continue;
      if (hasEnded && job.frees.includes(field)) {
        if (leadsHere) yield `job ${id} has ended, and key ${field} still leads to it`;
      } else if (!leadsHere) yield `job ${id} has key ${field}, which leads elsewhere`;
    }
  }
}

/** Counters are ahead of what was counted. */
function* wrongNumbers({ keys, hash, jobs, found }: Store): Generator<string> {
  const meta = hash(keys.meta);
  const seen = new Map<number, string>();
  for (const [id, { record, seq }] of jobs) {
    const other = seen.get(seq);
    if (other !== undefined) yield `jobs ${other} and ${id} share the number ${seq}`;
    seen.set(seq, id);
    if (seq > Number(meta.get('seq') ?? 0)) yield `job ${id} has a number that was never given`;
    if (record.rescueCount > record.attempt) yield `job ${id} was rescued more often than tried`;
  }
  if (found.size > 0 && meta.get('layout') !== String(LAYOUT)) yield 'meta names no known layout';
}

/** What the manager counts is what lies there. Becoming due while it counts is no fault. */
async function wrongCounts(
  redis: Redis | Cluster,
  jobs: ReadonlyMap<string, StoredJob>,
  manager: JobManager,
): Promise<string[]> {
  const before = countsAt(jobs, await serverTime(redis));
  const counted = await manager.counts();
  const after = countsAt(jobs, await serverTime(redis));
  const wrong: string[] = [];
  for (const name of new Set([...counted.keys(), ...before.keys()])) {
    const told = counted.get(name) ?? emptyCounts();
    for (const [state, count] of Object.entries(told) as [keyof StateCounts, number][]) {
      const bounds = [before.get(name)?.[state] ?? 0, after.get(name)?.[state] ?? 0];
      if (count < Math.min(...bounds) || count > Math.max(...bounds)) {
        wrong.push(`${name} counts ${count} as ${state}; there are ${bounds[0]}`);
      }
    }
  }
  return wrong;
}

function countsAt(jobs: ReadonlyMap<string, StoredJob>, now: number): Map<string, StateCounts> {
  const counts = new Map<string, StateCounts>();
  for (const { record } of jobs.values()) {
    const ofName = counts.get(record.name) ?? emptyCounts();
    counts.set(record.name, ofName);
    ofName[computeState(record, now)] += 1;
    ofName.total += 1;
    if (isDead(record, now)) ofName.dead += 1;
    if (record.disabled) ofName.paused += 1;
  }
  return counts;
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────

async function readStore(redis: Redis | Cluster, prefix: string): Promise<Store> {
  const keys = new Keys(prefix);
  const all = await keysWith(prefix, redis);
  const found = new Set(all.filter((key) => key.startsWith(prefix)));
  const hashes = new Map<string, Fields>();
  const sortedSets = new Map<string, Scores>();
  const expiring = new Set<string>();
  for (const key of found) {
    if ((await redis.pttl(key)) >= 0) expiring.add(key);
    const type = await redis.type(key);
    if (type === 'hash') hashes.set(key, new Map(Object.entries(await redis.hgetall(key))));
    if (type === 'zset')
      sortedSets.set(key, inPairs(await redis.zrange(key, '0', '-1', 'WITHSCORES')));
  }
  const hash = (key: string): Fields => hashes.get(key) ?? new Map<string, string>();
  const sorted = (key: string): Scores => sortedSets.get(key) ?? new Map<string, number>();
  const indexes = [...sortedSets].flatMap(([key, members]) => entriesOf(keys, key, members));
  const { jobs, unreadable } = readJobs(keys, hash, indexes);
  return {
    keys,
    now: await serverTime(redis),
    found,
    expiring,
    hash,
    sorted,
    names: new Set(await redis.smembers(keys.names)),
    indexes,
    jobs,
    unreadable,
  };
}

function readJobs(
  keys: Keys,
  hash: (key: string) => Fields,
  indexes: readonly Entry[],
): { jobs: Map<string, StoredJob>; unreadable: string[] } {
  const jobs = new Map<string, StoredJob>();
  const unreadable: string[] = [];
  const placesOf = new Map<string, Entry[]>();
  for (const entry of indexes) {
    const id = idOf(entry.index, entry.member);
    placesOf.set(id, [...(placesOf.get(id) ?? []), entry]);
  }
  for (const [id, asked] of hash(keys.jobs)) {
    const happened = hash(keys.state).get(id) ?? '';
    try {
      const record = unpackRecord(id, asked, happened, hash(keys.lease).get(id));
      const [, , seq, , flags, , own] = JSON.parse(asked) as [
        ...numbers: [number, number, number, number, number],
        name: string,
        own: 0 | { keys?: string[]; frees?: string[] },
      ];
      const { keys: fields = [], frees = [] } = own === 0 ? {} : own;
      jobs.set(id, { record, seq, flags, keys: fields, frees, places: placesOf.get(id) ?? [] });
    } catch {
      unreadable.push(`job ${id} cannot be read: ${asked} ${happened}`);
    }
  }
  return { jobs, unreadable };
}

function entriesOf(keys: Keys, key: string, members: Scores): Entry[] {
  const index = indexOf(keys, key);
  return index ? [...members].map(([member, score]) => ({ ...index, member, score })) : [];
}

/** Which index of which name a key is, if it is one. */
function indexOf(keys: Keys, key: string): { index: IndexName; jobName: string } | undefined {
  for (const index of [...PRIMARY_INDEXES, ...SECONDARY_INDEXES]) {
    const start = keys.index(index, '');
    if (key.startsWith(start)) return { index, jobName: key.slice(start.length) };
  }
  return undefined;
}

/** From when on the times in `ready` are counted back: see `order.lua`. */
const EPOCH = 28_000_000_000_000;
const order = parseClaimSort(PRIORITY_FIRST);
const idOf = (index: IndexName, member: string): string => idOfMember(index, member, order);

function inPairs(flat: readonly string[]): Scores {
  const pairs = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2)
    pairs.set(flat[i]!, flat[i + 1] === '-inf' ? -Infinity : Number(flat[i + 1]));
  return pairs;
}

async function serverTime(redis: Redis | Cluster): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Math.floor(Number(seconds) * 1000 + Number(micros) / 1000);
}

const isPrimary = (index: IndexName): boolean =>
  (PRIMARY_INDEXES as readonly IndexName[]).includes(index);

const hasFailed = ({ failedAt, lastFinishedAt }: JobRecord): boolean =>
  failedAt !== null && failedAt >= (lastFinishedAt ?? 0);

const lockedAt = ({ keys, hash }: Store, id: string): number =>
  Number(hash(keys.lease).get(id)?.split('|')[2]);

const hex = (number: number): string => number.toString(16).padStart(12, '0');
