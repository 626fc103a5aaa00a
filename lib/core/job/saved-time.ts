import type { Settlement } from '../contracts/job-broker.js';

/** Whether the job is still about the same occurrence after it: handed back, stopped, put off, or to be tried again. */
export const goesOn = (settlement: Settlement): boolean =>
  settlement.kind === 'release' ||
  settlement.kind === 'throttle' ||
  settlement.kind === 'snooze' ||
  (settlement.kind === 'retry' && !settlement.fresh);

/**
 * When a job runs after an attempt that ended so, `null` for never. A time that was saved during the attempt
 * wins over the computed one; where the same occurrence goes on, the earlier of both counts.
 *
 * @param saved - `null` when none was saved
 */
export function orSavedTime(
  settlement: Settlement,
  computed: number | null,
  saved: number | null,
): number | null {
  if (saved === null) return computed;
  return goesOn(settlement) && computed !== null ? Math.min(computed, saved) : saved;
}
