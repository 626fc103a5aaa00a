import type { NewJob } from '../core/job/job-record.js';
import { idempotencyKey } from '../core/job/unique-key.js';
import { dueText } from './due-text.js';
import { FLAG } from './keys.js';
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
    const flags = flagsOf(job);
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
    parts.push(id, number, `${packName(name)},${own(job)},${packRest(data, extra)}`);
  });
  return [String(numbers.size), String(keys.length / KEY_WIDTH), ...kinds, ...keys, ...parts];
}

const KEY_WIDTH = 3;

function flagsOf({ data, nonce, overrides, idempotency }: NewJob): number {
  let flags = data === undefined ? 0 : FLAG.hasData;
  if (nonce !== undefined) flags |= FLAG.keyed;
  if (overrides?.retention !== undefined) flags |= FLAG.endsItsOwnWay;
  if (idempotency?.release === 'removal') flags |= FLAG.keyed;
  if (idempotency?.release === 'finish') flags |= FLAG.keyed | FLAG.endsItsOwnWay;
  return flags;
}

/** What belongs to the job itself. A key that is held by time alone does not. */
function own({ name, nonce, overrides, idempotency }: NewJob): string {
  if (nonce === undefined && overrides === undefined && idempotency === undefined) return '0';
  if (idempotency === undefined || idempotency.release === 'time') {
    return packOwn({ nonce, overrides });
  }
  const keys = [idempotencyKey(name, idempotency.key)];
  const frees = idempotency.release === 'finish' ? keys : undefined;
  return packOwn({ nonce, keys, frees, overrides });
}
