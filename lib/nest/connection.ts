import { InvalidOptionError, type AgendaBackend } from '../core/index.js';
import { checkedBackend } from '../core/contracts/checked-backend.js';
import { RedisBackend, type RedisBackendOptions } from '../redis/index.js';

/*
 * Where the connection comes from when the options name none: the variables that hosters and
 * compose files set.
 */

type Environment = Readonly<Record<string, string | undefined>>;

const WAYS = ['connectionString', 'redisOptions', 'cluster', 'redis', 'backend'] as const;

export interface ConnectionOptions extends RedisBackendOptions {
  /** A backend that is made already: `new MemoryBackend()`, or a foreign one. */
  backend?: AgendaBackend;
}

/**
 * The backend that the options, or else the environment, name. Nothing is opened yet.
 *
 * @throws InvalidOptionError
 */
export function makeBackend(options: ConnectionOptions, environment: Environment): AgendaBackend {
  const { backend, ...redis } = options;
  const ways = WAYS.filter((way) => options[way] !== undefined);
  if (backend !== undefined) {
    if (ways.length > 1) throw severalConnections(ways);
    refuseUnused(redis);
    return checkedBackend(backend);
  }
  if (ways.length > 0) return new RedisBackend(redis);
  return new RedisBackend({ ...redis, ...fromEnvironment(environment) });
}

function severalConnections(ways: readonly string[]): InvalidOptionError {
  return new InvalidOptionError(
    'connection',
    ways.join(' and '),
    `exactly one of ${WAYS.join(', ')}`,
  );
}

const OF_REDIS_ONLY = [
  'keyPrefix',
  'channelName',
  'connectTimeout',
  'retryFor',
  'waitForRedis',
  'allowEviction',
  'durability',
  'logs',
  'sort',
  'partitions',
] as const;

/** What a given backend would never see is a mistake, not a wish. */
function refuseUnused(options: RedisBackendOptions): void {
  for (const option of OF_REDIS_ONLY) {
    if (options[option] === undefined) continue;
    const expected = 'left out beside `backend` (give it to that backend instead)';
    throw new InvalidOptionError(option, options[option], expected);
  }
}

function fromEnvironment(environment: Environment): RedisBackendOptions {
  const url = textOf(environment, 'REDIS_URL');
  if (url !== undefined) return { connectionString: checkedUrl(url) };
  const host = textOf(environment, 'REDIS_HOST');
  if (host === undefined) throw noConnection();
  return {
    redisOptions: {
      host,
      port: wholeNumber(environment, 'REDIS_PORT', { min: 1, max: 65_535 }) ?? 6379,
      ...given('username', textOf(environment, 'REDIS_USERNAME')),
      ...given('password', textOf(environment, 'REDIS_PASSWORD')),
      ...given('db', wholeNumber(environment, 'REDIS_DB', { min: 0, max: 65_535 })),
      ...(flagOf(environment, 'REDIS_TLS') ? { tls: {} } : {}),
    },
  };
}

function noConnection(): InvalidOptionError {
  return new InvalidOptionError(
    'connection',
    undefined,
    `exactly one of ${WAYS.join(', ')}, or in the environment REDIS_URL or REDIS_HOST ` +
      '(with REDIS_PORT, REDIS_USERNAME, REDIS_PASSWORD, REDIS_DB, REDIS_TLS)',
  );
}

/** Names the variable instead of the option; the value, which may hold a password, is not shown. */
function checkedUrl(url: string): string {
  if (/^rediss?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw new InvalidOptionError(
    'REDIS_URL',
    '…',
    'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS',
  );
}

/** An empty variable counts as none: compose files pass on what is not set as empty. */
function textOf(environment: Environment, name: string): string | undefined {
  const text = environment[name];
  return text === '' ? undefined : text;
}

function wholeNumber(
  environment: Environment,
  name: string,
  { min, max }: { min: number; max: number },
): number | undefined {
  const text = textOf(environment, name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidOptionError(name, text, `a whole number from ${min} to ${max}`);
}

function flagOf(environment: Environment, name: string): boolean {
  const text = textOf(environment, name)?.toLowerCase() ?? 'false';
  if (['true', '1', 'yes'].includes(text)) return true;
  if (['false', '0', 'no'].includes(text)) return false;
  throw new InvalidOptionError(name, text, 'one of true, 1, yes, false, 0, no');
}

const given = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, V>);
