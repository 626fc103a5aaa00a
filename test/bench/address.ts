import { Redis } from 'ioredis';
import type { RedisBackendOptions } from '../../lib/redis/redis-options.js';

/*
 * Where a store is, as one text that goes to other processes: the URL of a server, or of one node of a
 * cluster (`?cluster`); `partitions=n` says over how many partitions our jobs are spread.
 */

export function addressOf(url: string, store: { cluster?: boolean; partitions?: number }): string {
  const address = new URL(url);
  if (store.cluster) address.searchParams.set('cluster', '');
  if (store.partitions) address.searchParams.set('partitions', `${store.partitions}`);
  return address.href;
}

export function optionsAt(text: string): RedisBackendOptions {
  const { address, isCluster } = parsed(text);
  const partitions = Number(address.searchParams.get('partitions') ?? 1);
  const { hostname: host, port } = address;
  if (isCluster) return { cluster: { nodes: [{ host, port: Number(port) }] }, partitions };
  address.search = '';
  return { connectionString: address.href, partitions };
}

/** A connection to every server that may hold jobs: of a cluster to all masters, in the order of their slots. */
export async function serversAt(text: string): Promise<Redis[]> {
  const { address, isCluster } = parsed(text);
  address.search = '';
  const first = new Redis(address.href);
  if (!isCluster) return [first];
  const slots = await first.cluster('SLOTS');
  first.disconnect();
  const masters = slots.toSorted(([one], [other]) => one - other).map((range) => range[2][1]);
  return [...new Set(masters)].map((port) => new Redis(port, address.hostname));
}

function parsed(text: string) {
  const address = new URL(text);
  return { address, isCluster: address.searchParams.has('cluster') };
}
