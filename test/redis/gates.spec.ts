import { Redis } from 'ioredis';
import type { ClaimedJob } from '../../lib/core/contracts/job-broker.js';
import { BackendFullError } from '../../lib/core/errors.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful, START } from './forgetful-store.js';
import { claim, commandsOf, completed, job, makeStand, newPrefix } from './support.js';

const { cleanups, redis, backendWith } = makeStand();

const OF_GATES = /:(gates|opens|limits|rate:)/;

async function open() {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

describe('names without limits, in a store without any', () => {
  const wordsOf = (commands: { args: string[] }[]) =>
    commands.map(({ args }) => args[0]!.toLowerCase());

  it('pay nothing when nothing is due: one call, and as few commands as ever', async () => {
    const { broker, keyPrefix } = await open();
    await broker.settleAndClaim([], claim());
    const seen = await commandsOf({ redis, keyPrefix }, () => broker.settleAndClaim([], claim()));

    expect(seen.filter(({ byScript }) => !byScript)).toHaveLength(1);
    expect(wordsOf(seen.filter(({ byScript }) => byScript)).sort()).toEqual(
      ['del', 'get', 'hmget', 'hset', 'zrange', 'zrangebyscore', 'zscore'].sort(),
    );
  });

  it('pay nothing when jobs are handed out and end', async () => {
    const { broker, keyPrefix } = await open();
    await broker.enqueue([job(), job(), job()]);
    const seen = await commandsOf({ redis, keyPrefix }, async () => {
      const { jobs } = await broker.settleAndClaim([], claim(2));
      await broker.settleAndClaim(
        jobs.map(({ lease }) => completed(lease)),
        claim(2),
      );
    });

    expect(seen.filter(({ args }) => args.some((arg) => OF_GATES.test(arg)))).toEqual([]);
  });

  it('pay for others no more than three small reads', async () => {
    const { broker, manager, keyPrefix } = await open();
    const cost = async () => {
      await broker.enqueue([job()]);
      const seen = await commandsOf({ redis, keyPrefix }, () => broker.settleAndClaim([], claim()));
      return seen.length;
    };
    await cost();
    const before = await cost();
    await manager.setLimits('report', { concurrency: 1, rate: { max: 1, perMs: 1_000 } });

    expect((await cost()) - before).toBeLessThanOrEqual(3);
  });
});

describe('a call whose answer was lost', () => {
  it('resumes once, and does not end the pause that somebody began since', async () => {
    const { manager, store } = await open();
    await manager.pause({ name: 'mail' });
    store.loseNextAnswer(() => manager.pause({ name: 'mail', reason: 'once more' }));

    expect(await manager.resume('mail')).toBe(true);

    expect((await manager.pauses()).names.get('mail')).toMatchObject({ reason: 'once more' });
  });

  it('pauses once, and does not undo what was resumed since', async () => {
    const { manager, store } = await open();
    store.loseNextAnswer(() => manager.resume());

    await manager.pause({});

    expect(await manager.pauses()).toEqual({ names: new Map() });
  });

  it('answers that nothing was paused, as it did', async () => {
    const { manager, store } = await open();
    store.loseNextAnswer();

    expect(await manager.resume('mail')).toBe(false);
  });

  it('sets limits once, and does not overwrite later ones', async () => {
    const { manager, store } = await open();
    await manager.setLimits('mail', { concurrency: 3 });
    store.loseNextAnswer(() => manager.setLimits('mail', { concurrency: 7 }));

    await manager.setLimits('mail', { concurrency: 1 });

    expect(await manager.limits()).toEqual(new Map([['mail', { byHand: { concurrency: 7 } }]]));
  });
});

it('survives a restart of all processes: pauses, limits and what was spent of a rate are stored', async () => {
  const keyPrefix = newPrefix();
  const connectionString = process.env.TEST_REDIS_URL!;
  const first = backendWith({ connectionString, keyPrefix });
  await first.connect();
  await first.manager.pause({ reason: 'maintenance' });
  await first.manager.setLimits('mail', { rate: { max: 1, perMs: 3_600_000 } });
  await first.manager.resume();
  await first.manager.pause({ name: 'report', by: 'ann' });
  await first.broker.enqueue([job(), job(), job({ name: 'report' })]);
  expect((await first.broker.settleAndClaim([], claim())).jobs).toHaveLength(1);
  await first.disconnect();

  const second = backendWith({ connectionString, keyPrefix });
  await second.connect();

  expect((await second.manager.pauses()).names.get('report')).toMatchObject({ by: 'ann' });
  const names = ['mail', 'report'].map((name) => ({ name, slots: 5 }));
  expect((await second.broker.settleAndClaim([], claim(10, { names }))).jobs).toEqual([]);
});

it('keeps little of a high rate, and nothing of it for ever', async () => {
  const { broker, manager, clock, keyPrefix } = await open();
  await manager.setLimits('mail', { rate: { max: 100_000, perMs: 10_000 } });
  for (let i = 0; i < 300; i++) {
    await broker.enqueue([job()]);
    await broker.settleAndClaim([], claim());
    clock.now = START + i * 70;
  }

  const key = `${keyPrefix}rate:nmail`;
  expect(await redis.strlen(key)).toBeLessThanOrEqual(101 * 12);
  expect(await redis.pttl(key)).toBeGreaterThan(10_000);
});

it('goes on when memory is full: pauses, limits, stops, and the ends of limited jobs', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const backend = new RedisBackend({ connectionString: small.url });
  cleanups.push(() => backend.disconnect());
  await backend.connect();
  const { broker, manager } = backend;
  const limits = { concurrency: 2, rate: { max: 50, perMs: 1 } };
  await broker.register([{ name: 'mail', maxRescues: 2, limits }]);
  await broker.enqueue([job({ id: 'a' }), job({ id: 'b' }), job({ id: 'c' })]);
  const { jobs } = await broker.settleAndClaim([], claim());
  expect(jobs).toHaveLength(2);
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');
  await expect(broker.enqueue([job()])).rejects.toThrow(BackendFullError);

  await manager.pause({ name: 'mail', reason: 'full' });
  await manager.pause({});
  expect(await manager.resume()).toBe(true);
  expect(await manager.resume('mail')).toBe(true);
  await manager.setLimits('mail', { concurrency: 3 });
  await broker.register([{ name: 'mail', maxRescues: 2 }]);
  const throttled = { kind: 'throttle', forMs: 1, ...leaseOf(jobs[0]!) } as const;
  const { answers } = await broker.settleAndClaim([throttled, completed(jobs[1]!.lease)], claim());

  expect(answers).toEqual(['ok', 'ok']);
});

const leaseOf = ({ lease }: ClaimedJob) => ({ lease });
