// The `./metrics` entry: Prometheus metrics of an instance. Needs `prom-client`.
export { AgendaMetrics, type AgendaMetricsSources } from './agenda-metrics.js';
export {
  AgendaRedisMetricsModule,
  type AgendaRedisMetricsOptions,
} from './agenda-redis-metrics.module.js';
export type { MetricsRegistry, PrometheusOptions } from './metrics-options.js';
