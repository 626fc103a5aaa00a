import type { RecordedEnd } from '../core/job/attempt-history.js';
import type { Failure, JobRecord, NewJob, OmittedResult } from '../core/job/job-record.js';
import type { Due } from '../core/job/due.js';
import { FLAG, versionIn } from './keys.js';
import { OMITTED, WINDOW, type PackedAsked, type PackedHappened } from './pack-record.js';

/*
 * Records from their packed form; the layout is described in `keys.ts`.
 */

/**
 * A stored job, from the texts that scripts answer; empty or absent texts stand for nothing.
 *
 * @param now - when they were read, by the store's clock: a leading debounce window may be over by then
 */
export function unpackRecord(
  id: string,
  asked: string,
  happened: string,
  leaseEntry = '',
  result = '',
  now = 0,
): JobRecord {
  const [createdAt, delay, , priority, flags, name, own, data, extra] = JSON.parse(
    asked,
  ) as PackedAsked;
  const [state, progressElsewhere] = withoutProgress(happened);
  const past: PackedHappened | null = state === '' ? null : (JSON.parse(state) as PackedHappened);
  const lease = leaseEntry === '' ? null : unpackLease(leaseEntry);
  const version = versionIn(flags);
  const nextRunAt = past === null ? (delay === null ? null : createdAt + delay) : past[0];
  const { progress, window, snoozeCount, failure } =
    past === null || past.length <= 9 ? NOTHING_BESIDE : unpackRest(past.slice(9));
  const toldBefore = progress === ELSEWHERE ? parsedOrNull(progressElsewhere) : progress;
  const record: JobRecord = {
    id,
    name,
    data: (flags & FLAG.hasData) === 0 ? undefined : data,
    priority,
    createdAt,
    disabled: (flags & FLAG.disabled) !== 0,
    type: extra?.type ?? 'normal',
    repeat: extra?.repeat ?? null,
    overrides: own === 0 ? null : (own.overrides ?? null),
    lastModifiedBy: (own !== 0 && own.by) || (extra?.lastModifiedBy ?? null),
    fork: (flags & FLAG.forked) !== 0,
    nextRunAt,
    lockedAt: lease?.lockedAt ?? null,
    lastRunAt: lease?.startedAt ?? past?.[1] ?? null,
    lastFinishedAt: past?.[2] ?? null,
    attempt: past?.[3] ?? 0,
    failCount: past?.[4] ?? 0,
    failedAt: past?.[5] ?? null,
    rescueCount: past?.[6] ?? 0,
    releaseCount: past?.[7] ?? 0,
    snoozeCount,
    occurrenceAt: past?.[8] ?? null,
    progress: lease?.progress === undefined ? toldBefore : lease.progress,
    debounceStartedAt: window && isOpen(window, lease, nextRunAt, now) ? window.startedAt : null,
    failure,
    result: undefined,
  };
  if ((flags & FLAG.first) !== 0) record.first = true;
  if (version !== undefined) record.version = version;
  if (own !== 0) {
    if (own.key !== undefined) record.key = own.key;
    if (own.tags !== undefined) record.tags = own.tags;
    if ((flags & FLAG.expires) !== 0) record.expiresAt = Number(own.expires);
    if (own.context !== undefined) record.context = own.context;
  }
  if (extra?.repeatOrigin !== undefined) record.repeatOrigin = extra.repeatOrigin;
  // A result that is not kept begins with what no JSON begins with: see `packResult`.
  if (result.startsWith(OMITTED)) {
    record.resultOmitted = JSON.parse(result.slice(OMITTED.length)) as OmittedResult;
  } else if (result !== '') record.result = JSON.parse(result) as unknown;
  return record;
}

/** In the place of a progress that is no number: scripts give its value out on a line of its own. */
const ELSEWHERE = true;

