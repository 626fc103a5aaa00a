import { toJobId } from '../../lib/core/job/job-id.js';
import { randomBytes } from 'node:crypto';
import type {
  JobNotification,
  JobStateNotification,
} from '../../lib/core/contracts/notification-channel.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import type { ChannelBase } from '../../lib/core/notifications/channel-base.js';
import { InMemoryNotificationChannel } from '../../lib/core/notifications/in-memory-notification-channel.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend, RedisNotificationChannel } from '../../lib/redis/index.js';
import { endpoint, storeOptions } from '../support/redis-endpoint.js';

const START = Date.UTC(2026, 2, 4, 10, 20, 30, 456);

const atRedis = () => ({
  ...endpoint,
  keyPrefix: `test:${randomBytes(6).toString('hex')}:`,
});

/** Each alone: those of backends that are never connected stand beside another storage. */
const makers: Record<string, () => ChannelBase> = {
  'in memory': () => new InMemoryNotificationChannel(),
  'of a memory backend': () => new MemoryBackend().notificationChannel,
  'over Redis': () => new RedisNotificationChannel(atRedis()),
  'of a Redis backend': () =>
    new RedisBackend({ ...storeOptions, ...atRedis() }).notificationChannel,
};

const newsOf = (jobName: string): JobNotification => ({
  jobId: toJobId('a'),
  jobName,
  nextRunAt: new Date(START),
  priority: 4,
  timestamp: new Date(START + 1),
  source: 'billing',
});

const stateOf = (more: Partial<JobStateNotification> = {}): JobStateNotification => ({
  type: 'start',
  jobId: toJobId('a'),
  jobName: 'mail',
  timestamp: new Date(START),
  ...more,
});

/** The first so many of what a subscription tells. */
function firstOf<News>(
  count: number,
  subscribe: (handler: (news: News) => void) => unknown,
): Promise<News[]> {
  const told: News[] = [];
  return new Promise((resolve) => {
    subscribe((news) => {
      told.push(news);
      if (told.length === count) resolve(told);
    });
  });
}

