import { Redis } from 'ioredis';
import type { JobLogEntry } from '../../lib/core/contracts/job-logger.js';
import {
  BackendFullError,
  ConnectionError,
  IncompatibleStoreError,
  InvalidOptionError,
} from '../../lib/core/errors.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { Keys } from '../../lib/redis/keys.js';
import { RedisJobLogger } from '../../lib/redis/redis-job-logger.js';
import { prepareStore } from '../../lib/redis/prepare-store.js';
import { resolveRedisOptions } from '../../lib/redis/redis-options.js';
import { RedisStore, type Reply } from '../../lib/redis/redis-store.js';
import { monitor } from '../support/monitor.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { claim, completed, job, newPrefix, until, makeStand } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const { cleanups, redis, backendWith } = makeStand();

async function privateServer(...args: string[]): Promise<{ url: string; admin: Redis }> {
  const server = await startPrivateRedis({ args });
  cleanups.push(() => server.stop());
  const admin = new Redis(server.url);
  cleanups.push(() => admin.disconnect());
  return { url: server.url, admin };
}

const entry = (more: Partial<JobLogEntry> = {}): JobLogEntry => ({
  timestamp: new Date(),
  level: 'info',
  event: 'start',
  jobName: 'mail',
  jobId: 'a',
  message: 'started',
  ...more,
});

const entries = (count: number): JobLogEntry[] =>
  Array.from({ length: count }, (_, i) => entry({ message: String(i) }));

/** What scripts do on the server while something happens: the commands that name a key of the log. */
async function logCommands(admin: Redis, during: () => Promise<unknown>): Promise<string[]> {
  const seen: string[][] = [];
  const stop = await monitor(admin, (args, source) => {
    if (source === 'lua') seen.push(args);
  });
  await during();
  // What the monitor tells comes in order: behind the end of the last script nothing is missing.
  await admin.eval("return redis.call('ECHO', 'end')", 0);
  await until(() => seen.some((args) => args[1] === 'end'));
  stop();
  return seen
    .filter((args) => args.some((arg) => arg.startsWith('agenda:logs') || arg === 'logSeq'))
    .map(([command, key]) => `${command!.toUpperCase()} ${key!}`);
}

it('touches Redis on first use only, also before anything else is connected', async () => {
  const unreachable = backendWith({ connectionString: 'redis://127.0.0.1:1' });
  const { logger } = unreachable;
  const other = backendWith({ connectionString: url, keyPrefix: newPrefix() });

  await expect(logger.log(entry())).rejects.toThrow(ConnectionError);
  await other.logger.log(entry());

  expect((await other.logger.getLogs()).total).toBe(1);
});

it('writes the entries of a tick with one call, and many with few', async () => {
  const calls: string[] = [];
  class CountingStore extends RedisStore {
    override run(...args: Parameters<RedisStore['run']>): Promise<Reply> {
      calls.push(args[0].name);
      return super.run(...args);
    }
  }
  const options = resolveRedisOptions({ connectionString: url, keyPrefix: newPrefix() });
  const store = new CountingStore(options, prepareStore, undefined);
  cleanups.push(() => store.connection.close());
  const logger = new RedisJobLogger(store);

  await Promise.all(entries(20).map((one) => logger.log(one)));
  expect(calls).toEqual(['write-log']);
  await Promise.all(entries(250).map((one) => logger.log(one)));
  expect(calls).toHaveLength(1 + 3);
});

it('writes a batch once, though its answer was lost', async () => {
  class RepeatingStore extends RedisStore {
    override async run(...[script, args]: Parameters<RedisStore['run']>): Promise<Reply> {
      const given = typeof args === 'function' ? args : () => args;
      await super.run(script, () => given(false));
      return super.run(script, () => given(true));
    }
  }
  const options = resolveRedisOptions({ connectionString: url, keyPrefix: newPrefix() });
  const store = new RepeatingStore(options, prepareStore, undefined);
  cleanups.push(() => store.connection.close());
  const logger = new RedisJobLogger(store);

  await logger.log(entry({ message: '1' }));
  await Promise.all([logger.log(entry({ message: '2' })), logger.log(entry({ message: '3' }))]);

  const found = await logger.getLogs({ sort: 'asc' });
  expect(found.entries.map(({ message }) => message)).toEqual(['1', '2', '3']);
});

it('writes what was given before a disconnect', async () => {
  const keyPrefix = newPrefix();
  const leaving = backendWith({ connectionString: url, keyPrefix });
  const writing = Promise.all(entries(300).map((one) => leaving.logger.log(one)));

  await leaving.disconnect();
  await writing;

  const { logger } = backendWith({ connectionString: url, keyPrefix });
  expect((await logger.getLogs()).total).toBe(300);
});

