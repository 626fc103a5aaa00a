import { MAX_BATCH, PROMOTE_LIMIT } from '../core/contracts/job-broker.js';
import { compareInOrder, type Orderable } from '../core/options/claim-order.js';
import { expire, hasExpired } from './expire.js';
import type { Lane } from './lane.js';
import type { MemoryStore } from './memory-store.js';
import { loseLease, rescueExpired } from './rescue.js';
import type { HeldLease, StoredJob } from './stored-job.js';

/*
 * How rows are handed out one by one, to an engine that claims ahead of their time and starts them
 * later: as `claimed`, which any change of the row revokes, until the first state write.
 */

/** Who gets the row, and for how long. */
export interface RowHolder {
  readonly token: string;
  readonly host: string;
  readonly leaseMs: number;
}

export interface RowRequest {
  readonly name: string;
  /** How far it looks ahead, in ms: free rows are wanted that are due by then. The next request is to come by then, too. */
  readonly aheadMs: number;
  /** Whoever was silent for so long has lost his row, in ms. */
  readonly silentMs: number;
}

/** A row that may be handed out, and the time it stands in the line with. */
interface Candidate {
  readonly job: StoredJob;
  readonly at: number;
}

/** One look for the row of a name whose turn it is. */
export class RowClaim {
  private readonly now: number;
  private hasLooked = false;
  private hasPassed = false;

  constructor(
    private readonly store: MemoryStore,
    private readonly request: RowRequest,
    private readonly holder: RowHolder,
  ) {
    this.now = store.now();
  }

  run(): StoredJob | undefined {
    const { store } = this;
    const { name } = this.request;
    if (this.lane?.isClosed) store.gates.reopen(name);
    const wasDue = this.isDue();
    this.rescueFirst();
    const job = this.take();
    this.lane?.keys.refill();
    if (this.hasLooked) this.lane?.recede();
    this.store.forgetEarlier();
    if (job) store.gates.noteStarts(name, 1);
    if (job || wasDue) store.gates.reopenAndTell(name);
    return job;
  }

  /** Acts on leases that ran out. Who finds nothing to do leaves no trace. */
  private rescueFirst(): void {
    const { store } = this;
    if (store.leases.size === 0 && !this.isDue()) return;
    if (this.passBy() > this.now) return;
    rescueExpired(store, MAX_BATCH);
    store.announceEarlier();
  }

  /** Once in a claim. */
  private passBy(): number {
    const { store, request, holder } = this;
    if (this.hasPassed) return 0;
    this.hasPassed = true;
    return store.pass(holder.leaseMs, request.aheadMs);
  }

  private take(): StoredJob | undefined {
    const free = this.hasRoom() ? this.firstFree() : undefined;
    const lost = this.hasRoom({ ended: 1 }) ? this.lostRows() : [];
    const candidates = [...lost, ...(free ? [free] : [])];
    for (const { job, at } of candidates.sort(this.byTurn)) {
      if (!job.lease) {
        this.store.displace(job);
        handOut(this.store, job, this.holder);
        return job;
      }
      this.passBy();
      // Its run counts as lost, and it may have been lost too often.
      const { nextRunAt, lost } = loseLease(this.store, job);
      if (lost?.outcome === 'buried') {
        this.store.place(job, nextRunAt);
        continue;
      }
      job.happened.nextRunAt = nextRunAt;
      if (hasExpired(job, this.now)) {
        expire(this.store, job);
        continue;
      }
      if (!this.mayStart(job, true)) {
        this.store.place(job, nextRunAt);
        continue;
      }
      handOut(this.store, job, this.holder, at);
      return job;
    }
    return undefined;
  }

  private mayStart(job: StoredJob, isAhead: boolean): boolean {
    return job.asked.key === undefined || this.lane!.keys.mayStart(job, { isAhead });
  }

  /** Whether one may start after so many leases of the name have ended. */
  private hasRoom({ ended } = { ended: 0 }): boolean {
    const { gates } = this.store;
    return !gates.all && gates.roomOf(this.request.name, ended).room > 0;
  }

  /** Rows whose holder was silent for too long; one without a time stands where it was locked. */
  private lostRows(): Candidate[] {
    const { name, silentMs } = this.request;
    return Array.from(this.store.rows, (job) => ({ job, lease: job.lease! }))
      .filter(({ job, lease }) => job.name === name && lease.lockedAt <= this.now - silentMs)
      .filter(({ job }) => !job.asked.disabled)
      .map(({ job, lease }) => ({
        job,
        at: lease.planned ?? job.happened.nextRunAt ?? lease.lockedAt,
      }));
  }

  /** The first free row that is due, or else, of those with the earliest time ahead, the first in order. */
  private firstFree(): Candidate | undefined {
    const { lane } = this;
    if (!lane || !this.isDue()) return undefined;
    this.hasLooked = true;
    lane.promote(this.now, PROMOTE_LIMIT);
    for (;;) {
      const [job] = lane.ready.size > 0 ? lane.ready : lane.nextTimed();
      const at = job?.happened.nextRunAt ?? Infinity;
      if (!job || at > this.scanAt) return undefined;
      const isAhead = lane.ready.size === 0;
      if (hasExpired(job, this.now)) expire(this.store, job);
      else if (this.mayStart(job, isAhead)) return { job, at };
      // The next one that its key holds back is not due: nobody may overtake it.
      else if (isAhead) return undefined;
    }
  }

  private isDue(): boolean {
    return (this.lane?.due ?? Infinity) <= this.scanAt;
  }

  private get lane(): Lane | undefined {
    return this.store.lanes.get(this.request.name);
  }

  private get scanAt(): number {
    return this.now + this.request.aheadMs;
  }

  /** A job that goes first has a time in front of all times. */
  private inLine({ job: { asked }, at }: Candidate): Orderable {
    const { priority, first } = asked;
    if (!first) return { nextRunAt: at, priority };
    const latestFirst = this.store.order.parts.some(
      ({ key, descending }) => key === 'nextRunAt' && descending,
    );
    return { nextRunAt: latestFirst ? Infinity : -Infinity, priority };
  }

  /** Due ones first, in the order of claims; of the others the earliest. */
  private readonly byTurn = (a: Candidate, b: Candidate): number => {
    const dueFirst = Number(a.at > this.now) - Number(b.at > this.now);
    const earliestAhead = a.at > this.now ? a.at - b.at : 0;
    const inOrder = compareInOrder(this.store.order, this.inLine(a), this.inLine(b));
    return dueFirst || earliestAhead || inOrder || placeIn(a) - placeIn(b);
  };
}

/** Of those that go first the newest is in front. */
const placeIn = ({ job: { asked, birth } }: Candidate): number =>
  asked.first ? -birth.seq : birth.seq;

/**
 * Leases a row that stands nowhere.
 *
 * @param ownAt - the time it goes back to, where its record tells none
 */
export function handOut(
  store: MemoryStore,
  job: StoredJob,
  { token, host, leaseMs }: RowHolder,
  ownAt: number | null = null,
): void {
  store.fence = store.nextFence();
  store.startLease(job, {
    phase: 'claimed',
    token,
    fence: store.fence,
    host,
    lockedAt: store.now(),
    expiresAt: Math.ceil(store.now() + leaseMs),
    pending: null,
    planned: job.happened.nextRunAt ?? ownAt,
  });
}

/** The lock that a row brings along: of nobody, without an end. */
export function plainLock(lockedAt: number, pending: number | null): HeldLease {
  return {
    phase: 'locked',
    token: '',
    fence: 0,
    host: '',
    lockedAt,
    expiresAt: Infinity,
    pending,
    planned: null,
  };
}
