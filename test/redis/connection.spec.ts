import { createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { BackendClosedError, ConnectionError } from '../../lib/core/errors.js';
import { Engine } from '../../lib/core/engine.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { RedisConnection } from '../../lib/redis/redis-connection.js';
import { resolveRedisOptions } from '../../lib/redis/redis-options.js';
import { script } from '../../lib/redis/script.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { claim, completed, job, newPrefix, until } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const cleanups: (() => unknown)[] = [];

function backendAt(
  connectionString: string,
  more: Partial<RedisBackendOptions> = {},
): RedisBackend {
  const backend = new RedisBackend({ connectionString, keyPrefix: newPrefix(), ...more });
  cleanups.push(() => backend.disconnect());
  return backend;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a start without Redis', () => {
  it('fails at once where nobody listens, naming host and port but not the password', async () => {
    const backend = backendAt('redis://user:s3cret@127.0.0.1:1');
    const error = await backend.connect().catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(String(error)).toContain('127.0.0.1:1');
    expect(String(error)).not.toContain('s3cret');
  });

  it('fails within the connect timeout where somebody listens and never answers', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => mute.close());
    const { port } = mute.address() as AddressInfo;
    const backend = backendAt(`redis://127.0.0.1:${port}`, { connectTimeout: 200 });

    await expect(backend.connect()).rejects.toThrow(`127.0.0.1:${port}: no answer within 200 ms`);
  });

  it('fails in a database that the server does not have, and does not work in another one', async () => {
    const backend = backendAt(new URL('/9999', url).href);

    await expect(backend.connect()).rejects.toThrow(/does not have the database.*out of range/);
  });

  it('fails with a borrowed client whose database the server does not have', async () => {
    const redis = new Redis(new URL('/9999', url).href);
    redis.on('error', () => undefined);
    cleanups.push(() => redis.disconnect());
    const backend = new RedisBackend({ redis, keyPrefix: newPrefix() });

    await expect(backend.connect()).rejects.toThrow(/does not have the database.*out of range/);
  });

  it('leaves a borrowed client in the database that its owner has selected', async () => {
    const redis = new Redis(new URL('/1', url).href);
    cleanups.push(() => redis.disconnect());
    await redis.select(2);
    const keyPrefix = newPrefix();
    const backend = new RedisBackend({ redis, keyPrefix });
    cleanups.push(() => backend.removeEverything());

    await backend.connect();
    await backend.broker.enqueue([job({ id: 'a' })]);

    const inTwo = backendAt(new URL('/2', url).href, { keyPrefix });
    await inTwo.connect();
    expect(await inTwo.manager.get('a')).toBeDefined();
  });

  it('can be tried again when Redis has come', async () => {
    const redis = await privateRedis();
    await redis.kill();
    const backend = backendAt(redis.url);
    await expect(backend.connect()).rejects.toThrow(ConnectionError);

    await redis.restart();
    await backend.connect();

    expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
    // The connect that failed is none to take back.
    await backend.disconnect();
    await expect(backend.broker.enqueue([job()])).rejects.toThrow(BackendClosedError);
  });

  it('waits for a late Redis when told to', async () => {
    const redis = await privateRedis();
    await redis.kill();
    const backend = backendAt(redis.url, { waitForRedis: true });
    const connecting = backend.connect();
    const added = backend.broker.enqueue([job()]);

    await redis.restart();
    await connecting;

    expect((await added)[0]!.created).toBe(true);
  });
});

