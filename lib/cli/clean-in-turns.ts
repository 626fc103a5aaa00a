import type { CleanOptions, JobScheduler } from '../core/index.js';
import type { BulkResult } from './bulk.js';

/** How many go before it is asked again whether to go on. */
const TURN = 1_000;

/** Removes ended jobs turn by turn, so that it can be stopped, and what was done is known however it ends. */
export async function cleanInTurns(
  scheduler: JobScheduler,
  options: Omit<CleanOptions, 'limit'>,
  limit: number,
  signal: AbortSignal,
): Promise<BulkResult> {
  let removed = 0;
  const ended = (stopped: BulkResult['stopped'], error?: unknown): BulkResult => ({
    matched: removed,
    changed: removed,
    stopped,
    error,
  });
  try {
    for (;;) {
      if (signal.aborted) return ended('aborted');
      const wanted = Math.min(limit - removed, TURN);
      const gone = await scheduler.clean({ ...options, limit: wanted });
      removed += gone;
      if (gone < wanted) return ended(undefined);
      if (removed >= limit) return ended('limit');
    }
  } catch (error) {
    if (removed === 0) throw error;
    return ended('error', error);
  }
}
