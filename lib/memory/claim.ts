import {
  PROMOTE_LIMIT,
  type ClaimRequest,
  type ClaimedJob,
  type ExpiredJob,
} from '../core/contracts/job-broker.js';
import { EXPIRED_BY_CLAIM } from '../core/job/expiry.js';
import { expire, expireJobs, hasExpired } from './expire.js';
import type { Lane } from './lane.js';
import type { MemoryStore } from './memory-store.js';
import { isOnLastStart } from './rescue.js';
import type { StoredJob } from './stored-job.js';

/** How many jobs that keep their places a claim looks past. */
const MOST_PASSED = 100;

/** One claim: who gets which slots, in two rounds, and what the jobs are handed out with. */
export class Claim {
  readonly jobs: ClaimedJob[] = [];
  readonly expired: ExpiredJob[] = [];
  private slots: number;
  private slotsKept = 0;
  /** In a call, a bounded number is promoted; the rest in the next. */
  private promotionsLeft = PROMOTE_LIMIT;
  private readonly free: Map<string, number>;
  private readonly touched = new Set<Lane>();
  private lastStartsLeft: number;
  /** Jobs on their last start, more than may come. */
  private readonly passed = new Set<StoredJob>();
  private readonly now: number;
  /** Names that were left before, since all that was due of them kept its place. */
  private readonly keptBefore: ReadonlySet<string>;
  private readonly firstFence: number;
  /** The names of which jobs were due. */
  wereDue: readonly string[] = [];

  constructor(
    private readonly store: MemoryStore,
    private readonly request: ClaimRequest,
  ) {
    this.now = store.now();
    this.slots = request.slots;
    this.lastStartsLeft = request.lastStarts ?? Infinity;
    this.free = new Map(request.names.map(({ name, slots }) => [name, slots]));
    this.keptBefore = new Set([...this.free.keys()].filter((name) => this.isKept(name)));
    this.firstFence = store.nextFence();
  }

  run(): void {
    const due = this.slots > 0 ? this.dueNames() : [];
    if (due.length > 0) this.buryExpired();
    const share = Math.max(Math.floor(this.slots / Math.max(due.length, 1)), 1);
    const unsated = due.filter((name) => this.take(name, share));
    for (const name of unsated) this.take(name, Infinity);
    for (const lane of this.touched) lane.recede(this.keepsAll(lane));
    for (const name of due) this.store.gates.reopen(name);
    this.wereDue = due;
    this.store.fence = this.firstFence + Math.max(this.jobs.length, 1) - 1;
  }

  /** Whether due jobs had to keep their places. */
  get heldBack(): boolean {
    return this.passed.size > 0;
  }

  /** Milliseconds until the first name with a free slot is due; `null` without free slots or such a name. */
  dueInMs(): number | null {
    if (this.slotsKept > 0) return 0;
    if (this.slots === 0 || this.store.gates.all) return null;
    const open = [...this.free].filter(([, free]) => free > 0);
    const first = Math.min(...open.map(([name]) => this.dueHereOf(name)));
    return first === Infinity ? null : Math.max(first - this.now, 0);
  }

  /** Whether a job of any of its names could still come. */
  get hasRoom(): boolean {
    return this.slots > 0 && [...this.free.values()].some((free) => free > 0);
  }

  /** Whether one of each of its names could. */
  get hasRoomForAll(): boolean {
    return this.slots > 0 && [...this.free.values()].every((free) => free > 0);
  }

  /** Of its names those that are due to others; what was left before because it is on its last start is no news. */
  leftDue(): string[] {
    return this.dueNames().filter((name) => !this.isKept(name) || !this.keptBefore.has(name));
  }

  /** As long as more have expired than it buries, a claim leases no more than that either. */
  private buryExpired(): void {
    const { expired, more } = expireJobs(this.store, EXPIRED_BY_CLAIM);
    this.expired.push(...expired);
    if (!more || this.slots <= EXPIRED_BY_CLAIM) return;
    this.slotsKept = this.slots - EXPIRED_BY_CLAIM;
    this.slots = EXPIRED_BY_CLAIM;
  }

  /** Whether a job that was taken out of its line must not start; then it is buried. */
  private hasExpired(job: StoredJob): boolean {
    if (!hasExpired(job, this.now)) return false;
    this.expired.push(expire(this.store, job));
    return true;
  }

  /** Takes the first jobs of a name; true when it gave all it was asked for and has slots left. */
  private take(name: string, most: number): boolean {
    const { room } = this.store.gates.roomOf(name);
    const want = Math.min(most, this.free.get(name)!, this.slots, room);
    if (want <= 0) return false;
    const lane = this.store.lane(name);
    if (!this.touched.has(lane)) this.promotionsLeft -= lane.promote(this.now, this.promotionsLeft);
    this.touched.add(lane);
    const jobs = lane.take(
      want,
      (job) => this.mayCome(job),
      (job) => this.hasExpired(job),
    );
    for (const job of jobs) this.lease(job);
    this.store.gates.noteStarts(name, jobs.length);
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
    this.store.events.started(job);
    this.jobs.push(handOut(this.store, job));
  }

  private dueNames(): string[] {
    const { lanes, gates } = this.store;
    if (gates.all) return [];
    return [...this.free.keys()].filter((name) => (lanes.get(name)?.due ?? Infinity) <= this.now);
  }

  private isKept(name: string): boolean {
    return this.store.lanes.get(name)?.keepsAll ?? false;
  }

  /** For this host: what keeps its place does not count. */
  private dueHereOf(name: string): number {
    const lane = this.store.lanes.get(name);
    if (!lane || lane.isClosed || !this.keepsAll(lane)) return lane?.claimableFrom ?? Infinity;
    return lane.nextTimedAt ?? Infinity;
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
  // An earlier result is not the worker's business, and may be large.
  const { resultOmitted: _, ...record } = job.toRecord();
  return {
    record: { ...record, result: undefined },
    lease: { id: job.id, name: job.name, token, fence, expiresAt },
    ...(isLastStart && { isLastStart }),
  };
}
