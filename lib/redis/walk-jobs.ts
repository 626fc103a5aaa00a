import { MAX_BATCH } from '../core/contracts/job-broker.js';
import type { JobSelection, NameSelection } from '../core/query/job-selection.js';
import { MAX_ENTRIES, readStretches } from './index-stretch.js';
import { idOfMember, PRIMARY_INDEXES, type IndexName } from './keys.js';
import { pageTags, type TagPage } from './page-tags.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/** A part of an index: of its jobs those whose score lies within the bounds, if there are any. */
export interface Place {
  readonly index: IndexName;
  readonly from?: number;
  readonly to?: number;
}

/** Where jobs of every state are, in the order of a job's life: one that goes on meanwhile is met, if twice. */
export const EVERY_PLACE: readonly Place[] = (
  [
    'timed',
    'lined',
    'ready',
    'parked',
    'running',
    'completed',
    'dead',
  ] as const satisfies readonly (typeof PRIMARY_INDEXES)[number][]
).map((index) => ({ index }));

/** As `page-indexes` parts them, and so many of each that all are read in one piece. */
const SNAPSHOT: readonly IndexName[] = [...PRIMARY_INDEXES, 'repeating', 'retrying'];
const SNAPSHOT_DEPTH = Math.floor(MAX_ENTRIES / SNAPSHOT.length);

/** Every name that has, or has had, jobs, and that is meant. */
export async function namesOf(
  store: RedisStore,
  { listed, accepts }: NameSelection,
): Promise<readonly string[]> {
  const names = listed ?? (await knownNames(store));
  return accepts === undefined ? names : names.filter(accepts);
}

/** Every name that has, or has had, jobs. */
export async function knownNames(store: RedisStore): Promise<string[]> {
  const names = await inAll(store, ({ connection, keys }) => connection.scanSet(keys.names));
  return names.length === 1 ? names[0]! : [...new Set(names.flat())];
}

/**
 * The ids in a partition that may be meant, each once, in pages of at most 100: those that are listed, or else those
 * that have the tags, or else those that stand in the given places of the names. Read in steps that never hold Redis up.
 */
export async function* candidates(
  partition: RedisStore,
  { ids, names, tags }: Pick<JobSelection, 'ids' | 'names' | 'tags'>,
  places: readonly Place[] = EVERY_PLACE,
): AsyncGenerator<readonly string[]> {
  if (ids !== undefined) {
    yield* inPages(ids, MAX_BATCH);
    return;
  }
  if (tags !== undefined) {
    yield* taggedIds(partition, tags);
    return;
  }
  const seen = new Set<string>();
  for (const name of await namesOf(partition, names)) {
    for await (const found of idsOf(partition, name, places)) {
      const fresh = found.filter((id) => !seen.has(id) && seen.add(id));
      yield* inPages(fresh, MAX_BATCH);
    }
  }
}

async function* taggedIds(
  partition: RedisStore,
  tags: readonly string[],
): AsyncGenerator<readonly string[]> {
  for (let behind: number | undefined = 0; behind !== undefined;) {
    const page: TagPage = await pageTags(partition, tags, behind, MAX_BATCH);
    if (page.ids.length > 0) yield page.ids;
    behind = page.next;
  }
}

/**
 * A job that runs again and again goes from place to place, and back. So all places are looked at in
 * one instant first; only where more stand than that can show they are then gone through.
 */
async function* idsOf(
  partition: RedisStore,
  name: string,
  places: readonly Place[],
): AsyncGenerator<readonly string[]> {
  if (places === EVERY_PLACE) {
    const { ids, isWhole } = await snapshot(partition, name);
    yield ids;
    if (isWhole) return;
  }
  for (const place of places) yield* idsIn(partition, place, name);
}

async function snapshot(
  partition: RedisStore,
  name: string,
): Promise<{ ids: readonly string[]; isWhole: boolean }> {
  const requests = SNAPSHOT.map((index) => ({
    of: { partition, name, index, part: 'all' as const },
    start: { rank: 0 },
    count: SNAPSHOT_DEPTH,
  }));
  const stretches = await readStretches(requests, { backwards: false, at: 0 });
  return {
    ids: stretches.flatMap(({ entries }) => entries.map(({ id }) => id)),
    isWhole: stretches.every(({ next }) => next === undefined),
  };
}

async function* idsIn(
  partition: RedisStore,
  { index, from = -Infinity, to = Infinity }: Place,
  name: string,
): AsyncGenerator<string[]> {
  for await (const entries of partition.connection.scanIndex(partition.keys.index(index, name))) {
    yield entries
      .filter(({ score }) => score >= from && score <= to)
      .map(({ member }) => idOfMember(index, member, partition.order));
  }
}

export function* inPages<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
