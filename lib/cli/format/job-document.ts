import type { Failure, Job, JobHistoryEntry, JobInspection } from '../../core/index.js';
import { shownState } from '../../core/job/shown-state.js';

/*
 * Jobs as `--json` shows them, in the words of `Job`: what is not there is `null`.
 */

/** What lists tell of a job. */
export function jobDocument(job: Job): Record<string, unknown> {
  return {
    id: job.id,
    name: job.name,
    state: shownState(job),
    key: job.key ?? null,
    tags: job.tags,
    priority: job.attrs.priority,
    attempt: job.attempt,
    failReason: job.failReason ?? null,
    deadReason: job.deadReason ?? null,
    disabled: job.disabled,
    repeat: job.repeatInterval ?? job.attrs.repeatAt ?? null,
    repeatTimezone: job.repeatTimezone ?? null,
    createdAt: job.createdAt,
    nextRunAt: job.nextRunAt,
    lastRunAt: job.lastRunAt,
    lastFinishedAt: job.lastFinishedAt,
    failedAt: job.failedAt,
    data: job.data ?? null,
  };
}

/** All that is known of a job. */
export function inspectionDocument(inspection: JobInspection): Record<string, unknown> {
  const { job, lease, failure, history } = inspection;
  return {
    ...jobDocument(job),
    dataVersion: job.dataVersion,
    context: job.context,
    progress: job.progress() ?? null,
    result: job.result ?? null,
    resultOmitted: job.resultOmitted?.reason ?? null,
    failCount: job.failCount,
    rescueCount: job.rescueCount,
    releaseCount: job.releaseCount,
    snoozeCount: job.snoozeCount,
    lockedAt: job.lockedAt,
    expiresAt: job.expiresAt ?? null,
    repeatKey: job.repeatKey ?? null,
    lastModifiedBy: job.attrs.lastModifiedBy ?? null,
    lease: lease ?? null,
    failure: failure ? failureDocument(failure) : null,
    attempts: history.map(attemptDocument),
  };
}

function attemptDocument({ failure, ...attempt }: JobHistoryEntry): Record<string, unknown> {
  return { ...attempt, failure: failure ? failureDocument(failure) : null };
}

const failureDocument = ({ name, message, stack, reason }: Failure): Record<string, unknown> => ({
  name,
  message,
  stack: stack ?? null,
  reason: reason ?? null,
});
