import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
import {
  add,
  claimOne,
  complete,
  forged,
  LEASE,
  loseAndRescue,
  newJob,
  release,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('progress', (open) => {
  const progressOf = async ({ manager }: OpenBackend, id: string) =>
    (await manager.get(id))!.progress;

  it.each([
    0,
    -1.5,
    1e21,
    'half way',
    '',
    'true',
    'line 1\nline 2 |true| ,true,',
    true,
    false,
    [],
    [1, [2]],
    { page: 3, of: { all: 10 } },
  ])('is kept as it was told: %j', async (progress) => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const held = await claimOne(store.broker);

    await store.broker.renew([{ ...held.lease, progress }], LEASE);
    expect(await progressOf(store, 'a')).toEqual(progress);
    await settleOne(store.broker, complete(held));

    expect(await progressOf(store, 'a')).toEqual(progress);
    expect((await store.manager.inspect('a'))!.record.progress).toEqual(progress);
    const { jobs } = await store.manager.query({ ids: ['a'] });
    expect(jobs[0]!.progress).toEqual(progress);
  });

  it('is the one that was told last, whatever kinds follow each other', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const { lease } = await claimOne(store.broker);

    for (const progress of [{ page: 1 }, 50, 'late', { page: 2 }, null, [3], 60]) {
      await store.broker.renew([{ ...lease, progress }], LEASE);
      expect(await progressOf(store, 'a')).toEqual(progress);
    }
  });

  it('stays when a lease is renewed without any', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const { lease } = await claimOne(store.broker);
    await store.broker.renew([{ ...lease, progress: { page: 1 } }], LEASE);

    await store.broker.renew([lease], LEASE);

    expect(await progressOf(store, 'a')).toEqual({ page: 1 });
  });

  it('outlives its run, and the next one begins with it', async () => {
    const store = await open();
    const { broker } = store;
    await add(broker, { id: 'a' });
    const first = await claimOne(broker);
    await broker.renew([{ ...first.lease, progress: { page: 1 } }], LEASE);
    await settleOne(broker, retry(first));

    const second = await claimOne(broker);
    expect(second.record.progress).toEqual({ page: 1 });
    await settleOne(broker, release(second));
    expect(await progressOf(store, 'a')).toEqual({ page: 1 });

    const third = await claimOne(broker);
    await broker.renew([{ ...third.lease, progress: 70 }], LEASE);
    await settleOne(broker, retry(third));
    expect((await claimOne(broker)).record.progress).toBe(70);
  });

  it('outlives the loss of its process, and is told to a claim out of turn', async () => {
    const store = await open();
    const { broker } = store;
    await add(broker, { id: 'a' });
    const { lease } = await claimOne(broker);
    await broker.renew([{ ...lease, progress: ['x'] }], LEASE);
    await loseAndRescue(store);

    const claimed = await broker.claimOne({
      id: 'a',
      claimId: 'ab12',
      host: 'by-hand',
      leaseMs: LEASE,
    });

    expect(claimed).toMatchObject({ job: { record: { progress: ['x'] } } });
  });

  it('is shown by an add that finds the job in place', async () => {
    const { broker } = await open();
    await add(broker, { id: 'a' });
    const held = await claimOne(broker);
    await broker.renew([{ ...held.lease, progress: { page: 1 } }], LEASE);
    const again = async () => (await broker.enqueue([newJob({ id: 'a' })]))[0]!.job.progress;

    expect(await again()).toEqual({ page: 1 });
    await settleOne(broker, complete(held));
    expect(await again()).toEqual({ page: 1 });
  });

  it('is not kept of a lease that is lost', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const held = await claimOne(store.broker);
    await store.broker.renew([{ ...held.lease, progress: { page: 1 } }], LEASE);

    const { lost } = await store.broker.renew(
      [{ ...forged(held).lease, progress: { page: 2 } }],
      LEASE,
    );

    expect(lost).toMatchObject([{ refusal: 'lease-mismatch' }]);
    expect(await progressOf(store, 'a')).toEqual({ page: 1 });
  });

  it.each([
    ['cancelled while it runs', async ({ manager }: OpenBackend) => manager.cancel(['a'], '')],
    [
      'deleted at its end',
      async ({ broker }: OpenBackend, held: Awaited<ReturnType<typeof claimOne>>) =>
        settleOne(broker, complete(held, { remove: true })),
    ],
  ])('goes with a job that is %s', async (_, remove) => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const held = await claimOne(store.broker);
    await store.broker.renew([{ ...held.lease, progress: 'found nowhere' }], LEASE);

    await remove(store, held);

    expect(JSON.stringify(await store.dump())).not.toContain('found nowhere');
    await add(store.broker, { id: 'a' });
    expect(await progressOf(store, 'a')).toBeNull();
  });

  it.each([
    ['no number', Number.NaN],
    ['no JSON', { at: 1n }],
    ['larger than 16 KiB', 'x'.repeat(16 * 1024 - 1)],
  ])('is refused when it is %s, and the lease is as it was', async (_, progress) => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const { lease } = await claimOne(store.broker);

    await expect(store.broker.renew([{ ...lease, progress }], LEASE)).rejects.toThrow(
      InvalidOptionError,
    );

    expect(await progressOf(store, 'a')).toBeNull();
  });

  it('may have 16 KiB', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    const { lease } = await claimOne(store.broker);
    const progress = 'x'.repeat(16 * 1024 - 2);

    await store.broker.renew([{ ...lease, progress }], LEASE);

    expect(await progressOf(store, 'a')).toBe(progress);
  });
});
