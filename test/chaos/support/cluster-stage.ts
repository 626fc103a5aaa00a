import { placeOfId } from '../../../lib/core/job/placement.js';
import { slotOf } from '../../../lib/redis/hash-slots.js';
import { asked } from '../../redis/replicas.js';
import { startPrivateCluster, type PrivateCluster } from '../../support/redis-cluster.mjs';
import type { PrivateRedis } from '../../support/redis-server.mjs';
import { partitionPrefixes } from '../../support/store-prefixes.js';
import { Stage } from './stage.js';

const PARTITIONS = 8;

/** A stage on a Cluster of its own, over several partitions; what is acknowledged is on a replica, too. */
export class ClusterStage {
  private constructor(
    readonly stage: Stage,
    readonly cluster: PrivateCluster,
  ) {}

  static async open(): Promise<ClusterStage> {
    const cluster = await startPrivateCluster();
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const durability = { replicas: 1, timeout: '1s' };
    const store = { cluster: { nodes }, partitions: PARTITIONS, durability };
    const stage = await Stage.on({ store, stop: () => cluster.stop() });
    return new ClusterStage(stage, cluster);
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  readonly partitions: readonly number[] = Array.from({ length: PARTITIONS }, (_, i) => i);

  /** In which partition a job is. */
  partitionOf(id: string): number {
    return placeOfId(id) % PARTITIONS;
  }

  slotOf(partition: number): number {
    return slotOf(partitionPrefixes(this.stage.store)[partition]!);
  }

  /** Where a partition is, as a node sees it. */
  async masterOf(partition: number, by: PrivateRedis): Promise<PrivateRedis> {
    const slot = this.slotOf(partition);
    const ranges = await asked(by, (client) => client.cluster('SLOTS'));
    const [, , master] = ranges.find(([first, last]) => first <= slot && slot <= last)!;
    return this.cluster.nodes.find(({ port }) => port === master![1])!;
  }

  /** The masters there are, as a node sees it. */
  async masters(by: PrivateRedis): Promise<PrivateRedis[]> {
    const masters = new Set<PrivateRedis>();
    for (const partition of this.partitions) masters.add(await this.masterOf(partition, by));
    return [...masters];
  }
}
