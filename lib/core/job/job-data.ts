import { InvalidJobError } from '../errors.js';

/** The most bytes of JSON a job's data may have, unless configured otherwise. */
export const DEFAULT_MAX_DATA_BYTES = 256 * 1024;
const MAX_DEPTH = 1000;

/**
 * Data as JSON text; `undefined` for no data. Undefined properties are left out and objects with
 * `toJSON` (Dates) speak for themselves, as in JSON; what JSON would lose or change in silence is
 * refused with its path: functions, symbols, BigInt, NaN and infinities, cycles, Map, Set, binary
 * data, undefined inside arrays.
 *
 * @throws InvalidJobError naming the path, or the size
 */
export function encodeData(
  data: unknown,
  maxBytes = DEFAULT_MAX_DATA_BYTES,
  part = 'data',
): string | undefined {
  if (data === undefined) return undefined;
  if (!isPlain(data, 0)) refuseUnfit(data, part, []);
  const text = JSON.stringify(data);
  if (text.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw new InvalidJobError(part, `${bytes} bytes`, `at most ${maxBytes} bytes of JSON`);
    }
  }
  return text;
}

/** Whether it is surely fit, at a quick look: literals, and arrays and objects of no class. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || (depth < MAX_DEPTH && isPlainInside(value, depth + 1));
    case 'undefined':
    case 'bigint':
    case 'function':
    case 'symbol':
      return false;
  }
}

function isPlainInside(value: object, depth: number): boolean {
  // Read, as JSON does it: a proxy may have it all the same where it says that it has not.
  if ((value as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    const item: unknown = (value as Record<string, unknown>)[key];
    if (item !== undefined && !isPlain(item, depth)) return false;
  }
  return true;
}

/** Says where, and what. */
function refuseUnfit(value: unknown, path: string, above: readonly object[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw unfit(path, value, 'a finite number (JSON has no other)');
      return;
    case 'object':
      if (value !== null) refuseUnfitObject(value, path, above);
      return;
    case 'undefined':
    case 'bigint':
    case 'function':
    case 'symbol':
      throw unfit(path, value, `JSON (${typeof value} is not)`);
  }
}

function refuseUnfitObject(value: object, path: string, above: readonly object[]): void {
  if (above.includes(value)) throw unfit(path, '[Circular]', 'free of cycles');
  if (above.length >= MAX_DEPTH) throw unfit(path, '…', `nested at most ${MAX_DEPTH} levels deep`);
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw unfit(path, value, 'a valid Date');
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' && !isBinary(value)) {
    const json: unknown = (value as { toJSON(): unknown }).toJSON();
    if (json !== value) return refuseUnfit(json, path, [...above, value]);
  }
  if (value instanceof Map || value instanceof Set || isBinary(value)) {
    throw unfit(path, value, 'JSON (turn maps, sets and binary data into arrays, objects or text)');
  }
  const inside = [...above, value];
  if (Array.isArray(value)) {
    // A hole counts as undefined: both would come back as null.
    for (let i = 0; i < value.length; i++) refuseUnfit(value[i], `${path}[${i}]`, inside);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) refuseUnfit(item, `${path}.${key}`, inside);
  }
}

const isBinary = (value: object): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

const unfit = (path: string, value: unknown, remedy: string): InvalidJobError =>
  new InvalidJobError(path, value, remedy);
