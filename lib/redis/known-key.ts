import { FIXED_KINDS, INFIX_KINDS, type KeyKind } from './key-kinds.js';
import { KEY_PARTS, PRIMARY_INDEXES, SECONDARY_INDEXES } from './keys.js';

/** A key of a store, as its name tells it. */
export interface KnownKey extends KeyKind {
  /** Without the prefix. */
  readonly rest: string;
  /** What stands in front of the text of users; empty for a key of a fixed name. */
  readonly infix: string;
  /** That text. */
  readonly text: string;
}

/** `undefined` for a key that is not ours. */
export function knownKey(rest: string): KnownKey | undefined {
  if (Object.hasOwn(FIXED_KINDS, rest)) return { ...FIXED_KINDS[rest]!, rest, infix: '', text: '' };
  const found = INFIX_KINDS.find(([infix]) => rest.startsWith(infix));
  if (!found) return undefined;
  const [infix, kind] = found;
  const text = rest.slice(infix.length);
  // Short words, with which names of somebody else's keys may begin as well.
  if (OF_KEYS.has(infix) && !isNameAndKey(text)) return undefined;
  return { ...kind, rest, infix, text };
}

function isNameAndKey(text: string): boolean {
  const [head, bytes] = /^(\d+):/.exec(text) ?? [];
  return head !== undefined && Number(bytes) <= Buffer.byteLength(text.slice(head.length));
}

/** The name and the key in `{bytes of the name}:{name}{key}`. */
export function nameAndKey(text: string): readonly [name: string, key: string] {
  const colon = text.indexOf(':');
  const bytes = Buffer.from(text.slice(colon + 1));
  const length = Number(text.slice(0, colon));
  return [bytes.subarray(0, length).toString(), bytes.subarray(length).toString()];
}

const OF_KEYS = new Set<string>([...KEY_PARTS.map((part) => `${part}:`), 'rate:k']);

/** The name and the key of a name that a key is of, if it is of one. */
export function keyOfName({
  infix,
  text,
}: KnownKey): readonly [name: string, key: string] | undefined {
  return OF_KEYS.has(infix) ? nameAndKey(text) : undefined;
}

const OF_NAMES = new Set(
  [...PRIMARY_INDEXES, ...SECONDARY_INDEXES, 'lines', 'openings'].map((place) => `${place}:`),
);

/** The name that an index is of, if it is one. */
export const nameOfIndex = ({ infix, text }: KnownKey): string | undefined =>
  OF_NAMES.has(infix) ? text : undefined;
