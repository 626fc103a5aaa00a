import { PROMOTE_LIMIT, type ClaimRequest, type ClaimedJob } from '../core/contracts/job-broker.js';
import type { Lane } from './lane.js';
import type { MemoryStore } from './memory-store.js';
import { isOnLastStart } from './rescue.js';
import type { StoredJob } from './stored-job.js';

/** How many jobs that keep their places a claim looks past. */
const MOST_PASSED = 100;

/** One claim: who gets which slots, in two rounds, and what the jobs are handed out with. */
export class Claim {
  readonly jobs: ClaimedJob[] = [];
  private slots: number;
  /** In a call, a bounded number is promoted; the rest in the next. */
  private promotionsLeft = PROMOTE_LIMIT;
  private readonly free: Map<string, number>;
  private readonly touched = new Set<Lane>();
  private lastStartsLeft: number;
  /** Jobs on their last start, more than may come. */
  private readonly passed = new Set<StoredJob>();
  private readonly now: number;
  private readonly firstFence: number;

  constructor(
    private readonly store: MemoryStore,
    private readonly request: ClaimRequest,
  ) {
    this.now = store.now();
    this.slots = request.slots;
    this.lastStartsLeft = request.lastStarts ?? Infinity;
    this.free = new Map(request.names.map(({ name, slots }) => [name, slots]));
    this.firstFence = store.nextFence();
  }

  run(): void {
    const due = [...this.free.keys()].filter((name) => this.dueOf(name) <= this.now);
    const share = Math.max(Math.floor(this.slots / Math.max(due.length, 1)), 1);
    const unsated = due.filter((name) => this.take(name, share));
    for (const name of unsated) this.take(name, Infinity);
    for (const lane of this.touched) lane.recede(this.keepsAll(lane));
    this.store.fence = this.firstFence + Math.max(this.jobs.length, 1) - 1;
  }

  /** Whether due jobs had to keep their places. */
  get heldBack(): boolean {
    return this.passed.size > 0;
  }

  /** Milliseconds until the first name with a free slot is due; `null` without free slots or such a name. */
  dueInMs(): number | null {
    if (this.slots === 0) return null;
    const open = [...this.free].filter(([, free]) => free > 0);
    const first = Math.min(...open.map(([name]) => this.dueHereOf(name)));
    return first === Infinity ? null : Math.max(first - this.now, 0);
  }

  /** Takes the first jobs of a name; true when it gave all it was asked for and has slots left. */
  private take(name: string, most: number): boolean {
    const want = Math.min(most, this.free.get(name)!, this.slots);
    if (want <= 0) return false;
    const lane = this.store.lane(name);
    if (!this.touched.has(lane)) this.promotionsLeft -= lane.promote(this.now, this.promotionsLeft);
    this.touched.add(lane);
    const jobs = lane.take(want, (job) => this.mayCome(job));
    for (const job of jobs) this.lease(job);
    this.slots -= jobs.length;
    this.free.set(name, this.free.get(name)! - jobs.length);
    return jobs.length === want && this.free.get(name)! > 0;
  }

  /**
   * Of jobs on their last start only as many come as may, unless there are too many to look past: so
   * many did not die of each other, and work must go on.
   */
  private mayCome(job: StoredJob): boolean {
    if (this.passed.has(job)) return false;
    if (!isOnLastStart(this.store, job)) return true;
    if (this.lastStartsLeft === 0 && this.passed.size < MOST_PASSED) {
      this.passed.add(job);
      return false;
    }
    this.lastStartsLeft = Math.max(this.lastStartsLeft - 1, 0);
    return true;
  }

  private lease(job: StoredJob): void {
    const { claimId, host, leaseMs } = this.request;
    const token = `${claimId}:${this.jobs.length + 1}`;
    const fence = this.firstFence + this.jobs.length;
    const expiresAt = Math.ceil(this.now + leaseMs);
    this.store.startLease(job, {
      phase: 'run',
      token,
      fence,
      host,
      lockedAt: this.now,
      expiresAt,
      pending: null,
      planned: null,
    });
    this.jobs.push(handOut(this.store, job));
  }

  private dueOf(name: string): number {
    return this.store.lanes.get(name)?.due ?? Infinity;
  }

  /** For this host: what keeps its place does not count. */
  private dueHereOf(name: string): number {
    const lane = this.store.lanes.get(name);
    return lane && this.keepsAll(lane) ? (lane.nextTimedAt ?? Infinity) : this.dueOf(name);
  }

  /** Whether all that is due of a name keeps its place. */
  private keepsAll(lane: Lane): boolean {
    const { size } = lane.ready;
    if (size === 0 || size > this.passed.size) return false;
    return [...lane.ready].every((job) => this.passed.has(job));
  }
}

/** A running job as its holder gets it. */
export function handOut(store: MemoryStore, job: StoredJob): ClaimedJob {
  const { token, fence, expiresAt } = job.lease!;
  const isLastStart = isOnLastStart(store, job);
  return {
    // An earlier result is not the worker's business, and may be large.
    record: { ...job.toRecord(), result: undefined },
    lease: { id: job.id, name: job.name, token, fence, expiresAt },
    ...(isLastStart && { isLastStart }),
  };
}