describe.each(Object.entries(makers))('a channel %s', (_, make) => {
  let channel: ChannelBase;
  let uses: number;

  const connect = async (): Promise<void> => {
    uses += 1;
    await channel.connect();
  };
  const disconnect = async (): Promise<void> => {
    uses -= 1;
    await channel.disconnect();
  };
  beforeEach(() => {
    channel = make();
    uses = 0;
  });
  afterEach(async () => {
    while (uses > 0) await disconnect();
  });

  it('tells its state, from disconnected to connected and back', async () => {
    const states: string[] = [channel.state];
    channel.on('stateChange', (state) => states.push(state));
    await connect();
    await disconnect();

    expect(states.filter((state) => state !== 'connecting')).toEqual([
      'disconnected',
      'connected',
      'disconnected',
    ]);
    expect(channel.state).toBe('disconnected');
  });

  it('delivers news in order, whole, to every handler, the sender too', async () => {
    await connect();
    channel.subscribe(() => {
      throw new Error('harms nobody');
    });
    channel.subscribe(() => Promise.reject(new Error('harms nobody')));
    const told = firstOf<JobNotification>(3, (handler) => channel.subscribe(handler));

    const names = ['first', 'second', 'last'];
    await Promise.all(names.map((name) => channel.publish(newsOf(name))));

    expect(await told).toEqual(names.map(newsOf));
  });

  it('carries news without a time or a source', async () => {
    await connect();
    const told = firstOf<JobNotification>(1, (handler) => channel.subscribe(handler));
    const { source: _, ...news } = { ...newsOf('mail'), nextRunAt: null };
    await channel.publish(news);

    expect(await told).toEqual([news]);
  });

  it('carries what happens to running jobs, with real dates', async () => {
    await connect();
    const told = firstOf<JobStateNotification>(1, (handler) => channel.subscribeState(handler));
    const state = stateOf({
      type: 'retry',
      source: 'billing',
      error: 'no luck',
      failCount: 2,
      retryAt: new Date(START + 5),
      retryAttempt: 1,
      duration: 1.5,
      progress: 0,
      lastRunAt: new Date(START - 1),
      lastFinishedAt: new Date(START),
    });
    await channel.publishState(state);

    expect(await told).toEqual([state]);
  });

  it('carries many states in one go, and tells them one by one, in order with others', async () => {
    await connect();
    const told = firstOf<JobStateNotification>(4, (handler) => channel.subscribeState(handler));
    const [first, second, third, last] = ['a', 'b', 'c', 'd'].map((jobId) =>
      stateOf({ jobId: toJobId(jobId) }),
    );

    await Promise.all([
      channel.publishState(first!),
      channel.publishStates([second!, third!]),
      channel.publishState(last!),
    ]);

    expect(await told).toEqual([first, second, third, last]);
  });

  it('keeps jobs and their states apart', async () => {
    await connect();
    const heard: string[] = [];
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    const told = firstOf<JobStateNotification>(1, (handler) => channel.subscribeState(handler));
    await channel.publishState(stateOf());
    await told;

    expect(heard).toEqual([]);
  });

  it('tells those that listen of errors in handlers, thrown or rejected', async () => {
    await connect();
    const errors = firstOf<Error>(2, (listener) => channel.on('error', listener));
    channel.subscribe(() => {
      throw new Error('thrown');
    });
    channel.subscribe(() => Promise.reject(new Error('rejected')));
    await channel.publish(newsOf('mail'));

    expect((await errors).map(({ message }) => message)).toEqual(['thrown', 'rejected']);
  });

  it('survives listeners that throw themselves', async () => {
    const states: string[] = [];
    channel.on('stateChange', () => {
      throw new Error('of the state');
    });
    channel.on('stateChange', (state) => states.push(state));
    channel.on('error', () => {
      throw new Error('of the error');
    });
    await connect();

    expect(states).toContain('connected');
  });

  it('stops at an unsubscribe, of that one subscription', async () => {
    await connect();
    const heard: string[] = [];
    const handler = ({ jobName }: JobNotification): void => void heard.push(jobName);
    const unsubscribe = channel.subscribe(handler);
    channel.subscribe(handler);
    unsubscribe();
    unsubscribe();
    const done = firstOf(1, (last) => channel.subscribe(last));

    await channel.publish(newsOf('mail'));
    await done;

    expect(heard).toEqual(['mail']);
  });

  it('takes a listener away again', async () => {
    const states: string[] = [];
    const listener = (state: string): void => void states.push(state);
    channel.on('stateChange', listener);
    channel.off('stateChange', listener);
    await connect();

    expect(states).toEqual([]);
  });

  it('rejects what is published while it is not connected, and does not throw', async () => {
    for (const publish of [
      () => channel.publish(newsOf('mail')),
      () => channel.publishState(stateOf()),
      () => channel.publishStates([stateOf()]),
    ]) {
      await expect(publish()).rejects.toThrow('not connected');
    }
  });

  it('counts its users: the last one closes', async () => {
    await Promise.all([connect(), connect()]);
    const told = firstOf<JobNotification>(1, (handler) => channel.subscribe(handler));
    await disconnect();
    await channel.publish(newsOf('mail'));

    expect(await told).toEqual([newsOf('mail')]);
    await disconnect();
    expect(channel.state).toBe('disconnected');
    await channel.disconnect();
    expect(channel.state).toBe('disconnected');
  });

  it('can be connected again, without the handlers of before', async () => {
    const heard: string[] = [];
    await connect();
    channel.subscribe(() => void heard.push('news'));
    channel.subscribeState(() => void heard.push('state'));
    await disconnect();
    await connect();
    const told = firstOf<JobStateNotification>(1, (handler) => channel.subscribeState(handler));
    await channel.publish(newsOf('mail'));
    await channel.publishState(stateOf());

    expect(await told).toEqual([stateOf()]);
    expect(heard).toEqual([]);
  });

  it('refuses handlers and listeners that cannot be meant', () => {
    expect(() => channel.subscribe(undefined as never)).toThrow(InvalidOptionError);
    expect(() => channel.subscribeState('x' as never)).toThrow(InvalidOptionError);
    expect(() => channel.on('error', 1 as never)).toThrow(InvalidOptionError);
    expect(() => channel.on('message' as 'error', () => {})).toThrow(InvalidOptionError);
  });
});
