import { Redis } from 'ioredis';
import type { Enqueued, JobBroker } from '../../lib/core/contracts/job-broker.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import type { Dedupe, DedupedJob, NewJob } from '../../lib/core/job/job-record.js';
import { dedupeKey } from '../../lib/core/job/unique-key.js';
import { violations } from '../chaos/support/invariants.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { openForgetful } from './forgetful-store.js';
import { claim, completed, job, makeStand, newPrefix } from './support.js';

const { cleanups, redis, backendWith } = makeStand();
const latest: Dedupe = { key: 'user-7', mode: 'latest' };
const field = dedupeKey('mail', latest);

async function open() {
  const opened = await openForgetful();
  cleanups.push(() => opened.store.connection.close());
  return opened;
}

const keyed = (data: number, more: Partial<NewJob> = {}): DedupedJob => ({
  ...job({ data: String(data), ...more }),
  nonce: randomToken(),
  dedupe: latest,
});

async function runOne(broker: JobBroker, more = {}): Promise<void> {
  const { jobs } = await broker.settleAndClaim([], claim(1));
  await broker.settleAndClaim([completed(jobs[0]!.lease, more)], claim(0));
}

const shortly = ({ job: { id, data }, created, deduped }: Enqueued) => [
  id,
  data,
  created ? 'added' : (deduped ?? 'duplicate'),
];

describe('a call with a key whose answer was lost', () => {
  it('is no duplicate of itself', async () => {
    const { store, broker, manager } = await open();
    const asked = keyed(1);
    store.loseNextAnswer();

    expect(shortly(await broker.dedupe(asked))).toEqual([asked.id, 1, 'added']);
    expect((await manager.counts()).get('mail')!.total).toBe(1);
  });

  it.each([{}, { remove: true }])(
    'answers as its first try did when its job has run meanwhile (%j)',
    async (how) => {
      const { store, broker, manager } = await open();
      const asked = keyed(1);
      store.loseNextAnswer(() => runOne(broker, how));

      expect(shortly(await broker.dedupe(asked))).toEqual([asked.id, 1, 'added']);
      expect((await manager.counts()).get('mail')?.queued ?? 0).toBe(0);
    },
  );

  it('does not undo what a later call has replaced', async () => {
    const { store, broker, manager } = await open();
    const { job: first } = await broker.dedupe(keyed(1));
    store.loseNextAnswer(() => broker.dedupe(keyed(3)));

    expect(shortly(await broker.dedupe(keyed(2)))).toEqual([first.id, 3, 'replaced']);
    expect(await manager.get(first.id)).toMatchObject({ data: 3 });
  });

  it('does not run a job once more that has run with its data', async () => {
    const { store, broker } = await open();
    const { job: first } = await broker.dedupe(keyed(1));
    const { jobs } = await broker.settleAndClaim([], claim(1));
    store.loseNextAnswer(async () => {
      await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
      await runOne(broker);
    });

    expect(shortly(await broker.dedupe(keyed(2)))).toEqual([first.id, 2, 'kept-for-next']);
    expect((await broker.settleAndClaim([], claim(1))).jobs).toEqual([]);
  });

  it('knows the job that it has changed, when another one has the key by then', async () => {
    const { store, broker } = await open();
    const { job: first } = await broker.dedupe(keyed(1));
    store.loseNextAnswer(async () => {
      await runOne(broker, { remove: true });
      await broker.dedupe(keyed(3));
    });

    expect(shortly(await broker.dedupe(keyed(2)))).toEqual([first.id, 2, 'replaced']);
  });

  it('leaves no note for longer than it may be repeated', async () => {
    const { store, broker, keyPrefix } = await open();
    await broker.dedupe(keyed(1));
    const asked = keyed(2);
    await broker.dedupe(asked);

    const leftMs = await redis.pttl(`${keyPrefix}deduped:${asked.nonce}`);

    expect(leftMs).toBeGreaterThan(store.options.retryForMs);
    expect(leftMs).toBeLessThanOrEqual(store.options.retryForMs + 60_000);
  });
});

describe('a key', () => {
  it.each(['nobody', 'other', 'damaged'])('is taken over from %s', async (id) => {
    const { store, broker } = await open();
    await broker.enqueue([job({ id: 'other' })]);
    await redis.hset(store.keys.jobs, 'damaged', '[1,2');
    await redis.hset(store.keys.keys, field, id);
    const asked = keyed(1);

    expect(shortly(await broker.dedupe(asked))).toEqual([asked.id, 1, 'added']);
    expect(await redis.hget(store.keys.keys, field)).toBe(asked.id);
  });

  it('is held by a job whose lease is damaged, until that is rescued and has run', async () => {
    const { store, broker, clock } = await open();
    const { job: first } = await broker.dedupe(keyed(1));
    await broker.settleAndClaim([], claim(1));
    await redis.hset(store.keys.lease, first.id, 'damaged');

    expect(shortly(await broker.dedupe(keyed(2)))).toEqual([first.id, 2, 'kept-for-next']);
    clock.now += 30_000;
    await broker.settleAndClaim([], claim(0));
    await broker.rescue(10, 30_000);

    const { jobs } = await broker.settleAndClaim([], claim(1));
    expect(jobs).toMatchObject([{ record: { id: first.id, data: 2 } }]);
  });

  it('is not kept without its job', async () => {
    const { store, broker } = await open();
    await broker.dedupe(keyed(1));
    await broker.dedupe(keyed(2));
    await runOne(broker, { remove: true });

    expect(await redis.exists(store.keys.keys, store.keys.held)).toBe(0);
  });

  it('makes one job of 20 racing connections, and one more of a second race during its run', async () => {
    const keyPrefix = newPrefix();
    const connectionString = process.env.TEST_REDIS_URL!;
    const backends = Array.from({ length: 20 }, () => backendWith({ connectionString, keyPrefix }));
    await Promise.all(backends.map((backend) => backend.connect()));
    const { broker, manager } = backends[0]!;
    const race = () =>
      Promise.all(
        backends.flatMap((backend, i) =>
          [0, 20, 40].map((n) => backend.broker.dedupe(keyed(n + i))),
        ),
      );

    const first = await race();
    const { jobs } = await broker.settleAndClaim([], claim(10));
    const second = await race();
    await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));
    const { jobs: again } = await broker.settleAndClaim([], claim(10));

    expect(first.filter(({ created }) => created)).toHaveLength(1);
    expect(jobs).toHaveLength(1);
    expect(new Set(second.map(({ deduped }) => deduped))).toEqual(new Set(['kept-for-next']));
    expect(again.map(({ record: { id } }) => id)).toEqual([jobs[0]!.record.id]);
    expect((await manager.counts()).get('mail')!.total).toBe(1);
    expect(await violations(redis, keyPrefix)).toEqual([]);
  });
});

it('changes nothing when memory is full', async () => {
  const small = await startPrivateRedis({ args: ['--maxmemory-policy', 'noeviction'] });
  cleanups.push(() => small.stop());
  const backend = backendWith({ connectionString: small.url });
  const { broker, manager } = backend;
  await backend.connect();
  const { job: first } = await broker.dedupe(keyed(1));
  const admin = new Redis(small.url);
  cleanups.push(() => admin.disconnect());
  await admin.config('SET', 'maxmemory', '1');

  await expect(broker.dedupe(keyed(2))).rejects.toThrow(/full/i);
  await expect(broker.dedupe(keyed(3, { name: 'report' }))).rejects.toThrow(/full/i);

  expect(await manager.get(first.id)).toEqual(first);
  expect((await manager.counts()).get('report')).toBeUndefined();
});
