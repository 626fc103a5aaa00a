import type {
  Failure,
  JobHeaders,
  JobOverrides,
  OmittedResult,
  RepeatFacts,
} from '../core/job/job-record.js';
import type { RowHistory } from '../core/job/row-history.js';

/*
 * Records in their packed form; the layout is described in `keys.ts`. Scripts find the parts by
 * position and by the first quotes and braces, so names are written without raw quotes inside, and
 * what belongs to the job itself without raw braces or brackets in its texts.
 */

export type PackedAsked = [
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
  /** Who wrote last, if that is known otherwise than from `extra`. */
  by?: string | undefined;
  keys?: string[] | undefined;
  /** Those of them that its end frees. */
  frees?: string[] | undefined;
  overrides?: JobOverrides | undefined;
  /** Which jobs of its name it shares limits with. */
  key?: string | undefined;
  tags?: readonly string[] | undefined;
  /** When it expires, if its flags say that it does; on its way in also a delay, as `+ms`. */
  expires?: number | string | undefined;
  /** What its producer gave along; it stands last, since scripts find what stands before it by the first match. */
  context?: JobHeaders | undefined;
}

interface PackedExtra {
  type?: 'single';
  lastModifiedBy?: string;
  repeatOrigin?: string;
  /** Always the last member, so that scripts can compare rules by the end of the record. */
  repeat?: RepeatFacts;
}

export type PackedHappened = [
  nextRunAt: number | null,
  lastRunAt?: number | null,
  lastFinishedAt?: number | null,
  attempt?: number,
  failCount?: number,
  failedAt?: number | null,
  rescueCount?: number,
  releaseCount?: number,
  occurrenceAt?: number | null,
  /** Progress (true: it stands elsewhere), windowAt, windowEnd and snoozeCount where there are any, then the failure if there is one. */
  ...rest: (number | true | null | Failure)[],
];

/** The end of a debounce window that has none, as stored; one of a leading window is an instant. */
export const WINDOW = { trailing: 0, overdue: 1 } as const;

/** A name as JSON whose only quotes are the outer ones. */
export function packName(name: string): string {
  const text = JSON.stringify(name);
  return text.includes('\\')
    ? text.replaceAll('\\\\', '\\u005c').replaceAll('\\"', '\\u0022')
    : text;
}

/** The nonce goes first; texts hold no raw braces, brackets or inner quotes. */
export function packOwn(own: Own): string {
  const { nonce, by, keys, frees, overrides, key, tags, expires, context } = own;
  const parts: string[] = [];
  if (nonce !== undefined) parts.push(`"nonce":"${nonce}"`);
  if (by !== undefined) parts.push(`"by":${packText(by)}`);
  if (expires !== undefined) parts.push(`"expires":${JSON.stringify(expires)}`);
  if (keys !== undefined) parts.push(`"keys":[${keys.map(packText).join(',')}]`);
  if (frees !== undefined) parts.push(`"frees":[${frees.map(packText).join(',')}]`);
  if (overrides !== undefined) parts.push(`"overrides":${packObject(overrides)}`);
  if (key !== undefined) parts.push(`"key":${packText(key)}`);
  if (tags !== undefined && tags.length > 0) parts.push(`"tags":[${tags.map(packText).join(',')}]`);
  if (context !== undefined && Object.keys(context).length > 0) {
    parts.push(`"context":${packObject(context)}`);
  }
  return parts.length === 0 ? '0' : `{${parts.join(',')}}`;
}

/** A text as JSON without inner quotes, braces or brackets. */
export const packText = (text: string): string =>
  packName(text).replace(/[{}[\]]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);

/** An object as JSON whose texts hold no inner quotes, braces or brackets. */
const packObject = (value: object): string =>
  JSON.stringify(value).replace(/"(?:[^"\\]|\\.)*"/g, (text) =>
    packText(JSON.parse(text) as string),
  );

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
  repeatOrigin?: string | undefined;
  repeat?: RepeatFacts | null | undefined;
}): PackedExtra {
  const extra: PackedExtra = {};
  if (facts.type === 'single') extra.type = 'single';
  if (facts.lastModifiedBy) extra.lastModifiedBy = facts.lastModifiedBy;
  if (facts.repeatOrigin !== undefined) extra.repeatOrigin = facts.repeatOrigin;
  if (facts.repeat) extra.repeat = facts.repeat;
  return extra;
}

/** In front of what is kept in place of a result: no JSON begins so. */
export const OMITTED = '!';

/** What is kept of what a handler returned; empty for nothing. */
export function packResult(result: string | undefined, omitted: OmittedResult | undefined): string {
  return omitted ? OMITTED + JSON.stringify(omitted) : (result ?? '');
}

/** What a new row brings along of its history; empty for nothing. */
export function packHappened(history: RowHistory): string {
  const { nextRunAt, lastRunAt, lastFinishedAt, failedAt, failCount, failure } = history;
  const { progress, debounceStartedAt: windowAt } = history;
  const dates = [lastRunAt, lastFinishedAt, failedAt, progress, windowAt];
  if (dates.every((date) => date === null) && failCount === 0 && failure === null) return '';
  const packed: PackedHappened = [
    nextRunAt,
    lastRunAt,
    lastFinishedAt,
    0,
    failCount,
    failedAt,
    0,
    0,
    null,
  ];
  if (progress !== null || windowAt !== null) packed.push(progress, windowAt, WINDOW.trailing, 0);
  if (failure) packed.push(failure);
  return JSON.stringify(packed);
}
