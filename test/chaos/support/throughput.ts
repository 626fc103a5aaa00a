import type { Fact } from '../processes/settings.js';

const WINDOW_MS = 200;

/** How many a second, in a stretch of time. */
function paceBetween(facts: readonly Fact[], from: number, to: number): number {
  return (facts.filter(({ at }) => at >= from && at < to).length * 1_000) / (to - from);
}

/**
 * How long it took from an instant on until work was done again at four fifths of the pace that it had
 * in the second before the fault; `Infinity` when it never was.
 *
 * @param facts - one for each piece of work done
 */
export function backToPaceAfter(facts: readonly Fact[], faultAt: number, wellAt: number): number {
  const usual = paceBetween(facts, faultAt - 1_000, faultAt);
  if (usual === 0) throw new Error('There was no work before the fault.');
  const last = Math.max(...facts.map(({ at }) => at));
  for (let from = wellAt; from + WINDOW_MS <= last; from += 10) {
    if (paceBetween(facts, from, from + WINDOW_MS) >= 0.8 * usual) return from + WINDOW_MS - wellAt;
  }
  return Infinity;
}
