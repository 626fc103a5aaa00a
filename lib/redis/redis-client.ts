import type { Socket } from 'node:net';
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { ANSWER_WITHIN_MS } from './pending-calls.js';
import { isCluster, optionsOf, type Endpoint } from './redis-options.js';

export type Client = Redis | Cluster;

/** Gaps between attempts to reconnect grow from 20 ms and end at 300 ms: Redis back means work back. */
const reconnectDelay = (times: number): number => Math.min(20 * 2 ** Math.min(times - 1, 10), 300);

/** How long a server may take to answer the end of a connection before the socket is torn down. */
const END_WITHIN_MS = 200;

/**
 * Commands that were under way when a connection broke are rejected at once: whoever sent them knows
 * whether they can be repeated, ioredis does not. It does not hear either when subscribing anew fails.
 */
const OURS: RedisOptions = {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  disconnectTimeout: END_WITHIN_MS,
  retryStrategy: reconnectDelay,
  enableAutoPipelining: false,
  // Without one the client ends for good where no Sentinel knows the master for a moment.
  sentinelRetryStrategy: reconnectDelay,
};

/** What only its own clock ends: to be told to connect anew does not help a client that waits for a Sentinel. */
const SENTINEL_PATIENCE: RedisOptions = {
  connectTimeout: ANSWER_WITHIN_MS,
  sentinelCommandTimeout: ANSWER_WITHIN_MS,
};

/** A client of our own for commands; it does not connect before it is told to. */
export function newClient(endpoint: Exclude<Endpoint, { kind: 'borrowed' }>): Client {
  if (endpoint.kind === 'server') return quiet(new Redis(ours(endpoint.options)));
  if (endpoint.kind === 'cluster') {
    return quiet(new Cluster(endpoint.nodes, clusterOptions(endpoint.options)));
  }
  return quiet(endpoint.of.duplicate([], clusterOptions(endpoint.options)));
}

/**
 * A second client for subscriptions, beside one of our own or a borrowed one. It does not connect again by itself.
 *
 * @param node - on Cluster, where the news of all nodes comes together at each of them
 */
export function newSubscriber(endpoint: Endpoint, node?: Redis): Redis {
  const never = { retryStrategy: () => null, sentinelRetryStrategy: () => null };
  const once: RedisOptions = { ...OURS, ...never, keyPrefix: '' };
  if (node) return quiet(node.duplicate({ ...once, readOnly: false }));
  if (endpoint.kind === 'borrowed') return quiet((endpoint.client as Redis).duplicate(once));
  return quiet(new Redis({ ...ours(optionsOf(endpoint)), ...once }));
}

/** The servers that hold keys. */
export const mastersOf = (client: Client): Redis[] =>
  client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];

/**
 * The same server, or the same Cluster, for a client of our own that blocks on purpose: no answer comes too late for it but
 * by our own clock.
 */
export function blockingEndpoint(endpoint: Endpoint): Exclude<Endpoint, { kind: 'borrowed' }> {
  const { address } = endpoint;
  const redisOptions = {
    ...optionsOf(endpoint),
    commandTimeout: undefined,
    socketTimeout: undefined,
  };
  if (endpoint.kind === 'server' || !isCluster(endpoint)) {
    return { kind: 'server', options: redisOptions, address };
  }
  if (endpoint.kind === 'borrowed') {
    const of = endpoint.client as Cluster;
    return { kind: 'likeness', of, options: { ...of.options, redisOptions }, address };
  }
  return { ...endpoint, options: { ...endpoint.options, redisOptions } };
}

const ours = (options: RedisOptions): RedisOptions => ({
  ...(options.sentinels && SENTINEL_PATIENCE),
  ...options,
  ...OURS,
});

function clusterOptions(options: ClusterOptions): ClusterOptions {
  return {
    ...options,
    lazyConnect: true,
    enableOfflineQueue: true,
    clusterRetryStrategy: reconnectDelay,
    // Nodes that connect anew by themselves never end, and a client that begins anew waits for their end.
    clusterNodeRetryStrategy: null,
    redisOptions: { ...options.redisOptions, ...OURS },
  };
}

/**
 * Notes what has come in so far; the answer tells whether more has since, or on a newer connection.
 * A Cluster client itself has many connections: as long as nobody asks one of its nodes, it counts as silent.
 */
export function listening(client: Client): () => boolean {
  const stream = streamOf(client);
  const bytes = stream?.bytesRead;
  return () => streamOf(client) !== stream || stream?.bytesRead !== bytes;
}

const streamOf = (client: Client): Socket | undefined =>
  (client as unknown as { stream?: Socket }).stream;

/** An error that nobody listens to would end the process; callers hear of errors by their calls. */
function quiet<C extends Client>(client: C): C {
  client.on('error', () => {});
  return client;
}

/** Closes a client of ours for good, also one that is between two connections. */
export async function disconnected(client: Client): Promise<void> {
  const { status } = client;
  // A second `disconnect` on a client that has ended would keep the process alive for a while.
  if (status === 'end') return;
  client.disconnect(false);
  if (status === 'wait' || status === 'reconnecting' || status === 'close') return;
  const socket = streamOf(client);
  await new Promise<void>((resolve) => {
    const tearDown = setTimeout(() => {
      socket?.destroy();
      resolve();
    }, END_WITHIN_MS);
    client.once('end', () => {
      clearTimeout(tearDown);
      resolve();
    });
  });
}
