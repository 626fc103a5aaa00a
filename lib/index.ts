// The root entry: what a Nest application needs. Everything else is in ./core, ./redis, ./memory.
export * from './nest/index.js';

export {
  RedisBackend,
  RedisJobLogger,
  RedisJobRepository,
  RedisNotificationChannel,
} from './redis/index.js';
export type {
  DurabilityOptions,
  RedisBackendOptions,
  RedisChannelOptions,
  RedisLoggerOptions,
} from './redis/index.js';

export {
  HandlerRegistry,
  InMemoryNotificationChannel,
  Job,
  JobBroker,
  JobContext,
  JobLogger,
  JobManager,
  JobRepository,
  JobScheduler,
  JobVerdict,
  ManualWorker,
  METRICS_BUCKETS_MS,
  NotificationChannel,
  WorkerHost,
  computeJobState,
  datefields,
  defineJob,
  toJobId,
} from './core/index.js';
export * from './core/backoff-strategies.js';
export * from './core/errors.js';
export * from './core/events/durable-event.js';
export * from './core/schedule/date-constraints.js';
export type * from './core/job/job-types.js';

// Jobs, and what is asked for them.
export type {
  AddCall,
  AddedJob,
  BackoffChoice,
  BackoffContext,
  BackoffFunction,
  BackoffRule,
  ClaimedJob,
  CleanOptions,
  ClearOptions,
  ContextSource,
  DataOptions,
  DateInput,
  DateOptions,
  DeadLetterFilter,
  DebounceOptions,
  DeclaredBackoff,
  Deduped,
  DedupeOptions,
  Done,
  Duration,
  EnqueueManyOptions,
  EnqueueManyResult,
  EnqueueProgress,
  FindOptions,
  FindState,
  FoundJobs,
  HandlerOptions,
  HistoryEntry,
  HostInfo,
  JobAttrs,
  JobFilter,
  JobFunction,
  JobMiddleware,
  GivenHeaders,
  JobHeaders,
  JobHistoryEntry,
  JobId,
  JobInput,
  JobInspection,
  JobJson,
  JobLease,
  JobLines,
  JobOptions,
  JobQuery,
  JobRecord,
  JobRemoval,
  JobRetention,
  JobRetentionLimit,
  JobState,
  JobToken,
  JobTokenOptions,
  JobUpdate,
  JobWish,
  Lease,
  LimitedOptions,
  LimitOptions,
  LimitsOfName,
  LinesOptions,
  ManualDue,
  ManualWorkerOptions,
  ObliterateOptions,
  Pause,
  PausedNames,
  PauseOptions,
  PauseResult,
  OmittedResult,
  Priority,
  PromoteAnswer,
  PromoteOptions,
  PromoteResult,
  RateLimitOptions,
  Removal,
  RepeatOptions,
  RequeueAnswer,
  RequeueManyOptions,
  RequeueOptions,
  RequeueProgress,
  RequeueResult,
  Rescue,
  RetentionLimits,
  RetentionOptions,
  RetryAtOptions,
  RunAndWaitOptions,
  ScheduleOptions,
  SnoozeOptions,
  StateCounts,
  StoredLimits,
  TimedOptions,
  UpdateAnswer,
  Upcast,
  WaitOptions,
} from './core/index.js';
export type { DeathReason, Failure, Refusal } from './core/index.js';
export type * from './core/events/agenda-event.js';
export type * from './core/events/job-event.js';

// Options and state of an instance.
export type {
  ClaimSort,
  DrainOptions,
  DrainReport,
  DurableEventsOptions,
  EngineOptions,
  EventsOptions,
  EventStreamOptions,
  JobFigures,
  JobInStats,
  LoggingOptions,
  LogRetention,
  MetricsOptions,
  MinuteMetrics,
  NameMetrics,
  NameStats,
  RunningStats,
  ShutdownOptions,
  TimeFigures,
  WorkerStatus,
} from './core/index.js';

// The contract of backends and their parts.
export type { AgendaBackend, AgendaChannel, BackendWarning } from './core/index.js';
export type * from './core/contracts/job-logger.js';
export type * from './core/contracts/job-parameters.js';
export type { JobRepositoryOptions } from './core/contracts/job-repository.js';
export type * from './core/contracts/notification-channel.js';
