import { AsyncResource } from 'node:async_hooks';
import { type LostLease, MAX_BATCH, type Renewal, type Renewed } from '../contracts/job-broker.js';
import { LeaseLostError } from '../errors.js';
import { errorOf } from '../job/thrown.js';
import type { Attempt } from './attempt.js';
import type { AttemptReport } from './reports.js';
import { Timer } from './timer.js';

/*
 * Keeps the leases of the attempts under way, from the claim to the answer to their settlement.
 *
 * Every third of the lease time all of them are renewed, on a timer of its own that nothing else
 * delays. A lease is trusted from the moment its claim or renewal was *sent*, plus the lease time,
 * minus a margin: a slow reply must not stretch it. When that is over and the store has not been
 * heard, the handler is asked to end; its result is still sent, and counts if nobody has taken the
 * job over meanwhile. A host that was cut off takes its leases up again when it comes back, expired or
 * not, as long as nobody has the jobs. When the store says that a lease is gone, the attempt is void.
 *
 * The timer stops by itself at the first tick that finds nothing to keep: starting and stopping it
 * with every short job would cost more than that one tick.
 */

export interface LeaseKeeperHooks {
  renew(leases: readonly Renewed[], forMs: number): Promise<Renewal>;
  /** The store says that this attempt is void. */
  lost(attempt: Attempt, lost: LostLease): void;
  failed(error: Error): void;
  recovered(): void;
}

const LONGEST_MARGIN = 2_000;
const LONGEST_RETRY = 1_000;

export class LeaseKeeper {
  private readonly held = new Set<Attempt>();
  // Whoever begins a run by hand must not lend its context to the renewals of all runs.
  private readonly timer = new Timer(AsyncResource.bind(() => this.tick()));
  private readonly renewEveryMs: number;
  private readonly trustedMs: number;
  private renewAt = 0;

  constructor(
    private readonly leaseMs: number,
    private readonly hooks: LeaseKeeperHooks,
  ) {
    this.renewEveryMs = leaseMs / 3;
    this.trustedMs = leaseMs - Math.min(leaseMs / 10, LONGEST_MARGIN);
  }

  /** Until when a lease can be trusted whose claim was sent then; by `performance.now()`. */
  trustFrom(sentAt: number): number {
    return sentAt + this.trustedMs;
  }

  hold(attempt: Attempt): void {
    this.held.add(attempt);
    if (!this.timer.isWaiting) this.beginAnew();
    else if (attempt.trustedUntil < this.timer.at) this.arm();
  }

  letGo(attempt: Attempt): void {
    this.held.delete(attempt);
  }

  /** The attempts whose leases are kept. */
  attempts(): ReadonlySet<Attempt> {
    return this.held;
  }

  /** Whether a renewal is overdue: the store, or this process, was away. */
  get isBehind(): boolean {
    const limit = performance.now() + this.trustedMs - this.leaseMs / 2;
    for (const attempt of this.held) if (attempt.trustedUntil < limit) return true;
    return false;
  }

  /** Renews all leases now. Never rejects. */
  async renewAll(): Promise<void> {
    this.renewAt = performance.now() + this.renewEveryMs;
    const all = [...this.held];
    const calls: Promise<void>[] = [];
    for (let from = 0; from < all.length; from += MAX_BATCH) {
      calls.push(this.renewBatch(all.slice(from, from + MAX_BATCH)));
    }
    await Promise.all(calls);
  }

  /** News about a job that may run here: the store is asked whether its lease still stands. */
  async check(jobId: string): Promise<void> {
    const concerned = [...this.held].filter(({ record }) => record.id === jobId);
    if (concerned.length > 0) await this.renewBatch(concerned.slice(0, MAX_BATCH));
  }

  /**
   * Renews one lease now, and tells the store how far its handler has come.
   *
   * @throws LeaseLostError, JobCancelledError when the lease is gone; ConnectionError
   */
  async touch(attempt: Attempt, progress: number | undefined): Promise<void> {
    const told = progress === undefined ? {} : { progress };
    const [gone] = await this.tell([{ attempt, ...told }]);
    if (gone) throw attempt.endReason ?? new LeaseLostError(attempt.lease.id, gone.refusal);
  }

  /**
   * Renews leases now, and tells the store what their handlers have told. @returns those that are lost
   *
   * @throws ConnectionError
   */
  async tell(reports: readonly AttemptReport[]): Promise<readonly LostLease[]> {
    const sentAt = performance.now();
    const leases = reports.map(({ attempt, ...told }) => ({ ...attempt.lease, ...told }));
    const { lost } = await this.hooks.renew(leases, this.leaseMs);
    const attempts = reports.map(({ attempt }) => attempt);
    this.learn(attempts, lost, this.trustFrom(sentAt));
    return lost;
  }

  /** Keeps nothing any more. */
  stop(): void {
    this.held.clear();
    this.timer.stop();
  }

  private beginAnew(): void {
    this.renewAt = performance.now() + this.renewEveryMs;
    this.arm();
  }

  private tick(): void {
    if (this.held.size === 0) return;
    const now = performance.now();
    for (const attempt of this.held) {
      if (attempt.trustedUntil <= now && !attempt.endReason) {
        attempt.fire(new LeaseLostError(attempt.record.id, 'expired'));
      }
    }
    if (this.renewAt <= now) void this.renewAll();
    this.arm();
  }

  /** Wakes up for the next renewal, or for the end of the first trust. */
  private arm(): void {
    let next = this.renewAt;
    for (const attempt of this.held) {
      if (attempt.trustedUntil < next && !attempt.endReason) next = attempt.trustedUntil;
    }
    this.timer.startIn(Math.max(0, next - performance.now()));
  }

  private async renewBatch(batch: readonly Attempt[]): Promise<void> {
    const sentAt = performance.now();
    try {
      const leases = batch.map(({ lease }) => lease);
      const renewal = await this.hooks.renew(leases, this.leaseMs);
      this.learn(batch, renewal.lost, this.trustFrom(sentAt));
      this.hooks.recovered();
    } catch (thrown) {
      this.hooks.failed(errorOf(thrown));
      this.tryAgainSoon();
    }
  }

  private learn(batch: readonly Attempt[], lost: readonly LostLease[], trustedUntil: number): void {
    const lostByToken = new Map(lost.map((lease) => [lease.token, lease]));
    for (const attempt of batch) {
      // Settled while the renewal was under way: its end says more than this answer.
      if (!this.held.has(attempt)) continue;
      const gone = lostByToken.get(attempt.lease.token);
      if (!gone) attempt.trustedUntil = Math.max(attempt.trustedUntil, trustedUntil);
      else this.lose(attempt, gone);
    }
  }

  private lose(attempt: Attempt, lost: LostLease): void {
    this.held.delete(attempt);
    this.hooks.lost(attempt, lost);
  }

  private tryAgainSoon(): void {
    if (!this.timer.isWaiting) return;
    const wait = Math.min(this.leaseMs / 10, LONGEST_RETRY);
    this.renewAt = Math.min(this.renewAt, performance.now() + wait);
    this.arm();
  }
}
