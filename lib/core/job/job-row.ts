import { InvalidOptionError } from '../errors.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import { encodeData } from './job-data.js';
import { LATEST_INSTANT } from './instant.js';
import { checkText } from './job-id.js';
import type { HappenedFacts, JobRecord, RepeatFacts } from './job-record.js';

/** A row of Agenda's contract, checked and in plain values: what `saveJob` asks for. */
export interface AskedRow {
  readonly id: string | undefined;
  readonly name: string;
  /** JSON text; `undefined` for no data. */
  readonly data: string | undefined;
  readonly priority: number;
  readonly nextRunAt: number | null;
  readonly type: 'normal' | 'single';
  /** `undefined` keeps what is stored. */
  readonly disabled: boolean | undefined;
  readonly repeat: RepeatFacts | null;
  /** What a new row may bring along of its history. */
  readonly happened: Partial<HappenedFacts>;
}

/** A record as a row: Dates, and only the fields that are set. */
export function toRow(record: JobRecord): JobParameters {
  const { repeat, failure } = record;
  const row: JobParameters = {
    _id: record.id,
    name: record.name,
    priority: record.priority,
    nextRunAt: dateOrNull(record.nextRunAt),
    type: record.type,
    data: record.data,
    disabled: record.disabled,
    failCount: record.failCount,
  };
  const dates = ['lockedAt', 'lastRunAt', 'lastFinishedAt', 'failedAt'] as const;
  for (const field of dates) {
    const at = record[field];
    if (at !== null) row[field] = new Date(at);
  }
  if (failure) row.failReason = failure.message;
  if (record.lastModifiedBy !== null) row.lastModifiedBy = record.lastModifiedBy;
  if (repeat) Object.assign(row, rowOfRule(repeat));
  return row;
}

function rowOfRule(repeat: RepeatFacts): Partial<JobParameters> {
  const row: Partial<JobParameters> = {};
  if (repeat.interval !== undefined) row.repeatInterval = repeat.interval;
  if (repeat.timezone !== undefined) row.repeatTimezone = repeat.timezone;
  if (repeat.at !== undefined) row.repeatAt = repeat.at;
  if (repeat.startDate !== undefined) row.startDate = new Date(repeat.startDate);
  if (repeat.endDate !== undefined) row.endDate = new Date(repeat.endDate);
  if (repeat.skipDays !== undefined) row.skipDays = [...repeat.skipDays];
  if (repeat.catchUp !== undefined) row.catchUp = repeat.catchUp;
  if (repeat.key !== undefined) row.repeatKey = repeat.key;
  return row;
}

/**
 * @throws InvalidJobError, InvalidOptionError for what cannot be stored
 */
export function fromRow(row: JobParameters, maxDataBytes?: number): AskedRow {
  checkText('name', row.name);
  if (row._id !== undefined) checkText('id', row._id);
  const priority = row.priority ?? 0;
  if (typeof priority !== 'number' || !Number.isFinite(priority)) {
    throw new InvalidOptionError('priority', priority, 'a finite number');
  }
  return {
    id: row._id,
    name: row.name,
    data: encodeData(row.data, maxDataBytes),
    priority,
    nextRunAt: instantOf('nextRunAt', row.nextRunAt),
    type: row.type ?? 'normal',
    disabled: row.disabled,
    repeat: ruleOf(row),
    happened: {
      lastRunAt: instantOf('lastRunAt', row.lastRunAt),
      lastFinishedAt: instantOf('lastFinishedAt', row.lastFinishedAt),
      failedAt: instantOf('failedAt', row.failedAt),
      failCount: row.failCount ?? 0,
      failure: row.failReason === undefined ? null : { name: 'Error', message: row.failReason },
    },
  };
}

/** The rule of a row, its members always in the same order, so that equal rules are equal texts; `null` without one. */
export function ruleOf(row: JobParameters): RepeatFacts | null {
  const rule: RepeatFacts = {};
  // An empty interval means "no rule" in the family.
  if (row.repeatInterval !== undefined && row.repeatInterval !== '')
    rule.interval = row.repeatInterval;
  if (row.repeatTimezone != null) rule.timezone = row.repeatTimezone;
  if (row.repeatAt != null) rule.at = row.repeatAt;
  if (row.startDate != null) rule.startDate = instantOf('startDate', row.startDate)!;
  if (row.endDate != null) rule.endDate = instantOf('endDate', row.endDate)!;
  if (row.skipDays != null && row.skipDays.length > 0) {
    rule.skipDays = [...new Set(row.skipDays)].sort((a, b) => a - b);
  }
  if (row.catchUp !== undefined) rule.catchUp = row.catchUp;
  if (row.repeatKey !== undefined) {
    checkText('key', row.repeatKey);
    rule.key = row.repeatKey;
  }
  return Object.keys(rule).length > 0 ? rule : null;
}

/** Whole milliseconds, rounded up: a job never starts early. */
function instantOf(field: string, date: Date | null | undefined): number | null {
  if (date === null || date === undefined) return null;
  const at = date instanceof Date ? date.getTime() : Number.NaN;
  if (!(Math.abs(at) <= LATEST_INSTANT)) {
    throw new InvalidOptionError(field, date, 'a valid Date, before the year 10000');
  }
  return Math.ceil(at);
}

const dateOrNull = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** The field of the key index that leads to a `single` job. Names and keys hold no control characters. */
export function singleKey(name: string, key: string | undefined): string {
  return key === undefined ? `single\n${name}` : `single\n${name}\n${key}`;
}
