import { Redis } from 'ioredis';
import type {
  NotificationChannel,
  NotificationChannelState,
} from '../../lib/core/contracts/notification-channel.js';
import { BackendClosedError, ConnectionError } from '../../lib/core/errors.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { job, newPrefix, until } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const cleanups: (() => unknown)[] = [];
let keyPrefix: string;
let proxy: TcpProxy;
let heard: string[];
let states: NotificationChannelState[];

beforeEach(async () => {
  keyPrefix = newPrefix();
  proxy = await TcpProxy.to(Number(new URL(url).port));
  cleanups.push(() => proxy.close());
  heard = [];
  states = [];
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function backendAt(connectionString: string): RedisBackend {
  const backend = new RedisBackend({ connectionString, keyPrefix });
  cleanups.push(() => backend.disconnect());
  return backend;
}

/** A channel whose news and states are noted, and which is disconnected after the test. */
function channelOf(backend: RedisBackend): NotificationChannel {
  const channel = backend.notificationChannel;
  channel.subscribe(({ jobName }) => void heard.push(jobName));
  channel.on('stateChange', (state) => void states.push(state));
  cleanups.push(() => channel.disconnect());
  return channel;
}

/** Says news past the proxy, and waits until it is heard. */
async function heardFrom(speaker: RedisBackend, name: string): Promise<void> {
  await speaker.broker.enqueue([job({ name })]);
  await until(() => heard.includes(name));
}

describe('a channel', () => {
  it('comes to hear although the connection was cut while it subscribed', async () => {
    const channel = channelOf(backendAt(proxy.url));
    proxy.cutOn('subscribe');
    await channel.connect();
    await until(() => channel.state === 'connected');

    await heardFrom(backendAt(url), 'mail');
    expect(states).toEqual(['connecting', 'reconnecting', 'connected']);
  });

  it('hears again after a cut, also when the next subscribing is cut too', async () => {
    const channel = channelOf(backendAt(proxy.url));
    await channel.connect();
    proxy.cutOn('subscribe');
    proxy.cut();
    await until(() => states.length > 2 && channel.state === 'connected');

    await heardFrom(backendAt(url), 'mail');
    expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  });

  it('hears again after its connection fell silent', async () => {
    const channel = channelOf(backendAt(proxy.url));
    await channel.connect();
    proxy.swallow();
    await until(() => states.includes('reconnecting') && channel.state === 'connected');

    await heardFrom(backendAt(url), 'mail');
    expect(proxy.joined).toBe(3);
  }, 30_000);

  it('asks no more than one PING in ten seconds, and keeps its connection when that is answered', async () => {
    // On a Redis of its own: the news of other tests on the shared one would be signs of life.
    const redis = await startPrivateRedis();
    cleanups.push(() => redis.stop());
    const quiet = await TcpProxy.to(redis.port);
    cleanups.push(() => quiet.close());
    const channel = channelOf(backendAt(quiet.url));
    await channel.connect();
    const [connections, commands] = [quiet.joined, quiet.commands];
    await new Promise((resolve) => setTimeout(resolve, 11_000));

    expect([quiet.joined, quiet.commands]).toEqual([connections, commands + 1]);
    expect(channel.state).toBe('connected');
  }, 30_000);

  it('rejects where it is not let in, and can be tried again', async () => {
    const redis = await startPrivateRedis();
    cleanups.push(() => redis.stop());
    const admin = new Redis(redis.url);
    cleanups.push(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '~*', '&*', '+@all', '-subscribe');
    const channel = channelOf(backendAt(redis.url.replace('//', '//ann:pw@')));
    await expect(channel.connect()).rejects.toThrow(ConnectionError);
    expect(channel.state).toBe('error');

    await admin.call('ACL', 'SETUSER', 'ann', '+subscribe');
    await channel.connect();
    expect(channel.state).toBe('connected');
  });

  it('ends in the middle of connecting, and can be connected again', async () => {
    const channel = channelOf(backendAt(url));
    const first = channel.connect();
    await channel.disconnect();
    await expect(first).rejects.toThrow(BackendClosedError);
    expect(channel.state).toBe('disconnected');

    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await channel.connect();
    await heardFrom(backendAt(url), 'mail');
    expect(channel.state).toBe('connected');
  });

  it('leaves no timer behind', async () => {
    const backend = backendAt(url);
    await backend.connect();
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await backend.notificationChannel.connect();
    expect(timers()).toBeGreaterThan(before);
    await backend.notificationChannel.disconnect();

    await until(() => timers() <= before);
  });
});
