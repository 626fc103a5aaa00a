import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { DEFAULT_MAX_DATA_BYTES } from '../core/job/job-data.js';
import type { ClaimSort } from '../core/options/claim-order.js';
import { OrderChoice } from '../core/options/order-choice.js';
import {
  type LogRetention,
  readLogRetention,
  type ResolvedLogRetention,
} from '../core/logging/log-retention.js';
import { trueOrFalse, wholeNumber } from '../core/options/checks.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { InvalidOptionError } from '../core/errors.js';
import { durationOption, type Duration } from '../core/duration.js';
import { readDurability, type DurabilityOptions, type ResolvedDurability } from './durability.js';

/** How to reach Redis: exactly one of the first four (a `connectionString` may be completed by `redisOptions`). */
export interface RedisBackendOptions {
  /** `redis://` or `rediss://`, with user, password and database number. */
  connectionString?: string;
  /** ioredis options for a client of our own: host, port, TLS, Sentinel. */
  redisOptions?: RedisOptions;
  /** A Redis Cluster, by some of its nodes. */
  cluster?: { nodes: ClusterNode[]; options?: ClusterOptions };
  /** A live client, borrowed: never closed, never reconfigured. */
  redis?: Redis | Cluster;

  /**
   * What every key begins with. On Cluster it is wrapped in braces, unless it has a hash tag.
   *
   * @default 'agenda:'
   */
  keyPrefix?: string;
  /**
   * The Pub/Sub channel for news. May be shared: each message names its prefix and database.
   *
   * @default 'agenda:notifications'
   */
  channelName?: string;
  /** Who writes, when a call does not say: kept with the job as `lastModifiedBy`. */
  name?: string;
  /**
   * How long the first connection may take before `connect()` fails.
   *
   * @default '10 seconds'
   */
  connectTimeout?: Duration;
  /**
   * How long a call goes on trying when the connection is lost or Redis is changing roles.
   *
   * @default '10 seconds'
   */
  retryFor?: Duration;
  /**
   * Let `connect()` wait for a Redis that is late instead of failing.
   *
   * @default false
   */
  waitForRedis?: boolean;
  /**
   * Start although Redis may evict any key when its memory is full, jobs included.
   *
   * @default false
   */
  allowEviction?: boolean;
  /**
   * Lets the calls that add, save, requeue and cancel jobs, and those that tell how jobs ended, wait until
   * so many replicas have the write, too: then a failover to one of these does not lose it. What is
   * not confirmed in time is stored all the same: calls reject with `DurabilityError`, and ended jobs
   * are told of by the event `warning`. On Cluster the replicas of the master that has the write are asked.
   *
   * @default replicas are not asked
   */
  durability?: DurabilityOptions;
  /**
   * The most bytes of JSON a job's data may have.
   *
   * @default 262144
   */
  maxDataBytes?: number;
  /**
   * By what claims order the due jobs of a name, the first key first; ties go by insertion. Fixed at
   * the first connect under a prefix: all processes must agree.
   *
   * @default { priority: -1, nextRunAt: 1 }; without an engine of ours, as under npm `agenda`,
   *   { nextRunAt: 1, priority: -1 }
   */
  sort?: ClaimSort;
  /** How much of the log of job events is kept. @default 100,000 entries, of any age */
  logs?: LogRetention;
  /**
   * Over how many partitions the jobs of this prefix are spread, 1 to 256: on Cluster each may be on another
   * node. The order of claims then holds within a partition. Fixed at the first connect under a prefix: all
   * processes must agree.
   *
   * @default 1
   */
  partitions?: number;
}

export const REDIS_OPTION_NAMES = [
  'connectionString',
  'redisOptions',
  'cluster',
  'redis',
  'keyPrefix',
  'channelName',
  'name',
  'connectTimeout',
  'retryFor',
  'waitForRedis',
  'allowEviction',
  'durability',
  'maxDataBytes',
  'sort',
  'logs',
  'partitions',
] as const satisfies readonly (keyof RedisBackendOptions)[];

