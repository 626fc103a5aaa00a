import type { MetricsType, QueueMetrics } from '@bull-board/api/dist/types.js';
import type { NameMetrics } from '../core/index.js';

const MINUTE_MS = 60_000;

/** What was counted in each minute, the newest first, as the board draws it; also those in which nothing was. */
export function minuteCounts(
  { total, minutes }: NameMetrics,
  type: MetricsType,
  { now, shown }: { readonly now: number; readonly shown: number },
): QueueMetrics {
  const newest = Math.floor(now / MINUTE_MS);
  const data = Array.from({ length: shown }, () => 0);
  for (const minute of minutes) {
    const ago = newest - Math.floor(minute.at.getTime() / MINUTE_MS);
    if (ago >= 0 && ago < shown) data[ago] = minute[type];
  }
  const meta = {
    count: total[type],
    prevTS: newest * MINUTE_MS,
    prevCount: total[type] - data[0]!,
  };
  return { meta, data, count: shown };
}
