import {
  register,
  type OpenMetricsContentType,
  type PrometheusContentType,
  type Registry,
} from 'prom-client';
import { InvalidOptionError, METRICS_BUCKETS_MS } from '../core/index.js';
import { trueOrFalse } from '../core/options/checks.js';

export type MetricsRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

export interface PrometheusOptions {
  /** Where the metrics are registered. @default the global registry of prom-client, `register` */
  registry?: MetricsRegistry;
  /** What the name of each metric begins with. @default 'agenda_redis_' */
  prefix?: string;
  /** Upper bounds of the buckets of wait and run times, in seconds, growing. @default 5 ms to 1 hour */
  buckets?: readonly number[];
  /**
   * Whether metrics have the label `name`, the job's name. It is the only label there is; `false` is for
   * applications that make up names.
   *
   * @default true
   */
  byName?: boolean;
}

export interface ResolvedPrometheusOptions {
  readonly registry: MetricsRegistry;
  readonly prefix: string;
  readonly buckets: readonly number[];
  readonly byName: boolean;
}

export const DEFAULT_PREFIX = 'agenda_redis_';
export const PROMETHEUS_KEYS: readonly string[] = ['registry', 'prefix', 'buckets', 'byName'];

/** @throws InvalidOptionError */
export function resolvePrometheusOptions({
  registry = register,
  prefix = DEFAULT_PREFIX,
  buckets = METRICS_BUCKETS_MS.map((ms) => ms / 1_000),
  byName = true,
}: PrometheusOptions): ResolvedPrometheusOptions {
  if (typeof registry?.registerMetric !== 'function') {
    throw new InvalidOptionError('registry', registry, 'a Registry of prom-client');
  }
  if (typeof prefix !== 'string' || !/^[a-z_:][\w:]*$/i.test(prefix)) {
    const expected = 'letters, digits, _ and :, and no digit first, such as `shop_jobs_`';
    throw new InvalidOptionError('prefix', prefix, expected);
  }
  if (!isGrowing(buckets)) {
    throw new InvalidOptionError(
      'buckets',
      buckets,
      'a list of seconds above 0, each more than the last',
    );
  }
  return { registry, prefix, buckets, byName: trueOrFalse('byName', byName) };
}

function isGrowing(buckets: unknown): boolean {
  return (
    Array.isArray(buckets) &&
    buckets.length > 0 &&
    buckets.every(
      (bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : (buckets[i - 1] as number)),
    )
  );
}
