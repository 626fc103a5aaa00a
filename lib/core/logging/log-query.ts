import {
  type JobLogEntry,
  type JobLogEvent,
  type JobLogQuery,
  LOG_EVENTS,
  LOG_LEVELS,
  type LogLevel,
} from '../contracts/job-logger.js';
import { InvalidOptionError } from '../errors.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys, pathOf } from '../options/known-keys.js';

/** Which entries of the log, and in which order: checked and complete. */
export interface LogSelection {
  readonly jobId: string | undefined;
  readonly jobName: string | undefined;
  /** `undefined` for every level. */
  readonly levels: ReadonlySet<LogLevel> | undefined;
  readonly events: ReadonlySet<JobLogEvent> | undefined;
  /** In ms, inclusive, as `to` is. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly offset: number;
  readonly sort: 'asc' | 'desc';
}

const KEYS: readonly (keyof JobLogQuery)[] = [
  'jobId',
  'jobName',
  'level',
  'event',
  'from',
  'to',
  'limit',
  'offset',
  'sort',
];
const DEFAULT_LIMIT = 50;

/** @throws InvalidOptionError naming the condition that cannot be meant */
export function readLogQuery(query: JobLogQuery = {}): LogSelection {
  checkKnownKeys('query', query, KEYS);
  const { jobId, jobName, level, event, from, to, limit, offset, sort } = query;
  return {
    jobId: textOf('jobId', jobId),
    jobName: textOf('jobName', jobName),
    levels: wordsOf('level', level, LOG_LEVELS),
    events: wordsOf('event', event, LOG_EVENTS),
    from: instantOf('from', from) ?? -Infinity,
    to: instantOf('to', to) ?? Infinity,
    limit: wholeNumber(at('limit'), limit ?? DEFAULT_LIMIT, 1, Number.MAX_SAFE_INTEGER),
    offset: wholeNumber(at('offset'), offset ?? 0, 0, Number.MAX_SAFE_INTEGER),
    sort: directionOf(sort ?? 'desc'),
  };
}

/** Whether no entry can meet the conditions. */
export function matchesNothing(selection: LogSelection): boolean {
  const { jobId, jobName, levels, events, from, to } = selection;
  const isEmpty = levels?.size === 0 || events?.size === 0 || from > to;
  return isEmpty || jobId === '' || jobName === '';
}

/** Whether an entry meets all conditions. */
export function isSelected(entry: JobLogEntry, selection: LogSelection): boolean {
  const { jobId, jobName, levels, events, from, to } = selection;
  const time = entry.timestamp.getTime();
  return (
    (jobId === undefined || entry.jobId === jobId) &&
    (jobName === undefined || entry.jobName === jobName) &&
    (levels?.has(entry.level) ?? true) &&
    (events?.has(entry.event) ?? true) &&
    time >= from &&
    time <= to
  );
}

const at = (key: keyof JobLogQuery): string => pathOf('query', key);

function textOf(key: keyof JobLogQuery, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new InvalidOptionError(at(key), value, 'a text');
}

function wordsOf<Word extends string>(
  key: keyof JobLogQuery,
  value: unknown,
  known: readonly Word[],
): ReadonlySet<Word> | undefined {
  if (value === undefined) return undefined;
  const words: unknown[] = Array.isArray(value) ? value : [value];
  if (words.every((word) => known.includes(word as Word))) return new Set(words as Word[]);
  throw new InvalidOptionError(at(key), value, `one or a list of ${known.join(', ')}`);
}

function instantOf(key: keyof JobLogQuery, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  throw new InvalidOptionError(at(key), value, 'a valid Date');
}

function directionOf(value: unknown): 'asc' | 'desc' {
  if (value === 'asc' || value === 'desc') return value;
  throw new InvalidOptionError(at('sort'), value, "'asc' or 'desc'");
}
