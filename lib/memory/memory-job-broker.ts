import {
  checkClaimOne,
  checkClaimPartition,
  checkDedupe,
  checkEnqueue,
  checkPartition,
  checkRegister,
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
  type Pruned,
  PRUNE_LIMIT,
  type Renewal,
  type Renewed,
  type Rescue,
  type SettleAnswer,
  type Settlement,
} from '../core/contracts/job-broker.js';
import type { DedupedJob, NewJob } from '../core/job/job-record.js';
import type { HostBeat } from '../core/contracts/host-registry.js';
import { claimOne } from './claim-one.js';
import { Claim, handOut } from './claim.js';
import { dedupeJob } from './dedupe.js';
import { addJob } from './enqueue.js';
import { expireJobs } from './expire.js';
import { inOrder, type MemoryStore, type RememberedClaim } from './memory-store.js';
import { prune, unhandledNames } from './prune.js';
import { renewLease } from './renew.js';
import { rescueExpired } from './rescue.js';
import { hasEndedSo, refusalOf, settle } from './settle.js';
import type { StoredJob } from './stored-job.js';

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
    const answers = jobs.map((job) => addJob(this.store, job, addedHere));
    this.store.announceEarlier();
    return answers;
  }

  override async dedupe(job: DedupedJob): Promise<Enqueued> {
    checkDedupe(job);
    this.store.expectOpen();
    const answer = dedupeJob(this.store, job);
    this.store.announceEarlier();
    return answer;
  }

  async settleAndClaim(
    settlements: readonly Settlement[],
    request: ClaimRequest,
  ): Promise<Claimed> {
    checkSettleAndClaim(settlements, request);
    checkClaimPartition(settlements, request, this);
    this.store.expectOpen();
    return this.store.atOneInstant(() => this.settledAndClaimed(settlements, request));
  }

  private settledAndClaimed(settlements: readonly Settlement[], request: ClaimRequest): Claimed {
    const { store } = this;
    const track = `${request.host}:${request.track ?? 0}`;
    const remembered = store.claims.get(track);
    if (remembered?.claimId === request.claimId) return this.sameAgain(remembered, request);
    store.gates.openByTime();
    const opened = new Map<string, number>();
    if (remembered && (request.heard ?? remembered.claimId) !== remembered.claimId) {
      this.takeBack(remembered);
      this.openQuietly(opened);
    }

    const ended = new Set<string>();
    const answers = settlements.map((settlement) => this.settle(settlement, ended));
    const closed = this.openQuietly(opened);
    store.pass(request.leaseMs);
    const claim = new Claim(store, request);
    claim.run();
    store.forgetEarlier();
    this.tellOpened(opened);
    this.tellLater(new Set([...closed, ...claim.wereDue]), request.host);
    this.tellEmptied(ended);
    store.claims.delete(track);
    if (claim.jobs.length > 0 || settlements.length > 0) {
      const jobs = claim.jobs.map(({ lease: { id, token } }) => ({ id, token }));
      store.claims.set(track, { claimId: request.claimId, answers, jobs });
    }
    return {
      now: store.now(),
      answers,
      jobs: claim.jobs,
      ...this.rest(claim, request),
      earliestExpiry: store.earliestExpiry(),
      watched: store.isWatched,
      ...(claim.heldBack && { heldBack: true }),
      ...(claim.expired.length > 0 && { expired: claim.expired }),
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

  async rescue(limit: number, leaseMs: number, partition = 0): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    checkPartition(partition, this);
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
    checkRegister(settings);
    this.store.expectOpen();
    for (const one of settings) {
      this.store.settings.set(one.name, { ...one });
      this.store.gates.reopenAndTell(one.name);
    }
  }

  /** The rest of a pass is found anew: memory needs no place to go on from. */
  override async prune(_cursor: string, partition = 0): Promise<Pruned> {
    checkPartition(partition, this);
    this.store.expectOpen();
    const { expired, more } = expireJobs(this.store);
    const buried = expired.length > 0 && { expired };
    if (more) return { removed: 0, next: 'more', ...buried };
    const removed = prune(this.store, PRUNE_LIMIT);
    if (removed === PRUNE_LIMIT) return { removed, next: 'more', ...buried };
    this.store.keys.forget(PRUNE_LIMIT, this.store.now());
    this.store.events.trim();
    const unhandled = unhandledNames(this.store);
    return { removed, next: null, ...buried, ...(unhandled.length > 0 && { unhandled }) };
  }

  override async claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    checkClaimOne(request);
    this.store.expectOpen();
    return this.store.atOneInstant(() => claimOne(this.store, request));
  }

  override async beat(beat: HostBeat): Promise<void> {
    this.store.expectOpen();
    this.store.hosts.beat(beat, this.store.now());
  }

  override async leave(host: string): Promise<void> {
    this.store.expectOpen();
    this.store.hosts.leave(host);
  }

  override async watch(): Promise<void> {
    this.store.expectOpen();
    this.store.watch();
  }

  /** Until when the host may sleep, and whether it stands by meanwhile. */
  private rest(
    claim: Claim,
    { host, names, standBy }: ClaimRequest,
  ): Pick<Claimed, 'dueInMs' | 'standsBy'> {
    const dueInMs = claim.dueInMs();
    if (!standBy) return { dueInMs };
    const { standBys } = this.store;
    const { group, was } = standBy;
    const stays = claim.hasRoom && dueInMs !== 0;
    const { hasRoomForAll } = claim;
    if (was !== '') {
      if (!stays || !hasRoomForAll || was !== group) standBys.leave(host, was);
      const left = claim.leftDue();
      if (left.length > 0) {
        standBys.skip(host, was);
        standBys.wake(left, this.store.now());
      }
    }
    if (!stays) return { dueInMs };
    const asked = names.filter(({ slots }) => slots > 0).map(({ name }) => name);
    // Who has room for some names only does not watch: it would not come for the others.
    const watches = standBys.stand(host, standBy, asked, hasRoomForAll);
    return { dueInMs: watches || !hasRoomForAll ? dueInMs : null, standsBy: true };
  }

  private tellEmptied(names: Iterable<string>): void {
    const { store } = this;
    if (!store.events.isKept) return;
    for (const name of names) if (store.isQuiet(name)) store.events.tell('emptied', { name });
  }

  /** @param ended - the names of which an attempt has ended by this call */
  private settle(settlement: Settlement, ended: Set<string>): SettleAnswer {
    const { lease, afterExpiry, kind } = settlement;
    const job = this.store.jobs.get(lease.id);
    const refusal = refusalOf(job, lease.token, this.store.now(), afterExpiry);
    if (!refusal) {
      settle(this.store, job!, settlement);
      ended.add(job!.name);
    }
    return refusal === 'not-running' && hasEndedSo(job!, kind) ? 'ok' : (refusal ?? 'ok');
  }

  /** The answer to this claim was lost for good: nobody runs its jobs. They go back as if never claimed. */
  private takeBack({ jobs }: RememberedClaim): void {
    const { store } = this;
    for (const { id, token } of jobs) {
      const job = store.jobs.get(id);
      if (job?.lease?.token !== token) continue;
      const { pending, host } = store.endLease(job);
      store.keepKey(job);
      store.place(job, pending ?? job.happened.nextRunAt ?? store.now());
      store.events.ended(job, 'interrupted', job.happened.attempt + 1, host);
    }
  }

  /**
   * Names that have room again are opened without a word: first comes the claim of this call. Who sleeps hears of
   * what it leaves.
   *
   * @param opened - from when on they were claimable before
   * @returns those that are closed from now on
   */
  private openQuietly(opened: Map<string, number>): string[] {
    const { store } = this;
    const closed: string[] = [];
    store.openFreed((name) => {
      const lane = store.lane(name);
      const before = lane.claimableFrom;
      const isNews = store.gates.reopen(name) !== undefined;
      if (isNews && !opened.has(name)) opened.set(name, before);
      if (lane.isClosed && before <= store.now()) closed.push(name);
    });
    store.announceEarlier();
    return closed;
  }

  /** Jobs of these names were due, and the next one is later: who watches may know of those alone that were due. */
  private tellLater(names: ReadonlySet<string>, host: string): void {
    const { store } = this;
    for (const name of [...names].sort()) {
      const at = store.lane(name).claimableFrom;
      if (at > store.now() && at < Infinity) store.standBys.tellWatchers(name, at, host);
    }
  }

  private tellOpened(opened: ReadonlyMap<string, number>): void {
    for (const [name, before] of inOrder(opened)) {
      const at = this.store.lane(name).claimableFrom;
      if (at < before && before > this.store.now()) this.store.announce(name, at);
    }
  }

  /** The answers of that claim, and its jobs as far as they still run. */
  private sameAgain({ answers, jobs }: RememberedClaim, { host, standBy }: ClaimRequest): Claimed {
    // The host, whose answer was lost, does not know that it stands by.
    if (standBy) this.store.standBys.leave(host, standBy.group);
    if (standBy && standBy.was !== standBy.group) this.store.standBys.leave(host, standBy.was);
    const held = jobs
      .filter(({ id, token }) => this.store.jobs.get(id)?.lease?.token === token)
      .map(({ id }) => handOut(this.store, this.store.jobs.get(id)!));
    const expiresAt = Math.min(...held.map(({ lease }) => lease.expiresAt));
    return {
      now: this.store.now(),
      answers,
      // One expiry for all, as they once had it: the earliest of those in force.
      jobs: held.map((job) => ({ ...job, lease: { ...job.lease, expiresAt } })),
      // The other names were not looked at: come again at once.
      dueInMs: 0,
      earliestExpiry: this.store.earliestExpiry(),
      watched: this.store.isWatched,
    };
  }
}
