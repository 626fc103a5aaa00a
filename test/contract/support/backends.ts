import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { AgendaBackend } from '../../../lib/core/contracts/agenda-backend.js';
import type { JobBroker } from '../../../lib/core/contracts/job-broker.js';
import type { JobManager } from '../../../lib/core/contracts/job-manager.js';
import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import type { NotificationChannel } from '../../../lib/core/contracts/notification-channel.js';
import type { LogRetention } from '../../../lib/core/logging/log-retention.js';
import { PRIORITY_FIRST, type ClaimSort } from '../../../lib/core/options/claim-order.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';

/** A store of a test's own, with time in the test's hand. */
export interface OpenBackend {
  readonly backend: AgendaBackend;
  readonly broker: JobBroker;
  readonly repository: JobRepository;
  readonly manager: JobManager;
  readonly channel: NotificationChannel;
  readonly clock: ManualClock;
  /** The broker of one more process on the same store. */
  readonly another: () => Promise<JobBroker>;
  /** One more process on the same store. */
  readonly anotherBackend: () => Promise<AgendaBackend>;
  /** All that is known of jobs, to be compared. What is noted of hosts that pass by is left out. */
  readonly dump: () => Promise<unknown>;
  /** Called after each test by itself. */
  readonly close: () => Promise<void>;
}

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
  describe.each(Object.entries(openers))(`${title} (%s)`, (_, open) => {
    const opened: OpenBackend[] = [];

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
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
    another: async () => backend.broker,
    anotherBackend: async () => new MemoryBackend(options, { rowLeaseMs, sharing: backend }),
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
  const keyPrefix = `test:${randomBytes(6).toString('hex')}:`;
  const options = {
    connectionString: process.env.TEST_REDIS_URL!,
    keyPrefix,
    sort,
    ...(logs && { logs }),
  };
  const backends: RedisBackend[] = [];
  const connected = async (): Promise<RedisBackend> => {
    const internals = { now: () => clock.now(), ...(rowLeaseMs !== undefined && { rowLeaseMs }) };
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
    another: async () => (await connected()).broker,
    anotherBackend: connected,
    dump: () => withKeys(keyPrefix, dumpOf),
    close: async () => {
      await backend.notificationChannel.disconnect();
      await Promise.all(backends.map(giveBackRows));
      await Promise.all(backends.map((one) => one.disconnect()));
      await withKeys(keyPrefix, async (redis, keys) => {
        if (keys.length > 0) await redis.unlink(keys);
      });
    },
  };
}

/** What a backend has handed out it would go on renewing, also when it is closed. */
async function giveBackRows({ repository }: AgendaBackend): Promise<void> {
  const { jobs } = await repository.queryJobs({ state: 'running' });
  await repository.unlockJobs(jobs.map(({ _id }) => _id!));
}

async function withKeys<T>(
  prefix: string,
  use: (redis: Redis, keys: string[]) => Promise<T>,
): Promise<T> {
  const redis = new Redis(process.env.TEST_REDIS_URL!);
  try {
    const keys: string[] = [];
    for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
      keys.push(...(page as string[]));
    }
    return await use(redis, [...new Set(keys)].sort());
  } finally {
    redis.disconnect();
  }
}

/** What `meta` notes of the hosts that pass by. */
const OF_HOSTS = /^(lastPass|heldUntil|fence|longestLease|longestLeaseAt)$/;

/** Of every key, its type and content. Members of one score are in order anyway; those of sets and hashes are put in order. */
async function dumpOf(redis: Redis, keys: readonly string[]): Promise<unknown> {
  const contents: Record<string, unknown> = {};
  for (const key of keys) {
    if (key.includes(':claim:') || key.includes(':deduped:')) continue;
    const type = await redis.type(key);
    contents[`${type} ${key}`] = await contentOf(redis, key, type);
  }
  return contents;
}

async function contentOf(redis: Redis, key: string, type: string): Promise<unknown> {
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
