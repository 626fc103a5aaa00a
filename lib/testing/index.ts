export {
  AgendaRedisTestingModule,
  type OverridableBuilder,
} from './agenda-redis-testing.module.js';
export {
  EndlessJobsError,
  JobExpectationError,
  StillRunningError,
  TestingNotReadyError,
} from './errors.js';
export type { ManualClock } from '../memory/index.js';
export type { ExpectedCount, ExpectedSchedule } from './expectations.js';
export type { JobOutcome, JobRun } from './job-run.js';
export { JobTesting, type PartialData, type RunAllOptions } from './job-testing.js';
export { jobMatchers, type JobMatchers, type MatcherAnswer, type TestedState } from './matchers.js';
export type { RunJobOptions } from './run-handler.js';
export type { StepOptions } from './stepper.js';
export type {
  AgendaRedisTestingOptions,
  OverrideOptions,
  TestStoreOptions,
} from './testing-options.js';
export type { AwaitedState } from './wait-for-state.js';
