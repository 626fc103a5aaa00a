import type { Due } from '../core/job/due.js';
import type { NewJob } from '../core/job/job-record.js';
import { dedupeKey, idempotencyKey } from '../core/job/unique-key.js';
import { dueText } from './due-text.js';
import { FLAG, versionFlags } from './keys.js';
import { packExtra, packName, packOwn, packRest } from './pack-record.js';

/**
 * What jobs of a call have in common goes over once: number of kinds, number of jobs with an idempotency
 * key, the kinds, the keys, then the jobs.
 */
export function enqueueArgs(jobs: readonly NewJob[]): string[] {
  const kinds: string[] = [];
  const numbers = new Map<string, string>();
  const keys: string[] = [];
  const parts: string[] = [];
  jobs.forEach((job, i) => {
    const { id, lastModifiedBy, data, name, idempotency } = job;
    const flags = newFlags(job);
    const due = dueText(job.due);
    const kind = `${due} ${job.priority} ${flags} ${name}`;
    let number = numbers.get(kind);
    if (number === undefined) {
      number = String(numbers.size + 1);
      numbers.set(kind, number);
      kinds.push(due, String(job.priority), String(flags), name);
    }
    if (idempotency) {
      const holdMs = idempotency.release === 'finish' ? '' : String(Math.ceil(idempotency.holdMs));
      keys.push(String(i + 1), idempotencyKey(name, idempotency.key), holdMs);
    }
    const extra = lastModifiedBy === undefined ? null : packExtra({ lastModifiedBy });
    parts.push(id, number, `${packName(name)},${newOwn(job)},${packRest(data, extra)}`);
  });
  return [String(numbers.size), String(keys.length / KEY_WIDTH), ...kinds, ...keys, ...parts];
}

const KEY_WIDTH = 3;

/** What the flags of its record say. */
export function newFlags(job: NewJob): number {
  const { data, nonce, overrides, idempotency, dedupe, key, first, tags, expires } = job;
  let flags = (data === undefined ? 0 : FLAG.hasData) | versionFlags(job.version);
  if (nonce !== undefined) flags |= FLAG.keyed;
  if (overrides?.retention !== undefined) flags |= FLAG.endsItsOwnWay;
  if (idempotency?.release === 'removal') flags |= FLAG.keyed;
  if (idempotency?.release === 'finish') flags |= FLAG.keyed | FLAG.endsItsOwnWay;
  if (dedupe) flags |= FLAG.keyed;
  if (dedupe && dedupe.mode !== 'debounce') flags |= FLAG.endsItsOwnWay;
  if (key !== undefined) flags |= FLAG.lined;
  if (expires !== undefined) flags |= FLAG.expires;
  if (first) flags |= FLAG.first;
  if (tags !== undefined && tags.length > 0) flags |= FLAG.tagged;
  return flags;
}

/** What belongs to the job itself. A key that is held by time alone does not. */
export function newOwn(job: NewJob): string {
  const { nonce, overrides, key, tags, context } = job;
  const expires = job.expires && expiryOf(job.expires);
  return packOwn({ nonce, expires, ...carriedKeys(job), overrides, key, tags, context });
}

/** The fields of `keys` that lead to it, and which of those its end frees. */
function carriedKeys({ name, idempotency, dedupe }: NewJob): { keys?: string[]; frees?: string[] } {
  if (dedupe) {
    const keys = [dedupeKey(name, dedupe)];
    // The claim frees the key of a debounced job, so there is nothing to be done at its end.
    return dedupe.mode === 'debounce' ? { keys } : { keys, frees: keys };
  }
  if (idempotency === undefined || idempotency.release === 'time') return {};
  const keys = [idempotencyKey(name, idempotency.key)];
  return idempotency.release === 'finish' ? { keys, frees: keys } : { keys };
}

/** An instant; a delay as text, of which the script makes one. */
function expiryOf(expires: Due): number | string {
  return 'at' in expires ? Math.ceil(expires.at) : dueText(expires);
}
