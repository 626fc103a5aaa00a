import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '../core/errors.js';
import type { RedisBackendOptions } from '../redis/index.js';
import { parseUrl } from '../redis/redis-options.js';
import type { CommandIo } from './command.js';
import { UsageError } from './usage-error.js';

/** How to reach the store, in the form of `parseArgs`. */
export const CONNECTION_ARGUMENTS = {
  url: { type: 'string' },
  cluster: { type: 'boolean' },
  sentinel: { type: 'string', multiple: true },
  prefix: { type: 'string' },
  channel: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const;

export const CONNECTION_USAGE = `  --url <url>        redis:// or rediss://; better in REDIS_URL: what stands here others can see
  --cluster          the url is that of a node of a Redis Cluster
  --sentinel <host:port>
                     the host of the url is the name that this Sentinel knows the master by; may be
                     repeated. REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD are for it
  --prefix <text>    keyPrefix of the store (agenda:)
  --channel <name>   channelName of the store (agenda:notifications)
  --ca <file>        for rediss://: who vouches for the server, PEM
  --cert <file>, --key <file>
                     for rediss://: what a server that asks for it is shown, PEM`;

export interface ConnectionValues {
  readonly url?: string | undefined;
  readonly cluster?: boolean | undefined;
  readonly sentinel?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
  readonly channel?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

type Environment = CommandIo['environment'];
type RedisOptions = NonNullable<RedisBackendOptions['redisOptions']>;

/**
 * Where the store is. Nothing is connected yet.
 *
 * @throws UsageError that never shows the url, which may hold a password
 */
export function connectionOf(
  values: ConnectionValues,
  { environment }: Pick<CommandIo, 'environment'>,
): RedisBackendOptions {
  const { cluster, sentinel = [], prefix, channel } = values;
  if (cluster && sentinel.length > 0)
    throw new UsageError('Say --cluster or --sentinel, not both.');
  const server = serverOf(values, environment);
  const common = {
    ...(prefix !== undefined && { keyPrefix: prefix }),
    ...(channel !== undefined && { channelName: channel }),
  };
  if (cluster) return { ...common, cluster: clusterOf(server) };
  if (sentinel.length === 0) return { ...common, redisOptions: server };
  return { ...common, redisOptions: sentinelOf(server, sentinel, environment) };
}

/** What the url says, with the certificates. */
function serverOf(values: ConnectionValues, environment: Environment): RedisOptions {
  const url = values.url ?? (environment.REDIS_URL || undefined);
  if (url === undefined) throw new UsageError('Say where Redis is: --url, or REDIS_URL.');
  const files = (['ca', 'cert', 'key'] as const).filter((name) => values[name] !== undefined);
  if (files.length > 0 && !/^rediss:/i.test(url)) {
    throw new UsageError(`--${files[0]} is for a url that begins with rediss://.`);
  }
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new UsageError('--cert and --key go together.');
  }
  const tls = Object.fromEntries(files.map((name) => [name, textOf(name, values[name]!)]));
  return readUrl(url, files.length > 0 ? tls : undefined);
}

function readUrl(url: string, tls: RedisOptions['tls']): RedisOptions {
  try {
    return parseUrl(url, tls);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    throw new UsageError(`The url of Redis must be ${error.expected}.`);
  }
}

function clusterOf({ host, port, db, ...each }: RedisOptions): RedisBackendOptions['cluster'] {
  if (db) throw new UsageError('A Redis Cluster has no database but 0: leave it out of the url.');
  return { nodes: [{ host: host!, port: port! }], options: { redisOptions: each } };
}

/** Which port the master has, the Sentinels say. */
function sentinelOf(
  { host, ...server }: RedisOptions,
  addresses: readonly string[],
  { REDIS_SENTINEL_USERNAME: username, REDIS_SENTINEL_PASSWORD: password }: Environment,
): RedisOptions {
  delete server.port;
  return {
    ...server,
    name: host!,
    sentinels: addresses.map(addressOf),
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
    ...(server.tls && { enableTLSForSentinelMode: true, sentinelTLS: server.tls }),
  };
}

function addressOf(text: string): { host: string; port: number } {
  const [, inBrackets, plain, digits = '26379'] =
    /^(?:\[([^\s/@[\]]+)\]|([^\s/@[\]:]+))(?::(\d+))?$/.exec(text) ?? [];
  const [host, port] = [inBrackets ?? plain, Number(digits)];
  if (host === undefined || port < 1 || port > 65_535) {
    throw new UsageError('--sentinel takes a host and a port: host:26379, or [::1]:26379.');
  }
  return { host, port };
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--${name}: ${(error as Error).message}`);
  }
}
