import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { AgendaBackend } from '../../../lib/core/contracts/agenda-backend.js';
import type { JobBroker } from '../../../lib/core/contracts/job-broker.js';
import type { JobManager } from '../../../lib/core/contracts/job-manager.js';
import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import type { NotificationChannel } from '../../../lib/core/contracts/notification-channel.js';
import { toJobId } from '../../../lib/core/job/job-id.js';
import type { LogRetention } from '../../../lib/core/logging/log-retention.js';
import { PRIORITY_FIRST, type ClaimSort } from '../../../lib/core/options/claim-order.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { keysWith, mastersOf, newClient, storeOptions } from '../../support/redis-endpoint.js';
import { slotFaults, watchSlots } from '../../support/slot-watch.js';
import { homeOf, partitionPrefixes } from '../../support/store-prefixes.js';

/** A store of a test's own, with time in the test's hand. */
export interface OpenBackend {
  readonly backend: AgendaBackend;
  readonly broker: JobBroker;
  readonly repository: JobRepository;
  readonly manager: JobManager;
  readonly channel: NotificationChannel;
  readonly clock: ManualClock;
  /** Into how many equal parts a store cuts what it may keep of all events: jobs of a test get one of them. */
  readonly shares: number;
  /** The broker of one more process on the same store. */
  readonly another: () => Promise<JobBroker>;
  /** One more process on the same store. */
  readonly anotherBackend: () => Promise<AgendaBackend>;
  /**
   * Tells news of this name from every server of the store, on the ways of its own news: once as many have come as
   * this answers, all that was told before has come, too.
   */
  readonly mark: (name: string) => Promise<number>;
  /** All that is known of jobs, to be compared. What is noted of hosts that pass by is left out. */
  readonly dump: () => Promise<unknown>;
  /** Called after each test by itself. */
  readonly close: () => Promise<void>;
}

let client: Redis | Cluster | undefined;
let masters: Promise<Redis[]> | undefined;
afterAll(() => {
  client?.disconnect();
  client = masters = undefined;
});

/** The client with which this file looks at its stores. */
const looker = (): Redis | Cluster => (client ??= newClient());

/** These tests leave the servers as they are, so they are asked for once. */
const servers = (): Promise<Redis[]> => (masters ??= mastersOf(looker()));

const keysOf = async (keyPrefix: string): Promise<string[]> =>
  keysWith(keyPrefix, looker(), await servers());

/** Wednesday, 2026-03-04 10:20:30.456 UTC: when every test begins. */
export const START = Date.UTC(2026, 2, 4, 10, 20, 30, 456);

/** What a test may want otherwise. */
export interface OpenOptions {
  logs?: LogRetention;
  /** Priority first when left out. */
  sort?: ClaimSort;
  /** How long a row stays with a process that says nothing: short where a test waits for renewals. */
  rowLeaseMs?: number;
}

export type Open = (options?: OpenOptions) => Promise<OpenBackend>;
export const openers: Record<'memory' | 'redis', Open> = { memory: openMemory, redis: openRedis };

/** One suite for every backend: what it says holds for each of them alike. */
export function describeBackends(title: string, suite: (open: Open) => void): void {
  watchSlots();
  describe.each(Object.entries(openers))(`${title} (%s)`, (_, open) => {
    const opened: OpenBackend[] = [];

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
      expect(slotFaults()).toEqual([]);
    });

    suite(async (options) => {
      const one = await open(options);
      opened.push(one);
      return one;
    });
  });
}

async function openMemory({
  logs,
  sort = PRIORITY_FIRST,
  rowLeaseMs,
}: OpenOptions = {}): Promise<OpenBackend> {
  const clock = new ManualClock(START);
  const options = { clock, sort, ...(logs && { logs }) };
  const backend = new MemoryBackend(options, { rowLeaseMs });
  await backend.connect();
  await backend.notificationChannel.connect();
  return {
    backend,
    broker: backend.broker,
    repository: backend.repository,
    manager: backend.manager,
    channel: backend.notificationChannel,
    clock,
    shares: 1,
    another: async () => backend.broker,
    anotherBackend: async () => new MemoryBackend(options, { rowLeaseMs, sharing: backend }),
    mark: async (jobName) => {
      const timestamp = new Date(START);
      const jobId = toJobId('');
      const mark = { jobId, jobName, nextRunAt: null, priority: 0, timestamp };
      await backend.notificationChannel.publish(mark);
      return 1;
    },
    dump: async () => {
      const { claims: _, meta: __, ...jobs } = backend.snapshot() as Record<string, unknown>;
      return jobs;
    },
    close: async () => {
      await backend.notificationChannel.disconnect();
      await backend.disconnect();
    },
  };
}