describe('closing', () => {
  it('makes every later call reject, and can be undone by connecting', async () => {
    const backend = backendAt(url);
    await backend.connect();
    await backend.disconnect();
    await backend.disconnect();

    await expect(backend.broker.enqueue([job()])).rejects.toThrow(BackendClosedError);
    await expect(backend.broker.settleAndClaim([], claim())).rejects.toThrow(BackendClosedError);
    await expect(backend.manager.counts()).rejects.toThrow(BackendClosedError);

    await backend.connect();
    expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
  });

  it('says of a call that it cuts off that it may have been carried out', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    const keyPrefix = newPrefix();
    const backend = backendAt(proxy.url, { keyPrefix });
    const watching = backendAt(url, { keyPrefix });
    await Promise.all([backend.connect(), watching.connect()]);
    proxy.swallow();
    const adding = backend.broker.enqueue([job({ id: 'a' })]);
    const outcome = adding.catch((error: unknown) => error);
    while (!(await watching.manager.get('a')));
    await backend.disconnect();

    expect(await outcome).toBeInstanceOf(BackendClosedError);
    expect(await outcome).toMatchObject({
      message: expect.stringContaining('unknown'),
      outcomeKnown: false,
    });
    await expect(backend.broker.enqueue([job()])).rejects.toMatchObject({ outcomeKnown: true });
  });

  it('leaves a borrowed client as it was', async () => {
    const redis = new Redis(url);
    cleanups.push(() => redis.disconnect());
    await redis.ping();
    const listeners = redis.eventNames().map((name) => [name, redis.listenerCount(name)]);
    const backend = new RedisBackend({ redis, keyPrefix: newPrefix() });
    await backend.connect();
    await backend.notificationChannel.connect();
    await backend.broker.enqueue([job()]);
    await backend.notificationChannel.disconnect();
    await backend.disconnect();

    expect(await redis.ping()).toBe('PONG');
    expect(redis.eventNames().map((name) => [name, redis.listenerCount(name)])).toEqual(listeners);
  });

  it('listens to a borrowed client as long as there is news to hear, with many other backends by one listener', async () => {
    const redis = new Redis(url);
    cleanups.push(() => redis.disconnect());
    await redis.ping();
    const before = redis.listenerCount('ready');
    const backends = Array.from(
      { length: 20 },
      () => new RedisBackend({ redis, keyPrefix: newPrefix() }),
    );

    for (const backend of backends) await backend.connect();
    expect(redis.listenerCount('ready')).toBe(before);
    for (const { notificationChannel } of backends) await notificationChannel.connect();
    expect(redis.listenerCount('ready')).toBe(before + 1);
    for (const { notificationChannel } of backends) await notificationChannel.disconnect();

    // Agenda's own engine does not disconnect a backend with a borrowed client.
    expect(redis.listenerCount('ready')).toBe(before);
    await Promise.all(backends.map((backend) => backend.disconnect()));
    expect(redis.listenerCount('ready')).toBe(before);
  });
});

describe('trouble on the way', () => {
  it('does not notice that the scripts were flushed', async () => {
    const redis = await privateRedis();
    const backend = backendAt(redis.url);
    await backend.broker.enqueue([job()]);
    await command(redis, 'SCRIPT', 'FLUSH');

    expect((await backend.broker.settleAndClaim([], claim())).jobs).toHaveLength(1);
  });

  it('goes on after all its connections were killed', async () => {
    const redis = await privateRedis();
    const backend = backendAt(redis.url);
    const added: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      added.push(backend.broker.enqueue([job()]));
      if (i % 50 === 25) await command(redis, 'CLIENT', 'KILL', 'TYPE', 'normal');
    }
    await Promise.all(added);

    expect((await backend.manager.counts()).get('mail')!.queued).toBe(200);
  });

  it('carries a call over a restart of Redis', async () => {
    const redis = await privateRedis({ appendonly: true, appendfsync: 'always' });
    const backend = backendAt(redis.url);
    await backend.broker.enqueue([job()]);
    await redis.kill();
    const added = backend.broker.enqueue([job()]);
    await redis.restart();
    await added;

    expect((await backend.manager.counts()).get('mail')!.queued).toBe(2);
  });

  it('gives up after its time, and says whether the outcome is known', async () => {
    const redis = await privateRedis();
    const backend = backendAt(redis.url, { retryFor: 300 });
    await backend.connect();
    await redis.kill();
    // The socket needs a moment to learn of the death; from then on nothing is sent.
    await expect(backend.broker.enqueue([job()])).rejects.toThrow(ConnectionError);
    const error = await backend.broker.enqueue([job()]).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ outcomeKnown: true });
    expect(String(error)).toContain('was not carried out');
  });

  it('renews a connection that has gone silent', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    const backend = backendAt(proxy.url);
    await backend.broker.enqueue([job()]);
    proxy.swallow();
    const [again] = await backend.broker.enqueue([job()]);

    expect(again!.created).toBe(true);
    expect((await backend.manager.counts()).get('mail')!.queued).toBe(2);
  });
});

describe('a borrowed connection that has gone silent', () => {
  it('is reported, and not touched', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    const redis = new Redis(proxy.url);
    cleanups.push(() => redis.disconnect());
    const backend = new RedisBackend({ redis, keyPrefix: newPrefix(), retryFor: 300 });
    cleanups.push(() => backend.disconnect());
    await backend.broker.enqueue([job()]);
    proxy.swallow('everything');

    const error = await backend.broker.enqueue([job()]).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ outcomeKnown: false });
    expect([proxy.joined, redis.status]).toEqual([1, 'ready']);
  });
});

