import type { JobDetail, JobSummary } from '../../../lib/dashboard/api/index.js';

const START = Date.parse('2026-11-22T12:00:00.000Z');

/** An instant so many ms after the first one of these tests. */
export const at = (ms: number): string => new Date(START + ms).toISOString();

/** In a list. */
export const aSummary = (facts: Partial<JobSummary> = {}): JobSummary => ({
  id: 'j1',
  name: 'mail',
  state: 'scheduled',
  key: null,
  tags: [],
  priority: 0,
  attempt: 0,
  failReason: null,
  deadReason: null,
  disabled: false,
  repeat: null,
  createdAt: at(0),
  nextRunAt: null,
  lastRunAt: null,
  lastFinishedAt: null,
  failedAt: null,
  dataPreview: '',
  ...facts,
});

/** With all that is known of it. */
export const aJob = (facts: Partial<JobDetail> = {}): JobDetail => ({
  ...aSummary(),
  data: null,
  dataVersion: 1,
  context: {},
  progress: null,
  result: null,
  resultOmitted: null,
  failCount: 0,
  rescueCount: 0,
  releaseCount: 0,
  snoozeCount: 0,
  lockedAt: null,
  expiresAt: null,
  repeatTimezone: null,
  repeatKey: null,
  startDate: null,
  endDate: null,
  lastModifiedBy: null,
  lease: null,
  failure: null,
  attempts: [],
  actions: [],
  ...facts,
});
