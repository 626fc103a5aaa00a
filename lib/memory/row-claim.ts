import { MAX_BATCH, PROMOTE_LIMIT } from '../core/contracts/job-broker.js';
import { compareInOrder } from '../core/options/claim-order.js';
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

  constructor(
    private readonly store: MemoryStore,
    private readonly request: RowRequest,
    private readonly holder: RowHolder,
  ) {
    this.now = store.now();
  }

  run(): StoredJob | undefined {
    this.passBy();
    const job = this.take();
    if (this.hasLooked) this.lane?.recede();
    return job;
  }

  /** Acts on leases that ran out. Who finds nothing to do leaves no trace. */
  private passBy(): void {
    const { store, request, holder } = this;
    if (store.leases.size === 0 && !this.isDue() && this.lostRows().length === 0) return;
    if (store.pass(holder.leaseMs, request.aheadMs) > this.now) return;
    rescueExpired(store, MAX_BATCH);
    store.announceEarlier();
  }

  private take(): StoredJob | undefined {
    const free = this.firstFree();
    const candidates = [...this.lostRows(), ...(free ? [free] : [])];
    for (const { job, at } of candidates.sort(this.byTurn)) {
      if (!job.lease) {
        this.store.displace(job);
        handOut(this.store, job, this.holder);
        return job;
      }
      // Its run counts as lost, and it may have been lost too often.
      const { nextRunAt, lost } = loseLease(this.store, job);
      if (lost?.outcome === 'buried') {
        this.store.place(job, nextRunAt);
        continue;
      }
      job.happened.nextRunAt = nextRunAt;
      handOut(this.store, job, this.holder, at);
      return job;
    }
    return undefined;
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
    const [job] = lane.ready.size > 0 ? lane.ready : lane.nextTimed();
    const at = job?.happened.nextRunAt ?? Infinity;
    return job && at <= this.scanAt ? { job, at } : undefined;
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

  /** Due ones first, in the order of claims; of the others the earliest. */
  private readonly byTurn = (a: Candidate, b: Candidate): number => {
    const dueFirst = Number(a.at > this.now) - Number(b.at > this.now);
    const earliestAhead = a.at > this.now ? a.at - b.at : 0;
    const inOrder = compareInOrder(this.store.order, inLine(a), inLine(b));
    return dueFirst || earliestAhead || inOrder || a.job.birth.seq - b.job.birth.seq;
  };
}

const inLine = ({ job, at }: Candidate) => ({ nextRunAt: at, priority: job.asked.priority });

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
