import type { Socket } from 'node:net';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Endpoint } from './redis-options.js';

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
};

/** A client of our own for commands; it does not connect before it is told to. */
export function newClient(endpoint: Exclude<Endpoint, { kind: 'borrowed' }>): Client {
  if (endpoint.kind === 'server') return quiet(new Redis({ ...endpoint.options, ...OURS }));
  return quiet(newCluster(endpoint, reconnectDelay));
}

/**
 * A second client for subscriptions, beside one of our own or a borrowed one. It does not connect
 * again by itself, unless it is one of a Cluster: that does, after the given delay.
 */
export function newSubscriber(endpoint: Endpoint, clusterDelay: () => number): Client {
  const options: RedisOptions = { ...OURS, retryStrategy: () => null };
  if (endpoint.kind === 'server') return quiet(new Redis({ ...endpoint.options, ...options }));
  if (endpoint.kind === 'cluster') return quiet(newCluster(endpoint, clusterDelay));
  const { client } = endpoint;
  if (client instanceof Cluster || client.isCluster) {
    return quiet(
      (client as Cluster).duplicate([], { lazyConnect: true, clusterRetryStrategy: clusterDelay }),
    );
  }
  return quiet((client as Redis).duplicate({ ...options, keyPrefix: '' }));
}

/** The servers that hold keys. */
export const mastersOf = (client: Client): Redis[] =>
  client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];

/**
 * The same server, for a client of our own that blocks on purpose: no answer comes too late for it but
 * by our own clock.
 */
export function blockingEndpoint(
  endpoint: Exclude<Endpoint, { kind: 'cluster' }>,
): Extract<Endpoint, { kind: 'server' }> {
  const { address } = endpoint;
  const {
    commandTimeout: _,
    socketTimeout: __,
    ...options
  } = endpoint.kind === 'server' ? endpoint.options : (endpoint.client as Redis).options;
  return { kind: 'server', options, address };
}

function newCluster(
  { nodes, options }: Extract<Endpoint, { kind: 'cluster' }>,
  clusterRetryStrategy: (times: number) => number,
): Cluster {
  return new Cluster(nodes, {
    ...options,
    lazyConnect: true,
    clusterRetryStrategy,
    redisOptions: { ...options.redisOptions, maxRetriesPerRequest: 0 },
  });
}

/**
 * Notes what has come in so far; the answer tells whether more has since, or on a newer connection.
 * A Cluster client has many connections, of which we see none: it counts as silent.
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
