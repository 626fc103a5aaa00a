import { toJobId } from '../../lib/core/job/job-id.js';
import { Redis } from 'ioredis';
import type {
  JobNotification,
  JobStateNotification,
  NotificationChannel,
  NotificationChannelState,
} from '../../lib/core/contracts/notification-channel.js';
import { BackendClosedError, ConnectionError, InvalidOptionError } from '../../lib/core/errors.js';
import { RedisBackend, RedisNotificationChannel } from '../../lib/redis/index.js';
import type { RedisChannelOptions } from '../../lib/redis/redis-notification-channel.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { channelRules, job, newPrefix, until } from './support.js';

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
    const rules = [...(await channelRules(admin, ['&*'])), '+@all', '-subscribe'];
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '~*', ...rules);
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

/** A channel of its own, beside any storage. */
function aloneAt(connectionString: string, more: RedisChannelOptions = {}) {
  const channel = new RedisNotificationChannel({ connectionString, keyPrefix, ...more });
  cleanups.push(() => channel.disconnect());
  return channel;
}

const newsOf = (jobName: string): JobNotification => ({
  jobId: toJobId('a'),
  jobName,
  nextRunAt: new Date(0),
  priority: 0,
  timestamp: new Date(0),
});

const stateOf = (jobName: string): JobStateNotification => ({
  type: 'start',
  jobId: toJobId('a'),
  jobName,
  timestamp: new Date(0),
});

describe('a message', () => {
  it('that is under way still goes out when its channel is closed, with its backend', async () => {
    const listener = aloneAt(url);
    const told: string[] = [];
    listener.subscribe(({ jobName }) => void told.push(jobName));
    listener.subscribeState(({ jobName }) => void told.push(jobName));
    const leaving = backendAt(proxy.url);
    const channel = leaving.notificationChannel;
    await Promise.all([listener.connect(), leaving.connect(), channel.connect()]);
    proxy.delay(20);

    const messages = [channel.publish(newsOf('news')), channel.publishState(stateOf('state'))];
    await channel.disconnect();
    await leaving.disconnect();

    await Promise.all(messages);
    await until(() => told.length === 2);
    expect(told).toEqual(['news', 'state']);
    await expect(channel.publish(newsOf('late'))).rejects.toThrow('not connected');
  });

  it('without a source comes from its sender, unless that is oneself', async () => {
    const [one, other] = [aloneAt(url), aloneAt(url)];
    const sources: Record<string, unknown[]> = { one: [], other: [] };
    for (const [name, channel] of Object.entries({ one, other })) {
      channel.subscribe(({ source }) => void sources[name]!.push(source));
      channel.subscribeState(({ source }) => void sources[name]!.push(source));
      await channel.connect();
    }
    await one.publish(newsOf('mail'));
    await one.publishState(stateOf('mail'));
    await one.publish({ ...newsOf('mail'), source: 'billing' });
    await until(() => sources.one!.length === 3 && sources.other!.length === 3);

    const [sender] = sources.other!;
    expect(sources.one).toEqual([undefined, undefined, 'billing']);
    expect(sources.other).toEqual([sender, sender, 'billing']);
    expect(sender).toEqual(expect.any(String));
  });

  it('that a script writes has a sender too', async () => {
    const backend = backendAt(url);
    const channel = aloneAt(url);
    const sources: unknown[] = [];
    channel.subscribe(({ source }) => void sources.push(source));
    await channel.connect();
    await backend.broker.enqueue([job()]);
    await until(() => sources.length === 1);

    expect(sources).toEqual([expect.any(String)]);
  });

  it.each([
    ['another prefix', { keyPrefix: newPrefix() }],
    ['another database', { connectionString: `${url}/3` }],
  ])('is not heard under %s', async (_, more) => {
    const [ours, theirs] = [aloneAt(url), aloneAt(url, more)];
    for (const channel of [ours, theirs]) {
      channel.subscribe(({ jobName }) => void heard.push(jobName));
      channel.subscribeState(({ jobName }) => void heard.push(jobName));
      await channel.connect();
    }
    await theirs.publish(newsOf('their news'));
    await theirs.publishState(stateOf('their state'));
    await until(() => heard.length === 2);
    await ours.publish(newsOf('our news'));
    await ours.publishState(stateOf('our state'));
    await until(() => heard.length === 4);

    expect(heard).toEqual(['their news', 'their state', 'our news', 'our state']);
  });

  it('that nobody of us has written is dropped', async () => {
    const channel = aloneAt(url);
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    channel.subscribeState(({ jobName }) => void heard.push(jobName));
    await channel.connect();
    const client = new Redis(url);
    cleanups.push(() => client.disconnect());
    const ours = { prefix: keyPrefix, database: 0 };
    const messages = [
      '',
      '{',
      'null',
      '5',
      '{}',
      JSON.stringify(ours),
      JSON.stringify({ ...ours, states: 1 }),
    ];
    messages.push(JSON.stringify({ ...ours, states: [null, {}, { jobName: 'x', type: 'what' }] }));
    for (const message of messages) {
      for (const name of ['', ':state', ':cancel']) {
        await client.publish(`agenda:notifications${name}`, message);
      }
    }
    await channel.publish(newsOf('last'));
    await channel.publishState(stateOf('last'));
    await until(() => heard.length >= 2);

    expect(heard).toEqual(['last', 'last']);
    expect(channel.state).toBe('connected');
  });

  it('is one command, however many states it carries', async () => {
    const channel = aloneAt(proxy.url);
    await channel.connect();
    const before = proxy.commands;
    await channel.publishStates(Array.from({ length: 50 }, (_, i) => stateOf(`job-${i}`)));

    expect(proxy.commands - before).toBe(1);
  });
});

