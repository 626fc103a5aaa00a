import { createHash } from 'node:crypto';
import { NotUnderstood } from '../words.js';

/*
 * One field of a cron rule: a list of `*`, values, ranges, steps and `H`. All texts are in lower
 * case. What only the day fields know (`L`, `#`, `?`) is read in `cron-fields.ts`.
 */

/** What a field may hold. */
export interface FieldKind {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** Where `*` and `1/2` end; `max` when left out. */
  readonly end?: number;
  /** Where `H` ends; `end` when left out. */
  readonly hashEnd?: number;
  readonly names?: readonly string[];
}

export const SECOND: FieldKind = { label: 'second', min: 0, max: 59 };
export const MINUTE: FieldKind = { label: 'minute', min: 0, max: 59 };
export const HOUR: FieldKind = { label: 'hour', min: 0, max: 23 };
// `H` keeps to days that every month has.
export const DAY_OF_MONTH: FieldKind = { label: 'day of the month', min: 1, max: 31, hashEnd: 28 };
export const MONTH: FieldKind = {
  label: 'month',
  min: 1,
  max: 12,
  names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' '),
};
// Sunday is 0, and also 7, so that a range can end with it.
export const WEEKDAY: FieldKind = {
  label: 'weekday',
  min: 0,
  max: 7,
  end: 6,
  names: 'sun mon tue wed thu fri sat'.split(' '),
};

/** The values of a list, ascending. */
export function readField(text: string, kind: FieldKind, seed: string): number[] {
  const values = new Set(text.split(',').flatMap((item) => readItem(item, kind, seed)));
  return [...values].sort((a, b) => a - b);
}

const ITEM = /^(\*|h(?:\((\d+)-(\d+)\))?|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;

/** One item of a list: `*`, `5`, `1-5`, `H`, `H(0-29)`, each also with a step: `10/15`, `H/10`. */
export function readItem(item: string, kind: FieldKind, seed: string): number[] {
  const match = ITEM.exec(item);
  if (!match) throw notUnderstood(item, kind);
  const [, what, hashFrom, hashTo, from, to, every] = match;
  const step = every === undefined ? 1 : Number(every);
  const end = kind.end ?? kind.max;
  if (step < 1 || step > kind.max - kind.min + 1)
    throw new NotUnderstood(`the step of the ${kind.label} '${item}' is out of range`);

  if (what === '*') return valuesFrom(kind.min, end, step);
  if (what!.startsWith('h') && from === undefined) {
    const low = hashFrom === undefined ? kind.min : readValue(hashFrom, kind);
    const high = hashTo === undefined ? (kind.hashEnd ?? end) : readValue(hashTo, kind);
    if (high < low) throw reversed(item, kind);
    return every === undefined
      ? [low + hash(seed, kind, high - low + 1)]
      : valuesFrom(low + hash(seed, kind, Math.min(step, high - low + 1)), high, step);
  }
  const first = readValue(from!, kind);
  if (to === undefined)
    return every === undefined ? [first] : valuesFrom(first, Math.max(first, end), step);
  const last = kind === WEEKDAY && to === 'sun' && first > 0 ? 7 : readValue(to, kind);
  if (last < first) throw reversed(item, kind);
  return valuesFrom(first, last, step);
}

/** A number or a name. */
export function readValue(text: string, kind: FieldKind): number {
  const named = kind.names?.indexOf(text) ?? -1;
  if (named >= 0) return named + kind.min;
  if (!/^\d+$/.test(text)) throw notUnderstood(text, kind);
  const value = Number(text);
  if (value < kind.min || value > kind.max)
    throw new NotUnderstood(`the ${kind.label} must be ${kind.min} to ${kind.max}, not ${text}`);
  return value;
}

function valuesFrom(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

/** A whole number from 0 to `below` - 1, fixed by the seed and the field. */
function hash(seed: string, kind: FieldKind, below: number): number {
  return createHash('sha256').update(`${kind.label}:${seed}`).digest().readUInt32BE(0) % below;
}

const reversed = (item: string, kind: FieldKind): NotUnderstood =>
  new NotUnderstood(`the range of the ${kind.label} '${item}' is reversed`);

const notUnderstood = (item: string, kind: FieldKind): NotUnderstood =>
  new NotUnderstood(
    item.includes('w') && kind === DAY_OF_MONTH
      ? `'W' (nearest working day) is not supported`
      : item === ''
        ? `the ${kind.label} has an empty place in its list`
        : `the ${kind.label} '${item}' is not understood`,
  );
