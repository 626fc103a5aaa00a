import { InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import { describeBackends, START } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimOne,
  claimRequest,
  complete,
  idsOf,
  LEASE,
  loseAndRescue,
  newJob,
  release,
  retry,
  settle,
  settleOne,
} from './support/builders.js';

describeBackends('claim', (open) => {
  it.each([-1, 0.5, 256])('looks in no partition %s, for there is none', async (partition) => {
    const { broker } = await open();

    await expect(claim(broker, { partition })).rejects.toThrow(InvalidOptionError);
    await expect(broker.rescue(10, LEASE, partition)).rejects.toThrow(InvalidOptionError);
    await expect(broker.prune!('', partition)).rejects.toThrow(InvalidOptionError);
  });

  it('leases a job with its record, as stored, under a token of the claim', async () => {
    const { broker, clock } = await open();
    const job = await add(broker, { data: '{"to":"ann"}', overrides: { attempts: 2 } });
    clock.advance(5);
    const claimId = randomToken();

    const claimed = await claim(broker, { claimId });

    expect(claimed.now).toBe(START + 5);
    expect(claimed.jobs).toEqual([
      {
        record: { ...job, lockedAt: START + 5, lastRunAt: START + 5 },
        lease: expect.objectContaining({
          id: job.id,
          name: 'mail',
          token: `${claimId}:1`,
          fence: (START + 5) * 1000,
          expiresAt: START + 5 + LEASE,
        }),
      },
    ]);
  });

  it('shows a claimed job as running', async () => {
    const { broker, manager } = await open();
    await add(broker, { id: 'a' });
    const { record } = await claimOne(broker);

    expect(await manager.get('a')).toEqual(record);
    expect((await manager.counts()).get('mail')).toMatchObject({ running: 1, queued: 0, total: 1 });
  });

  it('hands a due job out though a future one was added before it, and that one at its time', async () => {
    const { broker, clock } = await open();
    await add(broker, { id: 'future', due: { delayMs: 1_000 } });
    await add(broker, { id: 'due' });

    expect(idsOf((await claim(broker)).jobs)).toEqual(['due']);
    clock.advance(999);
    expect((await claim(broker)).jobs).toEqual([]);
    clock.advance(1);
    expect(idsOf((await claim(broker)).jobs)).toEqual(['future']);
  });

  it('answers with no jobs, and no error, when nothing is due', async () => {
    const { broker } = await open();

    expect(await claim(broker)).toMatchObject({ now: START, answers: [], jobs: [], dueInMs: null });
    await add(broker, { due: { delayMs: 5 } });
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: 5 });
  });

  it('gives a job to nobody else during its lease, and its holder can still complete it', async () => {
    const { broker, clock } = await open();
    await add(broker);
    const held = await claimOne(broker);

    expect((await claim(broker, { host: 'host-b' })).jobs).toEqual([]);
    clock.advance(LEASE - 1);
    expect((await claim(broker, { host: 'host-b' })).jobs).toEqual([]);
    expect(await settleOne(broker, complete(held))).toBe('ok');
  });

  it('takes the first in first, among equals', async () => {
    const { broker } = await open();
    const jobs = await addMany(broker, 30, (i) => ({ id: `job-${(i * 7) % 30}` }));

    expect(idsOf((await claim(broker)).jobs)).toEqual(idsOf(jobs));
  });

  it('takes higher priority first, then the earlier time, then the first in', async () => {
    const { broker } = await open();
    const asked: [string, number, number][] = [
      ['g', -20, 0],
      ['f', -10, 0],
      ['c', 0, -5],
      ['d', 0, 0],
      ['b', 20, 0],
      ['e', 0, 0],
      ['a', 150.5, 0],
    ];
    await broker.enqueue(
      asked.map(([id, priority, at]) => newJob({ id, priority, due: { at: START + at } })),
    );

    expect(idsOf((await claim(broker)).jobs)).toEqual('abcdefg'.split(''));
  });

  it('keeps that order for jobs that became due while they waited', async () => {
    const { broker, clock } = await open();
    await broker.enqueue([
      newJob({ id: 'c', due: { delayMs: 20 } }),
      newJob({ id: 'b', due: { delayMs: 10 } }),
      newJob({ id: 'a', due: { delayMs: 30 }, priority: 1 }),
      newJob({ id: 'd', due: { delayMs: 20 } }),
    ]);
    clock.advance(30);
    await broker.enqueue([newJob({ id: 'e' })]);

    expect(idsOf((await claim(broker)).jobs)).toEqual('abcde'.split(''));
  });

  it('keeps that order over retry, rescue and release', async () => {
    const store = await open();
    const { broker } = store;
    const names = { slots: 4 };
    await broker.enqueue('abcd'.split('').map((id) => newJob({ id })));

    const first = await claim(broker, names);
    const [a, b, c, d] = first.jobs;
    store.clock.advance(1);
    expect(await settle(broker, release(d!), retry(b!), release(c!), retry(a!))).toEqual(
      Array(4).fill('ok'),
    );
    await broker.enqueue([newJob({ id: 'e', due: { at: START } })]);
    const again = await claim(broker, names);
    expect(idsOf(again.jobs)).toEqual('abcd'.split(''));

    await loseAndRescue(store);
    const { jobs } = await claim(broker, { slots: 100 });
    expect(idsOf(jobs)).toEqual('abcde'.split(''));
  });

  it('looks only at the names asked for', async () => {
    const { broker } = await open();
    await add(broker, { id: 'a', name: 'mail' });
    await add(broker, { id: 'b', name: 'mail:bulk' });

    expect(idsOf((await claim(broker, { names: ['mail:bulk'] })).jobs)).toEqual(['b']);
    expect((await claim(broker, { names: [] })).jobs).toEqual([]);
    expect((await claim(broker, { names: ['nobody'] })).jobs).toEqual([]);
    expect(idsOf((await claim(broker, { names: ['nobody', 'mail'] })).jobs)).toEqual(['a']);
  });

  it('takes no more than there are free slots, of the host and of each name', async () => {
    const { broker } = await open();
    await addMany(broker, 10, (i) => ({ name: i % 2 ? 'odd' : 'even' }));

    const few = await claim(broker, { slots: 3, names: ['odd', 'even'] });
    const more = await claim(broker, {
      slots: 100,
      names: [
        { name: 'odd', slots: 1 },
        { name: 'even', slots: 0 },
      ],
    });

    expect(few.jobs).toHaveLength(3);
    expect(more.jobs.map(({ lease }) => lease.name)).toEqual(['odd']);
  });

  it('shares the slots between the names that are due, in the order asked', async () => {
    const { broker } = await open();
    await addMany(broker, 30, (i) => ({ name: ['a', 'b', 'c'][i % 3]! }));
    await addMany(broker, 5, () => ({ name: 'later', due: { delayMs: 1_000 } }));
    const names = ['b', 'later', 'c', 'a'];

    const { jobs } = await claim(broker, { slots: 6, names });

    expect(jobs.map(({ lease }) => lease.name)).toEqual(['b', 'b', 'c', 'c', 'a', 'a']);
  });

  it('gives what one name leaves over to the next that wants more', async () => {
    const { broker } = await open();
    await addMany(broker, 20, (i) => ({ name: i === 0 ? 'short' : 'long' }));

    const { jobs } = await claim(broker, { slots: 10, names: ['short', 'long'] });

    expect(jobs.filter(({ lease }) => lease.name === 'short')).toHaveLength(1);
    expect(jobs.filter(({ lease }) => lease.name === 'long')).toHaveLength(9);
  });

  it('serves the names in the order asked when there are fewer slots than names', async () => {
    const { broker } = await open();
    const names = ['d', 'b', 'a', 'c'];
    await addMany(broker, 8, (i) => ({ name: names[i % 4]! }));
    const turnOf = async (asked: string[]) =>
      (await claim(broker, { slots: 2, names: asked })).jobs.map(({ lease }) => lease.name);

    expect(await turnOf(['a', 'b', 'c', 'd'])).toEqual(['a', 'b']);
    expect(await turnOf(['c', 'd', 'a', 'b'])).toEqual(['c', 'd']);
  });

  it('promotes at most 50 jobs of a name in a call, and the rest in the next', async () => {
    const { broker, clock, manager } = await open();
    const jobs = await addMany(broker, 120, () => ({ due: { delayMs: 10 } }));
    clock.advance(10);

    const calls = [await claim(broker), await claim(broker), await claim(broker)];

    expect(calls.map((call) => call.jobs.length)).toEqual([50, 50, 20]);
    expect(calls.map((call) => call.dueInMs)).toEqual([0, 0, null]);
    expect(calls.flatMap((call) => idsOf(call.jobs))).toEqual(idsOf(jobs));
    expect((await manager.counts()).get('mail')!.running).toBe(120);
  });

  it('tells how long the host may sleep: until the earliest name with a free slot is due', async () => {
    const { broker, clock } = await open();
    const names = ['a', 'b'];
    expect((await claim(broker, { names })).dueInMs).toBeNull();

    await add(broker, { name: 'a', due: { delayMs: 700 } });
    await add(broker, { name: 'b', due: { delayMs: 300 } });
    await add(broker, { name: 'c', due: { delayMs: 100 } });

    expect((await claim(broker, { names })).dueInMs).toBe(300);
    clock.advance(299);
    expect((await claim(broker, { names })).dueInMs).toBe(1);
    clock.advance(1);
    expect((await claim(broker, { names })).dueInMs).toBe(400);
  });

  it('tells of no job for which the host has no slot left', async () => {
    const { broker } = await open();
    await addMany(broker, 9, (i) => ({
      name: i < 6 ? 'a' : 'b',
      due: { delayMs: i < 6 ? 0 : 50 },
    }));
    const b = { name: 'b', slots: 2 };

    const withRoom = await claim(broker, { slots: 4, names: [{ name: 'a', slots: 2 }, b] });
    const withoutRoom = await claim(broker, { slots: 2, names: ['a', b] });

    expect([withRoom.jobs.length, withRoom.dueInMs]).toEqual([2, 50]);
    expect([withoutRoom.jobs.length, withoutRoom.dueInMs]).toEqual([2, null]);
  });

  it('finds its names among hundreds that are due, and tells when the next of them is', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 300, (i) => ({ name: `other-${i}`, due: { at: START - i } }));
    const names = Array.from({ length: 8 }, (_, i) => `mine-${i}`);
    await add(broker, { name: 'mine-3', due: { delayMs: 70 } });
    await add(broker, { name: 'mine-6', due: { delayMs: 40 } });

    expect((await claim(broker, { names })).dueInMs).toBe(40);
    clock.advance(40);
    const { jobs, dueInMs } = await claim(broker, { names });
    expect(jobs.map(({ lease }) => lease.name)).toEqual(['mine-6']);
    expect(dueInMs).toBe(30);
  });

  it('names the earliest expiry of all leases', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 2);

    expect((await claim(broker, { slots: 0 })).earliestExpiry).toBeNull();
    expect((await claim(broker, { slots: 1 })).earliestExpiry).toBe(START + LEASE);
    clock.advance(10);
    const short = await claim(broker, { slots: 1, leaseMs: 1_000, host: 'host-b' });
    expect(short.earliestExpiry).toBe(START + 1_010);
  });

  it('rounds an expiry up, so that no lease ends early', async () => {
    const { broker } = await open();
    await add(broker);

    expect((await claimOne(broker, { leaseMs: 999.1 })).lease.expiresAt).toBe(START + 1_000);
  });

  it.each([0, -1_000, Number.NaN, Infinity, 1e18])('refuses a lease of %s ms', async (leaseMs) => {
    const { broker } = await open();
    await add(broker);

    await expect(claim(broker, { leaseMs })).rejects.toThrow(InvalidOptionError);
    expect((await claim(broker)).jobs).toHaveLength(1);
  });

  it.each([-1, 1.5, 101])('refuses %s slots', async (slots) => {
    const { broker } = await open();

    await expect(claim(broker, { slots })).rejects.toThrow(InvalidOptionError);
  });

  it('hands a disabled job to nobody until it is enabled', async () => {
    const { broker, repository } = await open();
    await add(broker, { id: 'a' });
    await repository.disableJobs({ id: 'a' });

    expect((await claim(broker)).jobs).toEqual([]);
    await repository.enableJobs({ id: 'a' });
    expect(idsOf((await claim(broker)).jobs)).toEqual(['a']);
  });

  it('counts the attempts before this one', async () => {
    const { broker } = await open();
    await add(broker);
    const first = await claimOne(broker);
    await settleOne(broker, retry(first));

    expect(first.record.attempt).toBe(0);
    expect((await claimOne(broker)).record.attempt).toBe(1);
  });

  it('gives every attempt a fence above all before it, also when the job is made anew', async () => {
    const { broker, manager, clock } = await open();
    const fences: number[] = [];
    for (let run = 0; run < 3; run++) {
      await broker.enqueue([newJob({ id: 'a' }), newJob({ id: 'b' })]);
      const { jobs } = await claim(broker);
      fences.push(...jobs.map(({ lease }) => lease.fence));
      await manager.cancel(['a', 'b'], 'again');
      clock.advance(run);
    }

    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    expect(fences).toHaveLength(6);
    expect(fences.at(-1)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });

  it('settles and claims in one call, the slots of the settled for the next', async () => {
    const { broker } = await open();
    await addMany(broker, 2, (i) => ({ id: `job-${i}` }));
    const first = await claimOne(broker);

    const next = await broker.settleAndClaim([complete(first)], claimRequest({ slots: 1 }));

    expect(next.answers).toEqual(['ok']);
    expect(idsOf(next.jobs)).toEqual(['job-1']);
  });

  it('leases each of 2,000 jobs exactly once to 32 claimers', async () => {
    const store = await open();
    const jobs = await addMany(store.broker, 2_000);
    const hosts = await Promise.all(Array.from({ length: 32 }, () => store.another()));

    const claims = await Promise.all(
      hosts.map(async (broker, i) => {
        const taken: string[] = [];
        for (;;) {
          const { jobs: some } = await claim(broker, { host: `host-${i}`, slots: 5 });
          if (some.length === 0) return taken;
          taken.push(...idsOf(some));
        }
      }),
    );

    expect(claims.flat().sort()).toEqual(idsOf(jobs).sort());
  });
});

