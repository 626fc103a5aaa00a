import type { FindQuery, FoundPage } from '../core/contracts/job-manager.js';
import { parseSearch, type Search } from '../core/query/find-query.js';
import { scripts } from './all-scripts.js';
import { findInIndexes, type IndexPlace } from './find-in-indexes.js';
import { pageTags } from './page-tags.js';
import { walkPartitions, type Found, type WalkPlace } from './walk-partitions.js';
import { readRecords } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';

/*
 * Searches, a page at a time.
 *
 * With a state its indexes are walked. Without one a job may be anywhere, and one that runs again and
 * again may be wherever the walk is not: so the records themselves are scanned, of which Redis
 * promises that each one is met that is there from the first step to the last. With tags the indexes of
 * these lead to all that may be meant. Both go through the partitions one after the other.
 */

/** Where a scan has come to, and what of its last step found no room on the page. */
interface ScanPlace {
  readonly scan: string;
  readonly left: readonly string[];
}

/** Behind which insertion number a page of tagged jobs begins. */
interface TagPlace {
  readonly seq: number;
}

export async function findJobs(store: RedisStore, query: FindQuery): Promise<FoundPage> {
  const at = store.now();
  const { state } = query;
  const version = cursorVersion(store);
  const { tags, ...tagSearch } = parseSearch<WalkPlace<TagPlace>>(query, version);
  if (tags !== undefined) {
    const found = await walkPartitions(store, tagSearch, (partition, place, limit) =>
      tagged(partition, tags, place, limit),
    );
    return pageOf(store, tagSearch, at, found);
  }
  if (state === undefined) {
    const search = parseSearch<WalkPlace<ScanPlace>>(query, version);
    const found = await walkPartitions(store, search, (partition, place, limit) =>
      scanJobs(partition, search.names, place, limit),
    );
    return pageOf(store, search, at, found);
  }
  const search = parseSearch<IndexPlace>(query, version);
  return pageOf(store, search, at, await findInIndexes(store, { ...search, state }, at));
}

/** The form of the places in cursors: of partitions there must be as many as when it was made. */
function cursorVersion({ partitions }: RedisStore): string {
  return partitions.length === 1 ? 'redis-1' : `redis-1 of ${partitions.length}`;
}

async function pageOf<Place>(
  store: RedisStore,
  search: Omit<Search<Place>, 'tags'>,
  at: number,
  { ids, next }: Found<Place>,
): Promise<FoundPage> {
  const found = await readRecords(store, ids);
  return {
    // What has left the state since its id was read does not belong here any more.
    jobs: found.flatMap((job) => (job && search.isMeant(job.record, at) ? [job.record] : [])),
    cursor: next && search.cursorAt(next),
  };
}

async function tagged(
  partition: RedisStore,
  tags: readonly string[],
  place: TagPlace | undefined,
  limit: number,
): Promise<Found<TagPlace>> {
  const { ids, next } = await pageTags(partition, tags, place?.seq ?? 0, limit);
  return { ids, next: next === undefined ? next : { seq: next } };
}

async function scanJobs(
  partition: RedisStore,
  names: readonly string[] | undefined,
  place: ScanPlace | undefined,
  limit: number,
): Promise<Found<ScanPlace>> {
  if (names?.length === 0) return { ids: [], next: undefined };
  let { scan, left: met }: ScanPlace = place ?? { scan: '0', left: [] };
  const isOver = place !== undefined && scan === '0';
  if (met.length < limit && !isOver) {
    const wanted = String(limit - met.length);
    const [, cursor, ...more] = await partition.run(scripts.scanJobs, [
      scan,
      wanted,
      ...(names ?? []),
    ]);
    scan = cursor!;
    met = [...new Set([...met, ...more])];
  }
  const left = met.slice(limit);
  const isLast = scan === '0' && left.length === 0;
  return { ids: met.slice(0, limit), next: isLast ? undefined : { scan, left } };
}
