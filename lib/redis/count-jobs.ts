import { MAX_BATCH } from '../core/contracts/job-broker.js';
import { scripts } from './all-scripts.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';
import { inPages } from './walk-jobs.js';

/** The columns that `count-jobs` answers, in their order. */
const COLUMNS = [
  'queued',
  'scheduled',
  'running',
  'completed',
  'failed',
  'dead',
  'repeating',
  'paused',
  'claimable',
] as const;

/** The jobs of a name by state; `claimable` are those that are due, enabled and free. */
export type Columns = Record<(typeof COLUMNS)[number], number>;

/** The jobs of names by state, from cardinalities alone. */
export async function countJobs(
  store: RedisStore,
  names: readonly string[],
): Promise<Map<string, Columns>> {
  store.expectOpen();
  const [counts, ...others] = await inAll(store, (partition) => countIn(partition, names));
  for (const more of others) {
    for (const [name, columns] of more) addTo(counts!.get(name)!, columns);
  }
  return counts!;
}

async function countIn(
  partition: RedisStore,
  names: readonly string[],
): Promise<Map<string, Columns>> {
  const counts = new Map<string, Columns>();
  for (const page of inPages(names, MAX_BATCH)) {
    const [, ...numbers] = await partition.run(scripts.countJobs, page);
    page.forEach((name, i) => {
      const row = {} as Columns;
      COLUMNS.forEach((column, j) => {
        // Between two looks at a clock that steps back a difference may be below zero.
        row[column] = Math.max(Number(numbers[i * COLUMNS.length + j]), 0);
      });
      counts.set(name, row);
    });
  }
  return counts;
}

function addTo(sum: Columns, more: Columns): void {
  for (const column of COLUMNS) sum[column] += more[column];
}
