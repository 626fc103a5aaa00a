import { InvalidOptionError } from '../../core/index.js';
import { MASK, maskedText, type Hides } from './mask.js';

/*
 * Who edits data sees the mask in place of what is hidden, and sends it back. Where it comes back, what is stored there
 * is put in its place. Items of a list are known by their positions, so a list whose items have moved must not hold
 * masks: the password of one item would become that of another.
 */

/** What lies deeper is no job's data, and refused as such when it is to be stored. */
const MAX_DEPTH = 1_000;

/** @throws InvalidOptionError where the mask stands for nothing: it would be stored as the value */
export function withStoredValues(edited: unknown, stored: unknown, hides: Hides): unknown {
  return restoredPart({ edited, stored, path: 'data', depth: 0 }, hides);
}

interface Part {
  readonly edited: unknown;
  readonly stored: unknown;
  readonly path: string;
  readonly depth: number;
}

function restoredPart({ edited, stored, path, depth }: Part, hides: Hides): unknown {
  if (typeof edited !== 'object' || edited === null || depth > MAX_DEPTH) return edited;
  const inside = (part: unknown, before: unknown, at: string) =>
    restoredPart({ edited: part, stored: before, path: path + at, depth: depth + 1 }, hides);
  if (Array.isArray(edited)) {
    const before = keepsPlaces(edited, stored, hides) ? stored : [];
    return edited.map((item, at) => inside(item, before[at], `[${at}]`));
  }
  const parts = Object.entries(edited).map(([name, part]: [string, unknown]) => {
    const isMasked = part === MASK && hides(name);
    const before = ownPart(stored, name);
    if (isMasked) return [name, storedValue(before, `${path}.${name}`)];
    return [name, inside(part, before, `.${name}`)];
  });
  // Not by assignment: `__proto__` is a name like any other.
  return Object.fromEntries(parts);
}

/** Whether each item that holds a mask may be the stored one of its place, and is not plainly that of another. */
function keepsPlaces(
  edited: readonly unknown[],
  stored: unknown,
  hides: Hides,
): stored is readonly unknown[] {
  if (!Array.isArray(stored) || stored.length !== edited.length) return false;
  const shown = stored.map((item) => maskedText(item, hides));
  const masked = new Set(shown.filter((text) => text.includes(MASK)));
  if (masked.size === 0) return true;
  return edited.every((item, at) => {
    const text = JSON.stringify(item);
    return text === shown[at] || !masked.has(text);
  });
}

function storedValue(value: unknown, path: string): unknown {
  if (value !== undefined) return value;
  const expected =
    'a value: nothing hidden is stored there that the mask could stand for, or the items of its list have moved';
  throw new InvalidOptionError(path, MASK, expected);
}

const ownPart = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
