import type { Enqueued, QueueFull } from '../core/contracts/job-broker.js';
import { dueInstant } from '../core/job/due.js';
import type { Idempotency, NewJob } from '../core/job/job-record.js';
import { dedupeKey, idempotencyKey } from '../core/job/unique-key.js';
import type { MemoryStore } from './memory-store.js';
import { copied, givenAlong, nothingHappened, StoredJob, type Birth } from './stored-job.js';

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
  const refused = fullQueue(store, asked.name);
  if (refused) return { job: job.toRecord(), created: false, refused };
  store.jobs.set(job.id, job);
  addedHere.add(job);
  store.place(job, job.happened.nextRunAt);
  store.events.enqueued(job);
  if (asked.idempotency) hold(store, job, asked.idempotency);
  return { job: job.toRecord(), created: true };
}

/** Of a name that may have no more jobs that wait: how many may, and how many do. */
export function fullQueue(store: MemoryStore, name: string): QueueFull | undefined {
  const { maxQueued } = store.gates.limitsOf(name);
  if (maxQueued === undefined) return undefined;
  const waits = (job: StoredJob) =>
    job.name === name && !job.lease && job.happened.nextRunAt !== null;
  const queued = [...store.jobs.values()].filter(waits).length;
  return queued >= maxQueued ? { maxQueued, queued } : undefined;
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

/** The key that belongs to the job itself: one that is held by time alone does not. */
function carriedKey({ name, idempotency, dedupe }: NewJob): Pick<Birth, 'key' | 'freesKey'> {
  // The claim frees the key of a debounced job, so there is nothing to be done at its end.
  if (dedupe) return { key: dedupeKey(name, dedupe), freesKey: dedupe.mode !== 'debounce' };
  if (!idempotency || idempotency.release === 'time') return {};
  const { key, release } = idempotency;
  return { key: idempotencyKey(name, key), freesKey: release === 'finish' };
}

/** A job that stands nowhere yet. */
export function newJob(store: MemoryStore, asked: NewJob): StoredJob {
  const { id, name, nonce, data, priority, due, overrides, lastModifiedBy } = asked;
  const { key, first, tags, expires } = asked;
  const now = store.now();
  return new StoredJob(
    {
      id,
      name,
      nonce,
      seq: store.nextSeq(),
      createdAt: now,
      ...carriedKey(asked),
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
      ...(key !== undefined && { key }),
      ...(first && { first }),
      ...(tags && tags.length > 0 && { tags: [...tags] }),
      ...(expires && { expiresAt: dueInstant(expires, now) }),
      ...givenAlong(asked),
    },
    nothingHappened(dueInstant(due, now)),
    store,
  );
}