export interface ResolvedRedisOptions {
  readonly endpoint: Endpoint;
  readonly keyPrefix: string;
  readonly channelName: string;
  readonly name: string | null;
  readonly connectTimeoutMs: number;
  readonly retryForMs: number;
  readonly waitForRedis: boolean;
  readonly allowEviction: boolean;
  readonly durability: ResolvedDurability | undefined;
  readonly maxDataBytes: number;
  readonly sort: OrderChoice;
  readonly logs: ResolvedLogRetention;
  readonly partitions: number;
}

export const MOST_PARTITIONS = 256;

/** Where Redis is, and whose client it is. */
export type Endpoint =
  | { readonly kind: 'server'; readonly options: RedisOptions; readonly address: string }
  | {
      readonly kind: 'cluster';
      readonly nodes: ClusterNode[];
      readonly options: ClusterOptions;
      readonly address: string;
    }
  /** A Cluster client of ours, made after a borrowed one. */
  | {
      readonly kind: 'likeness';
      readonly of: Cluster;
      readonly options: ClusterOptions;
      readonly address: string;
    }
  | { readonly kind: 'borrowed'; readonly client: Redis | Cluster; readonly address: string };

/** @throws InvalidOptionError for an unknown option, a wrong value, or no single way to connect */
export function resolveRedisOptions(options: RedisBackendOptions): ResolvedRedisOptions {
  checkKnownKeys('', options, REDIS_OPTION_NAMES);
  const { waitForRedis = false, allowEviction = false } = options;
  const endpoint = endpointOf(options);
  return {
    endpoint,
    keyPrefix: textOption('keyPrefix', options.keyPrefix ?? 'agenda:'),
    channelName: textOption('channelName', options.channelName ?? 'agenda:notifications'),
    name: options.name ?? null,
    connectTimeoutMs: durationOption('connectTimeout', options.connectTimeout ?? 10_000),
    retryForMs: durationOption('retryFor', options.retryFor ?? 10_000),
    waitForRedis: trueOrFalse('waitForRedis', waitForRedis),
    allowEviction: trueOrFalse('allowEviction', allowEviction),
    durability: readDurability(options.durability),
    maxDataBytes: wholeNumber('maxDataBytes', options.maxDataBytes ?? DEFAULT_MAX_DATA_BYTES, 1),
    sort: new OrderChoice(options.sort),
    logs: readLogRetention('logs', options.logs),
    partitions: wholeNumber('partitions', options.partitions ?? 1, 1, MOST_PARTITIONS),
  };
}

function endpointOf(options: RedisBackendOptions): Endpoint {
  const { connectionString, redisOptions, cluster, redis } = options;
  const ways = [connectionString ?? redisOptions, cluster, redis].filter(
    (way) => way !== undefined,
  );
  if (ways.length !== 1) {
    throw new InvalidOptionError(
      'connectionString, redisOptions, cluster, redis',
      ways.length === 0 ? undefined : 'several of them',
      'exactly one way to reach Redis',
    );
  }
  refuseForeignPrefix('redis', (redis as Redis | undefined)?.options?.keyPrefix);
  refuseForeignPrefix('redisOptions', redisOptions?.keyPrefix);
  refuseForeignPrefix('cluster.options', cluster?.options?.keyPrefix);
  refuseForeignPrefix('cluster.options.redisOptions', cluster?.options?.redisOptions?.keyPrefix);
  if (redis !== undefined)
    return { kind: 'borrowed', client: redis, address: addressOfClient(redis) };
  if (cluster !== undefined) {
    if (!Array.isArray(cluster.nodes) || cluster.nodes.length === 0) {
      throw new InvalidOptionError('cluster.nodes', cluster.nodes, 'a list of at least one node');
    }
    return {
      kind: 'cluster',
      nodes: cluster.nodes,
      options: cluster.options ?? {},
      address: cluster.nodes.map(addressOfNode).join(', '),
    };
  }
  const parts = {
    ...redisOptions,
    ...(connectionString === undefined ? {} : parseUrl(connectionString, redisOptions?.tls)),
  };
  return { kind: 'server', options: parts, address: addressOfOptions(parts) };
}

