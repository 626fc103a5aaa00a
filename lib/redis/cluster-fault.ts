import { Redis, type ClusterNode } from 'ioredis';
import { disconnected } from './redis-client.js';
import type { Endpoint } from './redis-options.js';

/** How long the node may take. */
const WITHIN_MS = 1_000;

/**
 * Why a Cluster cannot be reached, where its client only says that no node could be asked: what the first one that was
 * given says to a client of its own. Nothing when it answers now.
 */
export async function clusterFault(endpoint: Endpoint): Promise<unknown> {
  if (endpoint.kind !== 'cluster') return undefined;
  const { nodes, options } = endpoint;
  const node = new Redis({
    ...options.redisOptions,
    ...addressOf(nodes[0]!),
    lazyConnect: true,
    connectTimeout: WITHIN_MS,
    retryStrategy: () => null,
  });
  let fault: unknown;
  node.on('error', (error: unknown) => (fault ??= error));
  try {
    await node.connect();
    return undefined;
  } catch (error) {
    return fault ?? error;
  } finally {
    await disconnected(node);
  }
}

function addressOf(given: ClusterNode): { host?: string; port?: number } {
  if (typeof given === 'number') return { port: given };
  if (typeof given === 'object') return given;
  const { hostname, port } = new URL(given.includes('://') ? given : `redis://${given}`);
  return { host: hostname, port: Number(port || 6379) };
}