it('keeps no more than 10,000 entries waiting for a Redis that does not answer', async () => {
  const server = await privateServer();
  const { logger } = backendWith({ connectionString: server.url });
  await logger.log(entry());
  await server.admin.call('CLIENT', 'PAUSE', '300');
  const first = logger.log(entry());
  await new Promise((resolve) => process.nextTick(resolve));

  const written = await Promise.allSettled(entries(10_001).map((one) => logger.log(one)));

  await first;
  const lost = written.filter(({ status }) => status === 'rejected');
  expect(lost).toEqual([{ status: 'rejected', reason: expect.any(ConnectionError) }]);
  expect((await logger.getLogs()).total).toBe(10_002);
});

it('refuses to write to a full Redis, and still reads, deletes and lets jobs go', async () => {
  const server = await privateServer('--maxmemory-policy', 'noeviction');
  const backend = backendWith({ connectionString: server.url });
  const { logger, broker, manager } = backend;
  await broker.enqueue([job({ id: 'a' }), job({ id: 'b' })]);
  await Promise.all(entries(300).map((one) => logger.log(one)));
  await Promise.all(entries(300).map((one) => logger.log({ ...one, jobId: 'b' })));
  await server.admin.config('SET', 'maxmemory', '1mb');

  await expect(logger.log(entry())).rejects.toThrow(BackendFullError);
  expect((await logger.getLogs({ jobId: 'a' })).total).toBe(300);
  expect(await manager.cancel(['a'], '')).toEqual(['a']);
  expect((await logger.getLogs()).total).toBe(300);
  const { jobs } = await broker.settleAndClaim([], claim(1));
  const end = completed(jobs[0]!.lease, { remove: true });
  expect((await broker.settleAndClaim([end], claim(0))).answers).toEqual(['ok']);
  await logger.clearLogs();
  expect((await logger.getLogs()).total).toBe(0);
});

it('costs nothing in a claim, which reads that nothing was ever logged along with the rest, and one look in a cancel', async () => {
  const { url: own, admin } = await privateServer();
  const { broker, manager } = backendWith({ connectionString: own });
  await broker.enqueue(Array.from({ length: 12 }, () => job()));
  const { jobs } = await broker.settleAndClaim([], claim(12));
  const [first, second, third, ...others] = jobs;

  const kept = await logCommands(admin, () =>
    broker.settleAndClaim([completed(first!.lease), completed(second!.lease)], claim(1)),
  );
  const removed = await logCommands(admin, () =>
    broker.settleAndClaim(
      others.map(({ lease }) => completed(lease, { remove: true })),
      claim(0),
    ),
  );
  const cancelled = await logCommands(admin, () =>
    manager.cancel(
      [first!, second!, third!].map(({ record }) => record.id),
      '',
    ),
  );

  expect(kept).toEqual(['HMGET agenda:meta']);
  expect(removed).toEqual(['HMGET agenda:meta']);
  expect(cancelled).toEqual(['HEXISTS agenda:meta']);
});

it('keeps nothing of a job whose removal was quicker than the first entry of all', async () => {
  const { logger, broker, manager } = backendWith({
    connectionString: url,
    keyPrefix: newPrefix(),
  });
  await logger.expectEntries();
  await broker.enqueue([job({ id: 'a' })]);
  await manager.cancel(['a'], '');

  await Promise.all([logger.log(entry()), logger.log(entry({ jobId: 'b' }))]);

  expect((await logger.getLogs()).entries).toMatchObject([{ jobId: 'b' }]);
});

it('reads the entries of a page and no others', async () => {
  const keyPrefix = newPrefix();
  const { logger } = backendWith({ connectionString: url, keyPrefix });
  await Promise.all(entries(500).map((one) => logger.log(one)));
  const keys = new Keys(keyPrefix);
  const page = (await logger.getLogs({ level: 'info', offset: 200, limit: 30 })).entries;
  const all = await redis.hkeys(keys.logs);
  await redis.hdel(keys.logs, ...all.filter((id) => !page.some(({ _id }) => _id === id)));

  const again = await logger.getLogs({ level: 'info', offset: 200, limit: 30 });

  expect(again).toEqual({ entries: page, total: 500 });
});

it('shows an entry that a stranger has damaged, and drops it like any other', async () => {
  const keyPrefix = newPrefix();
  const { logger, broker, manager } = backendWith({ connectionString: url, keyPrefix });
  await broker.enqueue([job({ id: 'a' })]);
  await Promise.all(entries(3).map((one) => logger.log(one)));
  const keys = new Keys(keyPrefix);
  const [first, second] = (await redis.hkeys(keys.logs)).sort();
  await redis.hset(keys.logs, first!, 'garbage', second!, '["\\u00zz","a"');

  const { entries: found } = await logger.getLogs({ sort: 'asc' });
  expect(found.map(({ _id, message }) => [_id, message])).toEqual([
    [first, 'This entry of the log cannot be read.'],
    [second, 'This entry of the log cannot be read.'],
    [expect.any(String), '2'],
  ]);

  await manager.cancel(['a'], '');
  expect((await logger.getLogs()).total).toBe(0);
  expect(await redis.exists(keys.logs, keys.logsOfAll, keys.logsOfJob('a'))).toBe(0);
});

