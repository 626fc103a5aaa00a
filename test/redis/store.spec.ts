import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/engine.js';
import {
  BackendFullError,
  IncompatibleStoreError,
  InvalidOptionError,
} from '../../lib/core/errors.js';
import { homePrefix } from '../../lib/redis/keys.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { claim, completed, job, newPrefix, until, makeStand } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const { cleanups, redis, backendWith } = makeStand();

describe('a store that does not fit', () => {
  it('is refused when it has another layout, and nothing is written', async () => {
    const keyPrefix = newPrefix();
    await redis.hset(`${keyPrefix}meta`, { layout: '2', sort: 'x', partitions: '1' });
    const backend = backendWith({ connectionString: url, keyPrefix });

    await expect(backend.connect()).rejects.toThrow(IncompatibleStoreError);
    expect(await redis.keys(`${keyPrefix}*`)).toEqual([`${keyPrefix}meta`]);
  });

  it('is refused when another backend keeps its jobs under the prefix', async () => {
    const keyPrefix = newPrefix();
    await redis.sadd(`${keyPrefix}jobs:all`, 'an-id');

    await expect(backendWith({ connectionString: url, keyPrefix }).connect()).rejects.toThrow(
      'jobs:all',
    );
  });

  it('is refused when it was made in another order of claims, such as that of npm agenda', async () => {
    const options = { connectionString: url, keyPrefix: newPrefix() };
    const agendas = backendWith(options);
    await agendas.connect();
    const engine = new Engine(backendWith(options));

    await expect(engine.connect()).rejects.toThrow(
      'sort "nextRunAt:1,priority:-1"; this process wants "priority:-1,nextRunAt:1"',
    );
    const told = new Engine(backendWith({ ...options, sort: { nextRunAt: 1, priority: -1 } }));
    await told.connect();
    await told.close();
  });

  it('is refused when Redis may evict jobs, unless that is allowed', async () => {
    const evicting = await startPrivateRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    cleanups.push(() => evicting.stop());

    await expect(backendWith({ connectionString: evicting.url }).connect()).rejects.toThrow(
      'maxmemory-policy allkeys-lru',
    );
    await backendWith({ connectionString: evicting.url, allowEviction: true }).connect();
  });
});

describe('options', () => {
  it.each<[string, RedisBackendOptions]>([
    ['none', {}],
    ['two ways', { connectionString: url, cluster: { nodes: [7000] } }],
    ['another scheme', { connectionString: 'http://localhost' }],
    ['no URL', { connectionString: 'localhost:6379' }],
    ['a database that is no number', { connectionString: 'redis://localhost/one' }],
    ['an empty prefix', { connectionString: url, keyPrefix: '' }],
    ['a prefix of ioredis', { redisOptions: { keyPrefix: 'app:' } }],
    ['no nodes', { cluster: { nodes: [] } }],
    ['a bad duration', { connectionString: url, connectTimeout: 'soon' }],
    ['an unknown one', { connectionString: url, keyprefix: 'x' } as RedisBackendOptions],
  ])('%s is an error', (_, options) => {
    expect(() => new RedisBackend(options)).toThrow(InvalidOptionError);
  });

  it('shows no password in its errors', () => {
    expect(() => new RedisBackend({ connectionString: 'http://me:s3cret@host' })).toThrow('***');
  });
});

