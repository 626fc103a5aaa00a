import type { Refusal, Renewed } from '../core/contracts/job-broker.js';
import type { MemoryStore } from './memory-store.js';
import { refusalOf } from './settle.js';

/** Moves the expiry of a lease to later, never to earlier, and keeps what its handler has told. Answers why not. */
export function renewLease(
  store: MemoryStore,
  { id, token, progress, lines }: Pick<Renewed, 'id' | 'token' | 'progress' | 'lines'>,
  forMs: number,
  afterExpiry: boolean,
): Refusal | undefined {
  const now = store.now();
  const job = store.jobs.get(id);
  const refusal = refusalOf(job, token, now, afterExpiry);
  if (refusal) return refusal;
  const { lease, happened, output } = job!;
  store.moveExpiry(job!, Math.max(lease!.expiresAt, Math.ceil(now + forMs)));
  if (progress !== undefined) happened.progress = JSON.parse(JSON.stringify(progress)) as unknown;
  if (lines) output.write(lease!.fence, lines);
  return undefined;
}
