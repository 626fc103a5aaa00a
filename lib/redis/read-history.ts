import { inBrief, toldByRecord, type HistoryEntry } from '../core/job/attempt-history.js';
import type { Failure } from '../core/job/job-record.js';
import { scripts } from './all-scripts.js';
import { readOrNot } from './readable-record.js';
import { unpackEnd } from './record-codec.js';
import type { RedisStore } from './redis-store.js';

/** An entry as it lies in the list. */
type PackedEntry = [
  kind: keyof typeof KINDS,
  attempt: number,
  plannedAt: number | null,
  startedAt: number | null,
  endedAt: number,
  host: string,
  failure?: Failure,
];

const KINDS = {
  c: 'completed',
  f: 'failed',
  d: 'dead',
  r: 'rescued',
  q: 'requeued',
} as const satisfies Record<string, HistoryEntry['kind']>;

/** How the newest attempts of a job ended, oldest first; `undefined` when there is no such job. */
export async function readHistory(
  store: RedisStore,
  id: string,
): Promise<HistoryEntry[] | undefined> {
  const [, state, ...entries] = await store.partitionOf(id).run(scripts.readHistory, [id]);
  return state === undefined ? undefined : historyOf(state, entries);
}

/** The history, oldest first, from its stored entries, newest first; without any the state tells it. */
export function historyOf(state: string, entries: readonly string[]): HistoryEntry[] {
  if (entries.length > 0) return entries.toReversed().flatMap(unpackEntry);
  const told = state === '' ? undefined : readOrNot(() => toldByRecord(unpackEnd(state)));
  return told ? [told] : [];
}

/** Nothing for an entry that somebody has damaged: it must not hide the others. */
function unpackEntry(text: string): HistoryEntry[] {
  const entry = readOrNot(() => {
    const [letter, attempt, plannedAt, startedAt, endedAt, host, failure] = JSON.parse(
      text,
    ) as PackedEntry;
    const kind = KINDS[letter];
    // One that was told by the record brings the whole failure.
    const brief = failure && { failure: inBrief(failure) };
    return { kind, attempt, plannedAt, startedAt, endedAt, host, ...brief };
  });
  return entry?.kind === undefined ? [] : [entry];
}
