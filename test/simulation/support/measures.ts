import type { FirstStart } from './work-log.js';

/** How late jobs started, sorted, in ms. */
export const latenessOf = (starts: Iterable<FirstStart>): number[] =>
  Array.from(starts, ({ at, dueAt }) => at - dueAt).sort((a, b) => a - b);

/** Of sorted values. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;

/** How late the jobs of each name started on average. */
export function meanWaits(starts: readonly FirstStart[]): Map<string, number> {
  const waits = new Map<string, number>();
  for (const { name, at, dueAt } of starts) waits.set(name, (waits.get(name) ?? 0) + at - dueAt);
  const counts = countsBy('name', starts);
  return new Map([...waits].map(([name, sum]) => [name, sum / counts.get(name)!]));
}

/** How many of each name, or on each host, are among them. */
export function countsBy(
  what: 'name' | 'host',
  starts: readonly FirstStart[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const start of starts) counts.set(start[what], (counts.get(start[what]) ?? 0) + 1);
  return counts;
}

/** The greatest to the least. */
export function ratio(values: Iterable<number>): number {
  const all = [...values];
  return Math.max(...all) / Math.min(...all);
}
