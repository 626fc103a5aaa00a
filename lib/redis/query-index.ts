import type { IndexDirection } from '../core/query/job-order.js';
import { jobTest, type JobQuery, type QueryState } from '../core/query/job-query.js';
import type { JobRecord } from '../core/job/job-record.js';
import { countJobs } from './count-jobs.js';
import { backwards, forwards, type IndexGroup } from './index-group.js';
import type { IndexPart } from './index-stretch.js';
import { IndexMerge, LINE_LENGTH, type MergedPart, type Tally } from './merge-indexes.js';
import { readRecords } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';
import { namesOf } from './walk-jobs.js';

/*
 * Queries whose order is that of their state's index: O(names × partitions + page), however many jobs there are.
 * The total comes from cardinalities; the page from the heads of the indexes of all names in all partitions, merged;
 * only the records of the page are read. Of jobs in several partitions, where the order is that of insertion, each
 * counts its own: those that were added as the how-manieth of theirs, and then their ids. What costs more than the page:
 *
 *   - Recurring jobs and those that wait for a retry stand among the scheduled and queued ones of their
 *     name, and are stepped over; pages of such names are reached by reading what is before them.
 *   - A deep page of several names is reached by counting over ever smaller ranges of scores, and where
 *     many jobs have one score (`paused`; `queued`, whose first key may be the priority) by reading
 *     what is before it: ids, not records.
 *   - Of `queued`, what is due but has not been seen by a claim stands in no line yet. Of each name the
 *     first 50 of these in a partition are put where the next claim will put them; the others follow behind the line,
 *     by time. Behind these come, by time as well, those that wait in the lines of their keys.
 */

type StateQuery = JobQuery & { readonly state: QueryState };

type Part = Omit<MergedPart, 'partition' | 'name'>;
type Group = IndexGroup<Part>;

const GROUPS: Record<QueryState, readonly Group[]> = {
  scheduled: [forwards(of('timed', 'ahead'), { ...of('parked', 'ahead'), turn: 1 })],
  queued: [
    forwards(of('ready'), of('timed', 'line')),
    forwards({ ...of('timed', 'due'), begin: LINE_LENGTH }),
    forwards(of('lined')),
    forwards(of('parked', 'due')),
  ],
  running: [forwards(of('running'))],
  completed: [backwards(of('completed'))],
  failed: [backwards(of('dead')), forwards(of('retrying'))],
  repeating: [forwards(of('repeating'))],
  paused: [forwards(of('disabled'))],
};

/** The page of a query for a state, in the order of its index, and how many there are. */
export async function queryIndex(
  store: RedisStore,
  query: StateQuery,
  direction: IndexDirection,
): Promise<{ jobs: JobRecord[]; total: number }> {
  const at = store.now();
  const groups = direction === 'forwards' ? GROUPS[query.state] : reversed(GROUPS[query.state]);
  const names = await namesOf(store, query.names);
  const [first, ...others] = groups.map(({ parts, backwards }) => {
    const ofNames = names.flatMap((name) =>
      store.partitions.flatMap((partition) => parts.map((part) => ({ ...part, partition, name }))),
    );
    return new IndexMerge({ backwards, at }, ofNames, query.limit);
  });
  const total = await totalOf(store, query.state, await IndexMerge.open(first!, others));

  const ids = query.skip < total ? await idsOnPage(query, [first!, ...others]) : [];
  // What has left the state since its id was read does not belong here any more.
  const isMeant = jobTest(query, at);
  const found = await readRecords(store, ids);
  const jobs = found.flatMap((job) => (job && isMeant(job.record) ? [job.record] : []));
  return { jobs, total };
}

/** From the sizes of indexes; where these hold others as well, by what the counts leave of them. */
async function totalOf(
  store: RedisStore,
  state: QueryState,
  tallies: readonly Tally[],
): Promise<number> {
  const mixed = new Set(tallies.filter(({ isMixed }) => isMixed).map(({ name }) => name));
  const pure = tallies.filter(({ name }) => !mixed.has(name));
  const counts = mixed.size === 0 ? [] : (await countJobs(store, [...mixed])).values();
  const sizes = [...pure.map(({ size }) => size), ...Array.from(counts, (states) => states[state])];
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function idsOnPage(
  { skip, limit }: JobQuery,
  merges: readonly IndexMerge[],
): Promise<string[]> {
  // A job that moves while the indexes are read may be met twice.
  const ids = new Set<string>();
  let left = skip;
  for (const merge of merges) {
    if (left > 0) left -= await merge.skip(left);
    for await (const batch of merge.batches()) {
      for (const { id } of batch.slice(left)) if (ids.size < limit) ids.add(id);
      left -= Math.min(left, batch.length);
      if (ids.size >= limit) return [...ids];
    }
  }
  return [...ids];
}

function of(index: IndexPart['index'], part: IndexPart['part'] = 'all'): Part {
  return { index, part, turn: 0, begin: 0 };
}

function reversed(groups: readonly Group[]): Group[] {
  return groups.map((group) => ({ ...group, backwards: !group.backwards })).reverse();
}
