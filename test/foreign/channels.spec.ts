import { randomBytes } from 'node:crypto';
import {
  RedisBackend as OfficialRedisBackend,
  RedisNotificationChannel as OfficialRedisChannel,
} from '@agendajs/redis-backend';
import { BaseNotificationChannel } from 'agenda';
import {
  type AgendaBackend,
  type AgendaChannel,
  Engine,
  type EngineOptions,
  InMemoryNotificationChannel,
  InvalidOptionError,
  type JobStateNotification,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { nextEvent } from '../core/engine/support.js';
import { until } from '../nest/support.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

/* Storage here, news there. */

/** Without news a worker finds a job after a third of its lease, 10 s, or after an hour. */
const SOONER_THAN_LOOKING = 5_000;

let redis: PrivateRedis;
let space: string;
let engines: Engine[] = [];
let errors: Error[] = [];

beforeAll(async () => {
  redis = await startPrivateRedis();
}, 30_000);

beforeEach(() => {
  space = `test_${randomBytes(6).toString('hex')}`;
});

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  errors = [];
});

afterAll(() => redis?.stop());

async function open(
  backend: AgendaBackend,
  notificationChannel: AgendaChannel | undefined,
  options: EngineOptions = {},
): Promise<Engine> {
  const engine = new Engine(
    backend,
    { processEvery: '1 hour', ...options },
    { notificationChannel, onUnheardError: (error) => errors.push(error) },
  );
  engines.push(engine);
  await engine.connect();
  return engine;
}

const ourBackend = () => new RedisBackend({ connectionString: redis.url, keyPrefix: `${space}:` });
const officialChannel = () =>
  new OfficialRedisChannel({ connectionString: redis.url, channelName: space });

/** A foreign channel without its server: it emits, rejects, and goes on trying. */
class UnreachableChannel extends BaseNotificationChannel {
  tries = 0;

  async connect(): Promise<void> {
    const error = new Error(`nobody there ${(this.tries += 1)}`);
    this.emit('error', error);
    this.scheduleReconnect();
    throw error;
  }

  async disconnect(): Promise<void> {
    this.clearReconnect();
    this.setState('disconnected');
  }

  publish(): Promise<void> {
    throw new Error('not connected');
  }
}

