// The `./health` entry: whether this process, its worker and its store are well.
export { AgendaRedisHealth } from './agenda-redis-health.js';
export type { HealthLimits, ReadinessOptions } from './health-options.js';
export type { HealthFigures, HealthIndication, Readiness, WorkerFigures } from './health-report.js';
