import { type JobLogEntry, LOG_EVENTS, LOG_LEVELS } from '../contracts/job-logger.js';
import { cutToBytes } from '../cut.js';
import { InvalidJobError, InvalidOptionError } from '../errors.js';
import { encodeData } from '../job/job-data.js';

const MOST_NAME_BYTES = 1024;
const MOST_TEXT_BYTES = 16 * 1024;
const MOST_META_BYTES = 32 * 1024;

const OPTIONAL_TEXTS = ['error', 'agendaName'] as const;
const OPTIONAL_NUMBERS = ['duration', 'failCount', 'retryDelay', 'retryAttempt'] as const;

/** What a logger keeps of an entry. */
export type KeptEntry = Omit<JobLogEntry, '_id'>;

/**
 * A copy that shares nothing with the caller's, of the known fields alone; what is missing is left out.
 *
 * @throws InvalidOptionError naming the field that no log can keep
 */
export function readLogEntry(entry: KeptEntry): KeptEntry {
  const { timestamp, level, event, meta } = entry;
  const kept: KeptEntry = {
    timestamp: dateOf(timestamp),
    level: wordOf('level', level, LOG_LEVELS),
    event: wordOf('event', event, LOG_EVENTS),
    jobName: nameOf('jobName', entry.jobName),
    message: textOf('message', entry.message),
  };
  // No job has an empty id.
  if (entry.jobId != null && entry.jobId !== '') kept.jobId = nameOf('jobId', entry.jobId);
  for (const key of OPTIONAL_TEXTS) {
    if (entry[key] != null) kept[key] = textOf(key, entry[key]);
  }
  for (const key of OPTIONAL_NUMBERS) {
    if (entry[key] != null) kept[key] = numberOf(key, entry[key]);
  }
  if (meta != null) kept.meta = metaOf(meta);
  return kept;
}

function dateOf(value: unknown): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(value);
  throw new InvalidOptionError('timestamp', value, 'a valid Date');
}

function wordOf<Word extends string>(key: string, value: unknown, known: readonly Word[]): Word {
  if (known.includes(value as Word)) return value as Word;
  throw new InvalidOptionError(key, value, `one of ${known.join(', ')}`);
}

/** What entries are found by is kept as it is, or not at all. */
function nameOf(key: string, value: unknown): string {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : 0;
  if (bytes >= 1 && bytes <= MOST_NAME_BYTES) return value as string;
  throw new InvalidOptionError(key, value, `a text of 1 to ${MOST_NAME_BYTES} bytes`);
}

function textOf(key: string, value: unknown): string {
  if (typeof value !== 'string') throw new InvalidOptionError(key, value, 'a text');
  return cutToBytes(value, MOST_TEXT_BYTES);
}

function numberOf(key: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InvalidOptionError(key, value, 'a finite number');
}

function metaOf(value: unknown): Record<string, unknown> {
  try {
    const text = encodeData(value, MOST_META_BYTES, 'meta')!;
    if (text.startsWith('{')) return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof InvalidJobError)) throw error;
    throw new InvalidOptionError(error.part, error.value, error.remedy, { cause: error });
  }
  throw new InvalidOptionError('meta', value, 'an object');
}
