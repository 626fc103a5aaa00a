import type { ClaimKey, ClaimOrder } from '../core/options/claim-order.js';
import { OrderedList } from './ordered-list.js';
import type { StoredJob } from './stored-job.js';

/** The jobs of one name that wait for a worker. */
export class Lane {
  /** Due jobs, in the order of claims, then first in. */
  readonly ready: OrderedList<StoredJob>;
  /** Jobs that were not due when they were put here. */
  readonly timed = new OrderedList<StoredJob>(byTime);
  /**
   * From when on a claim has to look here; `undefined`: not before something is added. Too early is
   * harmless (a claim that finds nothing corrects it), too late never happens.
   */
  due: number | undefined;
  /**
   * All that is due keeps its place, as the last claim found: a host that may not have that sleeps
   * until something else is due, and hears of all that comes.
   */
  keepsAll = false;

  private readonly byTurn: (a: StoredJob, b: StoredJob) => number;

  constructor(order: ClaimOrder) {
    this.byTurn = byTurn(order);
    this.ready = new OrderedList(this.byTurn);
  }

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

  /** The first of the line that may come, at most so many, and no longer in it. */
  take(count: number, mayCome: (job: StoredJob) => boolean): StoredJob[] {
    const taken: StoredJob[] = [];
    for (const job of this.ready) {
      if (taken.length === count) break;
      if (mayCome(job)) taken.push(job);
    }
    for (const job of taken) this.ready.delete(job);
    return taken;
  }

  /** When the next job is due that does not stand in the line yet. */
  get nextTimedAt(): number | undefined {
    const next = this.timed.first();
    return next && plannedAt(next);
  }

  hasDue(now: number): boolean {
    return this.ready.size > 0 || (this.nextTimedAt ?? Infinity) <= now;
  }

  /** The jobs of the earliest time ahead, in the order of claims. */
  nextTimed(): StoredJob[] {
    const first = this.timed.first();
    const jobs: StoredJob[] = [];
    for (const job of this.timed) {
      if (plannedAt(job) !== plannedAt(first!)) break;
      jobs.push(job);
    }
    return jobs.sort(this.byTurn);
  }

  becomesDue(at: number | undefined): void {
    this.due = at;
    this.keepsAll = false;
  }

  /** After the first jobs were taken: when is the next one due? */
  recede(keepsAll = this.keepsAll): void {
    if (this.ready.size === 0) this.becomesDue(this.nextTimedAt);
    else this.keepsAll = keepsAll;
  }
}

const plannedAt = (job: StoredJob): number => job.happened.nextRunAt!;

/** What an order looks at. Comparisons are many: they make nothing. */
const KEYS: Readonly<Record<ClaimKey, (job: StoredJob) => number>> = {
  nextRunAt: plannedAt,
  priority: (job) => job.asked.priority,
};

/** Who goes first of two jobs that wait: by the order of claims, then first in. */
function byTurn({ parts }: ClaimOrder): (a: StoredJob, b: StoredJob) => number {
  return (a, b) => {
    for (const { key, descending } of parts) {
      const one = KEYS[key](a);
      const other = KEYS[key](b);
      if (one !== other) return one < other === descending ? 1 : -1;
    }
    return a.birth.seq - b.birth.seq;
  };
}

function byTime(a: StoredJob, b: StoredJob): number {
  return plannedAt(a) - plannedAt(b) || a.birth.seq - b.birth.seq;
}
