import { InvalidOptionError } from '../../lib/core/errors.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  complete,
  idsOf,
  LEASE,
  loseAndRescue,
  newJob,
  passTime,
  retry,
  settleOne,
} from './support/builders.js';

describeBackends('rescue', (open) => {
  it('takes a lease at its expiry, and not 1 ms before', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a' });
    await claimOne(broker, { host: 'host-a' });

    clock.advance(LEASE - 1);
    expect(await broker.rescue(10, LEASE)).toEqual({
      now: START + LEASE - 1,
      jobs: [],
      more: false,
      heldUntil: null,
      earliestExpiry: START + LEASE,
    });
    clock.advance(1);
    expect(await broker.rescue(10, LEASE)).toEqual({
      now: START + LEASE,
      jobs: [
        { id: 'a', name: 'mail', host: 'host-a', attempt: 1, rescueCount: 1, outcome: 'requeued' },
      ],
      more: false,
      heldUntil: null,
      earliestExpiry: null,
    });
  });

  it('brings the job back as due, with what it was planned for, one attempt and one rescue richer', async () => {
    const store = await open();
    await add(store.broker, { id: 'a', priority: 4, due: { delayMs: 50 } });
    store.clock.advance(60);
    await claimOne(store.broker);
    await loseAndRescue(store);

    expect(await store.manager.get('a')).toMatchObject({
      nextRunAt: START + 50,
      lockedAt: null,
      lastRunAt: START + 60,
      lastFinishedAt: null,
      priority: 4,
      attempt: 1,
      failCount: 0,
      rescueCount: 1,
    });
    expect((await claimOne(store.broker)).lease.id).toBe('a');
  });

  it('gives the job its old place in the line', async () => {
    const store = await open();
    await store.broker.enqueue('abcd'.split('').map((id) => newJob({ id })));
    await claim(store.broker, { slots: 3 });
    await loseAndRescue(store);

    expect(idsOf((await claim(store.broker)).jobs)).toEqual('abcd'.split(''));
  });

  it('keeps its own budget: it uses up no failures', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    await settleOne(store.broker, retry(await claimOne(store.broker)));
    await claimOne(store.broker);
    await loseAndRescue(store);

    expect(await store.manager.get('a')).toMatchObject({
      attempt: 2,
      failCount: 1,
      rescueCount: 1,
    });
  });

  it('buries a job as stalled that lost its third process', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await add(broker, { id: 'a' });
    for (let start = 1; start <= 2; start++) {
      await claimOne(broker);
      await loseAndRescue(store);
    }
    await claimOne(broker, { host: 'host-c' });
    clock.advance(LEASE);

    const { jobs } = await broker.rescue(10, LEASE);

    expect(jobs).toEqual([
      { id: 'a', name: 'mail', host: 'host-c', attempt: 3, rescueCount: 3, outcome: 'buried' },
    ]);
    expect(await manager.get('a')).toMatchObject({
      nextRunAt: null,
      attempt: 3,
      failCount: 0,
      rescueCount: 3,
      failedAt: START + 3 * LEASE,
      lastFinishedAt: START + 3 * LEASE,
      failure: { reason: 'stalled' },
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ failed: 1, total: 1 });
    expect((await claim(broker)).jobs).toEqual([]);
  });

  it('begins a job anew whose time somebody saves: after its burial, or during its last run', async () => {
    const store = await open();
    const { broker, repository, manager } = store;
    await broker.register([{ name: 'mail', maxRescues: 0 }]);
    const row = { _id: 'a', name: 'mail', priority: 0, type: 'normal', data: null } as const;
    await add(broker, { id: 'a' });
    await claimOne(broker);
    await loseAndRescue(store);
    await repository.saveJob({ ...row, nextRunAt: new Date(store.broker.now()) });
    expect(await manager.get('a')).toMatchObject({ attempt: 0, rescueCount: 0 });

    await claimOne(broker);
    const later = store.broker.now() + 2 * LEASE;
    await repository.saveJob({ ...row, nextRunAt: new Date(later) });
    await loseAndRescue(store);
    expect(await manager.get('a')).toMatchObject({
      nextRunAt: later,
      attempt: 0,
      rescueCount: 0,
    });
  });

  it('goes by the budget that stands in the store for the name', async () => {
    const store = await open();
    await store.broker.register([
      { name: 'fragile', maxRescues: 0 },
      { name: 'tough', maxRescues: 7 },
    ]);
    await store.broker.register([{ name: 'tough', maxRescues: 1 }]);
    await store.broker.enqueue([
      newJob({ id: 'a', name: 'fragile' }),
      newJob({ id: 'b', name: 'tough' }),
    ]);
    await claim(store.broker, { names: ['fragile', 'tough'] });
    store.clock.advance(LEASE);

    const first = await store.broker.rescue(10, LEASE);
    await claim(store.broker, { names: ['tough'] });
    store.clock.advance(LEASE);
    const second = await store.broker.rescue(10, LEASE);

    const outcomes = [...first.jobs, ...second.jobs].map(({ id, outcome }) => [id, outcome]);
    expect(outcomes).toEqual([
      ['a', 'buried'],
      ['b', 'requeued'],
      ['b', 'buried'],
    ]);
  });

  it('takes the oldest first, no more than asked, and tells that there are more', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 5, (i) => ({ id: `job-${i}` }));
    for (const leaseMs of [5_000, 3_000, 4_000, 1_000, 2_000]) await claimOne(broker, { leaseMs });
    clock.advance(4_500);

    const some = await broker.rescue(2, LEASE);
    const rest = await broker.rescue(100, LEASE);

    expect([idsOf(some.jobs), some.more, some.earliestExpiry]).toEqual([
      ['job-3', 'job-4'],
      true,
      START + 3_000,
    ]);
    expect([idsOf(rest.jobs), rest.more, rest.earliestExpiry]).toEqual([
      ['job-1', 'job-2'],
      false,
      START + 5_000,
    ]);
  });

  it('does at most 100 in a call, and finishes by repetition', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 250);
    for (let i = 0; i < 3; i++) await claim(broker);
    clock.advance(LEASE);

    const sizes: number[] = [];
    for (let more = true; more;) {
      const rescue = await broker.rescue(1_000, LEASE);
      sizes.push(rescue.jobs.length);
      more = rescue.more;
    }

    expect(sizes).toEqual([100, 100, 50]);
    expect((await claim(broker)).jobs).toHaveLength(100);
  });

  it('has one winner among 32 rescuers of one expired lease', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    await claimOne(store.broker);
    store.clock.advance(LEASE);
    const rescuers = await Promise.all(Array.from({ length: 32 }, () => store.another()));

    const rescues = await Promise.all(rescuers.map((broker) => broker.rescue(100, LEASE)));

    expect(rescues.flatMap(({ jobs }) => idsOf(jobs))).toEqual(['a']);
    expect((await store.manager.get('a'))!.rescueCount).toBe(1);
  });

  it('parks a job that was disabled while it ran', async () => {
    const store = await open();
    await add(store.broker, { id: 'a' });
    await claimOne(store.broker);
    await store.repository.disableJobs({ id: 'a' });
    await loseAndRescue(store);

    expect((await claim(store.broker)).jobs).toEqual([]);
    await store.repository.enableJobs({ id: 'a' });
    expect((await claimOne(store.broker)).record.rescueCount).toBe(1);
  });

  it('holds off for a lease when nobody was heard of for longer than that', async () => {
    const { broker, clock } = await open();
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(LEASE + 1);
    const back = clock.now();

    const rescue = await broker.rescue(10, LEASE);
    expect(rescue).toMatchObject({ jobs: [], more: false, heldUntil: back + LEASE });
    clock.advance(LEASE - 1);
    expect((await broker.rescue(10, LEASE)).heldUntil).toBe(back + LEASE);
    clock.advance(1);
    expect(await broker.rescue(10, LEASE)).toMatchObject({
      jobs: [{ id: held.lease.id }],
      heldUntil: null,
    });
  });

  it('does not hold off while any host claims or renews', async () => {
    const store = await open();
    const { broker, clock } = store;
    await addMany(broker, 2, (i) => ({ id: `job-${i}` }));
    await claimOne(broker, { host: 'dies' });
    const { lease } = await claimOne(broker, { host: 'lives' });
    for (let i = 0; i < 4; i++) {
      clock.advance(LEASE / 2);
      await broker.renew([lease], LEASE);
    }

    expect(await broker.rescue(10, LEASE)).toMatchObject({
      jobs: [{ id: 'job-0', host: 'dies' }],
      heldUntil: null,
    });
  });

  it('goes on where a host passes by more slowly than its own short lease, beside one with a longer', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 2, (i) => ({ id: `job-${i}` }));
    await claimOne(broker, { host: 'dies', leaseMs: 1_000 });
    const { lease } = await claimOne(broker, { host: 'long' });
    clock.advance(1_200);
    await broker.renew([lease], LEASE);

    expect(await broker.rescue(10, 1_000)).toMatchObject({
      jobs: [{ id: 'job-0', host: 'dies' }],
      heldUntil: null,
    });
  });

  it('goes on, every other time, where the only host passes by more slowly than its lease', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'a' });
    await claimOne(broker, { leaseMs: 1_000 });
    const held: boolean[] = [];
    for (let pass = 0; pass < 4; pass++) {
      clock.advance(1_200);
      const rescue = await broker.rescue(10, 1_000);
      held.push(rescue.heldUntil !== null);
      if (rescue.jobs.length > 0) break;
    }

    expect(held).toEqual([true, false]);
  });

  it.each([60_000, 60 * LEASE])(
    'holds off for the longest lease after %i ms, whoever passes by first',
    async (outage) => {
      const { broker, clock } = await open();
      await add(broker, { id: 'a' });
      await claim(broker, { host: 'short', leaseMs: 1_000, slots: 0, names: [] });
      const held = await claimOne(broker, { host: 'long' });
      clock.advance(outage);
      const back = clock.now();

      expect(await broker.rescue(10, 1_000)).toMatchObject({ jobs: [], heldUntil: back + LEASE });
      clock.advance(LEASE - 1);
      expect(await broker.rescue(10, 1_000)).toMatchObject({ jobs: [], heldUntil: back + LEASE });
      expect((await broker.renew([held.lease], LEASE, { afterExpiry: true })).lost).toEqual([]);
      clock.advance(1);
      expect((await broker.rescue(10, 1_000)).jobs).toEqual([]);
    },
  );

  it('forgets the longest lease when no host with it is seen for ten of its lengths', async () => {
    const { broker, clock } = await open();
    await claim(broker, { host: 'long' });
    const pass = () => claim(broker, { host: 'short', leaseMs: 1_000, slots: 0, names: [] });
    for (let s = 0; s <= 301; s++) {
      await pass();
      clock.advance(1_000);
    }
    await pass();
    await add(broker, { id: 'a' });
    await claimOne(broker, { leaseMs: 1_000 });
    clock.advance(2_000);

    expect((await broker.rescue(10, 1_000)).heldUntil).toBe(clock.now() + 1_000);
  });

  it('does not hold off for longer than a lease when the clock steps back', async () => {
    const { broker, clock } = await open();
    await claim(broker);
    clock.advance(10 * LEASE);
    await broker.rescue(10, LEASE);
    clock.set(START - 100 * LEASE);

    expect((await broker.rescue(10, LEASE)).heldUntil).toBe(clock.now() + LEASE);
  });

  it('lets a living host that comes back renew or settle late first', async () => {
    const { broker, clock } = await open();
    await add(broker);
    const held = await claimOne(broker);
    clock.advance(10 * LEASE);

    await broker.rescue(10, LEASE);

    expect(await settleOne(broker, { ...complete(held), afterExpiry: true })).toBe('ok');
  });

  it('counts a rescue of an occurrence, not of the past of a recurring job', async () => {
    const store = await open();
    await store.repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 minute',
      nextRunAt: new Date(START),
      priority: 0,
      data: null,
    });
    for (let occurrence = 0; occurrence < 5; occurrence++) {
      await claimOne(store.broker);
      await loseAndRescue(store);
      const again = await claimOne(store.broker);
      expect(again.record.rescueCount).toBe(1);
      await settleOne(store.broker, complete(again, { nextRunAt: store.clock.now() }));
    }
    await passTime(store, 1);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a limit of %s', async (limit) => {
    const { broker } = await open();

    await expect(broker.rescue(limit, LEASE)).rejects.toThrow(InvalidOptionError);
    await expect(broker.rescue(1, 0)).rejects.toThrow(InvalidOptionError);
  });
});
