import type {
  Failure,
  HappenedFacts,
  JobOverrides,
  JobRecord,
  NewJob,
  RepeatFacts,
} from '../core/job/job-record.js';
import { FLAG } from './keys.js';

/*
 * Records to and from their packed form; the layout is described in `keys.ts`. Scripts find the parts
 * by position and by the first quotes and braces, so names are written without raw quotes inside,
 * and what belongs to the job itself without raw braces or brackets in its texts.
 */

type PackedAsked = [
  createdAt: number,
  delay: number | null,
  seq: number,
  priority: number,
  flags: number,
  name: string,
  own: 0 | Own,
  data: unknown,
  extra?: PackedExtra,
];

/** What belongs to the job itself and no save changes. */
interface Own {
  nonce?: string | undefined;
  keys?: string[] | undefined;
  overrides?: JobOverrides | undefined;
}

interface PackedExtra {
  type?: 'single';
  lastModifiedBy?: string;
  /** Always the last member, so that scripts can compare rules by the end of the record. */
  repeat?: RepeatFacts;
}

type PackedHappened = [
  nextRunAt: number | null,
  lastRunAt?: number | null,
  lastFinishedAt?: number | null,
  attempt?: number,
  failCount?: number,
  failedAt?: number | null,
  rescueCount?: number,
  releaseCount?: number,
  occurrenceAt?: number | null,
  failure?: Failure | null,
];

/** A stored job, from the texts that scripts answer; empty or absent texts stand for nothing. */
export function unpackRecord(
  id: string,
  asked: string,
  happened: string,
  leaseEntry = '',
  result = '',
): JobRecord {
  const [createdAt, delay, , priority, flags, name, own, data, extra] = JSON.parse(
    asked,
  ) as PackedAsked;
  const past: PackedHappened | null =
    happened === '' ? null : (JSON.parse(happened) as PackedHappened);
  const lease = leaseEntry === '' ? null : unpackLease(leaseEntry);
  return {
    id,
    name,
    data: (flags & FLAG.hasData) === 0 ? undefined : data,
    priority,
    createdAt,
    disabled: (flags & FLAG.disabled) !== 0,
    type: extra?.type ?? 'normal',
    repeat: extra?.repeat ?? null,
    overrides: own === 0 ? null : (own.overrides ?? null),
    lastModifiedBy: extra?.lastModifiedBy ?? null,
    nextRunAt: past === null ? (delay === null ? null : createdAt + delay) : past[0],
    lockedAt: lease?.lockedAt ?? null,
    lastRunAt: lease?.lockedAt ?? past?.[1] ?? null,
    lastFinishedAt: past?.[2] ?? null,
    attempt: past?.[3] ?? 0,
    failCount: past?.[4] ?? 0,
    failedAt: past?.[5] ?? null,
    rescueCount: past?.[6] ?? 0,
    releaseCount: past?.[7] ?? 0,
    occurrenceAt: past?.[8] ?? null,
    failure: past?.[9] ?? null,
    result: result === '' ? undefined : (JSON.parse(result) as unknown),
  };
}

/** Flags of a stored job, without decoding the rest: the fifth number. */
export function flagsOf(asked: string): number {
  let at = 0;
  for (let comma = 0; comma < 4; comma++) at = asked.indexOf(',', at) + 1;
  return Number.parseInt(asked.slice(at, at + 3), 10);
}

/** The nonce of a stored job, found as scripts find it. */
export function nonceOf(asked: string): string | undefined {
  return /^[^"]*"[^"]*",\{"nonce":"([0-9a-f]+)"/.exec(asked)?.[1];
}

function unpackLease(entry: string): { lockedAt: number } {
  return { lockedAt: Number(entry.split('|', 3)[2]) };
}

/** A name as JSON whose only quotes are the outer ones. */
export function packName(name: string): string {
  const text = JSON.stringify(name);
  return text.includes('\\')
    ? text.replaceAll('\\\\', '\\u005c').replaceAll('\\"', '\\u0022')
    : text;
}

/** The nonce goes first; texts hold no raw braces, brackets or inner quotes. */
export function packOwn({ nonce, keys, overrides }: Own): string {
  const parts: string[] = [];
  if (nonce !== undefined) parts.push(`"nonce":"${nonce}"`);
  if (keys !== undefined) parts.push(`"keys":[${keys.map(packText).join(',')}]`);
  if (overrides !== undefined) {
    const json = JSON.stringify(overrides);
    parts.push(
      `"overrides":${json.replace(/"(?:[^"\\]|\\.)*"/g, (text) => packText(JSON.parse(text) as string))}`,
    );
  }
  return parts.length === 0 ? '0' : `{${parts.join(',')}}`;
}

const packText = (text: string): string =>
  packName(text).replace(/[{}[\]]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);

/** The record of a job from its data on. */
export function packRest(data: string | undefined, extra: PackedExtra | null): string {
  const rest = extra === null || Object.keys(extra).length === 0 ? '' : `,${JSON.stringify(extra)}`;
  return `${data ?? 'null'}${rest}]`;
}

/** The end of a record whose rule is this one. */
export function packRule(repeat: RepeatFacts | null): string {
  return repeat === null ? '' : `"repeat":${JSON.stringify(repeat)}}]`;
}

export function packExtra(facts: {
  type?: 'normal' | 'single';
  lastModifiedBy?: string | null | undefined;
  repeat?: RepeatFacts | null | undefined;
}): PackedExtra {
  const extra: PackedExtra = {};
  if (facts.type === 'single') extra.type = 'single';
  if (facts.lastModifiedBy) extra.lastModifiedBy = facts.lastModifiedBy;
  if (facts.repeat) extra.repeat = facts.repeat;
  return extra;
}

/** What a new row brings along of its history; empty for nothing. */
export function packHappened(nextRunAt: number | null, facts: Partial<HappenedFacts>): string {
  const { lastRunAt, lastFinishedAt, failedAt, failCount, failure } = facts;
  if (lastRunAt == null && lastFinishedAt == null && failedAt == null && !failCount && !failure)
    return '';
  const packed: PackedHappened = [
    nextRunAt,
    lastRunAt ?? null,
    lastFinishedAt ?? null,
    0,
    failCount ?? 0,
    failedAt ?? null,
    0,
    0,
    null,
  ];
  if (failure) packed.push(failure);
  return JSON.stringify(packed);
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
    nextRunAt,
    lockedAt: null,
    lastRunAt: null,
    lastFinishedAt: null,
    failedAt: null,
    attempt: 0,
    failCount: 0,
    rescueCount: 0,
    releaseCount: 0,
    occurrenceAt: null,
    failure: null,
    result: undefined,
  };
}

/** As the script does it: a delay counts from the next whole millisecond, no delay is now. */
function plannedAt(due: NewJob['due'], now: number, soon: number): number {
  if ('at' in due) return Math.ceil(due.at);
  return due.delayMs === 0 ? now : soon + Math.ceil(due.delayMs);
}
