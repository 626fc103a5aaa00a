import { ShutdownError } from '../errors.js';
import type { Attempts } from './attempts.js';
import type { Claimer } from './claimer.js';
import type { Patience } from './patience.js';
import type { Rescuer } from './rescuer.js';
import type { Settled } from './settler.js';
import { waitFor } from './wait.js';
import type { DrainReport } from './worker-status.js';

/*
 * How a worker host ends: claim no more, and hand back what a claim under way still brings → wait
 * for handlers up to the timeout → fire their signals → a short grace → hand back what is left, whose
 * handlers can no longer settle anything → flush the settlements → leave. Renewals go on until the
 * end, so nothing is taken over meanwhile; adding jobs works all along.
 *
 * Every wait is bounded: a shutdown ends, whatever handlers and the store do.
 */

export interface ShutdownLimits {
  /** How long handlers may go on. */
  readonly patience: Patience;
  /** How long they may take to end when their signals have fired. */
  readonly graceMs: number;
  /** How long the store may take to answer for what has ended. */
  readonly flushMs: number;
}

export const NOTHING_TO_DRAIN: DrainReport = {
  completed: 0,
  running: 0,
  unsettled: 0,
  timedOut: false,
  aborted: false,
};

/** Ends everything but the renewals, which the host stops when this is done. Never rejects. */
export async function shutDown(
  {
    attempts,
    claimer,
    rescuers = [],
  }: { attempts: Attempts; claimer: Claimer<Settled>; rescuers?: readonly Rescuer[] },
  { patience, graceMs, flushMs }: ShutdownLimits,
): Promise<DrainReport> {
  const endedBefore = attempts.endedSoFar;
  claimer.stopClaiming();
  for (const rescuer of rescuers) rescuer.stop();
  const waited = await patience.waitFor(attempts.untilNoneRuns());
  const { running } = attempts;
  if (waited !== 'done') {
    attempts.askToEnd(new ShutdownError());
    await waitFor(attempts.untilNoneRuns(), graceMs);
    attempts.handBackTheRest();
  }
  const untilStored = attempts.untilTold().then(() => claimer.idle());
  await waitFor(untilStored, flushMs);
  return {
    completed: attempts.endedSoFar - endedBefore,
    running,
    unsettled: attempts.unsettled,
    timedOut: waited === 'timeout',
    aborted: waited === 'aborted',
  };
}
