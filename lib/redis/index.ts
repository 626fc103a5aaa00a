export { checkStore, type CheckOptions, type StoreReport } from './doctor/check-store.js';
export type { Finding, FindingCount, FindingLevel, FindingOutcome } from './doctor/finding.js';
export type { ServerFacts } from './doctor/server/examine-server.js';
export type { DurabilityOptions } from './durability.js';
export { RedisBackend } from './redis-backend.js';
export { RedisJobBroker } from './redis-job-broker.js';
export { RedisJobLogger, type RedisLoggerOptions } from './redis-job-logger.js';
export { RedisJobManager } from './redis-job-manager.js';
export { RedisJobRepository } from './redis-job-repository.js';
export {
  RedisNotificationChannel,
  type RedisChannelOptions,
} from './redis-notification-channel.js';
export type { RedisBackendOptions } from './redis-options.js';
