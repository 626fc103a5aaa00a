import type { HostBeat } from '../../../lib/core/contracts/host-registry.js';
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
} from '../../../lib/core/contracts/job-broker.js';
import type { DedupedJob, NewJob } from '../../../lib/core/job/job-record.js';
import type { Call } from './calls.js';
import type { Link } from './link.js';

/** A broker that is reached by a link, and counts its calls: each is one command of Redis. */
export class FarBroker extends JobBroker {
  constructor(
    private readonly inner: JobBroker,
    private readonly link: Link,
    private readonly count: (call: Call) => void,
  ) {
    super();
  }

  now(): number {
    return this.inner.now();
  }

  enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    this.count('enqueue');
    return this.link.call(() => this.inner.enqueue(jobs));
  }

  override dedupe(job: DedupedJob): Promise<Enqueued> {
    this.count('enqueue');
    return this.link.call(() => this.inner.dedupe(job));
  }

  async settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    const kind = settlements.length > 0 ? 'settle' : 'look';
    this.count(kind);
    const claimed = await this.link.call(() => this.inner.settleAndClaim(settlements, claim));
    if (kind === 'look' && claimed.jobs.length === 0) this.count('looked in vain');
    return claimed;
  }

  override claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    this.count('look');
    return this.link.call(() => this.inner.claimOne(request));
  }

  renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal> {
    this.count('renew');
    return this.link.call(() => this.inner.renew(leases, forMs, options));
  }

  rescue(limit: number, leaseMs: number): Promise<Rescue> {
    this.count('rescue');
    return this.link.call(() => this.inner.rescue(limit, leaseMs));
  }

  register(settings: readonly NameSettings[]): Promise<void> {
    this.count('register');
    return this.link.call(() => this.inner.register(settings));
  }

  override prune(cursor: string): Promise<Pruned> {
    this.count('prune');
    return this.link.call(() => this.inner.prune!(cursor));
  }

  override beat(beat: HostBeat): Promise<void> {
    this.count('beat');
    return this.link.call(async () => this.inner.beat?.(beat));
  }

  override leave(host: string): Promise<void> {
    this.count('beat');
    return this.link.call(async () => this.inner.leave?.(host));
  }
}
