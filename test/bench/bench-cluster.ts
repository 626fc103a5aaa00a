import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Redis } from 'ioredis';
import type { PrivateCluster } from '../support/redis-cluster.mjs';
import { addressOf, serversAt } from './address.js';
import { commandStats } from './command-stats.js';

// As in `server.ts`.
const SUPPORT = pathToFileURL(join(process.cwd(), 'test/support/redis-cluster.mjs')).href;
const { startPrivateCluster } = (await import(
  SUPPORT
)) as typeof import('../support/redis-cluster.mjs');

/** A busy machine must not look like a dead node. */
const NODE_TIMEOUT_MS = 15_000;

/** Three masters and their replicas, which nobody else uses. */
export class BenchCluster {
  private constructor(
    private readonly cluster: PrivateCluster,
    private readonly masters: readonly Redis[],
  ) {}

  static async start(): Promise<BenchCluster> {
    const cluster = await startPrivateCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS });
    const masters = await serversAt(addressOf(cluster.nodes[0]!.url, { cluster: true }));
    return new BenchCluster(cluster, masters);
  }

  address(partitions: number): string {
    return addressOf(this.cluster.nodes[0]!.url, { cluster: true, partitions });
  }

  async flush(): Promise<void> {
    await Promise.all(this.masters.map((master) => master.flushall('SYNC')));
  }

  async resetCommandStats(): Promise<void> {
    await Promise.all(this.masters.map((master) => master.config('RESETSTAT')));
  }

  /** How many commands each master has carried out since the reset, those inside scripts too. */
  async commandsPerMaster(): Promise<number[]> {
    const stats = await Promise.all(this.masters.map((master) => commandStats(master)));
    return stats.map((commands) =>
      [...commands.values()].reduce((sum, { calls }) => sum + calls, 0),
    );
  }

  async stop(): Promise<void> {
    for (const master of this.masters) master.disconnect();
    await this.cluster.stop();
  }
}
