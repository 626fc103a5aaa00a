import type { FindQuery, FoundPage } from '../core/contracts/job-manager.js';
import { parseSearch, type Search } from '../core/query/find-query.js';
import { compareTexts, walkOrder, type OrderKeys } from '../core/query/job-order.js';
import type { MemoryStore } from './memory-store.js';

/** Behind which job a page begins. */
interface Place {
  readonly name: string;
  readonly keys: OrderKeys;
}

/** @throws InvalidOptionError, InvalidCursorError */
export const searchOf = (query: FindQuery): Search<Place> => parseSearch(query, 'memory-1');

/** Looks at every job, unlike Redis: the definition of what the pages of a search have to show. */
export function findJobs(store: MemoryStore, search: Search<Place>): FoundPage {
  const { state, tags, limit, place } = search;
  const now = store.now();
  const order = walkOrder(search, store.order);
  const compare = (a: Place, b: Place) =>
    compareTexts(a.name, b.name) || order.compare(a.keys, b.keys);
  // With tags, or without a state, insertion alone tells the place.
  const isByInsertion = state === undefined || tags !== undefined;
  const lineOf = ({ name }: { name: string }) => (isByInsertion ? '' : name);

  const found = [...store.jobs.values()]
    .map((job) => ({ record: job.toRecord(), seq: job.birth.seq }))
    .filter(({ record }) => search.isMeant(record, now))
    .map((job) => ({
      record: job.record,
      at: { name: lineOf(job.record), keys: order.keysOf(job) },
    }))
    .filter(({ at }) => place === undefined || compare(at, place) > 0)
    .sort((a, b) => compare(a.at, b.at));
  const page = found.slice(0, limit);
  return {
    jobs: page.map(({ record }) => record),
    cursor: found.length > limit ? search.cursorAt(page.at(-1)!.at) : undefined,
  };
}