export function isCluster(endpoint: Endpoint): boolean {
  return endpoint.kind === 'borrowed' ? endpoint.client.isCluster : endpoint.kind !== 'server';
}

/** How the server is reached; of a Cluster, what holds for each of its nodes. */
export function optionsOf(endpoint: Endpoint): RedisOptions {
  const { options } = endpoint.kind === 'borrowed' ? endpoint.client : endpoint;
  return (isCluster(endpoint) ? (options as ClusterOptions).redisOptions : options) ?? {};
}

/** Whether the servers are spoken to over TLS; nobody knows of a given Cluster client. */
export function usesTls(endpoint: Endpoint): boolean | undefined {
  const isGivenCluster = endpoint.kind === 'borrowed' && endpoint.client.isCluster;
  return isGivenCluster ? undefined : Boolean(optionsOf(endpoint).tls);
}

/** ioredis would put its own prefix before some of our keys and not before others. */
function refuseForeignPrefix(where: string, keyPrefix: string | undefined): void {
  if (keyPrefix === undefined || keyPrefix === '') return;
  throw new InvalidOptionError(
    `${where}.keyPrefix`,
    keyPrefix,
    'left out (the option keyPrefix beside it names our keys)',
  );
}

/** The parts of a Redis URL; `tls`: certificates for it. Its password never appears in an error. */
export function parseUrl(text: string, tls: RedisOptions['tls']): RedisOptions {
  const expected = 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS';
  if (typeof text !== 'string' || !URL.canParse(text)) {
    throw new InvalidOptionError('connectionString', redacted(text), expected);
  }
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw new InvalidOptionError('connectionString', redacted(text), expected);
  }
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database)) {
    throw new InvalidOptionError(
      'connectionString',
      redacted(text),
      `${expected}, its path a database number`,
    );
  }
  const options: RedisOptions = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: url.port === '' ? 6379 : Number(url.port),
  };
  if (url.username !== '') options.username = unescaped(url.username, text);
  if (url.password !== '') options.password = unescaped(url.password, text);
  if (database !== '') options.db = Number(database);
  if (url.protocol === 'rediss:') options.tls = tls ?? {};
  else if (tls !== undefined) {
    const expected = 'left out, or the connectionString one that begins with rediss://';
    throw new InvalidOptionError('redisOptions.tls', 'given', expected);
  }
  return options;
}

function unescaped(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    const expected = 'a URL with valid %-escapes in user and password (%25 for a % itself)';
    throw new InvalidOptionError('connectionString', redacted(text), expected);
  }
}

/** A connection string that can be shown: `redis://user:***@host:6379/0`. */
export function redacted(text: unknown): string {
  return String(text).replace(/^(\w+:\/\/)?([^:@/]*).*@/s, '$1$2:***@');
}

function addressOfOptions(options: RedisOptions): string {
  if (options.sentinels) return `sentinels ${options.sentinels.map(addressOfNode).join(', ')}`;
  return options.path ?? `${options.host ?? '127.0.0.1'}:${options.port ?? 6379}`;
}

function addressOfNode(node: ClusterNode | Partial<{ host: string; port: number }>): string {
  if (typeof node === 'object') return `${node.host ?? '127.0.0.1'}:${node.port ?? 6379}`;
  return typeof node === 'number' ? `127.0.0.1:${node}` : redacted(node);
}

function addressOfClient(client: Redis | Cluster): string {
  return client.isCluster
    ? 'the given Cluster client'
    : addressOfOptions((client as Redis).options);
}

function textOption(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new InvalidOptionError(option, value, 'text');
  return value;
}
