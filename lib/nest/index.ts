export { AgendaRedisModule } from './agenda-redis.module.js';
export type {
  AgendaRedisModuleExtras,
  AgendaRedisOptions,
  AgendaRedisOptionsFactory,
  SchedulesOptions,
} from './agenda-redis.options.js';
export { Every, type EveryOptions } from './decorators/every.decorator.js';
export { JobHandler, type JobHandlerOptions } from './decorators/job-handler.decorator.js';
export { OnJobEvent, type OnJobEventOptions } from './decorators/on-job-event.decorator.js';
export type { FittingDecorator, HandlerDecorator } from './decorators/handler-decorator.js';
export { JobData, JobRef } from './decorators/job-parameters.js';
export type { ConfiguredHandlers, EveryOverride, HandlerOverrides } from './handler-overrides.js';
export { InvalidHandlerError } from './errors.js';
export type { Enhancers } from './pipeline/enhancers.js';
export { JobEventStream, type TypedJobEvent } from './job-event-stream.js';
export {
  getBackendToken,
  getInstanceToken,
  InjectJobEventStream,
  InjectScheduler,
  InjectWorkerHost,
} from './tokens.js';
