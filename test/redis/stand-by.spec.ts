import type { Redis } from 'ioredis';
import type { Claimed, ClaimRequest } from '../../lib/core/contracts/job-broker.js';
import { EVERY_NAME } from '../../lib/core/contracts/notification-channel.js';
import { toJobId } from '../../lib/core/job/job-id.js';
import type { RedisBackend } from '../../lib/redis/index.js';
import { Keys } from '../../lib/redis/keys.js';
import { violations } from '../chaos/support/invariants.js';
import { claim, commandsOf, completed, job, makeStand, newPrefix, until } from './support.js';

const connectionString = process.env.TEST_REDIS_URL!;
const { redis, cleanups, backendWith } = makeStand();
let keyPrefix: string;
let backend: RedisBackend;

beforeEach(async () => {
  keyPrefix = newPrefix();
  backend = backendWith({ connectionString, keyPrefix, channelName: `${keyPrefix}news` });
  await backend.connect();
});

const connectChannel = async (of = backend): Promise<void> => {
  await of.notificationChannel.connect();
  cleanups.push(() => of.notificationChannel.disconnect());
};

/** A claim of a host that stands by in one group with all others that ask for the same number of names. */
const resting = (host: string, more: Partial<ClaimRequest> = {}, was = ''): ClaimRequest => {
  const request = claim(1, { host, ...more });
  return { ...request, standBy: { group: `of-${request.names.length}`, was, forMs: 60_000 } };
};

const rest = (host: string, more?: Partial<ClaimRequest>, was?: string): Promise<Claimed> =>
  backend.broker.settleAndClaim([], resting(host, more, was));

const namesOf = (count: number): ClaimRequest['names'] =>
  Array.from({ length: count }, (_, i) => ({ name: i === 0 ? 'mail' : `name-${i}`, slots: 1 }));

const hostsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `host-${i}`);

/** The commands of the store and of its scripts, without what differs from call to call. */
const shapeOf = async (act: () => Promise<unknown>): Promise<string[]> => {
  const commands = await commandsOf({ redis, keyPrefix }, act);
  return commands.filter(({ byScript }) => byScript).map(({ args }) => args[0]!.toLowerCase());
};

describe('hosts that sleep', () => {
  it('make two claims between them when one job comes, however many they are', async () => {
    const hosts = hostsOf(200);
    const claims: Promise<Claimed>[] = [];
    for (const host of hosts) {
      const wake = () => void claims.push(rest(host, {}, 'of-1'));
      backend.notificationChannel.subscribe(wake, { host });
    }
    await connectChannel();
    await Promise.all(hosts.map((host) => rest(host)));

    await backend.broker.enqueue([job()]);
    await until(() => claims.length === 2);
    const taken = (await Promise.all(claims)).flatMap(({ jobs }) => jobs);
    // Whoever else was woken would have been told by now.
    await redis.publish(`${keyPrefix}news:host:host-0`, '{}');
    expect([taken.length, claims.length]).toEqual([1, 2]);
  });

  it('know when a scheduled job is due only if they have the watch: two of them', async () => {
    await backend.broker.enqueue([job({ due: { delayMs: 60_000 } })]);
    const answers = await Promise.all(hostsOf(200).map((host) => rest(host)));

    expect(answers.every(({ standsBy }) => standsBy)).toBe(true);
    expect(answers.filter(({ dueInMs }) => dueInMs !== null)).toHaveLength(2);
  });

  it.each([
    [2, 1],
    [1_000, 1],
    [2, 1_000],
  ])('cost an add the same commands: %i hosts, %i names', async (hosts, names) => {
    for (const host of hostsOf(hosts)) await rest(host, { names: namesOf(names) });

    const commands = await shapeOf(() => backend.broker.enqueue([job()]));

    const ofNews = commands.slice(commands.indexOf('publish'));
    expect(ofNews).toEqual(['publish', 'zrevrangebyscore', 'zpopmin', 'publish', 'publish']);
  });

  it('find nothing with three commands more than others, and register once in minutes', async () => {
    const names = namesOf(20);
    await backend.broker.settleAndClaim([], claim(1, { names }));
    const plain = await shapeOf(() => backend.broker.settleAndClaim([], claim(1, { names })));
    await rest('host-1', { names });
    await rest('host-2', { names });
    const watching = await shapeOf(() => rest('host-1', { names }, 'of-20'));
    await rest('host-3', { names });
    const asleep = await shapeOf(() => rest('host-3', { names }, 'of-20'));

    expect(watching).toHaveLength(plain.length + 3);
    expect(asleep.length).toBeLessThanOrEqual(plain.length + 2);
  });

  it('are busy at the price of those who never sleep', async () => {
    const { broker } = backend;
    await broker.enqueue(Array.from({ length: 6 }, () => job()));
    await broker.settleAndClaim([], claim(1));
    let held = await broker.settleAndClaim([], claim(1));
    const plain = await shapeOf(async () => {
      held = await broker.settleAndClaim([completed(held.jobs[0]!.lease)], claim(1));
    });

    const standing = await shapeOf(() =>
      broker.settleAndClaim([completed(held.jobs[0]!.lease)], resting('host-1')),
    );

    expect(standing).toEqual(plain);
  });

  it('leave adds alone when there are none: one piece of news is all', async () => {
    const commands = await shapeOf(() => backend.broker.enqueue([job()]));

    expect(commands.slice(commands.indexOf('publish'))).toEqual(['publish']);
  });
});