describe('the subscriptions', () => {
  const subscribers = async (client: Redis): Promise<number> => {
    const [, count] = (await client.pubsub('NUMSUB', `${keyPrefix}news:state`)) as [string, number];
    return count;
  };

  it('are to states only while somebody wants to hear of them', async () => {
    const client = new Redis(url);
    cleanups.push(() => client.disconnect());
    const channel = aloneAt(url, { channelName: `${keyPrefix}news` });
    await channel.connect();
    expect(await subscribers(client)).toBe(0);

    const forget = [channel.subscribeState(() => {}), channel.subscribeState(() => {})];
    while ((await subscribers(client)) !== 1);
    forget[0]!();
    await channel.publishState(stateOf('mail'));
    expect(await subscribers(client)).toBe(1);
    forget[1]!();
    while ((await subscribers(client)) !== 0);
  });

  it('are the wanted ones after a cut, whatever came and went meanwhile', async () => {
    const channel = aloneAt(proxy.url);
    await channel.connect();
    const forget = channel.subscribeState(() => void heard.push('gone'));
    proxy.cut();
    await until(() => channel.state === 'reconnecting');
    forget();
    channel.subscribeState(({ jobName }) => void heard.push(jobName));
    await until(() => channel.state === 'connected');
    await channel.publishState(stateOf('mail'));
    await until(() => heard.length === 1);

    expect(heard).toEqual(['mail']);
  });

  it('made while it says that it is connected count at once', async () => {
    const channel = aloneAt(url);
    channel.on('stateChange', (state) => {
      if (state === 'connected') channel.subscribeState(({ jobName }) => void heard.push(jobName));
    });
    await channel.connect();
    await channel.publishState(stateOf('mail'));
    await until(() => heard.length > 0);

    expect(heard).toEqual(['mail']);
  });
});

describe('after a cut', () => {
  it('handlers hear of each name that has claimable jobs, and when', async () => {
    const backend = backendAt(proxy.url);
    await backend.connect();
    const told = new Map<string, number>();
    const channel = channelOf(backend);
    const later = Date.now() + 3_600_000;
    await backendAt(url).broker.enqueue([
      job({ name: 'due', due: { at: 1_000 } }),
      job({ name: 'later', due: { at: later } }),
    ]);
    await channel.connect();
    channel.subscribe(({ jobName, nextRunAt }) => void told.set(jobName, nextRunAt!.getTime()));
    proxy.cut();
    await until(() => told.size === 2);

    expect(told).toEqual(
      new Map([
        ['due', 1_000],
        ['later', later],
      ]),
    );
  });

  it('handlers beside another storage hear of each name that was heard of before', async () => {
    const channel = aloneAt(proxy.url);
    await channel.connect();
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await channel.publish(newsOf('mail'));
    await channel.publish(newsOf('report'));
    await until(() => heard.length === 2);
    proxy.cut();
    await until(() => heard.length === 4);

    expect(heard).toEqual(['mail', 'report', 'mail', 'report']);
  });

  it('nobody is woken up who only connects anew', async () => {
    const channel = aloneAt(url);
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await channel.connect();
    await channel.publish(newsOf('mail'));
    await until(() => heard.length === 1);
    await channel.disconnect();
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await channel.connect();
    await channel.publish(newsOf('last'));
    await until(() => heard.includes('last'));

    expect(heard).toEqual(['mail', 'last']);
  });
});

