import * as core from '../../lib/core/index.js';
import * as ours from '../../lib/index.js';
import type {
  BackoffChoice,
  BackoffFunction,
  BackoffStrategy,
  ClaimSort,
  DateInput,
  DateOptions,
  EnqueueProgress,
  Failure,
  JobInStats,
  JobLogEntry,
  JobLogQuery,
  JobLogQueryResult,
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  LoggingOptions,
  LogRetention,
  NameStats,
  NotificationHandler,
  Priority,
  Refusal,
  ShutdownOptions,
} from '../../lib/index.js';

/* That the types are there is checked by `npm run typecheck`. */
type _NamedInSignatures = [
  [BackoffChoice, BackoffFunction, BackoffStrategy, DateInput, DateOptions, Priority],
  [ClaimSort, LoggingOptions, LogRetention, ShutdownOptions, EnqueueProgress],
  [JobLogEntry, JobLogQuery, JobLogQueryResult],
  [JobParameters, JobsFilter, JobsOverview, JobsQueryOptions, JobInStats, NameStats],
  [Failure, Refusal, NotificationHandler],
];

it.each([
  'applyAllDateConstraints',
  'applyDateRangeConstraints',
  'applySkipDays',
  'combine',
  'computeJobState',
  'constant',
  'datefields',
  'exponential',
  'InMemoryNotificationChannel',
  'isWithinDateRange',
  'Job',
  'JobLogger',
  'linear',
  'NotificationChannel',
  'shouldSkipDay',
  'toJobId',
])("has Agenda's export %s at its root", (name) => {
  expect((ours as Record<string, unknown>)[name]).toBeDefined();
});

it('shows no helpers of its own', () => {
  for (const name of ['randomToken', 'newJobId', 'checkText', 'fromRow', 'ruleOf', 'singleKey']) {
    expect(core).not.toHaveProperty(name);
    expect(ours).not.toHaveProperty(name);
  }
});
