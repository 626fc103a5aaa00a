import type { BackendWarning } from '../core/contracts/agenda-backend.js';
import { IncompatibleStoreError, isError } from '../core/errors.js';
import { isCluster, optionsOf, type ResolvedRedisOptions } from './redis-options.js';
import type { RedisStore } from './redis-store.js';

/** The major version of the oldest Redis that works. */
export const OLDEST_VERSION = 6;

/** What INFO tells of a server; nothing where it is not allowed. */
export type Facts = ReadonlyMap<string, string>;

/**
 * Looks at the server, or at each master of a Cluster, before anything is written: what would lose jobs
 * in daily work is refused, what may lose them in a crash is told. By INFO alone; a server that hides its
 * facts is taken as it is.
 *
 * @throws IncompatibleStoreError when it is too old, or may evict jobs
 */
export async function checkServer(store: RedisStore): Promise<void> {
  const { connection, options, warnings } = store;
  const servers = await factsOf(store);
  for (const facts of servers) refuse(facts, connection, options.allowEviction);
  const found = servers.flatMap((facts) => warningsOf(facts, connection.address, options));
  for (const warning of found) warnings.tellOnce(warning);
}

function refuse(
  facts: Facts,
  { address, isCluster }: RedisStore['connection'],
  allowEviction: boolean,
): void {
  const version = facts.get('redis_version') ?? '';
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    throw new IncompatibleStoreError(
      `Redis at ${address} is version ${version}; ${OLDEST_VERSION}.0 is the oldest that works.`,
    );
  }
  if (facts.get('cluster_enabled') === '1' && !isCluster) {
    throw new IncompatibleStoreError(
      `Redis at ${address} is a node of a Cluster. Reach it by the option cluster: { nodes: [...] }, or give a Cluster client.`,
    );
  }
  const policy = facts.get('maxmemory_policy');
  if (policy?.startsWith('allkeys-') && !allowEviction) {
    throw new IncompatibleStoreError(
      `Redis at ${address} evicts any key when its memory is full (maxmemory-policy ${policy}): jobs would be lost. ` +
        'Set maxmemory-policy noeviction, or say allowEviction: true.',
    );
  }
}

function warningsOf(
  facts: Facts,
  address: string,
  options: ResolvedRedisOptions,
): BackendWarning[] {
  if (facts.size === 0) return [unknown(address)];
  const found = [eviction, persistence, role].map((look) => look(facts, address, options));
  return found.filter((warning) => warning !== undefined);
}

/** One for everything that INFO would have told. */
const unknown = (address: string): BackendWarning => ({
  code: 'eviction-unknown',
  message:
    `Redis at ${address} does not let us look at it (INFO): whether it evicts jobs when its memory is full, and loses them in a crash, is unknown. ` +
    'It should have maxmemory-policy noeviction and appendonly yes.',
});

function eviction(
  facts: Facts,
  address: string,
  { allowEviction }: ResolvedRedisOptions,
): BackendWarning | undefined {
  const policy = facts.get('maxmemory_policy');
  if (allowEviction || policy === 'noeviction') return undefined;
  if (policy === undefined) {
    return {
      code: 'eviction-unknown',
      message:
        `Redis at ${address} does not tell its maxmemory-policy: it may evict jobs when its memory is full. ` +
        'It should be noeviction.',
    };
  }
  return {
    code: 'eviction-policy',
    message:
      `Redis at ${address} evicts keys that have a time to live when its memory is full (maxmemory-policy ${policy}). ` +
      'Jobs have none, and stay; what tells a repeated claim from a new one may go. Set maxmemory-policy noeviction.',
  };
}

function persistence(facts: Facts, address: string): BackendWarning | undefined {
  if (facts.get('aof_enabled') !== '0') return undefined;
  const loss = hasSnapshot(facts)
    ? 'loses what was written since its last snapshot'
    : 'may lose every job: it has taken no snapshot since it started either';
  return {
    code: 'persistence-off',
    message: `Redis at ${address} keeps no append-only file, so a crash ${loss}. Set appendonly yes.`,
  };
}

/** Before Redis 7 only the duration of the last one tells. */
export const hasSnapshot = (facts: Facts): boolean =>
  Number(facts.get('rdb_saves') ?? 0) > 0 ||
  Number(facts.get('rdb_last_bgsave_time_sec') ?? -1) >= 0;

function role(
  facts: Facts,
  address: string,
  options: ResolvedRedisOptions,
): BackendWarning | undefined {
  // Who asks others for the master may meet the old one for a moment.
  if (facts.get('role') !== 'slave' || asksForMaster(options)) return undefined;
  return {
    code: 'replica',
    message:
      `Redis at ${address} is a replica: it refuses writes (READONLY), so jobs can neither be added nor run. ` +
      'Connect to its master, or let Sentinel name it.',
  };
}

function asksForMaster({ endpoint }: ResolvedRedisOptions): boolean {
  const { sentinels, role: wanted } = optionsOf(endpoint);
  return isCluster(endpoint) || (Boolean(sentinels) && wanted !== 'slave');
}

async function factsOf({ connection }: RedisStore): Promise<Facts[]> {
  const texts = await connection.askMasters('INFO').catch((error: unknown) => {
    if (isError(error) && /NOPERM|unknown command/i.test(error.message)) return [''];
    throw error;
  });
  return texts.map((text) => readFacts(String(text)));
}

/** The lines of INFO. */
export function readFacts(text: string): Facts {
  const facts = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return facts;
}
