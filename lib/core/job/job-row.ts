import { InvalidOptionError } from '../errors.js';
import type {
  JobParameters,
  JobsOverview,
  JobsResult,
  StoredRow,
} from '../contracts/job-parameters.js';
import { readDebounceOptions, type Debounce } from './debounce.js';
import { encodeData } from './job-data.js';
import { rowInstant } from './instant.js';
import { checkText, toJobId, type JobId } from './job-id.js';
import type { JobRecord, RepeatFacts } from './job-record.js';
import { computeState, type StateCounts } from './job-state.js';
import { failuresOf, historyOf, type RowHistory } from './row-history.js';
import { uniqueKey } from './unique-key.js';

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
  readonly fork: boolean;
  readonly repeat: RepeatFacts | null;
  /** Where in the code its rule stands. */
  readonly repeatOrigin: string | undefined;
  /** Who wrote the row last, as it says itself. */
  readonly lastModifiedBy: string | undefined;
  /** Which job in place it means, if it says neither its id nor `single`. */
  readonly unique: AskedUnique | undefined;
  /** What a new row may bring along of its history. */
  readonly happened: RowHistory;
  /** What it says of failures, as far as it says anything: the rest of a job in place stays as it is. */
  readonly failures: ReturnType<typeof failuresOf>;
}

/** A constraint on a save, checked: at most one job is there under the key. */
export interface AskedUnique {
  readonly key: string;
  readonly insertOnly: boolean;
  readonly debounce: Debounce | undefined;
}

/** The fields of a row that make its rule, and limit its dates. */
export type RuleFields = Pick<
  JobParameters,
  | 'repeatInterval'
  | 'repeatTimezone'
  | 'repeatAt'
  | 'startDate'
  | 'endDate'
  | 'skipDays'
  | 'catchUp'
  | 'repeatKey'
>;

const HAPPENED_DATES = [
  'lockedAt',
  'lastRunAt',
  'lastFinishedAt',
  'failedAt',
  'debounceStartedAt',
] as const;

/** A record as a row: Dates, and only the fields that are set. */
export function toRow(record: JobRecord): StoredRow & { _id: JobId } {
  const { repeat, failure } = record;
  const row: StoredRow & { _id: JobId } = {
    _id: toJobId(record.id),
    name: record.name,
    priority: record.priority,
    nextRunAt: dateOrNull(record.nextRunAt),
    type: record.type,
    data: record.data,
    disabled: record.disabled,
    fork: record.fork,
  };
  for (const field of HAPPENED_DATES) {
    const at = record[field];
    if (at !== null) row[field] = new Date(at);
  }
  // Agenda knows numbers only.
  if (typeof record.progress === 'number') row.progress = record.progress;
  if (failure) row.failReason = failure.message;
  if (hasEverFailed(record)) row.failCount = record.failCount;
  if (record.lastModifiedBy !== null) row.lastModifiedBy = record.lastModifiedBy;
  if (repeat) Object.assign(row, rowOfRule(repeat));
  if (record.repeatOrigin !== undefined) row.repeatOrigin = record.repeatOrigin;
  return row;
}

/** A success sets the count to 0; of a job that knows no failure Agenda's rows leave it out. */
const hasEverFailed = ({ failCount, failedAt, failure }: JobRecord): boolean =>
  failCount > 0 || failedAt !== null || failure !== null;

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

/** A page of records as rows, each with its state. @param now by the backend's clock */
export function toRows(
  { jobs, total }: { readonly jobs: readonly JobRecord[]; readonly total: number },
  now: number,
): JobsResult {
  return {
    jobs: jobs.map((record) => ({ ...toRow(record), state: computeState(record, now) })),
    total,
  };
}

/** Counts in the shape of Agenda, which does not tell dead letters from other failed jobs. */
export function toOverview(counts: ReadonlyMap<string, StateCounts>): JobsOverview[] {
  return Array.from(counts, ([name, ofName]) => {
    const { dead: _, ...states } = ofName;
    return { name, ...states };
  });
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
  const happened = historyOf(row);
  return {
    id: row._id,
    name: row.name,
    data: encodeData(row.data, maxDataBytes),
    priority,
    nextRunAt: happened.nextRunAt,
    type: row.type ?? 'normal',
    disabled: row.disabled,
    fork: row.fork ?? false,
    repeat: ruleOf(row),
    repeatOrigin: originOf(row),
    lastModifiedBy: row.lastModifiedBy,
    unique: uniqueOf(row),
    happened,
    failures: failuresOf(row, happened),
  };
}

/** An id wins over everything, `single` over a unique query. A debounce is checked even where it does nothing. */
function uniqueOf({ _id, name, type, unique, uniqueOpts }: JobParameters): AskedUnique | undefined {
  const debounce = uniqueOpts?.debounce && readDebounceOptions(uniqueOpts.debounce);
  if (!unique) return undefined;
  const key = uniqueKey(name, unique);
  if (_id !== undefined || type === 'single') return undefined;
  return { key, insertOnly: uniqueOpts?.insertOnly === true, debounce };
}

/** Only a rule that is there once can stand in one place. @throws InvalidJobError */
export function originOf({
  type,
  repeatInterval,
  repeatOrigin,
}: JobParameters): string | undefined {
  if (repeatOrigin === undefined || type !== 'single' || !repeatInterval) return undefined;
  checkText('repeatOrigin', repeatOrigin);
  return repeatOrigin;
}

/** The rule of a row, its members always in the same order, so that equal rules are equal texts; `null` without one. */
export function ruleOf(row: RuleFields): RepeatFacts | null {
  const rule: RepeatFacts = {};
  // An empty interval means "no rule" in the family.
  if (row.repeatInterval) rule.interval = row.repeatInterval;
  if (row.repeatTimezone != null) rule.timezone = row.repeatTimezone;
  if (row.repeatAt != null) rule.at = row.repeatAt;
  if (row.startDate != null) rule.startDate = rowInstant('startDate', row.startDate)!;
  if (row.endDate != null) rule.endDate = rowInstant('endDate', row.endDate)!;
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

const dateOrNull = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** The field of the key index that leads to the job which a row means; `undefined` where none does. */
export function leadingField({ id, name, type, repeat, unique }: AskedRow): string | undefined {
  if (id !== undefined) return undefined;
  return type === 'single' ? singleKey(name, repeat?.key) : unique?.key;
}

/** The field of the key index that leads to a `single` job. Names and keys hold no control characters. */
export function singleKey(name: string, key: string | undefined): string {
  return key === undefined ? `single\n${name}` : `single\n${name}\n${key}`;
}
