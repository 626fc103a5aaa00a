import type { Refusal } from '../core/contracts/job-broker.js';
import type { MemoryStore } from './memory-store.js';
import { refusalOf } from './settle.js';

/** What its holder wants of a lease: more time, and to tell how far the handler has come. */
interface Renewing {
  readonly id: string;
  readonly token: string;
  readonly progress?: number;
}

/** Moves the expiry of a lease to later, never to earlier. Answers why not. */
export function renewLease(
  store: MemoryStore,
  { id, token, progress }: Renewing,
  forMs: number,
  afterExpiry: boolean,
): Refusal | undefined {
  const now = store.now();
  const job = store.jobs.get(id);
  const refusal = refusalOf(job, token, now, afterExpiry);
  if (refusal) return refusal;
  store.moveExpiry(job!, Math.max(job!.lease!.expiresAt, Math.ceil(now + forMs)));
  if (progress !== undefined) job!.happened.progress = progress;
  return undefined;
}