describe('an answer that is lost', () => {
  let proxy: TcpProxy;
  let backend: RedisBackend;

  beforeEach(async () => {
    proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    backend = backendAt(proxy.url);
    // Every script is known to the server afterwards, so that one call is one answer.
    await backend.broker.enqueue([job({ name: 'warm-up' })]);
    const { jobs } = await backend.broker.settleAndClaim(
      [],
      claim(1, { names: [{ name: 'warm-up', slots: 1 }] }),
    );
    await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
  });

  it('does not add a job twice, and is answered as the first time', async () => {
    proxy.cutAfter(0);
    const [generated] = await backend.broker.enqueue([job()]);
    proxy.cutAfter(0);
    const [chosen] = await backend.broker.enqueue([job({ id: 'order-7', nonce: 'ab12' })]);

    expect([generated!.created, chosen!.created]).toEqual([true, true]);
    expect((await backend.manager.counts()).get('mail')!.queued).toBe(2);
  });

  it('tells a repeated add from the add of another producer', async () => {
    await backend.broker.enqueue([job({ id: 'order-8', nonce: 'aaaa' })]);
    proxy.cutAfter(0);
    const [second] = await backend.broker.enqueue([job({ id: 'order-8', nonce: 'bbbb' })]);

    expect(second!.created).toBe(false);
  });

  it('hands out the same jobs with the same tokens', async () => {
    await backend.broker.enqueue([job(), job(), job()]);
    proxy.cutAfter(0);
    const { jobs } = await backend.broker.settleAndClaim([], claim(2));

    expect(jobs).toHaveLength(2);
    expect((await backend.manager.counts()).get('mail')).toMatchObject({ running: 2, queued: 1 });
  });

  it('settles once, and says ok', async () => {
    await backend.broker.enqueue([job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    proxy.cutAfter(0);
    const settled = await backend.broker.settleAndClaim(
      [
        {
          kind: 'retry',
          lease: jobs[0]!.lease,
          failure: { name: 'Error', message: 'no' },
          due: { delayMs: 60_000 },
        },
      ],
      claim(1),
    );

    expect(settled.answers).toEqual(['ok']);
    expect(settled.jobs).toHaveLength(1);
    expect(await backend.manager.get(jobs[0]!.record.id)).toMatchObject({
      failCount: 1,
      attempt: 1,
    });
  });

  it('does not insert a saved job twice', async () => {
    const row = {
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(),
      type: 'normal' as const,
      data: null,
    };
    await backend.repository.saveJob(row);
    proxy.cutAfter(0);
    await backend.repository.saveJob(row);

    expect((await backend.manager.counts()).get('mail')!.queued).toBe(2);
  });
});

describe('what a call is told of earlier tries', () => {
  const echo = script('echo', 'return ARGV[1]');
  let proxy: TcpProxy;

  beforeEach(async () => {
    proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
  });

  /** The `repeat` of each try of one call, and its answer: the `repeat` of the try that was answered. */
  async function callThrough(connection: RedisConnection): Promise<[boolean[], unknown]> {
    const told: boolean[] = [];
    const answer = await connection.run(echo, ['key'], (repeat) => {
      told.push(repeat);
      return [String(repeat)];
    });
    return [told, answer];
  }

  async function connectionWith(options: RedisBackendOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(resolveRedisOptions(options), async () => {});
    cleanups.push(() => connection.close());
    await connection.open();
    await callThrough(connection);
    return connection;
  }

  it('is nothing for the first try on a live connection of ours', async () => {
    const connection = await connectionWith({ connectionString: proxy.url });

    expect(await callThrough(connection)).toEqual([[false], 'false']);
  });

  it('says repeat after an answer was lost', async () => {
    const connection = await connectionWith({ connectionString: proxy.url });
    proxy.cutOn('evalsha');
    const [told, answer] = await callThrough(connection);

    expect([told[0], answer]).toEqual([false, 'true']);
  });

  it('says repeat when the first try waited in the queue, and its answer was lost', async () => {
    const connection = await connectionWith({ connectionString: proxy.url });
    proxy.cut();
    await until(() => statusOf(connection) === 'reconnecting');
    proxy.cutOn('evalsha');
    const [told, answer] = await callThrough(connection);

    expect(told.length).toBeGreaterThan(1);
    expect([told.every(Boolean), answer]).toEqual([true, 'true']);
  });

  it('says repeat from the start on a borrowed client, which resends by itself', async () => {
    const redis = new Redis(proxy.url);
    cleanups.push(() => redis.disconnect());
    const connection = await connectionWith({ redis });
    proxy.cutOn('evalsha');

    expect(await callThrough(connection)).toEqual([[true], 'true']);
  });

  it('adds once over a borrowed client whose answer was lost', async () => {
    const redis = new Redis(proxy.url);
    cleanups.push(() => redis.disconnect());
    const backend = new RedisBackend({ redis, keyPrefix: newPrefix() });
    cleanups.push(() => backend.disconnect());
    await backend.broker.enqueue([job({ name: 'warm-up' })]);
    proxy.cutOn('evalsha');
    const [added] = await backend.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
    expect((await backend.manager.counts()).get('mail')!.queued).toBe(1);
  });

  it('leaves the outcome open when an answer was lost and Redis lets us in no more', async () => {
    const redis = await privateRedis();
    const door = await TcpProxy.to(redis.port);
    cleanups.push(() => door.close());
    const connection = await connectionWith({ connectionString: door.url });
    const admin = new Redis(redis.url);
    await admin.config('SET', 'requirepass', 'another').finally(() => admin.disconnect());
    door.cutOn('evalsha');
    const lost = callThrough(connection);

    await expect(lost).rejects.toThrow('does not let us in');
    await expect(lost).rejects.toMatchObject({ outcomeKnown: false });
    await expect(callThrough(connection)).rejects.toMatchObject({ outcomeKnown: true });
  });

  it('leaves the outcome open when the client was able to send while the call lasted', async () => {
    const redis = await privateRedis();
    const connection = await connectionWith({ connectionString: redis.url, retryFor: 200 });
    await redis.kill();
    await until(() => statusOf(connection) === 'reconnecting');
    await expect(callThrough(connection)).rejects.toMatchObject({ outcomeKnown: true });

    await redis.restart();
    const away = connection.run(
      script('busy', 'return redis.error_reply("BUSY, as a test")'),
      ['k'],
      () => [],
    );
    await expect(away).rejects.toMatchObject({ outcomeKnown: false });
  });
});

describe('an answer that takes its time', () => {
  let proxy: TcpProxy;
  let backend: RedisBackend;

  beforeEach(async () => {
    proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    backend = backendAt(proxy.url);
    await backend.broker.enqueue([job()]);
  });

  it('is taken from the socket of a process that was blocked, not asked for again', async () => {
    const added = backend.broker.enqueue([job()]);
    // The answer comes while nobody looks.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_200);
    await added;

    expect(proxy.joined).toBe(1);
  });

  it('is waited for when Redis is slow, instead of connecting anew for every call', async () => {
    proxy.delay(3_300);
    await backend.broker.enqueue([job()]).catch(() => undefined);
    const before = proxy.joined;
    await backend.broker.enqueue([job()]);
    await backend.broker.enqueue([job()]);

    expect(before).toBe(2);
    expect(proxy.joined).toBe(before);
  }, 40_000);
});

describe('opening again while the first is still opening', () => {
  it('ends the first and completes the second', async () => {
    const backend = backendAt(url);
    const first = backend.connect();
    const closing = backend.disconnect();
    const second = backend.connect();

    await expect(first).rejects.toThrow(BackendClosedError);
    await closing;
    await second;
    expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
  });

  it('lets one of two leave, and goes on opening for the other', async () => {
    const backend = backendAt(url);
    const connecting = [backend.connect(), backend.connect()];
    await backend.disconnect();
    await Promise.all(connecting);

    expect((await backend.broker.enqueue([job()]))[0]!.created).toBe(true);
    await backend.disconnect();
    await expect(backend.broker.enqueue([job()])).rejects.toThrow(BackendClosedError);
  });

  it('ends the wait of an engine that closes, but not that of another one', async () => {
    const redis = await privateRedis();
    await redis.kill();
    const backend = backendAt(redis.url, { waitForRedis: true });
    const [one, other] = [new Engine(backend), new Engine(backend)];
    const first = one.connect().catch((error: unknown) => error);
    const second = other.connect();

    await one.close();
    expect(await first).toBeInstanceOf(BackendClosedError);

    await redis.restart();
    await second;
    expect((await other.scheduler.now('mail')).created).toBe(true);
    await other.close();
  });

  it('ends a wait for a Redis that never came', async () => {
    const backend = backendAt('redis://127.0.0.1:1', { waitForRedis: true });
    const first = backend.connect().catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await backend.disconnect();

    expect(await first).toBeInstanceOf(BackendClosedError);
  });
});

const statusOf = (connection: RedisConnection): string | undefined =>
  (connection as unknown as { client: Redis | null }).client?.status;

async function privateRedis(options = {}): Promise<PrivateRedis> {
  const redis = await startPrivateRedis(options);
  cleanups.push(() => redis.stop());
  return redis;
}

async function command(redis: PrivateRedis, name: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(redis.url);
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}
