import type { RemovalTerms } from '../core/contracts/mending.js';
import { scripts } from './all-scripts.js';
import { inBites } from './read-jobs.js';
import type { RedisStore } from './redis-store.js';

/** How long a running worker can find out why its job was cancelled; two leases where those are longer. */
const REASON_KEPT_MS = 120_000;

export interface Cancellation extends RemovalTerms {
  /** What was logged of the jobs stays. */
  readonly keepLog?: boolean;
}

/** Removes those of the jobs that may go. @returns their ids */
export async function cancelJobs(
  store: RedisStore,
  ids: readonly string[],
  how: Cancellation,
): Promise<string[]> {
  const gone: string[] = [];
  let logIsLeft = '';
  await inBites(ids, async (bite) => {
    const [, count, isLeft, ...found] = await store.run(scripts.cancelJobs, [
      store.options.channelName,
      store.messageHead,
      how.reason ?? '',
      String(REASON_KEPT_MS),
      String(store.options.retryForMs),
      how.keepLog ? 'keep' : '',
      lettersOf(how),
      ...bite,
    ]);
    gone.push(...found);
    logIsLeft = isLeft!;
    return Number(count);
  });
  while (logIsLeft !== '') logIsLeft = (await store.run(scripts.dropLogs, []))[1]!;
  return gone;
}

function lettersOf({ only, sparesRunning, sparesRecurring }: RemovalTerms): string {
  if (only !== undefined) return only === 'queued' ? 'q' : 'w';
  return `${sparesRunning ? 'r' : ''}${sparesRecurring ? 'e' : ''}`;
}
