import type { StoredJob } from './stored-job.js';

/*
 * What leads to jobs besides their ids: the keys of `single` and `unique` rows, and idempotency keys.
 *
 * An idempotency key is held by the job that carries it, for as long as that is there or until its end
 * frees the key; and until a time, whatever has become of the job. A key that nobody holds is free.
 */
export class JobKeys {
  private readonly ids = new Map<string, string>();
  private readonly heldUntil = new Map<string, number>();

  constructor(private readonly jobs: ReadonlyMap<string, StoredJob>) {}

  get(key: string): string | undefined {
    return this.ids.get(key);
  }

  set(key: string, id: string): void {
    this.ids.set(key, id);
  }

  /** @param until - when its time is over; `null` without one */
  hold(key: string, id: string, until: number | null): void {
    this.ids.set(key, id);
    if (until === null) this.heldUntil.delete(key);
    else this.heldUntil.set(key, until);
  }

  /** Who holds an idempotency key: the id of a job, which may be gone; `undefined` when it is free. */
  holderOf(key: string, now: number): string | undefined {
    return this.isCarried(key) || this.isOpen(key, now) ? this.ids.get(key) : undefined;
  }

  /** The job lets go of its key, whatever the time says. */
  free(key: string, id: string): void {
    if (this.ids.get(key) !== id) return;
    this.ids.delete(key);
    this.heldUntil.delete(key);
  }

  /** The job goes, and its key with it unless time holds that on. */
  leave(key: string, id: string, now: number): void {
    if (!this.isOpen(key, now)) this.free(key, id);
  }

  /** Forgets times that are over, and keys that nothing else held; looks at those it has not seen for longest. */
  forget(limit: number, now: number): void {
    let left = Math.min(limit, this.heldUntil.size);
    for (const [key, until] of this.heldUntil) {
      if (left-- <= 0) return;
      this.heldUntil.delete(key);
      if (until > now) this.heldUntil.set(key, until);
      else if (!this.isCarried(key)) this.ids.delete(key);
    }
  }

  snapshot(): { keys: ReadonlyMap<string, string>; held: ReadonlyMap<string, number> } {
    return { keys: this.ids, held: this.heldUntil };
  }

  private isCarried(key: string): boolean {
    return this.jobs.get(this.ids.get(key) ?? '')?.birth.key === key;
  }

  /** Whether time holds the key. */
  isOpen(key: string, now: number): boolean {
    return (this.heldUntil.get(key) ?? -Infinity) > now;
  }
}