describeBackends('a repeated claim', (open) => {
  it('gets the same jobs, tokens, fences and answers again', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 5, (i) => ({ id: `job-${i}`, data: String(i) }));
    const held = await claimOne(broker);
    const unknown = { lease: { ...held.lease, id: 'nobody' } };
    const request = claimRequest({ slots: 3 });
    const settlements = [complete(held), complete(unknown)];

    const first = await broker.settleAndClaim(settlements, request);
    clock.advance(500);
    const again = await broker.settleAndClaim(settlements, request);

    expect(first.answers).toEqual(['ok', 'not-found']);
    expect(again).toEqual({ ...first, now: START + 500, dueInMs: 0 });
    expect((await claim(broker, { host: 'host-b' })).jobs).toHaveLength(1);
  });

  it('gets only those that it still holds', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 4, (i) => ({ id: `job-${i}` }));
    const request = claimRequest();
    const { jobs } = await broker.settleAndClaim([], request);
    await settle(broker, complete(jobs[0]!), release(jobs[1]!));
    await manager.cancel(['job-2'], 'enough');

    const again = await broker.settleAndClaim([], request);

    expect(again.jobs).toEqual([jobs[3]]);
  });

  it('names the expiry that is in force', async () => {
    const { broker, clock } = await open();
    await addMany(broker, 1);
    const request = claimRequest();
    const { jobs } = await broker.settleAndClaim([], request);
    clock.advance(100);
    await broker.renew([jobs[0]!.lease], LEASE);

    const again = await broker.settleAndClaim([], request);

    expect(again.jobs[0]!.lease.expiresAt).toBe(START + 100 + LEASE);
  });

  it('is known per host, and only the newest', async () => {
    const { broker } = await open();
    await addMany(broker, 3);
    const one = claimRequest({ slots: 1, host: 'host-a' });
    const other = { ...one, host: 'host-b' };

    const a = await broker.settleAndClaim([], one);
    const b = await broker.settleAndClaim([], { ...other, claimId: randomToken() });

    expect((await broker.settleAndClaim([], one)).jobs).toEqual(a.jobs);
    expect(idsOf(b.jobs)).not.toEqual(idsOf(a.jobs));
  });

  it('looks anew when the first one brought nothing', async () => {
    const { broker } = await open();
    const request = claimRequest();
    await broker.settleAndClaim([], request);
    const job = await add(broker);

    expect(idsOf((await broker.settleAndClaim([], request)).jobs)).toEqual([job.id]);
  });
});
