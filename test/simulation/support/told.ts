import { Calls } from './calls.js';
import { latenessOf, percentile } from './measures.js';
import type { SimulationPlan, Stretch } from './simulation.js';

/** The figures of a run, for people. */
export function told(
  figures: Readonly<Record<string, Calls | Stretch>>,
  { hosts, partitions, seed }: SimulationPlan,
): string {
  const lines = Object.entries(figures).map(([stretch, seen]) =>
    seen instanceof Calls ? `${stretch}: ${JSON.stringify(seen)}` : `${stretch}: ${wordsOf(seen)}`,
  );
  return [`${hosts} hosts, ${partitions} partitions, seed ${seed}`, ...lines, ''].join('\n');
}

function wordsOf({ starts, calls, forMs }: Stretch): string {
  const late = latenessOf(starts);
  const percentiles = [50, 95, 99, 100].map((percent) => percentile(late, percent));
  return (
    `${starts.length} jobs in ${forMs / 1_000} s, late by ${percentiles.join(', ')} ms ` +
    `(p50, p95, p99, most); ${JSON.stringify(calls)}`
  );
}
