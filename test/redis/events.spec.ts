import { Redis } from 'ioredis';
import type { JobStateNotification } from '../../lib/core/contracts/notification-channel.js';
import { Engine } from '../../lib/core/engine.js';
import { RedisBackend, RedisNotificationChannel } from '../../lib/redis/index.js';
import { monitor } from '../support/monitor.js';
import { type PrivateRedis, startPrivateRedis } from '../support/redis-server.mjs';
import { newPrefix, until } from './support.js';

const cleanups: (() => unknown)[] = [];
let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Where {
  keyPrefix: string;
  database?: number;
}

/** An instance that runs `mail` at once, with what listens to it from the beginning. */
async function instanceAt(
  { keyPrefix, database = 0 }: Where,
  listen: (engine: Engine) => void = () => {},
): Promise<Engine> {
  const connectionString = `${redis.url}/${database}`;
  const engine = new Engine(new RedisBackend({ connectionString, keyPrefix }));
  engine.handlers.define('mail', () => 'sent');
  cleanups.push(() => engine.close());
  listen(engine);
  await engine.connect();
  return engine;
}

async function runOne(engine: Engine): Promise<void> {
  const completed = new Promise((resolve) => engine.scheduler.once('completed', resolve));
  await engine.scheduler.now('mail');
  await completed;
}

/** What clients send from now on; not what scripts do. */
async function watchCommands(): Promise<string[][]> {
  const control = new Redis(redis.url, { lazyConnect: true });
  const seen: string[][] = [];
  const stop = await monitor(control, (args, source) => {
    if (source !== 'lua') seen.push(args);
  });
  cleanups.push(stop);
  return seen;
}

const publishes = (seen: readonly string[][]) =>
  seen.filter(([command]) => command!.toLowerCase() === 'publish');

it('costs nothing as long as nobody listens', async () => {
  const engine = await instanceAt({ keyPrefix: newPrefix() });
  await engine.workerHost.start();
  const seen = await watchCommands();
  await runOne(engine);
  await engine.close();

  expect(publishes(seen)).toEqual([]);
});

it('tells each step once when somebody does', async () => {
  const where = { keyPrefix: newPrefix() };
  const heard: string[] = [];
  await instanceAt(where, ({ scheduler }) => {
    for (const event of ['start', 'success', 'complete'] as const) {
      scheduler.on(event, () => heard.push(event));
    }
  });
  const engine = await instanceAt(where);
  await engine.workerHost.start();
  const seen = await watchCommands();
  await runOne(engine);
  await until(() => heard.includes('complete'));

  const states = publishes(seen).flatMap(([, , message]) => {
    return (JSON.parse(message!) as { states: JobStateNotification[] }).states;
  });
  expect(states.map(({ type }) => type)).toEqual(['start', 'success', 'complete']);
  expect(heard).toEqual(['start', 'success', 'complete']);
});

it.each([
  ['another prefix', () => ({ keyPrefix: newPrefix() })],
  ['another database', (keyPrefix: string) => ({ keyPrefix, database: 5 })],
])('is not told under %s', async (_, elsewhere) => {
  const keyPrefix = newPrefix();
  const heard: string[] = [];
  const hearAs = (name: string) => (engine: Engine) =>
    engine.scheduler.on('complete', (_job, remote) => heard.push(`${name} ${remote ?? 'here'}`));
  const ours = await instanceAt({ keyPrefix }, hearAs('ours'));
  const theirs = await instanceAt(elsewhere(keyPrefix), hearAs('theirs'));
  for (const engine of [ours, theirs]) {
    await engine.workerHost.start();
    await runOne(engine);
  }
  // What was told by one is on its way before the other tells more.
  await ours.close();
  await runOne(theirs);
  await theirs.close();

  expect(heard).toEqual(['ours here', 'theirs here', 'theirs here']);
});

it('is heard beside another storage', async () => {
  const where = { keyPrefix: newPrefix() };
  const channelAt = () => {
    const { url: connectionString } = redis;
    return new RedisNotificationChannel({ connectionString, keyPrefix: 'news:' });
  };
  const [worker, listener] = [0, 1].map(() => {
    const backend = new RedisBackend({ connectionString: redis.url, ...where });
    const engine = new Engine(backend, {}, { notificationChannel: channelAt() });
    cleanups.push(() => engine.close());
    return engine;
  }) as [Engine, Engine];
  const heard: unknown[] = [];
  listener.scheduler.on('complete', (_job, remote) => heard.push(remote));
  await Promise.all([worker.connect(), listener.connect()]);
  worker.handlers.define('mail', () => 'sent');
  await worker.workerHost.start();
  await worker.scheduler.now('mail');
  await until(() => heard.length > 0);

  expect(heard).toEqual([true]);
});

it('goes on after Redis was away', async () => {
  const own = await startPrivateRedis();
  cleanups.push(() => own.stop());
  const keyPrefix = newPrefix();
  const newEngine = () =>
    new Engine(
      new RedisBackend({ connectionString: own.url, keyPrefix }),
      {},
      {
        onUnheardError: () => {},
      },
    );
  const [worker, listener] = [newEngine(), newEngine()];
  cleanups.push(() => Promise.all([worker.close(), listener.close()]));
  const heard: unknown[] = [];
  listener.scheduler.on('complete', (_job, remote) => heard.push(remote));
  await Promise.all([worker.connect(), listener.connect()]);
  worker.handlers.define('mail', () => 'sent');
  await worker.workerHost.start();
  await own.kill();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await own.restart();
  // The store is empty now, and learns anew that somebody listens.
  while (heard.length === 0) {
    await worker.scheduler.now('mail');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  expect(heard[0]).toBe(true);
}, 30_000);
