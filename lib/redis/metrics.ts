import {
  MAXIMA,
  METRICS_KEPT_MINUTES,
  type MetricsBatch,
  type MetricsQuery,
  type MetricsRow,
  type StoredMetrics,
} from '../core/contracts/metrics-store.js';
import { scripts } from './all-scripts.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';
import { inPages } from './walk-jobs.js';

/** The most rows that one call reads. */
const MOST_ROWS = 1_200;
/** How much longer than its repeats a batch is known. */
const KNOWN_MARGIN_MS = 60_000;

export async function addMetrics(
  store: RedisStore,
  { writer, number, rows }: MetricsBatch,
): Promise<void> {
  await store.run(scripts.addMetrics, [
    writer,
    String(number),
    String(store.options.retryForMs + KNOWN_MARGIN_MS),
    String(METRICS_KEPT_MINUTES),
    String(MAXIMA),
    ...rows.flatMap(({ minute, name, numbers }) => [String(minute), name, packed(numbers)]),
  ]);
}

export async function readMetrics(
  store: RedisStore,
  names: readonly string[],
  { minutes }: MetricsQuery,
): Promise<StoredMetrics> {
  store.expectOpen();
  if (store.partitions.length === 1) return readFrom(store, names, minutes);
  // What was counted lies in the home store, and what is due in the partitions.
  const { now, rows } = await readFrom(store, names, minutes);
  const latencyMs = new Map(names.map((name) => [name, 0]));
  for (const { latencyMs: found } of await inAll(store, (one) => readFrom(one, names, 1))) {
    for (const [name, ms] of found) latencyMs.set(name, Math.max(latencyMs.get(name)!, ms));
  }
  return { now, rows, latencyMs };
}

async function readFrom(
  store: RedisStore,
  names: readonly string[],
  minutes: number,
): Promise<StoredMetrics> {
  const rows: MetricsRow[] = [];
  const latencyMs = new Map<string, number>();
  for (const page of inPages(names, Math.floor(MOST_ROWS / minutes))) {
    const [, ...parts] = await store.run(scripts.readMetrics, [String(minutes), ...page]);
    page.forEach((name, i) => latencyMs.set(name, Number(parts[i])));
    for (let i = page.length; i < parts.length; i += 3) {
      const [minute, name, numbers] = parts.slice(i, i + 3) as [string, string, string];
      rows.push({ minute: Number(minute), name, numbers: numbers.split(',').map(Number) });
    }
  }
  return { now: store.now(), rows, latencyMs };
}

const packed = (numbers: readonly number[]): string =>
  numbers.map((number) => (number === 0 ? '' : String(number))).join(',');