describe('our storage with a foreign channel', () => {
  it('announces there what is added, saved and tried again', async () => {
    const worker = await open(ourBackend(), officialChannel());
    const seen: unknown[] = [];
    worker.handlers.define(
      'mail',
      (job) => {
        seen.push(job.data);
        if (seen.length === 1) throw new Error('once more');
      },
      { attempts: 2, backoff: 50 },
    );
    await worker.workerHost.start();
    const producer = await open(ourBackend(), officialChannel(), { worker: false });
    const startedAt = performance.now();

    await producer.scheduler.now('mail', 'added');
    await until(() => seen.length === 2);
    await producer.scheduler.every('1 hour', 'mail', 'saved');
    await until(() => seen.length === 3);

    expect(seen).toEqual(['added', 'added', 'saved']);
    expect(performance.now() - startedAt).toBeLessThan(SOONER_THAN_LOOKING);
    expect(errors).toEqual([]);
  });

  it('announces there what is brought back', async () => {
    const worker = await open(ourBackend(), officialChannel());
    let isMended = false;
    worker.handlers.define('mail', () => {
      if (!isMended) throw new Error('not yet');
    });
    await worker.workerHost.start();
    const { scheduler } = await open(ourBackend(), officialChannel(), { worker: false });
    const dead = nextEvent(worker, 'dead');
    const { id } = await scheduler.now('mail');
    await dead;
    isMended = true;
    const completed = nextEvent(worker, 'completed');
    const broughtBackAt = performance.now();

    expect(await scheduler.requeue({ id })).toMatchObject({ requeued: 1 });
    await completed;

    expect(performance.now() - broughtBackAt).toBeLessThan(SOONER_THAN_LOOKING);
    expect(errors).toEqual([]);
  });

  it.each<[string, (engine: Engine, id: string) => Promise<unknown>]>([
    ['promoted', ({ scheduler }, id) => scheduler.promote(id)],
    ['rescheduled', ({ scheduler }, id) => scheduler.reschedule(id, 'now')],
  ])('announces there what is %s', async (_, mend) => {
    const worker = await open(ourBackend(), officialChannel());
    worker.handlers.define('mail', () => 'sent');
    await worker.workerHost.start();
    const other = await open(ourBackend(), officialChannel(), { worker: false });
    const { id } = await other.scheduler.now('mail', 1, { delay: '1 hour' });
    const completed = nextEvent(worker, 'completed');
    const mendedAt = performance.now();

    expect(await mend(other, id)).toBe('ok');
    await completed;

    expect(performance.now() - mendedAt).toBeLessThan(SOONER_THAN_LOOKING);
    expect(errors).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['of a name', ['mail']],
    ['of everything', []],
  ])('announces there the end of a pause %s', async (_, name) => {
    const worker = await open(ourBackend(), officialChannel());
    worker.handlers.define('mail', () => 'sent');
    await worker.workerHost.start();
    const { scheduler } = await open(ourBackend(), officialChannel(), { worker: false });
    await scheduler.pause(...(name as [string]));
    await scheduler.now('mail');
    const completed = nextEvent(worker, 'completed');
    const resumedAt = performance.now();

    expect(await scheduler.resume(...name)).toBe(true);
    await completed;

    expect(performance.now() - resumedAt).toBeLessThan(SOONER_THAN_LOOKING);
    expect(errors).toEqual([]);
  });

  it('brings back also what it cannot announce, and tells of that', async () => {
    const backend = new MemoryBackend();
    const engine = await open(backend, new InMemoryNotificationChannel());
    engine.handlers.define('mail', () => Promise.reject(new Error('no')));
    await engine.workerHost.start();
    const dead = nextEvent(engine, 'dead');
    const { id } = await engine.scheduler.now('mail');
    await dead;
    await engine.workerHost.stop();
    const away = new Error('away');
    backend.manager.query = () => Promise.reject(away);

    expect(await engine.scheduler.requeue(id)).toEqual({ outcome: 'ok' });

    expect(errors).toEqual([away]);
    expect(await engine.scheduler.counts('mail')).toMatchObject({ queued: 1, dead: 0 });
  });

  it('announces nothing twice where the channel is that of the storage', async () => {
    const backend = ourBackend();
    const { scheduler, parts } = await open(backend, backend.notificationChannel);
    const heard: string[] = [];
    backend.notificationChannel.subscribe(({ jobName }) => void heard.push(jobName));

    expect(parts).toBe(backend);
    await scheduler.schedule('in 1 hour', 'first');
    await scheduler.schedule('in 1 hour', 'second');
    await until(() => heard.includes('second'));

    expect(heard).toEqual(['first', 'second']);
  });

  it('hears states of jobs that run elsewhere', async () => {
    const worker = await open(ourBackend(), officialChannel());
    worker.handlers.define('mail', () => undefined);
    await worker.workerHost.start();
    const watcher = await open(ourBackend(), officialChannel(), { worker: false });
    const told = new Promise<string>((resolve) => {
      watcher.scheduler.on('success', (job: JobStateNotification) => resolve(job.jobId));
    });

    const { id } = await watcher.scheduler.now('mail');

    expect(await told).toBe(id);
  });
});

describe('a foreign backend with our channel', () => {
  it('starts at once what another process adds', async () => {
    const foreign = () =>
      new OfficialRedisBackend({ connectionString: redis.url, keyPrefix: `${space}:foreign:` });
    const worker = await open(foreign(), ourBackend().notificationChannel);
    worker.handlers.define('mail', () => undefined);
    await worker.workerHost.start();
    const producer = await open(foreign(), ourBackend().notificationChannel, { worker: false });
    const completed = nextEvent(worker, 'completed');
    const addedAt = performance.now();

    await producer.scheduler.now('mail');
    await completed;

    expect(performance.now() - addedAt).toBeLessThan(SOONER_THAN_LOOKING);
  });
});

describe('a channel', () => {
  it('that cannot be connected is reported, fails nobody, and is given up at the close', async () => {
    const channel = new UnreachableChannel();
    const engine = await open(new MemoryBackend(), channel);
    const completed = nextEvent(engine, 'completed');
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();

    await engine.scheduler.now('mail');
    await completed;
    expect(channel.state).toBe('reconnecting');
    await engine.close();

    expect(channel.state).toBe('disconnected');
    expect(errors.map(({ message }) => message)).toEqual(
      Array.from({ length: channel.tries }, (_, i) => `nobody there ${i + 1}`),
    );
  });

  it('is an error when it is none', () => {
    const channel = { publish: () => undefined } as never;

    const make = () => new Engine(new MemoryBackend(), {}, { notificationChannel: channel });

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(/notificationChannel.*connect/);
  });
});
