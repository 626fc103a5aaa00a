import type { JobParameters } from '../contracts/job-parameters.js';
import { InvalidOptionError } from '../errors.js';
import { checkText } from '../job/job-id.js';
import type { JobRecord } from '../job/job-record.js';
import { ruleOf } from '../job/job-row.js';
import { trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { compileRepeatRule } from '../schedule/compile-repeat-rule.js';
import { parseDate } from '../schedule/date.js';
import { DateLimits } from '../schedule/date-limits.js';
import type { DateOptions, EveryOptions } from './job-options.js';

export const DATE_KEYS: readonly (keyof DateOptions)[] = [
  'timezone',
  'startDate',
  'endDate',
  'skipDays',
];
const EVERY_KEYS: readonly (keyof EveryOptions)[] = [
  ...DATE_KEYS,
  'skipImmediate',
  'key',
  'catchUp',
  'priority',
];

/** The dates of a row that say where its time lies. */
type RowDates = Pick<
  JobParameters,
  'repeatTimezone' | 'startDate' | 'endDate' | 'skipDays' | 'nextRunAt'
>;

/**
 * The part of a row that is the rule of a recurring job, and its first run.
 *
 * @throws InvalidScheduleError for a rule that is not understood or never runs
 * @throws InvalidOptionError
 */
export function ruleRow(
  jobName: string,
  interval: string | number,
  options: EveryOptions,
  now: number,
): RowDates & Partial<JobParameters> {
  checkKnownKeys('', options, EVERY_KEYS);
  const { skipImmediate, key, catchUp } = options;
  if (skipImmediate !== undefined) trueOrFalse('skipImmediate', skipImmediate);
  if (key !== undefined) checkText('key', key);
  if (typeof interval !== 'string' && typeof interval !== 'number') {
    throw new InvalidOptionError('interval', interval, 'a duration or a cron rule');
  }
  const dates = rowDates(options, now);
  const rule = compileRepeatRule(
    {
      interval,
      timezone: dates.repeatTimezone,
      startDate: dates.startDate,
      endDate: dates.endDate,
      skipDays: dates.skipDays,
      catchUp,
    },
    jobName,
  );
  const first = rule.first(now, { skipImmediate: skipImmediate ?? false });
  const row: RowDates & Partial<JobParameters> = {
    ...dates,
    repeatInterval: interval,
    nextRunAt: first === null ? null : new Date(first),
  };
  if (key !== undefined) row.repeatKey = key;
  if (catchUp !== undefined) row.catchUp = catchUp;
  return row;
}

/**
 * The part of a row that limits the dates of a job that runs once.
 *
 * @throws InvalidScheduleError
 */
export function limitedRow(when: number, options: DateOptions, now: number): RowDates {
  const dates = rowDates(options, now);
  const limits = DateLimits.of({ ...dates, timezone: dates.repeatTimezone });
  const at = limits.apply(when);
  return { ...dates, nextRunAt: at === null ? null : new Date(at) };
}

/** Whether the dates of a job are limited, so that the limits must be stored with it. */
export const hasLimits = ({ startDate, endDate, skipDays }: DateOptions): boolean =>
  startDate !== undefined || endDate !== undefined || skipDays !== undefined;

function rowDates(options: DateOptions, now: number): Omit<RowDates, 'nextRunAt'> {
  const { timezone, startDate, endDate, skipDays } = options;
  const instant = (when: Date | string | number) =>
    new Date(parseDate(when, timezone === undefined ? { now } : { now, timezone }));
  const dates: Omit<RowDates, 'nextRunAt'> = {};
  if (timezone !== undefined) dates.repeatTimezone = timezone;
  if (startDate !== undefined) dates.startDate = instant(startDate);
  if (endDate !== undefined) dates.endDate = instant(endDate);
  if (skipDays !== undefined) dates.skipDays = [...skipDays];
  return dates;
}

/** A row as a record, where the backend cannot give the record itself. */
export function recordOf(row: JobParameters, now: number): JobRecord {
  const at = (date: Date | null | undefined) => date?.getTime() ?? null;
  return {
    id: row._id ?? '',
    name: row.name,
    data: row.data,
    priority: row.priority,
    createdAt: now,
    disabled: row.disabled ?? false,
    type: row.type,
    repeat: ruleOf(row),
    overrides: null,
    lastModifiedBy: row.lastModifiedBy ?? null,
    nextRunAt: at(row.nextRunAt),
    lockedAt: at(row.lockedAt),
    lastRunAt: at(row.lastRunAt),
    lastFinishedAt: at(row.lastFinishedAt),
    failedAt: at(row.failedAt),
    attempt: 0,
    failCount: row.failCount ?? 0,
    rescueCount: 0,
    releaseCount: 0,
    occurrenceAt: null,
    failure: row.failReason === undefined ? null : { name: 'Error', message: row.failReason },
    result: undefined,
  };
}
