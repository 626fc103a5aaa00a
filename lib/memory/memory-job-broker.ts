import {
  checkEnqueue,
  checkRenew,
  checkRescue,
  checkSettleAndClaim,
} from '../core/contracts/broker-arguments.js';
import {
  JobBroker,
  MAX_BATCH,
  type Claimed,
  type ClaimRequest,
  type Enqueued,
  type Lease,
  type LostLease,
  type NameSettings,
  type Renewal,
  type Rescue,
  type RescuedJob,
  type SettleAnswer,
  type Settlement,
} from '../core/contracts/job-broker.js';
import type { Failure, NewJob } from '../core/job/job-record.js';
import { Claim, handOut } from './claim.js';
import type { MemoryStore, RememberedClaim } from './memory-store.js';
import { hasEndedSo, refusalOf, settle } from './settle.js';
import { copied, nothingHappened, StoredJob } from './stored-job.js';

const DEFAULT_MAX_RESCUES = 2;
const STALLED: Failure = {
  reason: 'stalled',
  name: 'StalledError',
  message: 'The process that ran this job was lost, more often than maxRescues allows.',
};

/** The hand-out in maps: what the contract says, in the plainest words we know. */
export class MemoryJobBroker extends JobBroker {
  constructor(private readonly store: MemoryStore) {
    super();
  }

  now(): number {
    return this.store.now();
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    checkEnqueue(jobs);
    this.store.expectOpen();
    const addedHere = new Set<StoredJob>();
    const answers = jobs.map((job) => this.add(job, addedHere));
    this.store.announceEarlier();
    return answers;
  }

  async settleAndClaim(
    settlements: readonly Settlement[],
    request: ClaimRequest,
  ): Promise<Claimed> {
    checkSettleAndClaim(settlements, request);
    const { store } = this;
    store.expectOpen();
    const track = `${request.host}:${request.track ?? 0}`;
    const remembered = store.claims.get(track);
    if (remembered?.claimId === request.claimId) return this.sameAgain(remembered);
    if (remembered && (request.heard ?? remembered.claimId) !== remembered.claimId) {
      this.takeBack(remembered);
    }

    const answers = settlements.map((settlement) => this.settle(settlement));
    store.announceEarlier();
    store.pass(request.leaseMs);
    const claim = new Claim(store, request);
    claim.run();
    store.claims.delete(track);
    if (claim.jobs.length > 0 || settlements.length > 0) {
      const jobs = claim.jobs.map(({ lease: { id, token } }) => ({ id, token }));
      store.claims.set(track, { claimId: request.claimId, answers, jobs });
    }
    return {
      now: store.now(),
      answers,
      jobs: claim.jobs,
      dueInMs: claim.dueInMs(),
      earliestExpiry: store.earliestExpiry(),
    };
  }

  async renew(
    leases: readonly Lease[],
    forMs: number,
    { afterExpiry = false }: { readonly afterExpiry?: boolean } = {},
  ): Promise<Renewal> {
    checkRenew(leases, forMs);
    const { store } = this;
    store.expectOpen();
    const now = store.now();
    if (leases.length > 0) store.pass(forMs);
    const lost: LostLease[] = [];
    for (const { id, token } of leases) {
      const job = store.jobs.get(id);
      const refusal = refusalOf(job, token, now, afterExpiry);
      if (!refusal) {
        store.moveExpiry(job!, Math.max(job!.lease!.expiresAt, Math.ceil(now + forMs)));
        continue;
      }
      const cancelled = refusal === 'lease-expired' ? undefined : store.cancelled.get(id);
      lost.push({ id, token, refusal, ...(cancelled !== undefined && { cancelled }) });
    }
    return { now, lost };
  }

