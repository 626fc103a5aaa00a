import {
  JobNotFoundError,
  type Failure,
  type JobHistoryEntry,
  type JobInspection,
  type JobLease,
} from '../../core/index.js';
import type { AttemptView, FailureView, JobDetail, LeaseView } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import type { Redaction } from '../redact/redaction.js';
import { isoOf, isoOrNull } from './instants.js';
import { jobActions } from './job-actions.js';
import { summaryOf } from './job-summary.js';

/** @throws JobNotFoundError */
export async function readJob(
  instance: DashboardInstance,
  id: string,
  redaction: Redaction,
): Promise<JobDetail> {
  const inspected = await instance.scheduler.inspect(id);
  if (!inspected) throw new JobNotFoundError(id);
  return {
    ...detailOf(inspected, redaction),
    actions: instance.readOnly ? [] : jobActions(inspected.job, instance.now()),
  };
}

function detailOf(
  { job, lease, failure, history }: JobInspection,
  redaction: Redaction,
): Omit<JobDetail, 'actions'> {
  const { attrs, rescueCount, releaseCount, snoozeCount, failCount } = job;
  const { progress } = job.toJSON();
  return {
    ...summaryOf(job, redaction),
    data: redaction.shown(job.data),
    dataVersion: job.dataVersion,
    context: redaction.shown(job.context) as Record<string, string>,
    progress: redaction.shown(progress),
    result: redaction.shown(job.result),
    resultOmitted: job.resultOmitted?.reason ?? null,
    failCount,
    rescueCount,
    releaseCount,
    snoozeCount,
    lockedAt: isoOrNull(job.lockedAt),
    expiresAt: isoOrNull(job.expiresAt),
    repeatTimezone: job.repeatTimezone ?? null,
    repeatKey: job.repeatKey ?? null,
    startDate: isoOrNull(attrs.startDate),
    endDate: isoOrNull(attrs.endDate),
    lastModifiedBy: attrs.lastModifiedBy ?? null,
    lease: lease ? leaseView(lease) : null,
    failure: failure ? failureView(failure) : null,
    attempts: history.map(attemptView),
  };
}

const leaseView = ({ host, lockedAt, expiresAt, fence }: JobLease): LeaseView => ({
  host,
  lockedAt: isoOf(lockedAt),
  expiresAt: isoOrNull(expiresAt),
  fence,
});

const failureView = ({ name, message, stack, reason }: Failure): FailureView => ({
  name,
  message,
  stack: stack ?? null,
  reason: reason ?? null,
});

function attemptView(entry: JobHistoryEntry): AttemptView {
  const { kind, attempt, waitMs, runMs, host, failure } = entry;
  return {
    kind,
    attempt,
    plannedAt: isoOrNull(entry.plannedAt),
    startedAt: isoOrNull(entry.startedAt),
    endedAt: isoOf(entry.endedAt),
    waitMs,
    runMs,
    host,
    failure: failure ? failureView(failure) : null,
  };
}
