import {
  JobBroker,
  type Claimed,
  type ClaimedOne,
  type ClaimOneRequest,
  type ClaimRequest,
  type Enqueued,
  type NameSettings,
  type Renewal,
  type Renewed,
  type Rescue,
  type Settlement,
} from '../contracts/job-broker.js';
import type { DedupedJob, NewJob } from '../job/job-record.js';
import type { Announcements } from './announcements.js';
import { plannedBy } from './row-ending.js';

/** A broker whose store does not announce on the engine's channel: what comes to be due is announced here. */
export class AnnouncingBroker extends JobBroker {
  constructor(
    private readonly inner: JobBroker,
    private readonly announcements: Announcements,
  ) {
    super();
    // Verbs that this store may be without.
    if (inner.prune) this.prune = (cursor, partition) => inner.prune!(cursor, partition);
    if (inner.beat) this.beat = (beat) => inner.beat!(beat);
    if (inner.leave) this.leave = (host) => inner.leave!(host);
  }

  now(): number {
    return this.inner.now();
  }

  override get enqueueLimit(): number {
    return this.inner.enqueueLimit;
  }

  override get keepsContext(): boolean {
    return this.inner.keepsContext;
  }

  override get partitions(): number {
    return this.inner.partitions;
  }

  override partitionOf(id: string): number {
    return this.inner.partitionOf(id);
  }

  override holdsTogether(name: string): boolean {
    return this.inner.holdsTogether(name);
  }

  override checkPlace(...[job, chosenId]: Parameters<JobBroker['checkPlace']>): void {
    this.inner.checkPlace(job, chosenId);
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    const answers = await this.inner.enqueue(jobs);
    for (const { created, job } of answers) {
      if (created) this.announcements.due(job, job.nextRunAt);
    }
    return answers;
  }

  override async dedupe(asked: DedupedJob): Promise<Enqueued> {
    const answer = await this.inner.dedupe(asked);
    const { job, created, deduped } = answer;
    if (created || deduped === 'replaced') this.announcements.due(job, job.nextRunAt);
    return answer;
  }

  async settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    // The store could wake nobody who listens elsewhere.
    const { standBy: _, ...alert } = claim;
    const claimed = await this.inner.settleAndClaim(settlements, alert);
    settlements.forEach((settlement, i) => {
      if (claimed.answers[i] !== 'ok') return;
      const at = plannedBy(settlement, { plannedAt: null }, claimed.now);
      this.announcements.due(settlement.lease, at);
    });
    return claimed;
  }

  async rescue(limit: number, leaseMs: number, partition?: number): Promise<Rescue> {
    const rescue = await this.inner.rescue(limit, leaseMs, partition);
    for (const job of rescue.jobs) {
      if (job.outcome === 'requeued') this.announcements.due(job, rescue.now);
    }
    return rescue;
  }

  renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal> {
    return this.inner.renew(leases, forMs, options);
  }

  override claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    return this.inner.claimOne(request);
  }

  register(settings: readonly NameSettings[]): Promise<void> {
    return this.inner.register(settings);
  }

  override async watch(): Promise<void> {
    await this.inner.watch?.();
  }
}
