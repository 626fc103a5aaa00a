import { readFileSync } from 'node:fs';
import type { RedisBackendOptions } from '../redis/index.js';
import { UsageError, type CommandIo } from './usage.js';

/** How to reach the store, in the form of `parseArgs`. */
export const CONNECTION_ARGUMENTS = {
  url: { type: 'string' },
  cluster: { type: 'boolean' },
  prefix: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const;

export const CONNECTION_USAGE = `  --url <url>        redis:// or rediss://; better in REDIS_URL: what stands here others can see
  --cluster          the url is that of a node of a Redis Cluster
  --prefix <text>    keyPrefix of the store (agenda:)
  --ca <file>        for rediss://: who vouches for the server, PEM
  --cert <file>, --key <file>
                     for rediss://: what a server that asks for it is shown, PEM`;

interface ConnectionValues {
  readonly url?: string | undefined;
  readonly cluster?: boolean | undefined;
  readonly prefix?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** @throws UsageError */
export function connectionOf(
  values: ConnectionValues,
  { environment }: CommandIo,
): RedisBackendOptions {
  const url = values.url ?? (environment.REDIS_URL || undefined);
  if (url === undefined) throw new UsageError('Say where Redis is: --url, or REDIS_URL.');
  const files = (['ca', 'cert', 'key'] as const).filter((name) => values[name] !== undefined);
  const tls = Object.fromEntries(files.map((name) => [name, textOf(name, values[name]!)]));
  const common = values.prefix === undefined ? {} : { keyPrefix: values.prefix };
  const hasTls = files.length > 0;
  if (values.cluster) return { ...common, cluster: clusterAt(url, tls) };
  return { ...common, connectionString: url, ...(hasTls && { redisOptions: { tls } }) };
}

function clusterAt(url: string, tls: Record<string, string>): RedisBackendOptions['cluster'] {
  if (!URL.canParse(url)) throw new UsageError('--url is no URL such as redis://host:6379.');
  const { protocol, hostname, port, username, password } = new URL(url);
  const redisOptions = {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls }),
  };
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { nodes: [{ host, port: port === '' ? 6379 : Number(port) }], options: { redisOptions } };
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--${name}: ${(error as Error).message}`);
  }
}
