import type { Inspected, InspectedLease } from '../core/contracts/job-manager.js';
import { scripts } from './all-scripts.js';
import { historyOf } from './read-history.js';
import { readableRecord } from './readable-record.js';
import type { RedisStore } from './redis-store.js';

/** Everything that is known of a job at one instant; `undefined` when there is no such job. */
export async function inspectJob(store: RedisStore, id: string): Promise<Inspected | undefined> {
  const partition = store.partitionOf(id);
  const [time, asked, happened, lease, result, expiry, ...entries] = await partition.run(
    scripts.inspectJob,
    [id],
  );
  if (asked === undefined) return undefined;
  const now = Number(time);
  const texts = { id, asked, happened: happened!, lease: lease!, result: result!, now };
  return {
    record: readableRecord(texts),
    lease: lease === '' ? undefined : leaseOf(lease!, expiry!),
    history: historyOf(happened!, entries),
    now,
  };
}

/** The token stays behind. */
function leaseOf(entry: string, expiry: string): InspectedLease {
  const [, fence, lockedAt, , host] = entry.split('|', 5);
  return {
    host: host ?? '',
    lockedAt: Number(lockedAt),
    expiresAt: expiry === '' ? null : Number(expiry),
    fence: Number(fence),
  };
}
