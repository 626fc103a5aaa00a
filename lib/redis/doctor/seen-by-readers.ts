import { createHash } from 'node:crypto';
import { FLAG } from '../keys.js';
import type { PackedAsked } from '../pack-record.js';
import { readOrNot } from '../readable-record.js';
import type { JobTexts } from '../read-jobs.js';
import { unpackRecord } from '../record-codec.js';

/*
 * What only those see who decode a whole record: scripts read its numbers and its name, and believe its flags.
 */

const VERSION = 65_536;

/**
 * What is wrong with a record as readers see it, as `examine-jobs` takes it: `illegible` and the digest of the text, or
 * `flags`, that digest, and the flags that fit the rest; empty for nothing. By the digest the script knows
 * whether that is still what is stored.
 */
export function seenByReaders({ id, asked, happened, lease }: JobTexts): string {
  const past = happened.split('\n', 1)[0]!;
  if (!readOrNot(() => unpackRecord(id, asked, ''))) return `illegible ${digest(asked)}`;
  if (!readOrNot(() => unpackRecord(id, asked, happened, lease)))
    return `illegible ${digest(past)}`;
  const packed = JSON.parse(asked) as PackedAsked;
  const right = rightFlags(packed);
  return right === packed[4] ? '' : `flags ${digest(asked)} ${right}`;
}

const digest = (text: string): string => createHash('sha1').update(text).digest('hex');

/** Flags repeat what the rest of a record says. */
function rightFlags([, , , , flags, , own, , extra]: PackedAsked): number {
  const { keys = [], frees = [], tags = [], overrides, key, expires } = own || {};
  const repeat = extra?.repeat;
  let right = flags;
  const set = (flag: number, isSet: boolean): void => {
    const has = (right & flag) > 0;
    if (has !== isSet) right += isSet ? flag : -flag;
  };
  set(FLAG.recurring, repeat?.interval !== undefined);
  set(FLAG.ruled, repeat !== undefined);
  set(FLAG.endsItsOwnWay, frees.length > 0 || overrides?.retention !== undefined);
  set(FLAG.lined, key !== undefined);
  set(FLAG.tagged, tags.length > 0);
  if (keys.length > 0) set(FLAG.keyed, true);
  // One that was brought back does not expire, though its record tells of an instant.
  if (expires === undefined) set(FLAG.expires, false);
  // The first version is left out.
  return Math.floor(right / VERSION) === 1 ? right - VERSION : right;
}
