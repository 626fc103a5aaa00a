import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/engine.js';
import { DurabilityError, InvalidOptionError } from '../../lib/core/errors.js';
import {
  type DurabilityOptions,
  RedisBackend,
  type RedisBackendOptions,
} from '../../lib/redis/index.js';
import type { PrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { asked, startPair, untilConfirmed } from './replicas.js';
import { claim, completed, job, newPrefix, until } from './support.js';

const durability: DurabilityOptions = { replicas: 1, timeout: '5 seconds' };
/** For what fails on purpose. */
const TIMEOUT_MS = 500;
const brief = { durability: { replicas: 1, timeout: TIMEOUT_MS } };
/** What a busy machine may add. */
const MARGIN_MS = 700;

const cleanups: (() => unknown)[] = [];
let master: PrivateRedis;
let replica: PrivateRedis;

beforeAll(async () => void ({ master, replica } = await startPair()));
afterAll(() => Promise.all([master, replica].map((server) => server?.stop())));
afterEach(async () => {
  await replica.kill('SIGCONT');
  await untilConfirmed(master);
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function backendWith(more: Partial<RedisBackendOptions> = {}): RedisBackend {
  const way = more.redis ? {} : { connectionString: master.url };
  const backend = new RedisBackend({ ...way, keyPrefix: newPrefix(), durability, ...more });
  cleanups.push(() => backend.disconnect());
  return backend;
}

/** Open, with the durable connection in use. */
async function openBackend(more: Partial<RedisBackendOptions> = {}): Promise<RedisBackend> {
  const backend = backendWith(more);
  await backend.connect();
  await backend.broker.enqueue([job({ name: 'warm-up' })]);
  return backend;
}

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => error);

const row = {
  name: 'mail',
  priority: 0,
  nextRunAt: new Date(),
  type: 'normal' as const,
  data: null,
};

it('answers an add when a replica has the job', async () => {
  const keyPrefix = newPrefix();
  const backend = backendWith({ keyPrefix });
  const [added] = await backend.broker.enqueue([job()]);

  const copied = await asked(replica, (client) =>
    client.hexists(`${keyPrefix}jobs`, added!.job.id),
  );
  expect([added!.created, copied]).toEqual([true, 1]);
});

describe('while the replica is silent', () => {
  it('rejects an add within its time, and the job is stored', async () => {
    const backend = await openBackend(brief);
    await replica.kill('SIGSTOP');
    const sentAt = performance.now();
    const error = await outcomeOf(backend.broker.enqueue([job({ id: 'order-1' })]));

    expect(error).toBeInstanceOf(DurabilityError);
    expect(error).toMatchObject({ confirmed: 0, replicas: 1, outcomeKnown: true });
    expect(performance.now() - sentAt).toBeLessThan(TIMEOUT_MS + MARGIN_MS);
    expect(await backend.manager.get('order-1')).toMatchObject({ name: 'mail' });
  });

  it('rejects a save, a change and a removal', async () => {
    const backend = await openBackend(brief);
    const saved = await backend.repository.saveJob(row);
    await replica.kill('SIGSTOP');

    await expect(backend.repository.saveJob(row)).rejects.toThrow(DurabilityError);
    await expect(backend.repository.disableJobs({ name: 'mail' })).rejects.toThrow(DurabilityError);
    await expect(backend.manager.cancel([saved._id!], 'gone')).rejects.toThrow(DurabilityError);
  });

  it('rejects the add of a job in place that no replica has yet', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ ...brief, keyPrefix });
    const careless = backendWith({ keyPrefix, durability: undefined });
    await careless.connect();
    await replica.kill('SIGSTOP');
    await careless.broker.enqueue([job({ id: 'order-2', nonce: 'aa' })]);

    await expect(backend.broker.enqueue([job({ id: 'order-2', nonce: 'bb' })])).rejects.toThrow(
      DurabilityError,
    );
  });

  it('confirms calls made side by side together', async () => {
    const backend = await openBackend(brief);
    await replica.kill('SIGSTOP');
    const sentAt = performance.now();
    const errors = await Promise.all(
      Array.from({ length: 20 }, () => outcomeOf(backend.broker.enqueue([job()]))),
    );

    expect(errors.every((error) => error instanceof DurabilityError)).toBe(true);
    // Those under way, and those that came meanwhile.
    expect(performance.now() - sentAt).toBeLessThan(2 * TIMEOUT_MS + MARGIN_MS);
  });

  it('holds up neither claims nor renewals', async () => {
    const backend = await openBackend({ durability: { replicas: 1, timeout: '2 seconds' } });
    await backend.broker.enqueue([job()]);
    await replica.kill('SIGSTOP');
    const ended: string[] = [];
    const adding = outcomeOf(backend.broker.enqueue([job()])).then(() => ended.push('add'));
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    ended.push('claim');
    const { lost } = await backend.broker.renew([jobs[0]!.lease], 30_000);
    ended.push('renewal');
    await adding;

    expect(lost).toEqual([]);
    expect(ended).toEqual(['claim', 'renewal', 'add']);
  });

  it('accepts how jobs end, and warns once', async () => {
    const backend = await openBackend(brief);
    const codes: string[] = [];
    backend.onWarning(({ code }) => void codes.push(code));
    await backend.broker.enqueue([job(), job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    await replica.kill('SIGSTOP');
    const second = await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(1));
    const sentAt = performance.now();
    const third = await backend.broker.settleAndClaim([completed(second.jobs[0]!.lease)], claim(1));

    expect([second.answers, third.answers]).toEqual([['ok'], ['ok']]);
    expect(third.jobs).toHaveLength(1);
    // Nobody waits for replicas that are known to be missing.
    expect(performance.now() - sentAt).toBeLessThan(TIMEOUT_MS);
    expect(codes).toEqual(['durability']);
  });

  it('does not let settlements wait behind adds, once it is known', async () => {
    const backend = await openBackend({ durability: { replicas: 1, timeout: '1 second' } });
    await backend.broker.enqueue([job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    await replica.kill('SIGSTOP');
    await outcomeOf(backend.broker.enqueue([job()]));
    const ended: string[] = [];
    const adding = outcomeOf(backend.broker.enqueue([job()])).then(() => ended.push('add'));
    await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(1));
    ended.push('settlement');
    await adding;

    expect(ended).toEqual(['settlement', 'add']);
  });

  it('hands out the jobs claimed beside a settlement after a second at most', async () => {
    const backend = await openBackend({ durability: { replicas: 1, timeout: '10 seconds' } });
    await backend.broker.enqueue([job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    await replica.kill('SIGSTOP');
    const sentAt = performance.now();
    const next = await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(1));

    expect(next.jobs).toHaveLength(1);
    expect(performance.now() - sentAt).toBeLessThan(1_000 + MARGIN_MS);
  });

  it('stores no job twice that is added again, and confirms it once the replica goes on', async () => {
    const backend = await openBackend(brief);
    const order = job({ id: 'order-3' });
    await replica.kill('SIGSTOP');
    await expect(backend.broker.enqueue([order])).rejects.toThrow(DurabilityError);
    await replica.kill('SIGCONT');
    await until(async () => {
      const again = await outcomeOf(backend.broker.enqueue([order]));
      return !(again instanceof DurabilityError);
    });

    expect((await backend.manager.counts()).get('mail')!.queued).toBe(1);
  });
});

it('tells an engine by the event `warning`, and its jobs complete', async () => {
  const engine = new Engine(backendWith(brief));
  cleanups.push(() => engine.close());
  const warned: string[] = [];
  const completedIds: string[] = [];
  engine.events.on('warning', ({ code }) => void warned.push(code));
  engine.events.on('completed', ({ job: { id } }) => void completedIds.push(id));
  engine.handlers.define('mail', () => undefined);
  await engine.connect();
  const added = await engine.scheduler.now('mail');
  await replica.kill('SIGSTOP');
  await engine.workerHost.start();
  await until(() => completedIds.length > 0);
  await until(() => warned.includes('durability'));

  expect(completedIds).toEqual([added.id]);
});

describe('a connection of its own', () => {
  let proxy: TcpProxy;

  beforeEach(async () => {
    proxy = await TcpProxy.to(master.port);
    cleanups.push(() => proxy.close());
  });

  it('adds a job once although its answer was lost', async () => {
    const backend = await openBackend({ connectionString: proxy.url });
    proxy.cutOn('wait');
    const [added] = await backend.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
    expect((await backend.manager.counts()).get('mail')!.queued).toBe(1);
  });

  it('settles once although its answer was lost', async () => {
    const backend = await openBackend({ connectionString: proxy.url });
    await backend.broker.enqueue([job(), job()]);
    const { jobs } = await backend.broker.settleAndClaim([], claim(1));
    proxy.cutOn('wait');
    const next = await backend.broker.settleAndClaim([completed(jobs[0]!.lease)], claim(1));

    expect([next.answers, next.jobs.length]).toEqual([['ok'], 1]);
  });

  it('is renewed when it has gone silent', async () => {
    const backend = await openBackend({ connectionString: proxy.url });
    proxy.swallow();
    const [added] = await backend.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
  });

  it('does not notice that the scripts were flushed', async () => {
    const backend = await openBackend();
    await asked(master, (client) => client.call('SCRIPT', 'FLUSH'));
    const [added] = await backend.broker.enqueue([job()]);

    expect(added!.created).toBe(true);
  });

  it('is opened by the first write it is for, and closed with the backend', async () => {
    const backend = backendWith({ connectionString: proxy.url });
    await backend.connect();
    await backend.broker.settleAndClaim([], claim());
    const before = proxy.open;
    await backend.broker.enqueue([job()]);
    const during = proxy.open;
    await backend.disconnect();
    await until(() => proxy.open === 0);

    expect([before, during]).toEqual([1, 2]);
  });

  it('is ours beside a borrowed client, which stays as it was', async () => {
    const redis = new Redis(proxy.url, { commandTimeout: 50 });
    cleanups.push(() => redis.disconnect());
    const backend = await openBackend({ redis, durability: { replicas: 1, timeout: 500 } });
    await replica.kill('SIGSTOP');
    // The patience of the borrowed client is none of its business.
    await expect(backend.broker.enqueue([job()])).rejects.toThrow(DurabilityError);
    await backend.disconnect();
    await until(() => proxy.open === 1);

    expect(await redis.ping()).toBe('PONG');
  });

  it('still confirms what is saved after the backend was closed, and lets go of Redis then', async () => {
    const keyPrefix = newPrefix();
    const backend = await openBackend({ connectionString: proxy.url, keyPrefix });
    await backend.disconnect();
    const saved = await backend.repository.saveJob(row);
    const copied = await asked(replica, (client) => client.hexists(`${keyPrefix}jobs`, saved._id!));
    await until(() => proxy.open === 0);

    expect(copied).toBe(1);
  });
});

describe('options', () => {
  it.each<[string, unknown]>([
    ['no object', 1],
    ['no replicas', { timeout: 1_000 }],
    ['none of them', { replicas: 0, timeout: 1_000 }],
    ['half of one', { replicas: 1.5, timeout: 1_000 }],
    ['no time', { replicas: 1 }],
    ['a time of 0, which is for ever', { replicas: 1, timeout: 0 }],
    ['more than ten seconds', { replicas: 1, timeout: 10_001 }],
    ['an unknown one', { replicas: 1, timeout: 1_000, retries: 3 }],
  ])('%s is an error', (_, wrong) => {
    const options = { connectionString: master.url, durability: wrong as DurabilityOptions };
    expect(() => new RedisBackend(options)).toThrow(InvalidOptionError);
  });
});
