import type { Lease, Refusal } from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import { instantOf } from './row-record.js';

/** Some stores keep whole seconds: so much may lie between the lock that was written and the one read. */
const MOST_ROUNDING_MS = 1_000;

/** A row that this process has locked, and what it knows of it. */
export class RowLock {
  /** What was said when the job was cancelled in this process. */
  cancelReason: string | undefined;
  /** Its attempt is being settled: the lock is no longer prolonged. */
  isEnding = false;
  /** The end that was sent last, perhaps in vain. */
  sentEnd: JobParameters | 'removal' | undefined;
  private lockedAt: number;
  private expiresAt: number;
  private work: Promise<unknown> = Promise.resolve();

  constructor(
    /** As the claim brought it; what a store keeps on it for itself comes back with every write. */
    readonly row: JobParameters,
    /** The planned time of this run; `null` when the stored one is that of a later run. */
    readonly plannedAt: number | null,
    readonly startedAt: number,
    leaseMs: number,
  ) {
    this.lockedAt = startedAt;
    this.expiresAt = startedAt + leaseMs;
  }

  get id(): string {
    return this.row._id!;
  }

  /** Whether a run of it began before, and did not end. */
  get wasRunning(): boolean {
    const lastRunAt = instantOf(this.row.lastRunAt);
    return lastRunAt !== null && lastRunAt >= (instantOf(this.row.lastFinishedAt) ?? 0);
  }

  lease(token: string, fence: number): Lease {
    const { id, row, expiresAt } = this;
    return { id, name: row.name, token, fence, expiresAt };
  }

  /** One thing at a time: a lock that is prolonged while the run ends would outlive it. */
  alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.work.then(act);
    this.work = done.catch(() => undefined);
    return done;
  }

  /** The lock was written again. */
  prolonged(now: number, forMs: number): void {
    this.lockedAt = now;
    this.expiresAt = Math.max(this.expiresAt, now + forMs);
  }

  /** Why this process may not write to the row as it is stored now; `undefined` when it may. */
  refusal(stored: JobParameters | null, now: number, afterExpiry: boolean): Refusal | undefined {
    if (!stored || stored.name !== this.row.name) return 'not-found';
    const lockedAt = instantOf(stored.lockedAt);
    if (lockedAt === null) return 'not-running';
    if (!afterExpiry && this.expiresAt <= now) return 'lease-expired';
    return this.isOwn(lockedAt) ? undefined : 'lease-mismatch';
  }

  /** Whether the stored row is the end that was sent before: its answer was lost. */
  hasEndedSo(stored: JobParameters | null): boolean {
    const { sentEnd } = this;
    if (sentEnd === 'removal') return stored === null;
    if (!sentEnd || !stored || stored.lockedAt) return false;
    return (
      instantOf(stored.nextRunAt) === instantOf(sentEnd.nextRunAt) &&
      instantOf(stored.lastFinishedAt) === instantOf(sentEnd.lastFinishedAt) &&
      (stored.failCount ?? 0) === (sentEnd.failCount ?? 0)
    );
  }

  /** A later run that was saved while this one was under way. */
  pendingTime(stored: JobParameters): number | null {
    const at = instantOf(stored.nextRunAt);
    return at === this.plannedAt ? null : at;
  }

  /** Whoever takes a lock over writes a time that lies a whole lease later. */
  private isOwn(lockedAt: number): boolean {
    const leaseMs = this.expiresAt - this.lockedAt;
    return Math.abs(lockedAt - this.lockedAt) < Math.min(leaseMs / 2, MOST_ROUNDING_MS);
  }
}

/** How a row stands for somebody who does not hold it. */
export function refusalOfStranger(
  stored: JobParameters | null,
  now: number,
  leaseMs: number,
): Refusal {
  if (!stored) return 'not-found';
  const lockedAt = instantOf(stored.lockedAt);
  if (lockedAt === null) return 'not-running';
  return lockedAt + leaseMs <= now ? 'lease-expired' : 'lease-mismatch';
}
