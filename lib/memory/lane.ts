import type { ClaimKey, ClaimOrder } from '../core/options/claim-order.js';
import { KeyLines, type Front } from './key-lines.js';
import { OrderedList } from './ordered-list.js';
import type { StoredJob } from './stored-job.js';

/** What a lane has to know of its name. */
export type LaneFront = Omit<Front, 'ready' | 'compare'>;

/** The jobs of one name that wait for a worker. */
export class Lane {
  /** Due jobs, in the order of claims, then first in. */
  readonly ready: OrderedList<StoredJob>;
  /** Jobs that were not due when they were put here. */
  readonly timed = new OrderedList<StoredJob>(byTime);
  /** Due jobs with a key, as far as they wait behind others of their key. */
  readonly keys: KeyLines;
  /**
   * From when on a claim has to look here; `undefined`: not before something is added. Too early is
   * harmless (a claim that finds nothing corrects it), too late never happens.
   */
  due: number | undefined;
  /** While the name is closed claims do not look here: until then, as far as time alone opens it. */
  opensAt: number | undefined;
  /** How many of its jobs are leased. */
  running = 0;
  /**
   * All that is due keeps its place, as the last claim found: a host that may not have that sleeps
   * until something else is due, and hears of all that comes.
   */
  keepsAll = false;

  private readonly inOrder: (a: StoredJob, b: StoredJob) => number;

  constructor(
    order: ClaimOrder,
    private readonly front: LaneFront,
  ) {
    this.inOrder = compareBy(order, plannedAt);
    this.ready = new OrderedList(compareBy(order, standsAt));
    this.keys = new KeyLines({ ...front, ready: this.ready, compare: this.inOrder });
  }

  put(job: StoredJob, at: number, now: number): void {
    if (at <= now && job.asked.key !== undefined) return this.keys.stand(job);
    this.front.becomesDue(at);
    if (at <= now) this.ready.add(job);
    else this.timed.add(job);
  }

  drop(job: StoredJob): void {
    if (this.timed.delete(job)) return;
    if (job.asked.key === undefined) this.ready.delete(job);
    else this.keys.leave(job);
  }

  /** Moves what has become due into the line, at most so many; tells how many that were. */
  promote(now: number, most: number): number {
    let promoted = 0;
    for (; promoted < most; promoted++) {
      const job = this.timed.first();
      if (!job || plannedAt(job) > now) break;
      this.timed.delete(job);
      this.stand(job);
    }
    this.keys.open();
    return promoted;
  }

  /**
   * The first of the line that may start, at most so many, and no longer in it.
   *
   * @param mayCome - who is refused keeps its place
   * @param isOver - whether a job that was found is over instead, and has left the line
   */
  take(
    count: number,
    mayCome: (job: StoredJob) => boolean,
    isOver: (job: StoredJob) => boolean,
  ): StoredJob[] {
    const taken: StoredJob[] = [];
    let moves: number;
    // Where others have come to stand in front it looks again.
    do {
      moves = this.keys.moves;
      const found = this.find(count - taken.length, mayCome);
      taken.push(...found.filter((job) => !isOver(job) && this.start(job)));
      this.keys.refill();
    } while (this.keys.moves > moves && taken.length < count);
    return taken;
  }

  private find(count: number, mayCome: (job: StoredJob) => boolean): StoredJob[] {
    const found: StoredJob[] = [];
    for (const job of this.ready) {
      if (found.length === count) break;
      if (mayCome(job)) found.push(job);
    }
    return found;
  }

  private stand(job: StoredJob): void {
    if (job.asked.key === undefined) this.ready.add(job);
    else this.keys.stand(job);
  }

  /** Others of its key may have changed places with it since it was found. */
  private start(job: StoredJob): boolean {
    if (job.asked.key === undefined) return this.ready.delete(job);
    return this.ready.has(job) && this.keys.start(job);
  }

  /** When the next job is due, or may step up from the line of its key, that does not stand in front yet. */
  get nextTimedAt(): number | undefined {
    const next = this.timed.first();
    const opening = this.keys.nextOpening;
    if (!next || opening === undefined) return next ? plannedAt(next) : opening;
    return Math.min(plannedAt(next), opening);
  }

  hasDue(now: number): boolean {
    if (this.ready.size > 0 || this.keys.anyWaits) return true;
    return (this.nextTimedAt ?? Infinity) <= now;
  }

  /** The jobs of the earliest time ahead, in the order of claims. */
  nextTimed(): StoredJob[] {
    const first = this.timed.first();
    const jobs: StoredJob[] = [];
    for (const job of this.timed) {
      if (plannedAt(job) !== plannedAt(first!)) break;
      jobs.push(job);
    }
    return jobs.sort(this.inOrder);
  }

  get isClosed(): boolean {
    return this.opensAt !== undefined;
  }

  /** From when on claims get its jobs, as they know it. */
  get claimableFrom(): number {
    return this.opensAt ?? this.due ?? Infinity;
  }

  /** @param opensAt - Infinity when time alone does not open it */
  close(opensAt: number): void {
    this.becomesDue(undefined);
    this.opensAt = opensAt;
  }

  open(due: number | undefined): void {
    this.opensAt = undefined;
    this.becomesDue(due);
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

/** In front jobs with a key stand by their turn. */
const standsAt = (job: StoredJob): number => job.turn ?? plannedAt(job);

/**
 * Who goes first of two jobs that wait: by the order of claims, then first in. Of a job that goes first the
 * time is in front of all times, and the last in of these comes before all others.
 */
function compareBy(
  { parts }: ClaimOrder,
  timeOf: (job: StoredJob) => number,
): (a: StoredJob, b: StoredJob) => number {
  // Comparisons are many: they make nothing.
  const keys: Readonly<Record<ClaimKey, (job: StoredJob) => number>> = {
    nextRunAt: timeOf,
    priority: (job) => job.asked.priority,
  };
  return (a, b) => {
    const isFirst = Number(b.asked.first ?? 0) - Number(a.asked.first ?? 0);
    const areBothFirst = isFirst === 0 && a.asked.first;
    for (const { key, descending } of parts) {
      if (key === 'nextRunAt' && isFirst !== 0) return isFirst;
      if (key === 'nextRunAt' && areBothFirst) continue;
      const one = keys[key](a);
      const other = keys[key](b);
      if (one !== other) return one < other === descending ? 1 : -1;
    }
    if (isFirst !== 0) return isFirst;
    return areBothFirst ? b.birth.seq - a.birth.seq : a.birth.seq - b.birth.seq;
  };
}

function byTime(a: StoredJob, b: StoredJob): number {
  return plannedAt(a) - plannedAt(b) || a.birth.seq - b.birth.seq;
}
