import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRecord } from './job-record.js';
import { ruleOf } from './job-row.js';
import { computeState, type JobState } from './job-state.js';

/**
 * A job's fields under Agenda's names, with real Dates. They may be written: `save()` stores what is
 * asked of the job, and leaves out what belongs to its runs.
 */
export type JobAttrs<Data = unknown> = JobParameters<Data>;

/** The fields that are Dates. */
export const datefields = [
  'lastRunAt',
  'lastFinishedAt',
  'nextRunAt',
  'failedAt',
  'lockedAt',
  'startDate',
  'endDate',
  'debounceStartedAt',
] as const satisfies readonly (keyof JobAttrs)[];

/** What the worker writes, and no save. */
export const PROCESSOR_FIELDS: ReadonlySet<string> = new Set<keyof JobAttrs>([
  'lockedAt',
  'lastRunAt',
  'lastFinishedAt',
  'failedAt',
  'failCount',
  'failReason',
  'progress',
]);

/** A plain copy with Dates of its own; fields that are not set are left out. */
export function copyOfAttrs<Data>(
  attrs: JobAttrs<Data>,
  leaveOut?: ReadonlySet<string>,
): JobAttrs<Data> {
  const copy: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(attrs)) {
    if (value === undefined || leaveOut?.has(field)) continue;
    copy[field] = value instanceof Date && field !== 'data' ? new Date(value) : value;
  }
  return copy as unknown as JobAttrs<Data>;
}

/**
 * The state of a row of Agenda's contract: see {@link computeState}.
 *
 * @param now - a Date, or milliseconds since the epoch
 */
export function computeJobState(
  job: Pick<
    JobAttrs,
    'lockedAt' | 'failedAt' | 'lastFinishedAt' | 'nextRunAt' | 'repeatInterval' | 'repeatAt'
  >,
  now: Date | number = new Date(),
): JobState {
  const facts = {
    lockedAt: instantOrNull(job.lockedAt),
    failedAt: instantOrNull(job.failedAt),
    lastFinishedAt: instantOrNull(job.lastFinishedAt),
    nextRunAt: instantOrNull(job.nextRunAt),
    repeat: ruleOf({ repeatInterval: job.repeatInterval, repeatAt: job.repeatAt }),
  };
  return computeState(facts, Number(now));
}

/** A row as a record, where the store cannot give the record itself. */
export function recordOf(row: JobAttrs, now: number): JobRecord {
  return {
    id: row._id ?? '',
    name: row.name,
    data: row.data,
    priority: row.priority,
    createdAt: now,
    disabled: row.disabled ?? false,
    type: row.type,
    repeat: ruleOf(row),
    ...(row.repeatOrigin !== undefined && { repeatOrigin: row.repeatOrigin }),
    overrides: null,
    lastModifiedBy: row.lastModifiedBy ?? null,
    fork: row.fork ?? false,
    nextRunAt: instantOrNull(row.nextRunAt),
    lockedAt: instantOrNull(row.lockedAt),
    lastRunAt: instantOrNull(row.lastRunAt),
    lastFinishedAt: instantOrNull(row.lastFinishedAt),
    failedAt: instantOrNull(row.failedAt),
    attempt: 0,
    failCount: row.failCount ?? 0,
    rescueCount: 0,
    releaseCount: 0,
    snoozeCount: 0,
    occurrenceAt: null,
    failure: row.failReason === undefined ? null : { name: 'Error', message: row.failReason },
    result: undefined,
    progress: row.progress ?? null,
    debounceStartedAt: instantOrNull(row.debounceStartedAt),
  };
}

const instantOrNull = (date: Date | null | undefined): number | null => date?.getTime() ?? null;
