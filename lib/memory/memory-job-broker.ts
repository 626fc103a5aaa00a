import {
  checkClaimOne,
  checkEnqueue,
  checkRenew,
  checkRescue,
  checkSettleAndClaim,
} from '../core/contracts/broker-arguments.js';
import {
  JobBroker,
  MAX_BATCH,
  type Claimed,
  type ClaimedOne,
  type ClaimOneRequest,
  type ClaimRequest,
  type Enqueued,
  type LostLease,
  type NameSettings,
  type Renewal,
  type Renewed,
  type Rescue,
  type SettleAnswer,
  type Settlement,
} from '../core/contracts/job-broker.js';
import type { NewJob } from '../core/job/job-record.js';
import { claimOne } from './claim-one.js';
import { Claim, handOut } from './claim.js';
import type { MemoryStore, RememberedClaim } from './memory-store.js';
import { renewLease } from './renew.js';
import { rescueExpired } from './rescue.js';
import { hasEndedSo, refusalOf, settle } from './settle.js';
import { copied, nothingHappened, StoredJob } from './stored-job.js';

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
      watched: store.isWatched,
    };
  }

  async renew(
    leases: readonly Renewed[],
    forMs: number,
    { afterExpiry = false }: { readonly afterExpiry?: boolean } = {},
  ): Promise<Renewal> {
    checkRenew(leases, forMs);
    const { store } = this;
    store.expectOpen();
    if (leases.length > 0) store.pass(forMs);
    const lost: LostLease[] = [];
    for (const lease of leases) {
      const { id, token } = lease;
      const refusal = renewLease(store, lease, forMs, afterExpiry);
      if (!refusal) continue;
      const cancelled = refusal === 'lease-expired' ? undefined : store.cancelled.get(id);
      lost.push({ id, token, refusal, ...(cancelled !== undefined && { cancelled }) });
    }
    return { now: store.now(), lost };
  }

  async rescue(limit: number, leaseMs: number): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    const { store } = this;
    store.expectOpen();
    const now = store.now();
    const heldUntil = store.pass(leaseMs);
    const jobs = heldUntil <= now ? rescueExpired(store, Math.min(limit, MAX_BATCH)) : [];
    store.announceEarlier();
    return {
      now,
      jobs,
      more: heldUntil <= now && store.hasExpired(),
      heldUntil: heldUntil > now ? heldUntil : null,
      earliestExpiry: store.earliestExpiry(),
    };
  }

  async register(settings: readonly NameSettings[]): Promise<void> {
    this.store.expectOpen();
    for (const one of settings) this.store.settings.set(one.name, { ...one });
  }

  override async claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    checkClaimOne(request);
    this.store.expectOpen();
    this.store.pass(request.leaseMs);
    return claimOne(this.store, request);
  }

  override async watch(): Promise<void> {
    this.store.expectOpen();
    this.store.watch();
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
        fork: false,
      },
      nothingHappened(at),
      store,
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
      watched: this.store.isWatched,
    };
  }
}
