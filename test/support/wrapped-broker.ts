import {
  type Claimed,
  type ClaimedOne,
  type ClaimOneRequest,
  type ClaimRequest,
  type Enqueued,
  JobBroker,
  type NameSettings,
  type Pruned,
  type Renewal,
  type Renewed,
  type Rescue,
  type Settlement,
} from '../../lib/core/contracts/job-broker.js';
import type { HostBeat } from '../../lib/core/contracts/host-registry.js';
import type { DedupedJob, NewJob } from '../../lib/core/job/job-record.js';

export type BrokerCall =
  | 'enqueue'
  | 'dedupe'
  | 'settleAndClaim'
  | 'claimOne'
  | 'renew'
  | 'rescue'
  | 'register'
  | 'prune'
  | 'watch'
  | 'beat'
  | 'leave';

/** A broker around another one: every call to the store goes through `make`. */
export abstract class WrappedBroker extends JobBroker {
  constructor(readonly inner: JobBroker) {
    super();
  }

  now(): number {
    return this.inner.now();
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

  enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    return this.make('enqueue', [jobs], () => this.inner.enqueue(jobs));
  }

  override dedupe(job: DedupedJob): Promise<Enqueued> {
    return this.make('dedupe', [job], () => this.inner.dedupe(job));
  }

  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    return this.make('settleAndClaim', [settlements, claim], () =>
      this.inner.settleAndClaim(settlements, claim),
    );
  }

  override claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    return this.make('claimOne', [request], () => this.inner.claimOne(request));
  }

  renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal> {
    return this.make('renew', [leases, forMs], () => this.inner.renew(leases, forMs, options));
  }

  rescue(limit: number, leaseMs: number, partition?: number): Promise<Rescue> {
    return this.make('rescue', [limit, leaseMs, partition], () =>
      this.inner.rescue(limit, leaseMs, partition),
    );
  }

  register(settings: readonly NameSettings[]): Promise<void> {
    return this.make('register', [settings], () => this.inner.register(settings));
  }

  override prune(cursor: string, partition?: number): Promise<Pruned> {
    return this.make('prune', [cursor, partition], () => this.inner.prune!(cursor, partition));
  }

  override beat(beat: HostBeat): Promise<void> {
    return this.make('beat', [beat], async () => this.inner.beat?.(beat));
  }

  override leave(host: string): Promise<void> {
    return this.make('leave', [host], async () => this.inner.leave?.(host));
  }

  override watch(): Promise<void> {
    return this.make('watch', [], async () => this.inner.watch?.());
  }

  protected abstract make<T>(
    call: BrokerCall,
    args: readonly unknown[],
    act: () => Promise<T>,
  ): Promise<T>;
}
