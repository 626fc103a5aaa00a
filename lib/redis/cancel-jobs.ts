import type { RemovalTerms } from '../core/contracts/mending.js';
import { scripts } from './all-scripts.js';
import { byPartition } from './partitions.js';
import { inBites } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';

/** How long a running worker can find out why its job was cancelled; two leases where those are longer. */
const REASON_KEPT_MS = 120_000;

export interface Cancellation extends RemovalTerms {
  /** What was logged of the jobs stays. */
  readonly keepLog?: boolean;
}

/** Removes those of the jobs that may go. @returns their ids, in the order of these */
export async function cancelJobs(
  store: RedisStore,
  ids: readonly string[],
  how: Cancellation,
): Promise<string[]> {
  const each = [...new Set(ids)];
  const isGone = await byPartition(
    store,
    each,
    (id) => id,
    async (partition, share) => {
      const gone = await cancelIn(partition, share, how);
      return share.map((id) => gone.has(id));
    },
  );
  return each.filter((_, i) => isGone[i]);
}

async function cancelIn(
  partition: RedisStore,
  ids: readonly string[],
  how: Cancellation,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  let logIsLeft = '';
  await inBites(ids, async (bite) => {
    const [, count, isLeft, ...found] = await partition.run(scripts.cancelJobs, [
      partition.options.channelName,
      partition.messageHead,
      how.reason ?? '',
      String(REASON_KEPT_MS),
      String(partition.options.retryForMs),
      how.keepLog ? 'keep' : '',
      lettersOf(how),
      ...bite,
    ]);
    for (const id of found) gone.add(id);
    logIsLeft = isLeft!;
    return Number(count);
  });
  while (logIsLeft !== '') logIsLeft = (await partition.run(scripts.dropLogs, []))[1]!;
  return gone;
}

const ONLY = { queued: 'q', waiting: 'w', dead: 'd' } as const;

function lettersOf({ only, sparesRunning, sparesRecurring }: RemovalTerms): string {
  if (only !== undefined) return ONLY[only];
  return `${sparesRunning ? 'r' : ''}${sparesRecurring ? 'e' : ''}`;
}
