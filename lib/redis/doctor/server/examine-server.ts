import type { Redis } from 'ioredis';
import type { Finding } from '../finding.js';
import type { RedisStore } from '../../redis-store.js';
import { lookAtCluster } from './cluster.js';
import { lookAtClocks, readClock, type ClockReading } from './clock.js';
import { lookAtEviction, lookAtMemory } from './memory.js';
import { lookAtPermissions } from './permissions.js';
import { lookAtPersistence } from './persistence.js';
import { lookAtReplication } from './replication.js';
import { Server, type Look } from './server.js';
import { lookAtSlowLog } from './slow-log.js';
import { lookAtVersion } from './version.js';

/** A server as it was met. */
export interface ServerFacts {
  readonly address: string;
  /** `undefined` where INFO is not allowed. */
  readonly version: string | undefined;
  readonly usedBytes: number | undefined;
  /** `undefined` without a limit. */
  readonly maxBytes: number | undefined;
  readonly replicas: number | undefined;
  /** Of the shortest of some round trips, in ms. */
  readonly tripMs: number | undefined;
}

const LOOKS: readonly Look[] = [
  lookAtVersion,
  lookAtEviction,
  lookAtMemory,
  lookAtPersistence,
  lookAtReplication,
  lookAtCluster,
  lookAtPermissions,
  lookAtSlowLog,
];

/** Looks at the server, or at each master of a Cluster, one after the other. */
export async function examineServers(
  store: RedisStore,
  add: (finding: Finding) => void,
): Promise<ServerFacts[]> {
  const facts: ServerFacts[] = [];
  const clocks: ClockReading[] = [];
  for (const client of store.connection.masters) {
    const { server, reading } = await examineServer(store, client, add);
    if (reading) clocks.push(reading);
    facts.push(factsOf(server, reading));
  }
  lookAtClocks(clocks).forEach(add);
  return facts;
}

async function examineServer(
  store: RedisStore,
  client: Redis,
  add: (finding: Finding) => void,
): Promise<{ server: Server; reading: ClockReading | undefined }> {
  const server = await Server.of(store, client);
  for (const look of LOOKS) (await look(server)).forEach(add);
  const reading = await readClock(server);
  if (!reading) add(server.unchecked('clock', 'what its clock says', 'Allow `time`.'));
  return { server, reading };
}

function factsOf(server: Server, reading: ClockReading | undefined): ServerFacts {
  const number = (field: string): number | undefined => {
    const told = server.facts.get(field);
    return told === undefined ? undefined : Number(told);
  };
  return {
    address: server.address,
    version: server.facts.get('valkey_version') ?? server.facts.get('redis_version'),
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory') || undefined,
    replicas: number('connected_slaves'),
    tripMs: reading?.tripMs,
  };
}
