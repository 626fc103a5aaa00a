export type {
  AgendaBackend,
  AgendaChannel,
  BackendWarning,
  CompleteBackend,
} from './contracts/agenda-backend.js';
export type * from './contracts/event-store.js';
export * from './contracts/job-broker.js';
export * from './contracts/job-logger.js';
export { JobManager } from './contracts/job-manager.js';
export type * from './contracts/job-manager.js';
export type * from './contracts/host-registry.js';
export type * from './contracts/mending.js';
export type * from './contracts/job-parameters.js';
export type * from './contracts/metrics-store.js';
export { JobRepository, type JobRepositoryOptions } from './contracts/job-repository.js';
export * from './contracts/notification-channel.js';

export {
  compileBackoff,
  type Backoff,
  type BackoffContext,
  type BackoffFunction,
  type BackoffOption,
  type BackoffRule,
} from './backoff.js';
export * from './backoff-strategies.js';
export { parseDuration, type Duration } from './duration.js';
export * from './errors.js';
export { compileRepeatRule, type RepeatRuleFields } from './schedule/compile-repeat-rule.js';
export { parseDate, type DateInput } from './schedule/date.js';
export * from './schedule/date-constraints.js';

export type * from './events/agenda-event.js';
export * from './events/durable-event.js';
export type { EventStreamOptions } from './events/durable-events.js';
export type * from './events/job-event.js';
export { JOB_EVENTS } from './events/job-event.js';
export { JobEvents, type ErrorSink } from './events/job-events.js';
export { InMemoryNotificationChannel } from './notifications/in-memory-notification-channel.js';

export type { DataOptions, Upcast } from './handlers/data-options.js';
export type { HandlerOptions } from './handlers/handler-options.js';
export type { BackoffChoice, DeclaredBackoff } from './handlers/handler-backoff.js';
export type { HandlerPlan } from './handlers/handler-plan.js';
export { HandlerRegistry, type Handler } from './handlers/handler-registry.js';
export type { Done, JobFunction } from './handlers/job-function.js';
export type { AddCall, AddedJob, ContextSource, JobMiddleware } from './handlers/job-middleware.js';
export { JobContext } from './context/job-context.js';
export { defineJob } from './handlers/define-job.js';

export { Job, type JobJson, type RepeatOptions } from './job/job.js';
export { computeJobState, datefields, type JobAttrs } from './job/job-attrs.js';
export type { HistoryEntry } from './job/attempt-history.js';
export { toJobId, type JobId } from './job/job-id.js';
export type * from './job/job-record.js';
export type { JobState, StateCounts } from './job/job-state.js';
export { JobToken, type JobTokenOptions } from './job/job-token.js';
export { nameOf } from './job/job-types.js';
export type * from './job/job-types.js';

// An application may declare its names for any entry of this package, and for several. The compiler adds up what is
// declared through different re-exports of an interface only if that interface was merged with something before.
declare module './job/job-types.js' {
  interface JobTypes {}
  interface JobResults {}
  interface JobTyping {}
}
export type { DebounceOptions } from './job/unique-options.js';
export {
  JobVerdict,
  type JobWish,
  type RetryAtOptions,
  type SnoozeOptions,
} from './job/verdict.js';

export { METRICS_BUCKETS_MS, type JobFigures, type TimeFigures } from './metrics/figures.js';
export type { LoggingOptions } from './logging/logging-option.js';
export type { LogRetention } from './logging/log-retention.js';
export type { ClaimSort } from './options/claim-order.js';
export { checkKnownKeys } from './options/known-keys.js';
export type { EngineOptions, ShutdownOptions } from './options/engine-options.js';
export type { DurableEventsOptions, EventsOptions } from './options/events-option.js';
export type { Priority } from './options/priority.js';
export type { LimitOptions, RateLimitOptions } from './options/limits.js';
export type {
  JobRetention,
  JobRetentionLimit,
  RetentionLimits,
  RetentionOptions,
} from './options/retention.js';
export type { JobRemoval, Removal } from './options/removal.js';
export {
  ENGINE_OPTION_KEYS,
  resolveEngineOptions,
  type ResolvedEngineOptions,
} from './options/resolve-engine-options.js';

export type * from './scheduler/job-options.js';
export type * from './scheduler/upkeep-options.js';
export type { RunAndWaitOptions, WaitOptions } from './scheduler/wait-options.js';
export type * from './scheduler/mend-options.js';
export type { LimitsOfName, StoredLimits } from './scheduler/name-limits.js';
export type * from './scheduler/pause-options.js';
export type { MetricsOptions, MinuteMetrics, NameMetrics } from './scheduler/read-metrics.js';
export type { JobInStats, NameStats, RunningStats } from './scheduler/running-stats.js';
export { JobScheduler } from './scheduler/job-scheduler.js';
export type { ManualDue } from './worker/manual-due.js';
export { ManualWorker, type ManualWorkerOptions } from './worker/manual-worker.js';
export { WorkerHost } from './worker/worker-host.js';
export type { DrainOptions, DrainReport, WorkerStatus } from './worker/worker-status.js';

export { Engine, type EngineParts } from './engine.js';
export { VERSION } from './version.js';
