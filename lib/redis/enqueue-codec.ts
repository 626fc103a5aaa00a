import type { NewJob } from '../core/job/job-record.js';
import { dueText } from './due-text.js';
import { FLAG } from './keys.js';
import { packExtra, packName, packOwn, packRest } from './pack-record.js';

/** What jobs of a call have in common goes over once: number of kinds, the kinds, then the jobs. */
export function enqueueArgs(jobs: readonly NewJob[]): string[] {
  const kinds: string[] = [];
  const numbers = new Map<string, string>();
  const parts: string[] = [];
  for (const job of jobs) {
    const { id, nonce, overrides, lastModifiedBy, data, name } = job;
    const flags = (data === undefined ? 0 : FLAG.hasData) | (nonce === undefined ? 0 : FLAG.keyed);
    const due = dueText(job.due);
    const kind = `${due} ${job.priority} ${flags} ${name}`;
    let number = numbers.get(kind);
    if (number === undefined) {
      number = String(numbers.size + 1);
      numbers.set(kind, number);
      kinds.push(due, String(job.priority), String(flags), name);
    }
    const own =
      nonce === undefined && overrides === undefined ? '0' : packOwn({ nonce, overrides });
    const extra = lastModifiedBy === undefined ? null : packExtra({ lastModifiedBy });
    parts.push(id, number, `${packName(name)},${own},${packRest(data, extra)}`);
  }
  return [String(numbers.size), ...kinds, ...parts];
}
