import type { Job } from '../../core/index.js';
import { shownState } from '../../core/job/shown-state.js';
import type { JobSummary } from '../api/index.js';
import type { Redaction } from '../redact/redaction.js';
import { isoOf, isoOrNull } from './instants.js';

/** How much of its data a job shows in a list, in characters. */
const PREVIEW = 200;

export function summaryOf(job: Job, redaction: Redaction): JobSummary {
  const { id, name, key, tags, failReason, deadReason, disabled } = job;
  return {
    id,
    name,
    state: shownState(job),
    key: key ?? null,
    tags,
    priority: job.attrs.priority,
    attempt: job.state === 'running' ? job.attempt + 1 : job.attempt,
    failReason: failReason ?? null,
    deadReason: deadReason ?? null,
    disabled,
    repeat: ruleOf(job),
    createdAt: isoOf(job.createdAt),
    nextRunAt: isoOrNull(job.nextRunAt),
    lastRunAt: isoOrNull(job.lastRunAt),
    lastFinishedAt: isoOrNull(job.lastFinishedAt),
    failedAt: isoOrNull(job.failedAt),
    dataPreview: redaction.preview(job.data, PREVIEW),
  };
}

function ruleOf({ repeatInterval, attrs }: Job): string | null {
  const rule = repeatInterval ?? attrs.repeatAt;
  return rule === undefined ? null : String(rule);
}
