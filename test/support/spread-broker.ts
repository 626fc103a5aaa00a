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
import { placeOfId } from '../../lib/core/job/placement.js';

/** Brokers of several stores as the partitions of one: what a call carries goes where its jobs live. */
export class SpreadBroker extends JobBroker {
  constructor(readonly inner: readonly JobBroker[]) {
    super();
  }

  now(): number {
    return this.inner[0]!.now();
  }

  override get partitions(): number {
    return this.inner.length;
  }

  override partitionOf(id: string): number {
    return placeOfId(id) % this.inner.length;
  }

  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    const answers: Enqueued[] = [];
    await this.byPartition(jobs, async (broker, part, places) => {
      const answered = await broker.enqueue(part);
      answered.forEach((answer, i) => (answers[places[i]!] = answer));
    });
    return answers;
  }

  override dedupe(job: DedupedJob): Promise<Enqueued> {
    return this.of(job.id).dedupe(job);
  }

  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    const { partition = 0 } = claim;
    const stray = settlements.find(({ lease }) => this.partitionOf(lease.id) !== partition);
    if (stray) throw new Error(`Job ${stray.lease.id} is not of partition ${partition}.`);
    return this.inner[partition]!.settleAndClaim(settlements, { ...claim, partition: 0 });
  }

  override claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    return this.of(request.id).claimOne(request);
  }

  async renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal> {
    const lost: Renewal['lost'][] = [];
    await this.byPartition(leases, async (broker, part) => {
      lost.push((await broker.renew(part, forMs, options)).lost);
    });
    return { now: this.now(), lost: lost.flat() };
  }

  rescue(limit: number, leaseMs: number, partition = 0): Promise<Rescue> {
    return this.inner[partition]!.rescue(limit, leaseMs);
  }

  async register(settings: readonly NameSettings[]): Promise<void> {
    await Promise.all(this.inner.map((broker) => broker.register(settings)));
  }

  override prune(cursor: string, partition = 0): Promise<Pruned> {
    return this.inner[partition]!.prune!(cursor);
  }

  override async watch(): Promise<void> {
    for (const broker of this.inner) await broker.watch?.();
  }

  override async beat(beat: HostBeat): Promise<void> {
    await this.inner[0]!.beat?.(beat);
  }

  override async leave(host: string): Promise<void> {
    await this.inner[0]!.leave?.(host);
  }

  private of(id: string): JobBroker {
    return this.inner[this.partitionOf(id)]!;
  }

  /** @param act - gets the items of a partition, and where they stood among all */
  private async byPartition<Item extends { readonly id: string }>(
    items: readonly Item[],
    act: (broker: JobBroker, part: readonly Item[], places: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const places = this.inner.map((): number[] => []);
    items.forEach(({ id }, place) => places[this.partitionOf(id)]!.push(place));
    const calls = this.inner.map(async (broker, partition) => {
      const part = places[partition]!;
      if (part.length > 0) {
        await act(
          broker,
          part.map((place) => items[place]!),
          part,
        );
      }
    });
    await Promise.all(calls);
  }
}
