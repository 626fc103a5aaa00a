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
