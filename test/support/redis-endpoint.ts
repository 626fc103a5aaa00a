import { Cluster, Redis, type ClusterNode, type RedisOptions } from 'ioredis';
import type { RedisBackendOptions } from '../../lib/redis/index.js';

/*
 * The servers of this run, which its spec files share: one, a Cluster, or a master behind Sentinel (see
 * redis-topology.mjs).
 */

export type Endpoint = Pick<RedisBackendOptions, 'connectionString' | 'cluster' | 'redisOptions'>;

/** How they are reached. */
export const endpoint = JSON.parse(process.env.TEST_REDIS_ENDPOINT!) as Endpoint;

/** Over how many partitions the stores of this run are spread. */
export const partitions = Number(process.env.TEST_REDIS_PARTITIONS ?? 1);

/** For a backend on the servers of this run. */
export const storeOptions: Endpoint & { readonly partitions: number } = { ...endpoint, partitions };

/** A client that looks at these servers, or at others. */
export function newClient(at: Endpoint = endpoint): Redis | Cluster {
  const { cluster, connectionString, redisOptions = {} } = at;
  if (cluster) return new Cluster(cluster.nodes as ClusterNode[]);
  if (connectionString) return new Redis(connectionString);
  return new Redis(redisOptions as RedisOptions);
}

/**
 * Every key that contains the text, on whichever node, in order.
 *
 * @param masters - for who knows them
 */
export async function keysWith(
  text: string,
  client: Redis | Cluster,
  masters?: readonly Redis[],
): Promise<string[]> {
  const keys = new Set<string>();
  const match = `*${text.replace(/[\\*?[\]]/g, '\\$&')}*`;
  for (const node of masters ?? (await mastersOf(client))) {
    for await (const page of node.scanStream({ match, count: 1000 })) {
      for (const key of page as string[]) keys.add(key);
    }
  }
  return [...keys].sort();
}

/** The servers that hold keys. */
export async function mastersOf(client: Redis | Cluster): Promise<Redis[]> {
  if (!client.isCluster) return [client as Redis];
  const cluster = client as Cluster;
  // It knows its nodes once it has connected, and what has become of them since when it asks.
  await cluster.ping();
  await new Promise<void>((resolve, reject) => {
    cluster.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
  });
  return cluster.nodes('master');
}
