import { formatDuration } from '../../format.js';

/** `low`: so little that a renewal should have come. */
export type RemainingTone = 'none' | 'good' | 'low' | 'over';

const LOW_MS = 5_000;

/**
 * How long a lease still holds, in whole seconds, counting down.
 *
 * @param now - by the store's clock
 */
export function remainingOf(
  expiresAt: string | null,
  now: number,
): { readonly text: string; readonly tone: RemainingTone } {
  if (expiresAt === null) return { text: 'not renewed', tone: 'none' };
  const left = Date.parse(expiresAt) - now;
  if (left <= 0) return { text: 'run out', tone: 'over' };
  const text = formatDuration(Math.ceil(left / 1_000) * 1_000);
  return { text, tone: left <= LOW_MS ? 'low' : 'good' };
}
