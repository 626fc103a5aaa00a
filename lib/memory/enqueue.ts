import type { Enqueued } from '../core/contracts/job-broker.js';
import { dueInstant } from '../core/job/due.js';
import type { Idempotency, NewJob } from '../core/job/job-record.js';
import { idempotencyKey } from '../core/job/unique-key.js';
import type { MemoryStore } from './memory-store.js';
import { copied, nothingHappened, StoredJob } from './stored-job.js';

/**
 * Adds a job, unless there is one under its id, or its idempotency key is held.
 *
 * @param addedHere - by the same call: of these none is a repeat
 */
export function addJob(store: MemoryStore, asked: NewJob, addedHere: Set<StoredJob>): Enqueued {
  const existing = store.jobs.get(asked.id);
  if (existing) {
    const { nonce } = existing.birth;
    const isRepeat = nonce !== undefined && nonce === asked.nonce && !addedHere.has(existing);
    return { job: existing.toRecord(), created: isRepeat };
  }
  const holder = holderOf(store, asked);
  const inPlace = store.jobs.get(holder ?? '');
  if (inPlace) return { job: inPlace.toRecord(), created: false };
  const job = newJob(store, asked);
  // That job is removed, and its id is all that is known of it.
  if (holder !== undefined) return { job: { ...job.toRecord(), id: holder }, created: false };
  store.jobs.set(job.id, job);
  addedHere.add(job);
  store.place(job, job.happened.nextRunAt);
  if (asked.idempotency) hold(store, job, asked.idempotency);
  return { job: job.toRecord(), created: true };
}

function holderOf(store: MemoryStore, { name, idempotency }: NewJob): string | undefined {
  if (!idempotency) return undefined;
  return store.keys.holderOf(idempotencyKey(name, idempotency.key), store.now());
}

function hold(
  store: MemoryStore,
  { id, name }: StoredJob,
  { key, release, holdMs }: Idempotency,
): void {
  const now = store.now();
  // Twice as many as are added, so that what is over does not pile up.
  store.keys.forget(2, now);
  const until = release === 'finish' ? null : Math.ceil(now + holdMs);
  store.keys.hold(idempotencyKey(name, key), id, until);
}

function newJob(store: MemoryStore, asked: NewJob): StoredJob {
  const { id, name, nonce, data, priority, due, overrides, lastModifiedBy, idempotency } = asked;
  const now = store.now();
  const isCarried = idempotency !== undefined && idempotency.release !== 'time';
  return new StoredJob(
    {
      id,
      name,
      nonce,
      seq: store.nextSeq(),
      createdAt: now,
      key: isCarried ? idempotencyKey(name, idempotency.key) : undefined,
      freesKey: idempotency?.release === 'finish',
    },
    {
      data,
      priority,
      disabled: false,
      type: 'normal',
      repeat: null,
      overrides: copied(overrides ?? null),
      lastModifiedBy: lastModifiedBy ?? null,
      fork: false,
    },
    nothingHappened(dueInstant(due, now)),
    store,
  );
}