it('remembers removed jobs for a while, and not for ever', async () => {
  const keyPrefix = newPrefix();
  let now = Date.now();
  const backend = new RedisBackend({ connectionString: url, keyPrefix }, { now: () => now });
  cleanups.push(() => backend.disconnect());
  const { logger, broker, manager } = backend;
  const keys = new Keys(keyPrefix);
  const removeOne = async (id: string) => {
    await broker.enqueue([job({ id })]);
    await manager.cancel([id], '');
  };
  await logger.log(entry({ jobId: 'stays' }));
  await removeOne('a');
  await removeOne('b');
  expect(await redis.zcard(keys.logsRemoved)).toBe(2);

  now += 3_600_001;
  await removeOne('c');

  expect(await redis.zrange(keys.logsRemoved, '0', '-1')).toEqual(['c']);
});

it('leaves nothing of a log that is cleared', async () => {
  const keyPrefix = newPrefix();
  const { logger } = backendWith({ connectionString: url, keyPrefix });
  await Promise.all(entries(250).map((one, i) => logger.log({ ...one, jobId: `job-${i % 40}` })));

  expect(await logger.clearLogs()).toBe(250);

  const left = (await redis.keys(`${keyPrefix}logs*`)).map((key) => key.slice(keyPrefix.length));
  expect(left).toEqual([expect.stringMatching(/^logs:writer:/)]);
  expect(await redis.pttl(keyPrefix + left[0]!)).toBeGreaterThan(0);
});

it.each<[string, unknown]>([
  ['an unknown one', { maxage: 1 }],
  ['an age that is no duration', { maxAge: 'soon' }],
  ['a count of nothing', { maxCount: 0 }],
  ['no object', 5],
])('refuses as `logs` %s', (_, logs) => {
  const make = () =>
    new RedisBackend({ connectionString: url, logs: logs as RedisBackendOptions['logs'] & object });

  expect(make).toThrow(InvalidOptionError);
});

describe('a logger of its own', () => {
  const options = () => ({ connectionString: url, keyPrefix: newPrefix() });

  it('is one log with the backend of its prefix, and fixes no order of claims', async () => {
    const own = options();
    const logger = new RedisJobLogger(own);
    await logger.log(entry({ message: '1' }));
    const backend = backendWith({ ...own, sort: { priority: 'desc', nextRunAt: 'asc' } });
    await backend.connect();
    await backend.logger.log(entry({ message: '2' }));

    const { entries: found } = await logger.getLogs({ sort: 'asc' });

    expect(found.map(({ message }) => message)).toEqual(['1', '2']);
    expect(await logger.clearLogs()).toBe(2);
  });

  it('keeps as much as it is told to', async () => {
    const logger = new RedisJobLogger({ ...options(), logs: { maxCount: 2 } });

    for (const one of entries(3)) await logger.log(one);

    expect((await logger.getLogs()).total).toBe(2);
  });

  it('closes its connection by itself, and opens it again', async () => {
    const connectionName = newPrefix();
    const named = async () => String(await redis.client('LIST')).includes(`name=${connectionName}`);
    const logger = new RedisJobLogger({ ...options(), redisOptions: { connectionName } });
    await logger.log(entry());
    expect(await named()).toBe(true);

    while (await named()) await new Promise((resolve) => setTimeout(resolve, 20));

    expect((await logger.getLogs()).total).toBe(1);
  });

  it('leaves a borrowed client as it was', async () => {
    const client = new Redis(url);
    cleanups.push(() => client.disconnect());
    await client.ping();
    const listeners = () => client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const before = listeners();
    const logger = new RedisJobLogger({ redis: client, keyPrefix: newPrefix() });
    await logger.log(entry());

    while (String(listeners()) !== String(before)) await new Promise((end) => setTimeout(end, 20));

    expect(await client.ping()).toBe('PONG');
  });

  it('refuses the prefix of another layout', async () => {
    const own = options();
    await redis.set(`${own.keyPrefix}meta`, 'theirs');

    await expect(new RedisJobLogger(own).log(entry())).rejects.toThrow(IncompatibleStoreError);
    await redis.del(`${own.keyPrefix}meta`);
  });

  it.each([{}, { connectionString: url, channelName: 'news' }, { connectionString: url, logs: 5 }])(
    'refuses options that it cannot use: %j',
    (wrong) => {
      expect(() => new RedisJobLogger(wrong as never)).toThrow(InvalidOptionError);
    },
  );
});
