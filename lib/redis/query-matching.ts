import { MAX_BATCH } from '../core/contracts/job-broker.js';
import { FirstOf } from '../core/query/first-of.js';
import { compareTexts, orderOf, type OrderKeys } from '../core/query/job-order.js';
import { jobTest, type JobQuery, type QueryState } from '../core/query/job-query.js';
import type { JobRecord } from '../core/job/job-record.js';
import { byShare, inAll } from './partitions.js';
import { readRecords } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';
import { candidates, EVERY_PLACE, type Place } from './walk-jobs.js';

/*
 * Every other query: O(jobs that may match). Their records are read in pages, none of which holds
 * Redis up: of the names that are meant, and of those only the places where the state is found, in all
 * partitions side by side. Only what orders a job is kept of it, and only as much as the page can need; then
 * the page is read.
 */

interface Found {
  readonly id: string;
  readonly keys: OrderKeys;
}

/** The page of a query, and how many jobs match it. */
export async function queryMatching(
  store: RedisStore,
  query: JobQuery,
): Promise<{ jobs: JobRecord[]; total: number }> {
  const now = store.now();
  const isMeant = jobTest(query, now);
  const order = orderOf(query, store.order);
  const end = query.skip + query.limit;
  // Jobs of two partitions may be alike in all that orders them.
  const first = new FirstOf<Found>(
    end,
    (a, b) => order.compare(a.keys, b.keys) || compareTexts(a.id, b.id),
  );
  const known = new Map<string, JobRecord>();
  let total = 0;

  const gather = async (partition: RedisStore, ids?: readonly string[]): Promise<void> => {
    const selection = { ...query, ids };
    for await (const page of candidates(partition, selection, placesOf(query.state, now))) {
      for (const job of await readRecords(partition, page)) {
        if (!job || !isMeant(job.record)) continue;
        const { id } = job.record;
        first.add({ id, keys: order.keysOf(job) });
        total++;
        // Of few jobs the page need not be read again.
        if (known.size < MAX_BATCH) known.set(id, job.record);
      }
    }
  };
  if (query.ids) await byShare(store, query.ids, (id) => id, gather);
  else await inAll(store, (partition) => gather(partition));

  const ids = first
    .sorted()
    .slice(query.skip)
    .map(({ id }) => id);
  const unknown = ids.filter((id) => !known.has(id));
  for (const job of await readRecords(store, unknown)) {
    if (job && isMeant(job.record)) known.set(job.record.id, job.record);
  }
  return { jobs: ids.flatMap((id) => known.get(id) ?? []), total };
}

/** Where the jobs of a state stand. */
function placesOf(state: QueryState | undefined, now: number): readonly Place[] {
  switch (state) {
    case undefined:
      return EVERY_PLACE;
    case 'scheduled':
      return [
        { index: 'timed', from: now + 1 },
        { index: 'parked', from: now + 1 },
      ];
    case 'queued':
      return [
        { index: 'timed', to: now },
        { index: 'lined' },
        { index: 'ready' },
        { index: 'parked', to: now },
      ];
    case 'failed':
      return [{ index: 'retrying' }, { index: 'dead' }];
    case 'paused':
      return [{ index: 'disabled' }];
    case 'running':
    case 'completed':
    case 'repeating':
      return [{ index: state }];
  }
}
