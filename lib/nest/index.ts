export { AgendaRedisModule } from './agenda-redis.module.js';
export type {
  AgendaRedisModuleExtras,
  AgendaRedisOptions,
  AgendaRedisOptionsFactory,
} from './agenda-redis.options.js';
export { Every, type EveryOptions } from './decorators/every.decorator.js';
export { JobHandler, type JobHandlerOptions } from './decorators/job-handler.decorator.js';
export { OnJobEvent, type OnJobEventOptions } from './decorators/on-job-event.decorator.js';
export { InvalidHandlerError } from './errors.js';
export { JobEventStream, type TypedJobEvent } from './job-event-stream.js';
export {
  getBackendToken,
  getInstanceToken,
  InjectJobEventStream,
  InjectScheduler,
  InjectWorkerHost,
} from './tokens.js';
