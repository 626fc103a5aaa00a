// The root entry: what a Nest application needs. Everything else is in ./core, ./redis, ./memory.
export * from './nest/index.js';

export {
  RedisBackend,
  RedisJobLogger,
  RedisJobRepository,
  RedisNotificationChannel,
} from './redis/index.js';
export type {
  RedisBackendOptions,
  RedisChannelOptions,
  RedisLoggerOptions,
} from './redis/index.js';

export {
  HandlerRegistry,
  InMemoryNotificationChannel,
  Job,
  JobBroker,
  JobLogger,
  JobManager,
  JobRepository,
  JobScheduler,
  NotificationChannel,
  WorkerHost,
  computeJobState,
  datefields,
  toJobId,
} from './core/index.js';
export * from './core/backoff-strategies.js';
export type {
  AgendaBackend,
  AgendaChannel,
  DebounceOptions,
  Done,
  Duration,
  EngineOptions,
  HandlerOptions,
  JobAttrs,
  JobFunction,
  JobId,
  JobJson,
  JobNotification,
  JobState,
  JobStateNotification,
  RepeatOptions,
  RunningStats,
  StateCounts,
} from './core/index.js';
export type * from './core/events/agenda-event.js';
export type * from './core/events/job-event.js';
export type {
  EnqueueManyOptions,
  EnqueueManyResult,
  JobFilter,
  JobInput,
  JobOptions,
  ScheduleOptions,
} from './core/index.js';
export type { DrainOptions, DrainReport, WorkerStatus } from './core/index.js';
export * from './core/errors.js';
