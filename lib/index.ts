// The root entry: what a Nest application needs. Everything else is in ./core, ./redis, ./memory.
export * from './nest/index.js';

export { RedisBackend, RedisJobRepository, RedisNotificationChannel } from './redis/index.js';
export type { RedisBackendOptions } from './redis/index.js';

export {
  HandlerRegistry,
  Job,
  JobBroker,
  JobManager,
  JobRepository,
  JobScheduler,
  NotificationChannel,
  WorkerHost,
} from './core/index.js';
export type {
  AgendaBackend,
  Duration,
  EngineOptions,
  HandlerOptions,
  JobFunction,
  JobJson,
  JobState,
  StateCounts,
} from './core/index.js';
export type * from './core/events/job-event.js';
export type {
  CancelFilter,
  EnqueueManyOptions,
  EnqueueManyResult,
  JobInput,
  JobOptions,
  ScheduleOptions,
} from './core/index.js';
export type { DrainOptions, DrainReport, WorkerStatus } from './core/index.js';
export * from './core/errors.js';