async function openRedis({
  logs,
  sort = PRIORITY_FIRST,
  rowLeaseMs,
}: OpenOptions = {}): Promise<OpenBackend> {
  const clock = new ManualClock(START);
  const { keyPrefix, placeOf, ownPrefixes, jobPrefix } = newNamespace();
  const options = {
    ...storeOptions,
    keyPrefix,
    sort,
    ...(logs && { logs: ofOnePartition(logs) }),
  };
  const backends: RedisBackend[] = [];
  const connected = async (): Promise<RedisBackend> => {
    const now = (): number => clock.now();
    const internals = { now, placeOf, ...(rowLeaseMs !== undefined && { rowLeaseMs }) };
    const one = new RedisBackend(options, internals);
    backends.push(one);
    await one.connect();
    return one;
  };
  const backend = await connected();
  await backend.notificationChannel.connect();
  return {
    backend,
    broker: backend.broker,
    repository: backend.repository,
    manager: backend.manager,
    channel: backend.notificationChannel,
    clock,
    shares: storeOptions.partitions,
    another: async () => (await connected()).broker,
    anotherBackend: connected,
    mark: async (jobName) => {
      const all = await servers();
      const message = JSON.stringify({ prefix: keyPrefix, database: 0, jobName });
      await Promise.all(all.map((server) => server.publish('agenda:notifications', message)));
      return all.length;
    },
    dump: async () =>
      dumpOf(looker(), await keysOf(keyPrefix), (key) =>
        key.startsWith(jobPrefix) ? `${keyPrefix}${key.slice(jobPrefix.length)}` : key,
      ),
    close: async () => {
      await backend.notificationChannel.disconnect();
      await Promise.all(backends.map(giveBackRows));
      await Promise.all(backends.map((one) => one.disconnect()));
      const keys = await keysOf(keyPrefix);
      await Promise.all(keys.map((key) => looker().unlink(key)));
      const strays = keys.filter((key) => !ownPrefixes.some((own) => key.startsWith(own)));
      expect(strays).toEqual([]);
    },
  };
}

/** All jobs lie in one partition, which keeps its part of the log. */
const ofOnePartition = ({ maxCount, ...age }: LogRetention): LogRetention => ({
  ...age,
  ...(maxCount !== undefined && { maxCount: maxCount * storeOptions.partitions }),
});

interface Namespace {
  readonly keyPrefix: string;
  /** All jobs lie in the first partition, where calls look that name none: the promises of this suite hold within one. */
  readonly placeOf: () => number;
  /** What every key of the store begins with; each has a slot of its own. */
  readonly ownPrefixes: readonly string[];
  /** What those of its jobs begin with. */
  readonly jobPrefix: string;
}

export function newNamespace(): Namespace {
  const keyPrefix = `test:${randomBytes(6).toString('hex')}:`;
  const store = { ...storeOptions, keyPrefix };
  const ofPartitions = partitionPrefixes(store);
  return {
    keyPrefix,
    placeOf: () => 0,
    ownPrefixes: [homeOf(store), ...ofPartitions],
    jobPrefix: ofPartitions[0]!,
  };
}

/** What a backend has handed out it would go on renewing, also when it is closed. */
async function giveBackRows({ repository }: AgendaBackend): Promise<void> {
  const { jobs } = await repository.queryJobs({ state: 'running' });
  await repository.unlockJobs(jobs.map(({ _id }) => _id!));
}

/** What `meta` notes of the hosts that pass by. */
const OF_HOSTS = /^(lastPass|heldUntil|fence|longestLease|longestLeaseAt)$/;

/** Of every key, its type and content, by the name it is to have. Members of one score are in order anyway; those of sets and hashes are put in order. */
async function dumpOf(
  redis: Redis | Cluster,
  keys: readonly string[],
  nameOf: (key: string) => string,
): Promise<unknown> {
  const told = keys.filter((key) => !/:(claim|deduped):/.test(nameOf(key)));
  // All at once: most of the time of a look is the way to the server and back.
  const contents = told.map(async (key) => {
    const type = await redis.type(key);
    return [`${type} ${nameOf(key)}`, await contentOf(redis, key, type)] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

async function contentOf(redis: Redis | Cluster, key: string, type: string): Promise<unknown> {
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'hash': {
      const fields = Object.entries(await redis.hgetall(key));
      return fields.filter(([name]) => !OF_HOSTS.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
    }
    default:
      throw new Error(`${key} is a ${type}: no such key is ours`);
  }
}
