import { METRICS_BUCKETS_MS, type TimeFigures } from '../../core/index.js';
import type { Percentiles } from '../api/index.js';

/**
 * How long so many of a hundred took at most. A histogram knows of each only between which two bounds it lies, so it is
 * the upper one, unless nothing took that long; null when there was nothing.
 */
export function percentilesOf(times: TimeFigures): Percentiles | null {
  if (times.count === 0) return null;
  return {
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
    p99Ms: percentile(times, 0.99),
    maxMs: times.maxMs,
  };
}

function percentile({ count, buckets, maxMs }: TimeFigures, part: number): number {
  const wanted = Math.ceil(count * part);
  let below = 0;
  const bucket = buckets.findIndex((inside) => (below += inside) >= wanted);
  return Math.min(METRICS_BUCKETS_MS[bucket] ?? maxMs, maxMs);
}
