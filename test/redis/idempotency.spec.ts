import { Redis } from 'ioredis';
import type { Enqueued, JobBroker } from '../../lib/core/contracts/job-broker.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { Idempotency, NewJob } from '../../lib/core/job/job-record.js';
import { idempotencyKey } from '../../lib/core/job/unique-key.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { TcpProxy } from '../support/tcp-proxy.js';
import { openForgetful } from './forgetful-store.js';
import { claim, completed, job, newPrefix, makeStand } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const WINDOW = 60_000;
const { cleanups, redis } = makeStand();

async function open() {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

const keyed = (release: Idempotency['release'], more: Partial<NewJob> = {}): NewJob =>
  job({ idempotency: { key: 'order-7', release, holdMs: WINDOW }, ...more });

async function runOne(broker: JobBroker, more = {}): Promise<void> {
  const { jobs } = await broker.settleAndClaim([], claim(1));
  await broker.settleAndClaim([completed(jobs[0]!.lease, more)], claim(0));
}

const shortly = (answers: readonly Enqueued[]) =>
  answers.map(({ job: { id }, created }) => [id, created]);

describe('an add with a key whose answer was lost', () => {
  it.each(['removal', 'finish', 'time'] as const)(
    'is no duplicate of itself (%s)',
    async (release) => {
      const { store, broker, manager } = await open();
      const asked = keyed(release);
      store.loseNextAnswer();

      expect(shortly(await broker.enqueue([asked]))).toEqual([[asked.id, true]]);
      expect((await manager.counts()).get('mail')!.total).toBe(1);
    },
  );

  it.each(['removal', 'finish', 'time'] as const)(
    'answers as its first try did when the job has run and gone meanwhile (%s)',
    async (release) => {
      const { store, broker, manager } = await open();
      const asked = keyed(release);
      store.loseNextAnswer(() => runOne(broker, { remove: true }));

      expect(shortly(await broker.enqueue([asked]))).toEqual([[asked.id, true]]);
      expect(await manager.get(asked.id)).toBeUndefined();
    },
  );

  it('does so also under an id of the caller, by its nonce', async () => {
    const { store, broker, manager } = await open();
    store.loseNextAnswer(() => runOne(broker, { remove: true }));

    const asked = keyed('removal', { id: 'mine', nonce: randomToken() });

    expect(shortly(await broker.enqueue([asked]))).toEqual([['mine', true]]);
    expect(await manager.get('mine')).toBeUndefined();
  });

  it('does so also when nothing but the key remembers the job', async () => {
    const { store, broker, keyPrefix } = await open();
    const asked = keyed('removal');
    store.loseNextAnswer(async () => {
      await runOne(broker, { remove: true });
      await redis.del(`${keyPrefix}gone`);
    });

    expect(shortly(await broker.enqueue([asked]))).toEqual([[asked.id, true]]);
  });

  it('leaves the key to the job that has taken it since', async () => {
    const { store, broker, manager } = await open();
    const [mine, other] = [keyed('finish'), keyed('finish', { due: { delayMs: 1_000 } })];
    store.loseNextAnswer(async () => {
      await runOne(broker);
      await broker.enqueue([other]);
    });

    expect(shortly(await broker.enqueue([mine]))).toEqual([[mine.id, true]]);
    expect(shortly(await broker.enqueue([keyed('finish')]))).toEqual([[other.id, false]]);
    expect((await manager.counts()).get('mail')!.total).toBe(2);
  });

  it.each([{ remove: false }, { remove: true }])(
    'finds no room for the second job of its call that its first try did not add (%j)',
    async (how) => {
      const { store, broker, manager } = await open();
      const [first, second] = [keyed('finish'), keyed('finish')];
      store.loseNextAnswer(() => runOne(broker, how));

      expect(shortly(await broker.enqueue([first, second]))).toEqual([
        [first.id, true],
        [first.id, false],
      ]);
      expect(await manager.get(second.id)).toBeUndefined();
    },
  );

  it('is repeated over a new connection, and adds one job', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    cleanups.push(() => proxy.close());
    const backend = new RedisBackend({ connectionString: proxy.url, keyPrefix: newPrefix() });
    cleanups.push(() => backend.disconnect());
    await backend.connect();
    const asked = keyed('removal');
    proxy.cutAfter(0);

    expect(shortly(await backend.broker.enqueue([asked]))).toEqual([[asked.id, true]]);
    expect((await backend.manager.counts()).get('mail')!.total).toBe(1);
  });
});

describe('a key that nobody holds', () => {
  it.each(['nobody', 'other'])('is taken over from %s', async (id) => {
    const { store, broker } = await open();
    await broker.enqueue([job({ id: 'other' })]);
    const field = idempotencyKey('mail', 'order-7');
    await redis.hset(store.keys.keys, field, id);

    const asked = keyed('finish');

    expect(shortly(await broker.enqueue([asked]))).toEqual([[asked.id, true]]);
    expect(await redis.hget(store.keys.keys, field)).toBe(asked.id);
  });

  it('is not kept: nothing is left when the time of all is over and their jobs are gone', async () => {
    const { store, broker, manager, clock } = await open();
    const jobs = (['removal', 'finish', 'time'] as const).map((release) =>
      job({ idempotency: { key: release, release, holdMs: WINDOW } }),
    );
    await broker.enqueue(jobs);
    clock.now += WINDOW;
    await manager.cancel(
      jobs.map(({ id }) => id),
      '',
    );
    await broker.enqueue([keyed('finish')]);
    await runOne(broker);

    expect(await redis.exists(store.keys.keys, store.keys.held)).toBe(0);
  });
});

it('answers many large jobs in place whole, though one call carries about 1 MiB of them', async () => {
  const { store, broker } = await open();
  const text = JSON.stringify('x'.repeat(100_000));
  const withKey = (i: number, data?: string): NewJob =>
    job({ data, idempotency: { key: `order-${i}`, release: 'finish', holdMs: WINDOW } });
  const first: Enqueued[] = [];
  for (let i = 0; i < 30; i += 10) {
    first.push(
      ...(await broker.enqueue([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => withKey(i + n, text)))),
    );
  }
  store.longest = 0;

  const again = await broker.enqueue(first.map((_, i) => withKey(i)));

  expect(again.map(({ created }) => created)).toEqual(first.map(() => false));
  expect(again.map(({ job: { id, data } }) => [id, data])).toEqual(
    first.map(({ job: { id, data } }) => [id, data]),
  );
  expect(store.longest).toBeLessThan(1.2 * 1024 * 1024);
});

it('frees keys when memory is full, and holds no new ones', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const backend = new RedisBackend({ connectionString: small.url });
  cleanups.push(() => backend.disconnect());
  const { broker } = backend;
  await backend.connect();
  await broker.enqueue([keyed('finish'), keyed('removal', { name: 'report' })]);
  const { jobs } = await broker.settleAndClaim([], claim(1));
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1mb');

  const { answers } = await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
  const refused = broker.enqueue([keyed('removal')]);

  expect(answers).toEqual(['ok']);
  await expect(refused).rejects.toThrow(/full/i);
  expect(Object.keys(await admin.hgetall('agenda:keys'))).toEqual([
    idempotencyKey('report', 'order-7'),
  ]);
});
