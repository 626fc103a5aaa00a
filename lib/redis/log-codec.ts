import type { JobLogEntry, JobLogEvent, LogLevel } from '../core/contracts/job-logger.js';
import type { KeptEntry } from '../core/logging/log-entry.js';
import type { LogSelection } from '../core/logging/log-query.js';
import { packName } from './pack-record.js';

/*
 * Entries of the log to and from what lies in Redis; see `keys.ts`. Level and event are letters, so
 * that scripts filter by them without reading entries. Job name and id stand first in the text,
 * without quotes inside, so that scripts find them.
 */

const LEVELS: Readonly<Record<LogLevel, string>> = { debug: 'd', info: 'i', warn: 'w', error: 'e' };
const EVENTS: Readonly<Record<JobLogEvent, string>> = {
  locked: 'l',
  start: 's',
  success: 'u',
  fail: 'f',
  complete: 'c',
  retry: 'r',
  'retry:exhausted': 'x',
  expired: 'e',
};
const LEVEL_OF = turned(LEVELS);
const EVENT_OF = turned(EVENTS);

type Rest = Omit<KeptEntry, 'timestamp' | 'level' | 'event' | 'jobName' | 'jobId' | 'message'>;

/** What `write-log` takes for an entry. */
export function packEntry(entry: KeptEntry): string[] {
  const { timestamp, level, event, jobName, jobId = '', message, ...rest } = entry;
  const texts = `${packName(jobName)},${packName(jobId)},${JSON.stringify(message)}`;
  return [
    String(timestamp.getTime()),
    LEVELS[level] + EVENTS[event],
    jobName,
    jobId,
    `[${texts},${JSON.stringify(rest)}]`,
  ];
}

/** How many parts `read-log` answers for an entry: see {@link unpackEntry}. */
export const ENTRY_WIDTH = 4;

export function unpackEntry([id, at, letters, text]: readonly string[]): JobLogEntry {
  const [jobName, jobId, message, rest] = textsOf(text!);
  return {
    _id: id!,
    timestamp: new Date(Number(at)),
    level: LEVEL_OF.get(letters![0]!)!,
    event: EVENT_OF.get(letters![1]!)!,
    ...(jobId === '' ? {} : { jobId }),
    jobName,
    message,
    ...rest,
  };
}

type Texts = [jobName: string, jobId: string, message: string, rest: Rest];

/** An entry that a stranger has damaged must not hide the others. */
function textsOf(text: string): Texts {
  try {
    return JSON.parse(text) as Texts;
  } catch {
    return ['', '', 'This entry of the log cannot be read.', {}];
  }
}

/** The conditions, as scripts take them: the narrowest index, and what is left to be met. */
export function packSelection(selection: LogSelection, sort: LogSelection['sort']): string[] {
  const { jobId, jobName, levels, events, from, to } = selection;
  const index = jobId !== undefined ? 'job' : jobName !== undefined ? 'name' : 'all';
  return [
    index,
    jobId ?? jobName ?? '',
    from === -Infinity ? '-inf' : String(from),
    to === Infinity ? '+inf' : String(to),
    sort,
    Array.from(levels ?? [], (level) => LEVELS[level]).join(''),
    Array.from(events ?? [], (event) => EVENTS[event]).join(''),
    index === 'job' ? (jobName ?? '') : '',
  ];
}

function turned<Word extends string>(letters: Readonly<Record<Word, string>>): Map<string, Word> {
  return new Map(Object.entries<string>(letters).map(([word, letter]) => [letter, word as Word]));
}