/** A state or a lease entry as scripts give it out: itself, and the progress that stands elsewhere, or nothing. */
function withoutProgress(text: string): [text: string, progress: string] {
  const end = text.indexOf('\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
}

const parsedOrNull = (text: string): unknown => (text === '' ? null : JSON.parse(text));

/** What the state of a job tells of its newest end. */
export function unpackEnd(state: string): RecordedEnd {
  const past = JSON.parse(withoutProgress(state)[0]) as PackedHappened;
  const [nextRunAt, lastRunAt = null, lastFinishedAt = null, attempt = 0, , failedAt = null] = past;
  const { failure } = unpackRest(past.slice(9));
  return { nextRunAt, lastRunAt, lastFinishedAt, attempt, failedAt, failure };
}

/** Flags of a stored job, without decoding the rest: the fifth number. */
export function flagsOf(asked: string): number {
  let at = 0;
  for (let comma = 0; comma < 4; comma++) at = asked.indexOf(',', at) + 1;
  return Number.parseInt(asked.slice(at, asked.indexOf(',', at)), 10);
}

/** The nonce of a stored job, found as scripts find it. */
export function nonceOf(asked: string): string | undefined {
  return /^[^"]*"[^"]*",\{"nonce":"([0-9a-f]+)"/.exec(asked)?.[1];
}

interface UnpackedWindow {
  readonly startedAt: number;
  /** One of `WINDOW`, or when a leading one is over. */
  readonly end: number;
}

/** Progress, window, snoozes and failure, of which each may be missing. */
interface UnpackedRest {
  readonly progress: number | null | typeof ELSEWHERE;
  readonly window: UnpackedWindow | null;
  readonly snoozeCount: number;
  readonly failure: Failure | null;
}

const NOTHING_BESIDE: UnpackedRest = {
  progress: null,
  window: null,
  snoozeCount: 0,
  failure: null,
};

function unpackRest(parts: readonly unknown[]): UnpackedRest {
  const last = parts.at(-1);
  const failure = typeof last === 'object' && last !== null ? (last as Failure) : null;
  const [progress, startedAt, end, snoozes] = parts;
  return {
    progress: typeof progress === 'number' || progress === ELSEWHERE ? progress : null,
    window: typeof startedAt === 'number' ? { startedAt, end: end as number } : null,
    snoozeCount: typeof snoozes === 'number' ? snoozes : 0,
    failure,
  };
}

/** Whether it may still be told of; scripts judge the same by `window.lua`. */
function isOpen(
  { startedAt, end }: UnpackedWindow,
  lease: UnpackedLease | null,
  nextRunAt: number | null,
  now: number,
): boolean {
  // An overdue window is nobody's business any more: its run is due.
  if (end === WINDOW.overdue) return false;
  if (end !== WINDOW.trailing) return end > now;
  if (lease === null) return nextRunAt !== null;
  return lease.startedAt === null || lease.startedAt <= startedAt;
}

/** Who has a job, as far as its record tells. */
interface UnpackedLease {
  readonly lockedAt: number;
  /** `null` for a row that is handed out: what was written of its run counts. */
  readonly startedAt: number | null;
  /** `undefined` when its run has told nothing of it. */
  readonly progress: unknown;
}

function unpackLease(given: string): UnpackedLease {
  const [entry, progressElsewhere] = withoutProgress(given);
  const [, , locked, , , run, progress] = entry.split('|', 7);
  const lockedAt = Number(locked);
  return {
    lockedAt,
    startedAt: run === '' ? lockedAt : null,
    progress: progressOfRun(progress, progressElsewhere),
  };
}

function progressOfRun(told: string | undefined, elsewhere: string): unknown {
  // '-': it has logged lines, and no more.
  if (told === undefined || told === '' || told === '-') return undefined;
  return told === String(ELSEWHERE) ? parsedOrNull(elsewhere) : Number(told);
}

/** The run time that was saved while the job runs; `null` without one. */
export function pendingOf(leaseEntry: string): number | null {
  const pending = leaseEntry.split('|', 4)[3];
  return pending === undefined || pending === '' ? null : Number(pending);
}

/** The record that an add has written, from what was sent and when the store took it. */
export function addedRecord(job: NewJob, { now, soon }: { now: number; soon: number }): JobRecord {
  const nextRunAt = plannedAt(job.due, now, soon);
  return {
    id: job.id,
    name: job.name,
    data: job.data === undefined ? undefined : (JSON.parse(job.data) as unknown),
    priority: job.priority,
    createdAt: now,
    disabled: false,
    type: 'normal',
    repeat: null,
    overrides: job.overrides ?? null,
    lastModifiedBy: job.lastModifiedBy ?? null,
    fork: false,
    ...(job.key !== undefined && { key: job.key }),
    ...(job.first && { first: true as const }),
    ...(job.tags && job.tags.length > 0 && { tags: job.tags }),
    ...(job.expires && { expiresAt: plannedAt(job.expires, now, soon) }),
    ...givenAlong(job),
    nextRunAt,
    lockedAt: null,
    lastRunAt: null,
    lastFinishedAt: null,
    failedAt: null,
    attempt: 0,
    failCount: 0,
    rescueCount: 0,
    releaseCount: 0,
    snoozeCount: 0,
    occurrenceAt: null,
    failure: null,
    progress: null,
    debounceStartedAt: null,
    result: undefined,
  };
}

/** What few jobs have beside their data. */
function givenAlong({ version = 1, context }: NewJob): Pick<JobRecord, 'version' | 'context'> {
  return {
    ...(version > 1 && { version }),
    ...(context && Object.keys(context).length > 0 && { context: { ...context } }),
  };
}

/** As the script does it: a delay counts from the next whole millisecond, no delay is now. */
function plannedAt(due: Due, now: number, soon: number): number {
  if ('at' in due) return Math.ceil(due.at);
  return due.delayMs === 0 ? now : soon + Math.ceil(due.delayMs);
}