describe('the keys of those who stand by', () => {
  const keys = (): Keys => new Keys(keyPrefix);

  it('are what `keys.ts` says of them', async () => {
    const names = namesOf(2);
    for (const host of ['a', 'b', 'c']) await rest(host, { names });

    const { broker } = backend;
    expect(await redis.zrange(keys().ofGroup('of-2', 'idle'), '0', '-1')).toEqual(['a', 'b', 'c']);
    expect(await redis.zrange(keys().ofGroup('of-2', 'watch'), '0', '-1')).toEqual(['a', 'b', '']);
    for (const { name } of names)
      expect(await redis.zrange(keys().wakes(name), '0', '-1')).toEqual(['of-2']);

    await broker.enqueue([job()]);
    await broker.settleAndClaim([], resting('a', { names: [], slots: 0 }, 'of-2'));
    expect(await redis.zrange(keys().ofGroup('of-2', 'idle'), '0', '-1')).toEqual(['c']);
    expect(await redis.zrange(keys().ofGroup('of-2', 'watch'), '0', '-1')).toEqual(['b', '']);
    await broker.settleAndClaim([], claim(1));
    expect(await violations(redis, keyPrefix, backend.manager)).toEqual([]);
  });

  it('go by themselves when nobody stands by any more, and not before', async () => {
    const long = { group: 'long', was: '', forMs: 3_600_000 };
    await backend.broker.settleAndClaim([], { ...claim(1, { host: 'a' }), standBy: long });
    await rest('b');

    const left = async (key: string) => (await redis.pttl(key)) / 60_000;
    for (const part of ['idle', 'watch'] as const) {
      expect(await left(keys().ofGroup('long', part))).toBeGreaterThan(60);
      expect(await left(keys().ofGroup('of-1', part))).toBeGreaterThan(1);
    }
    expect(await left(keys().wakes('mail'))).toBeGreaterThan(60);
  });

  it('take what names and hosts are called as it is', async () => {
    const name = 'meta*{}:%s"';
    const host = 'host:{1}:é*';
    const heard: string[] = [];
    backend.notificationChannel.subscribe(({ jobName }) => void heard.push(jobName), { host });
    await connectChannel();
    await rest(host, { names: [{ name, slots: 1 }] });

    await backend.broker.enqueue([job({ name: 'meta' }), job({ name })]);
    await until(() => heard.length > 0);

    expect(heard).toEqual([name]);
  });
});

describe('a channel', () => {
  const subscribers = async (client: Redis, channel: string): Promise<number> =>
    ((await client.pubsub('NUMSUB', `${keyPrefix}news${channel}`)) as [string, number])[1];

  it('with handlers of hosts alone hears nothing of names but what is meant for these', async () => {
    const heard: string[] = [];
    for (const host of ['a', 'b']) {
      const note = () => void heard.push(host);
      backend.notificationChannel.subscribe(note, { host });
    }
    await connectChannel();
    await rest('b');

    await backend.broker.enqueue([job()]);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['b']);
    expect([await subscribers(redis, ':names'), await subscribers(redis, ':host:a')]).toEqual([
      0, 1,
    ]);

    const forget = backend.notificationChannel.subscribe(() => {});
    await until(async () => (await subscribers(redis, ':names')) === 1);
    forget();
    await until(async () => (await subscribers(redis, ':names')) === 0);
  });

  it('lets a host that comes while it is connected look once, and forgets one that goes', async () => {
    const heard: string[] = [];
    await connectChannel();
    const forget = backend.notificationChannel.subscribe(
      ({ jobName }) => void heard.push(jobName),
      { host: 'a' },
    );
    await until(() => heard.length === 1);
    expect(heard).toEqual([EVERY_NAME]);
    expect(await subscribers(redis, ':host:a')).toBe(1);

    forget();
    await until(async () => (await subscribers(redis, ':host:a')) === 0);
  });

  it('tells hosts as well what somebody says to all', async () => {
    const heard: string[] = [];
    const note = ({ jobName }: { jobName: string }) => void heard.push(jobName);
    backend.notificationChannel.subscribe(note, { host: 'a' });
    await connectChannel();

    await backend.manager.pause({});
    await backend.manager.resume(undefined);
    await until(() => heard.length === 1);
    const [jobId, timestamp] = [toJobId('a'), new Date()];
    const news = { jobId, jobName: 'mail', nextRunAt: timestamp, priority: 0, timestamp };
    await backend.notificationChannel.publish(news);
    await until(() => heard.length === 2);

    expect(heard).toEqual([EVERY_NAME, 'mail']);
  });
});