describe('the connections', () => {
  it('are two for a backend and its channel', async () => {
    const backend = backendAt(proxy.url);
    await backend.connect();
    const channel = channelOf(backend);
    await channel.connect();
    await channel.publish(newsOf('mail'));

    expect(proxy.joined).toBe(2);
  });

  it('are two for a channel beside another storage, and none when it is closed', async () => {
    const redis = await startPrivateRedis();
    cleanups.push(() => redis.stop());
    const admin = new Redis(redis.url);
    cleanups.push(() => admin.disconnect());
    const clients = async (): Promise<number> =>
      ((await admin.client('LIST')) as string).trim().split('\n').length - 1;
    const channel = channelOf(backendAt(redis.url));
    await channel.connect();
    await channel.publish(newsOf('mail'));
    await until(() => heard.length === 1);

    expect(await clients()).toBe(2);
    // Nothing is written for a backend that nobody has connected.
    expect(await admin.dbsize()).toBe(0);
    await channel.disconnect();
    while ((await clients()) > 0);
  });

  it('are those of the backend again, when it was closed and only its channel is connected anew', async () => {
    const backend = backendAt(proxy.url);
    await backend.connect();
    const channel = channelOf(backend);
    await channel.connect();
    await channel.disconnect();
    await backend.disconnect();
    const before = proxy.joined;
    await channel.connect();
    await channel.publish(newsOf('mail'));
    expect(await backend.repository.getQueueSize()).toBe(0);
    expect(proxy.joined - before).toBe(2);

    await channel.disconnect();
    await until(() => proxy.open === 0);
  });

  it('are one each, and the news is back, after a time without Redis', async () => {
    const redis = await startPrivateRedis();
    cleanups.push(() => redis.stop());
    const channel = aloneAt(redis.url);
    channel.on('stateChange', (state) => void states.push(state));
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await channel.connect();
    await redis.kill();
    await until(() => channel.state === 'reconnecting');
    await expect(channel.publish(newsOf('mail'))).rejects.toThrow('not connected');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await redis.restart();
    await until(() => channel.state === 'connected');
    await channel.publish(newsOf('mail'));
    await until(() => heard.includes('mail'));

    const admin = new Redis(redis.url);
    cleanups.push(() => admin.disconnect());
    const clients = ((await admin.client('LIST')) as string).trim().split('\n');
    expect(clients).toHaveLength(3);
    expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  }, 30_000);

  it('fail with the address where nobody listens, and can be tried again', async () => {
    const redis = await startPrivateRedis();
    await redis.kill();
    cleanups.push(() => redis.stop());
    const channel = aloneAt(redis.url);
    await expect(channel.connect()).rejects.toThrow(ConnectionError);
    await expect(channel.connect()).rejects.toThrow(`127.0.0.1:${redis.port}`);
    expect(channel.state).toBe('error');

    await redis.restart();
    await channel.connect();
    expect(channel.state).toBe('connected');
  });

  it('of a borrowed client are its own for news, and it is left as it was', async () => {
    const client = new Redis(url);
    cleanups.push(() => client.disconnect());
    await client.ping();
    const listeners = client.listenerCount('ready') + client.listenerCount('error');
    const channel = new RedisNotificationChannel({ redis: client, keyPrefix });
    await channel.connect();
    await channel.publish(newsOf('mail'));
    await channel.disconnect();

    expect(await client.set(`${keyPrefix}key`, 'x', 'EX', 1)).toBe('OK');
    expect(client.listenerCount('ready') + client.listenerCount('error')).toBe(listeners);
  });
});

it('refuses options that are not those of a channel', () => {
  const options = { connectionString: url, maxDataBytes: 5 };

  expect(() => new RedisNotificationChannel(options)).toThrow(InvalidOptionError);
  expect(() => new RedisNotificationChannel({})).toThrow(InvalidOptionError);
});
