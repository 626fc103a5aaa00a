import type { PrivateRedis } from './redis-server.mjs';

export interface PrivateCluster {
  /** Three masters, and behind them a replica of each in the same order, as they were at the start. */
  readonly nodes: readonly PrivateRedis[];
  /**
   * Waits until all nodes run and agree who has which slots, every slot has a master, and every master a
   * replica that has caught up.
   */
  untilWhole(): Promise<void>;
  /** Ends all nodes at once and removes their folders; again does nothing. */
  stop(): Promise<void>;
}

export interface PrivateClusterOptions {
  /** After how long a node that is silent is taken to be dead, in ms. @default 1000 */
  nodeTimeoutMs?: number;
}

/** Starts a Redis Cluster of the caller's own, for tests that kill its nodes or move its slots. */
export declare function startPrivateCluster(
  options?: PrivateClusterOptions,
): Promise<PrivateCluster>;