describe('a full Redis', () => {
  it('refuses adds with a typed error, and lets running jobs end and others start', async () => {
    const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    cleanups.push(() => small.stop());
    const backend = backendWith({ connectionString: small.url });
    await backend.broker.enqueue([job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    const admin = new Redis(small.url);
    cleanups.push(() => admin.disconnect());
    await admin.config('SET', 'maxmemory', '1mb');

    await expect(backend.broker.enqueue([job()])).rejects.toThrow(BackendFullError);
    await expect(
      backend.repository.saveJob({
        name: 'x',
        priority: 0,
        nextRunAt: null,
        type: 'normal',
        data: null,
      }),
    ).rejects.toThrow(BackendFullError);
    const next = await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(1));
    const renewal = await backend.broker.renew([next.jobs[0]!.lease], 60_000);
    const rescue = await backend.broker.rescue(10, 30_000);
    const removed = await backend.manager.cancel([jobs[0]!.record.id], 'done');

    expect(next.answers).toEqual(['ok']);
    expect(next.jobs).toHaveLength(1);
    expect(renewal.lost).toEqual([]);
    expect(rescue.jobs).toEqual([]);
    expect(removed).toHaveLength(1);
  });
});

describe('keys', () => {
  it('has none left when every job is gone but what holds no job', async () => {
    const keyPrefix = newPrefix();
    const backend = backendWith({ connectionString: url, keyPrefix });
    await backend.broker.enqueue([
      job(),
      job({ id: 'chosen', nonce: 'ff' }),
      job({ due: { delayMs: 1e6 } }),
    ]);
    await backend.repository.saveJob({
      name: 'mail',
      priority: 0,
      nextRunAt: new Date(Date.now() + 1e6),
      type: 'single',
      data: null,
      repeatInterval: '1 hour',
      disabled: true,
    });
    const { jobs } = await backend.broker.settleAndClaim([], claim(2));
    await backend.broker.settleAndClaim([completed(jobs[0]!.lease, { remove: true })], claim(0));
    await backend.repository.purgeAllJobs();

    const left = (await redis.keys(`${keyPrefix}*`)).map((key) => key.slice(keyPrefix.length));
    const holdingNone = /^(meta|names|due|gone|saved|claim:host-1(:\d+)?|cancelled:.+)$/;
    expect(left.filter((key) => !holdingNone.test(key))).toEqual([]);
  });

  it('lets no name or id reach an internal key', async () => {
    const keyPrefix = newPrefix();
    const backend = backendWith({ connectionString: url, keyPrefix });
    const odd = [
      'meta',
      'jobs',
      '__proto__',
      'a"b\\c',
      '{x}',
      '*',
      'ready:mail',
      'a|b',
      "o'k",
      '日本',
    ];
    await backend.broker.enqueue(odd.map((name) => job({ name, id: name, nonce: 'ee' })));

    const counts = await backend.manager.counts();
    expect([...counts.keys()].sort()).toEqual([...odd].sort());
    for (const name of odd) {
      const { jobs } = await backend.broker.settleAndClaim(
        [],
        claim(1, { names: [{ name, slots: 1 }] }),
      );
      expect(jobs[0]!.record).toMatchObject({ id: name, name, data: { to: 'ann' } });
    }
    expect(await redis.hget(`${keyPrefix}meta`, 'layout')).toBe('1');
  });
});

describe('a prefix on Cluster', () => {
  it.each([
    ['agenda:', '{agenda:}'],
    ['{tag}jobs:', '{tag}jobs:'],
    ['a{tag}b{}', 'a{tag}b{}'],
    ['a{}b{tag}', '{a{}b{tag}}'],
    ['a{b', '{a{b}'],
  ])('%s becomes %s: one slot for all keys', (keyPrefix, expected) => {
    expect(homePrefix(keyPrefix, true, 1)).toBe(expected);
  });

  it('is refused when no braces can tie it together', () => {
    expect(() => homePrefix('}a', true, 1)).toThrow(InvalidOptionError);
  });
});

describe('the clock', () => {
  it('is right after a call that took many tries', async () => {
    const late = await startPrivateRedis();
    cleanups.push(() => late.stop());
    const backend = backendWith({ connectionString: late.url });
    await backend.connect();
    await late.kill();
    const added = backend.broker.enqueue([job()]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await late.restart();
    await added;

    expect(Math.abs(backend.broker.now() - Date.now())).toBeLessThan(100);
  });

  it('keeps what it knows where an answer says no better', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    const backend = backendWith({ connectionString: proxy.url, keyPrefix: newPrefix() });
    await backend.broker.enqueue([job()]);
    // All of the delay is on the way back: half way between sending and receiving would be 300 ms off.
    proxy.delay(600);
    await backend.broker.enqueue([job()]);

    expect(Math.abs(backend.broker.now() - Date.now())).toBeLessThan(50);
  });
});

describe('news', () => {
  it('stays within prefix and database, though all share one channel', async () => {
    const [ours, other] = [newPrefix(), newPrefix()];
    const backend = backendWith({ connectionString: url, keyPrefix: ours });
    const foreign = backendWith({ connectionString: url, keyPrefix: other });
    const database = backendWith({ redisOptions: { ...redis.options, db: 3 }, keyPrefix: ours });
    const heard: string[] = [];
    await backend.notificationChannel.connect();
    cleanups.push(() => backend.notificationChannel.disconnect());
    backend.notificationChannel.subscribe(({ jobName }) => void heard.push(jobName));

    await foreign.broker.enqueue([job({ name: 'theirs' })]);
    await database.broker.enqueue([job({ name: 'elsewhere' })]);
    await backend.broker.enqueue([job({ name: 'ours' })]);
    await until(() => heard.includes('ours'));

    expect(heard).toEqual(['ours']);
    await database.repository.purgeAllJobs();
  });

  it('is told once while a name stays claimable, and again when it becomes so', async () => {
    const backend = backendWith({ connectionString: url, keyPrefix: newPrefix() });
    const heard: number[] = [];
    const plannedAfter = async (delayMs: number): Promise<number | null> => {
      const [added] = await backend.broker.enqueue([job({ due: { delayMs } })]);
      return added!.job.nextRunAt;
    };
    await backend.notificationChannel.connect();
    cleanups.push(() => backend.notificationChannel.disconnect());
    backend.notificationChannel.subscribe(({ nextRunAt }) => void heard.push(nextRunAt!.getTime()));

    await backend.broker.enqueue([job()]);
    await backend.broker.enqueue([job()]);
    await backend.broker.settleAndClaim([], claim(2));
    const later = await plannedAfter(60_000);
    const sooner = await plannedAfter(30_000);
    await backend.broker.enqueue([job({ due: { delayMs: 90_000 } })]);
    await until(() => heard.length === 3);

    expect(heard.slice(1)).toEqual([later, sooner]);
  });
});
