import type { JobLogEntry } from '../core/contracts/job-logger.js';
import type { KeptEntry } from '../core/logging/log-entry.js';
import { OrderedList } from './ordered-list.js';

/** The last entries of a job may come after its end: so many ids of removed ones are kept. */
const MOST_REMOVED = 10_000;

interface Logged {
  readonly seq: number;
  readonly entry: JobLogEntry;
}

/** The entries of the log, by time and then in the order they came. */
export class EventLog {
  private readonly entries = new OrderedList<Logged>(byTime);
  private readonly ofJob = new Map<string, Set<Logged>>();
  private readonly removed = new Set<string>();
  private seq = 0;

  add(entry: KeptEntry): void {
    const seq = ++this.seq;
    const logged = { seq, entry: { _id: seq.toString(16).padStart(12, '0'), ...entry } };
    this.entries.add(logged);
    const { jobId } = entry;
    if (jobId === undefined) return;
    const others = this.ofJob.get(jobId);
    if (others) others.add(logged);
    else this.ofJob.set(jobId, new Set([logged]));
  }

  /** Deletes entries; tells how many. */
  delete(which: (entry: JobLogEntry) => boolean): number {
    const found = [...this.entries].filter(({ entry }) => which(entry));
    for (const logged of found) this.drop(logged);
    return found.length;
  }

  /** Drops the oldest: all that are too old, and those that are too many. */
  trim(maxCount: number, notBefore: number): void {
    for (;;) {
      const oldest = this.entries.first();
      if (!oldest) return;
      const isOld = oldest.entry.timestamp.getTime() < notBefore;
      if (!isOld && this.entries.size <= maxCount) return;
      this.drop(oldest);
    }
  }

  /** A job is removed: its entries go with it. */
  leave(jobId: string): void {
    if (this.entries.size === 0) return;
    this.removed.delete(jobId);
    this.removed.add(jobId);
    if (this.removed.size > MOST_REMOVED) {
      this.removed.delete(this.removed.values().next().value!);
    }
    for (const logged of this.ofJob.get(jobId) ?? []) this.drop(logged);
  }

  /** Whether the job of this id was removed lately; there may be another of that id by now. */
  hasLeft(jobId: string): boolean {
    return this.removed.has(jobId);
  }

  *[Symbol.iterator](): Iterator<JobLogEntry> {
    for (const { entry } of this.entries) yield entry;
  }

  private drop(logged: Logged): void {
    this.entries.delete(logged);
    const { jobId } = logged.entry;
    if (jobId === undefined) return;
    const others = this.ofJob.get(jobId)!;
    others.delete(logged);
    if (others.size === 0) this.ofJob.delete(jobId);
  }
}

function byTime(a: Logged, b: Logged): number {
  return a.entry.timestamp.getTime() - b.entry.timestamp.getTime() || a.seq - b.seq;
}
