import { randomFillSync } from 'node:crypto';
import { InvalidJobError } from '../errors.js';

/** The id of a stored job. Where one is asked for by itself, any text will do. */
export type JobId = string & { readonly __brand: 'AgendaJobId' };

/** A text as the type of an id, unchanged and unchecked. */
export const toJobId = (id: string): JobId => id as JobId;

/** The characters of an id, in the order of their values. */
export const ID_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~';
const POOL_BYTES = 8192;
const RANDOM_BYTES = 11;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * A new job id: 22 characters, unique without asking anyone. The layout is that of a UUIDv7 without
 * its fixed bits (48 bits of Unix milliseconds, then random ones; RFC 9562 §5.7), written
 * six bits a character in an alphabet that sorts like the number, so ids sort by birth.
 */
export function newJobId(): string {
  if (used + RANDOM_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  let id = birthDigits(Date.now());
  for (let i = 0; i < 9; i += 3) {
    const three = (pool[used + i]! << 16) | (pool[used + i + 1]! << 8) | pool[used + i + 2]!;
    id += PAIRS[three >> 12]! + PAIRS[three & 0xfff]!;
  }
  id += PAIRS[((pool[used + 9]! << 8) | pool[used + 10]!) & 0xfff]!;
  used += RANDOM_BYTES;
  return id;
}

/** Of 12 bits the two characters. */
const PAIRS: readonly string[] = Array.from({ length: 4096 }, (_, bits) => digits(bits, 2));

let birth = NaN;
let birthText = '';

/** The time in an id; many are born in one ms. */
function birthDigits(now: number): string {
  if (now !== birth) {
    birth = now;
    birthText = digits(now, 8);
  }
  return birthText;
}

/** A number in so many characters of an id. */
export function digits(value: number, count: number): string {
  let text = '';
  for (let rest = value, i = 0; i < count; i++, rest = Math.floor(rest / 64)) {
    text = ID_ALPHABET[rest % 64] + text;
  }
  return text;
}

/** 128 random bits in hex. */
export function randomToken(): string {
  if (used + 16 > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const token = pool.toString('hex', used, used + 16);
  used += 16;
  return token;
}

/** What most texts are made of, which is quickly seen. */
const PRINTABLE_ASCII = /^[ -~]*$/;
/** Control characters, and halves of surrogate pairs: neither survives the way through UTF-8 and logs. */
const UNFIT = /[\0-\x1f\x7f-\x9f]|\p{Surrogate}/u;

const MOST_BYTES = {
  name: 256,
  id: 256,
  key: 256,
  tag: 256,
  idempotencyKey: 512,
  'dedupe.key': 512,
  repeatOrigin: 512,
} as const;

/**
 * Checks what users choose as a job's name, id, key or tag: 1 to 256 bytes of UTF-8 without control characters,
 * 512 for an idempotency key, that of `dedupe`, and the place of a rule.
 *
 * @throws InvalidJobError
 */
export function checkText(part: keyof typeof MOST_BYTES, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new InvalidJobError(part, value, 'text');
  const most = MOST_BYTES[part];
  // Most names are short: only what might be too long is measured in bytes.
  if (value === '' || (value.length * 3 > most && Buffer.byteLength(value) > most)) {
    throw new InvalidJobError(part, value, `1 to ${most} bytes long`);
  }
  if (!PRINTABLE_ASCII.test(value) && UNFIT.test(value)) {
    throw new InvalidJobError(part, value, 'free of control characters and broken surrogates');
  }
}
