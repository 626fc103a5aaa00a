import { OrderedList } from './ordered-list.js';
import type { StoredJob } from './stored-job.js';

/** The jobs of one name that wait for a worker. */
export class Lane {
  /** Due jobs: higher priority first, then earlier, then first in. */
  readonly ready = new OrderedList<StoredJob>(byOrder);
  /** Jobs that were not due when they were put here. */
  readonly timed = new OrderedList<StoredJob>(byTime);
  /**
   * From when on a claim has to look here; `undefined`: not before something is added. Too early is
   * harmless (a claim that finds nothing corrects it), too late never happens.
   */
  due: number | undefined;

  put(job: StoredJob, at: number, now: number): void {
    if (at <= now) this.ready.add(job);
    else this.timed.add(job);
  }

  drop(job: StoredJob): void {
    if (!this.ready.delete(job)) this.timed.delete(job);
  }

  /** Moves what has become due into the line, at most so many; tells how many that were. */
  promote(now: number, most: number): number {
    for (let n = 0; n < most; n++) {
      const job = this.timed.first();
      if (!job || plannedAt(job) > now) return n;
      this.timed.delete(job);
      this.ready.add(job);
    }
    return most;
  }

  /** The first of the line, at most so many, and no longer in it. */
  take(count: number): StoredJob[] {
    const jobs: StoredJob[] = [];
    while (jobs.length < count) {
      const job = this.ready.first();
      if (!job) break;
      this.ready.delete(job);
      jobs.push(job);
    }
    return jobs;
  }

  /** After the first jobs were taken: when is the next one due? */
  recede(): void {
    if (this.ready.size > 0) return;
    const next = this.timed.first();
    this.due = next && plannedAt(next);
  }
}

const plannedAt = (job: StoredJob): number => job.happened.nextRunAt!;

/** Times before 1970 count as 1970. */
const lineAt = (job: StoredJob): number => Math.max(plannedAt(job), 0);

function byOrder(a: StoredJob, b: StoredJob): number {
  return b.asked.priority - a.asked.priority || lineAt(a) - lineAt(b) || a.birth.seq - b.birth.seq;
}

function byTime(a: StoredJob, b: StoredJob): number {
  return plannedAt(a) - plannedAt(b) || a.birth.seq - b.birth.seq;
}
