import { MAX_BATCH } from '../core/contracts/job-broker.js';
import type { JobSelection, NameSelection } from '../core/query/job-selection.js';
import { idOfMember, PRIMARY_INDEXES, type IndexName } from './keys.js';
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
    'ready',
    'parked',
    'running',
    'completed',
    'dead',
  ] as const satisfies readonly (typeof PRIMARY_INDEXES)[number][]
).map((index) => ({ index }));

/** Every name that has, or has had, jobs, and that is meant. */
export async function namesOf(
  store: RedisStore,
  { listed, accepts }: NameSelection,
): Promise<readonly string[]> {
  const names = listed ?? (await store.connection.scanSet(store.keys.names));
  return accepts === undefined ? names : names.filter(accepts);
}

/**
 * The ids that may be meant, each once, in pages of at most 100: those that are listed, or else those
 * that stand in the given places of the names. Read in steps that never hold Redis up.
 */
export async function* candidates(
  store: RedisStore,
  { ids, names }: Pick<JobSelection, 'ids' | 'names'>,
  places: readonly Place[] = EVERY_PLACE,
): AsyncGenerator<readonly string[]> {
  if (ids !== undefined) {
    yield* inPages(ids, MAX_BATCH);
    return;
  }
  const seen = new Set<string>();
  for (const name of await namesOf(store, names)) {
    for (const place of places) {
      for await (const found of idsIn(store, place, name)) {
        const fresh = found.filter((id) => !seen.has(id) && seen.add(id));
        yield* inPages(fresh, MAX_BATCH);
      }
    }
  }
}

async function* idsIn(
  store: RedisStore,
  { index, from = -Infinity, to = Infinity }: Place,
  name: string,
): AsyncGenerator<string[]> {
  for await (const entries of store.connection.scanIndex(store.keys.index(index, name))) {
    yield entries
      .filter(({ score }) => score >= from && score <= to)
      .map(({ member }) => idOfMember(index, member, store.options.sort));
  }
}

export function* inPages<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
