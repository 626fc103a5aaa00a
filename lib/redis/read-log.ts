import type { JobLogEntry, JobLogQueryResult } from '../core/contracts/job-logger.js';
import type { LogSelection } from '../core/logging/log-query.js';
import { scripts } from './all-scripts.js';
import { ENTRY_WIDTH, packSelection, unpackEntry } from './log-codec.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/** A page of the log, and how many entries meet the conditions. */
export async function readLog(
  store: RedisStore,
  selection: LogSelection,
): Promise<JobLogQueryResult> {
  const { partitions } = store;
  const { jobId } = selection;
  if (partitions.length === 1) return readPartition(partitions[0]!, selection);
  if (jobId === undefined) return readMerged(store, selection);
  const { entries, total } = await readPartition(store.partitionOf(jobId), selection);
  return { entries: named(entries, store.numberOf(jobId)), total };
}

/**
 * Of each partition all that may come up to the end of the page: the further back a page of a whole log is, the more
 * is read for it. Entries of one ms are in the order of their partitions.
 */
async function readMerged(
  store: RedisStore,
  { offset, limit, ...conditions }: LogSelection,
): Promise<JobLogQueryResult> {
  const end = Math.min(offset + limit, Number.MAX_SAFE_INTEGER);
  const parts = await inAll(store, async (partition, number) => {
    const part = await readPartition(partition, { ...conditions, offset: 0, limit: end });
    return { total: part.total, entries: named(part.entries, number) };
  });
  const isUp = conditions.sort === 'asc';
  const inOrder = isUp ? parts : parts.reverse();
  const entries = inOrder.flatMap((part) => part.entries);
  entries.sort((a, b) => (isUp ? 1 : -1) * (a.timestamp.getTime() - b.timestamp.getTime()));
  return {
    entries: entries.slice(offset, end),
    total: inOrder.reduce((sum, part) => sum + part.total, 0),
  };
}

async function readPartition(
  partition: RedisStore,
  selection: LogSelection,
): Promise<JobLogQueryResult> {
  const entries: JobLogEntry[] = [];
  const conditions = packSelection(selection, selection.sort);
  let { offset } = selection;
  let total = 0;
  let cursor = '';
  do {
    const room = selection.limit - entries.length;
    const args = [...conditions, cursor, String(offset), String(room)];
    const [, met, next, ...parts] = await partition.run(scripts.readLog, args);
    for (let i = 0; i < parts.length; i += ENTRY_WIDTH) {
      entries.push(unpackEntry(parts.slice(i, i + ENTRY_WIDTH)));
    }
    offset = Math.max(offset - Number(met), 0);
    total += Number(met);
    cursor = next!;
  } while (cursor !== '');
  return { entries, total };
}

/** Partitions number their entries alike. */
const named = (entries: readonly JobLogEntry[], partition: number): JobLogEntry[] =>
  entries.map((entry) => ({ ...entry, _id: `${partition}-${entry._id}` }));