  async rescue(limit: number, leaseMs: number): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    const { store } = this;
    store.expectOpen();
    const now = store.now();
    const heldUntil = store.pass(leaseMs);
    const jobs: RescuedJob[] = [];
    if (heldUntil <= now) {
      const most = Math.min(limit, MAX_BATCH);
      while (jobs.length < most && this.hasExpired()) jobs.push(this.rescueFirst());
      store.announceEarlier();
    }
    return {
      now,
      jobs,
      more: heldUntil <= now && this.hasExpired(),
      heldUntil: heldUntil > now ? heldUntil : null,
      earliestExpiry: store.earliestExpiry(),
    };
  }

  async register(settings: readonly NameSettings[]): Promise<void> {
    this.store.expectOpen();
    for (const one of settings) this.store.settings.set(one.name, { ...one });
  }

  private add(asked: NewJob, addedHere: Set<StoredJob>): Enqueued {
    const { store } = this;
    const existing = store.jobs.get(asked.id);
    if (existing) {
      const { nonce } = existing.birth;
      const isRepeat = nonce !== undefined && nonce === asked.nonce && !addedHere.has(existing);
      return { job: existing.toRecord(), created: isRepeat };
    }
    const now = store.now();
    const { id, name, nonce, data, priority, due, overrides } = asked;
    const at = Math.ceil('at' in due ? due.at : now + due.delayMs);
    const job = new StoredJob(
      { id, name, nonce, seq: store.nextSeq(), createdAt: now },
      {
        data,
        priority,
        disabled: false,
        type: 'normal',
        repeat: null,
        overrides: copied(overrides ?? null),
        lastModifiedBy: asked.lastModifiedBy ?? null,
      },
      nothingHappened(at),
    );
    store.jobs.set(id, job);
    addedHere.add(job);
    store.place(job, at);
    return { job: job.toRecord(), created: true };
  }

  private settle(settlement: Settlement): SettleAnswer {
    const { lease, afterExpiry, kind } = settlement;
    const job = this.store.jobs.get(lease.id);
    const refusal = refusalOf(job, lease.token, this.store.now(), afterExpiry);
    if (!refusal) settle(this.store, job!, settlement);
    return refusal === 'not-running' && hasEndedSo(job!, kind) ? 'ok' : (refusal ?? 'ok');
  }

  /** The answer to this claim was lost for good: nobody runs its jobs. They go back as if never claimed. */
  private takeBack({ jobs }: RememberedClaim): void {
    const { store } = this;
    for (const { id, token } of jobs) {
      const job = store.jobs.get(id);
      if (job?.lease?.token !== token) continue;
      const { pending } = store.endLease(job);
      store.place(job, pending ?? job.happened.nextRunAt ?? store.now());
    }
    store.announceEarlier();
  }

  /** The answers of that claim, and its jobs as far as they still run. */
  private sameAgain({ answers, jobs }: RememberedClaim): Claimed {
    const held = jobs
      .filter(({ id, token }) => this.store.jobs.get(id)?.lease?.token === token)
      .map(({ id }) => handOut(this.store.jobs.get(id)!));
    const expiresAt = Math.min(...held.map(({ lease }) => lease.expiresAt));
    return {
      now: this.store.now(),
      answers,
      // One expiry for all, as they once had it: the earliest of those in force.
      jobs: held.map(({ record, lease }) => ({ record, lease: { ...lease, expiresAt } })),
      // The other names were not looked at: come again at once.
      dueInMs: 0,
      earliestExpiry: this.store.earliestExpiry(),
    };
  }

  private hasExpired(): boolean {
    const first = this.store.earliestExpiry();
    return first !== null && first <= this.store.now();
  }

  private rescueFirst(): RescuedJob {
    const { store } = this;
    const job = store.leases.first()!;
    const { host, lockedAt, pending } = store.endLease(job);
    const { happened } = job;
    happened.lastRunAt = lockedAt;
    happened.attempt++;
    happened.rescueCount++;
    const allowed = store.settings.get(job.name)?.maxRescues ?? DEFAULT_MAX_RESCUES;
    const isOver = happened.rescueCount > allowed && pending === null;
    if (happened.rescueCount > allowed && pending !== null) {
      // A time that a user saved during the run begins the job anew, whatever became of the run.
      job.beginAnew();
      store.place(job, pending);
    } else if (isOver) {
      happened.lastFinishedAt = happened.failedAt = store.now();
      happened.failure = STALLED;
      store.place(job, null);
    } else {
      store.place(job, Math.min(happened.nextRunAt ?? store.now(), pending ?? Infinity));
    }
    return {
      id: job.id,
      name: job.name,
      host,
      rescueCount: happened.rescueCount,
      outcome: isOver ? 'buried' : 'requeued',
    };
  }
}
