import type { JobManager } from '../contracts/job-manager.js';
import { METRICS_KEPT_MINUTES, type MetricsRow } from '../contracts/metrics-store.js';
import { checkText } from '../job/job-id.js';
import type { JobName } from '../job/job-types.js';
import { addRows, figuresOf, type JobFigures } from '../metrics/figures.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { nameList } from '../options/name-list.js';

export interface MetricsOptions {
  /** @default every name that has, or has had, jobs */
  names?: readonly JobName[];
  /** How many minutes back, the present one included: 1 to 120. @default 60 */
  minutes?: number;
}

/** What happened to the jobs of a name, in all processes. */
export interface NameMetrics {
  /** For how long the oldest due job has been waiting, in ms; 0 when none is due. A job with a key counts from its turn. */
  readonly latencyMs: number;
  /** Over all minutes that were asked for. */
  readonly total: JobFigures;
  /** Oldest first; minutes in which nothing was counted are left out. */
  readonly minutes: readonly MinuteMetrics[];
}

export interface MinuteMetrics extends JobFigures {
  /** When the minute began, by the backend's clock. */
  readonly at: Date;
}

const MINUTE_MS = 60_000;
const DEFAULT_MINUTES = 60;

export async function readMetrics(
  manager: JobManager,
  options: MetricsOptions,
): Promise<Record<string, NameMetrics>> {
  checkKnownKeys('options', options, ['names', 'minutes']);
  const minutes = wholeNumber(
    'minutes',
    options.minutes ?? DEFAULT_MINUTES,
    1,
    METRICS_KEPT_MINUTES,
  );
  const names = options.names && [...new Set(nameList('names', options.names))];
  for (const name of names ?? []) checkText('name', name);
  const { rows, latencyMs } = await manager.readMetrics({ minutes, ...(names && { names }) });
  const rowsOf = new Map(
    Array.from(latencyMs.keys(), (name): [string, MetricsRow[]] => [name, []]),
  );
  for (const row of rows) rowsOf.get(row.name)?.push(row);
  return Object.fromEntries(
    [...rowsOf].map(([name, own]) => [name, metricsOf(own, latencyMs.get(name)!)]),
  );
}

function metricsOf(rows: readonly MetricsRow[], latencyMs: number): NameMetrics {
  const inOrder = [...rows].sort((one, other) => one.minute - other.minute);
  return {
    latencyMs,
    total: figuresOf(addRows(inOrder.map(({ numbers }) => numbers))),
    minutes: inOrder.map(({ minute, numbers }) => ({
      at: new Date(minute * MINUTE_MS),
      ...figuresOf(numbers),
    })),
  };
}
