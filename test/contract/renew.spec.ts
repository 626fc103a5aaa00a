import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  complete,
  forged,
  LEASE,
  loseAndRescue,
  newJob,
  passTime,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

describeBackends('renew', (open) => {
  it('moves the expiry later, and the lease completes the job', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker);
    const { lease } = await claimOne(broker);
    clock.advance(LEASE - 1);

    expect(await broker.renew([lease], LEASE)).toEqual({ now: START + LEASE - 1, lost: [] });

    clock.advance(LEASE - 1);
    expect((await claim(broker, { slots: 0 })).earliestExpiry).toBe(clock.now() + 1);
    expect((await broker.rescue(10, LEASE)).jobs).toEqual([]);
    expect(await settleOne(broker, complete({ lease }))).toBe('ok');
  });

  it('lets nobody rescue the job before the new expiry, and anybody at it', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker, { id: 'a' });
    const { lease } = await claimOne(broker);
    clock.advance(10_000);
    await broker.renew([lease], LEASE);

    await passTime(store, LEASE - 1);
    expect((await broker.rescue(10, LEASE)).jobs).toEqual([]);
    clock.advance(1);
    expect((await broker.rescue(10, LEASE)).jobs).toMatchObject([{ id: 'a' }]);
  });

  it('never shortens a lease', async () => {
    const { broker } = await open();
    await add(broker);
    const { lease } = await claimOne(broker);

    await broker.renew([lease], 1_000);

    expect((await claim(broker, { slots: 0 })).earliestExpiry).toBe(START + LEASE);
  });

  it('rounds the new expiry up', async () => {
    const { broker } = await open();
    await add(broker);
    const { lease } = await claimOne(broker);

    await broker.renew([lease], LEASE + 0.1);

    expect((await claim(broker, { slots: 0 })).earliestExpiry).toBe(START + LEASE + 1);
  });

  it('tells the leases that are gone, each with its word, and renews the others', async () => {
    const { broker, clock } = await open();
    await broker.enqueue('abc'.split('').map((id) => newJob({ id })));
    const { jobs } = await claim(broker);
    const [a, b, c] = jobs;
    await settle(broker, complete(a!));
    clock.advance(1);

    const nobody = { ...b!.lease, id: 'nobody' };
    const leases = [a!.lease, b!.lease, forged(c!).lease, nobody];
    const { lost } = await broker.renew(leases, LEASE);

    expect(new Set(lost)).toEqual(
      new Set([
        { id: 'a', token: a!.lease.token, refusal: 'not-running' },
        { id: 'c', token: leases[2]!.token, refusal: 'lease-mismatch' },
        { id: 'nobody', token: nobody.token, refusal: 'not-found' },
      ]),
    );
    clock.advance(LEASE - 1);
    expect(await settle(broker, complete(b!), complete(c!))).toEqual(['ok', 'lease-expired']);
  });

  it('with a wrong token is a mismatch, moves nothing, and the true holder can still complete', async () => {
    const { broker, clock } = await open();
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(1_000);

    const { lost } = await broker.renew([forged(held).lease], LEASE);

    expect(lost).toMatchObject([{ refusal: 'lease-mismatch' }]);
    expect((await claim(broker, { slots: 0 })).earliestExpiry).toBe(START + LEASE);
    clock.advance(LEASE - 1_001);
    expect(await settleOne(broker, complete(held))).toBe('ok');
  });

  it('comes too late at the expiry itself: the job can be rescued and completed by another', async () => {
    const store = await open();
    const { broker, clock } = store;
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE);

    const { lost } = await broker.renew([held.lease], LEASE);
    expect(lost).toMatchObject([{ refusal: 'lease-expired' }]);

    await broker.rescue(10, LEASE);
    const again = await claimOne(broker, { host: 'host-b' });
    expect(await settleOne(broker, complete(again))).toBe('ok');
  });

  it.each([0, -1_000, Number.NaN, Infinity, 1e18])(
    'refuses a duration of %s ms, and the lease goes on',
    async (forMs) => {
      const { broker } = await open();
      await add(broker);
      const held = await claimOne(broker);

      await expect(broker.renew([held.lease], forMs)).rejects.toThrow(InvalidOptionError);
      expect(await settleOne(broker, complete(held))).toBe('ok');
    },
  );

  it('takes 100 leases a call, none at all, and not 101', async () => {
    const { broker } = await open();
    await addMany(broker, 100);
    const { jobs } = await claim(broker);
    const leases = jobs.map(({ lease }) => lease);

    expect((await broker.renew(leases, LEASE)).lost).toEqual([]);
    expect((await broker.renew([], LEASE)).lost).toEqual([]);
    await expect(broker.renew([...leases, leases[0]!], LEASE)).rejects.toThrow(InvalidOptionError);
  });

  it('tells the holder of a cancelled job the reason', async () => {
    const { broker, manager } = await open();
    await broker.enqueue('ab'.split('').map((id) => newJob({ id })));
    const { jobs } = await claim(broker);
    const leases = jobs.map(({ lease }) => lease);
    await manager.cancel(['a'], 'no longer wanted');
    await manager.cancel(['b'], '');

    const { lost } = await broker.renew(leases, LEASE);

    expect(lost).toEqual([
      { id: 'a', token: leases[0]!.token, refusal: 'not-found', cancelled: 'no longer wanted' },
      { id: 'b', token: leases[1]!.token, refusal: 'not-found', cancelled: '' },
    ]);
  });

  it('tells it also when the id has been taken again meanwhile', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const { lease } = await claimOne(broker);
    await manager.cancel(['a'], 'new order');
    await add(broker, { id: 'a' });

    const waits = await broker.renew([lease], LEASE);
    await claimOne(broker);
    const runs = await broker.renew([lease], LEASE);

    expect(waits.lost).toMatchObject([{ refusal: 'not-running', cancelled: 'new order' }]);
    expect(runs.lost).toMatchObject([{ refusal: 'lease-mismatch', cancelled: 'new order' }]);
  });

  it('gives no reason for a job that nobody cancelled', async () => {
    const store = await open();
    await add(store.broker);
    const { lease } = await claimOne(store.broker);
    await loseAndRescue(store);

    const { lost } = await store.broker.renew([lease], LEASE);

    expect(lost).toEqual([{ id: lease.id, token: lease.token, refusal: 'not-running' }]);
  });

  it('keeps the progress that comes along, beyond the end of the run', async () => {
    const { broker, manager } = await open();
    const { id } = await add(broker);
    const held = await claimOne(broker);
    const progress = async () => (await manager.get(id))!.progress;
    expect(held.record.progress).toBeNull();

    await broker.renew([{ ...held.lease, progress: 50 }], LEASE);
    await broker.renew([held.lease], LEASE);
    expect(await progress()).toBe(50);
    await broker.renew([{ ...held.lease, progress: 0.25 }], LEASE);
    await settleOne(broker, retry(held));
    expect(await progress()).toBe(0.25);

    await settleOne(broker, complete(await claimOne(broker)));
    expect(await progress()).toBe(0.25);
  });

  it('keeps it of a plain first run, and of one whose process is lost', async () => {
    const store = await open();
    const { broker, manager } = store;
    const [done, lost] = [await add(broker), await add(broker)];
    const held = [await claimOne(broker), await claimOne(broker)];
    await broker.renew(
      held.map(({ lease }, i) => ({ ...lease, progress: 10 + i })),
      LEASE,
    );

    await settleOne(broker, complete(held[0]!));
    await loseAndRescue(store);

    expect((await manager.get(done.id))!.progress).toBe(10);
    expect((await manager.get(lost.id))!.progress).toBe(11);
  });

  it('keeps nothing of a lease that is lost, and refuses a progress that is no number', async () => {
    const { broker, manager } = await open();
    const { id } = await add(broker);
    const held = await claimOne(broker);

    await broker.renew([{ ...forged(held).lease, progress: 50 }], LEASE);
    await expect(broker.renew([{ ...held.lease, progress: Number.NaN }], LEASE)).rejects.toThrow(
      InvalidOptionError,
    );

    expect((await manager.get(id))!.progress).toBeNull();
  });
});
