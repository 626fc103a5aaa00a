import { InvalidOptionError } from '../../lib/core/errors.js';
import { randomToken } from '../../lib/core/job/job-id.js';
import { describeBackends, type OpenBackend } from './support/backends.js';
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
  retry,
  settle,
  settleOne,
} from './support/builders.js';

/** Adds jobs that have lost as many processes as their name allows: one. */
async function addOnLastStart(store: OpenBackend, ids: readonly string[], name = 'mail') {
  const { broker } = store;
  await broker.register([{ name, maxRescues: 1 }]);
  for (let from = 0; from < ids.length; from += 100) {
    await broker.enqueue(ids.slice(from, from + 100).map((id) => newJob({ id, name })));
    await claim(broker, { names: [name] });
  }
  await loseAndRescue(store);
  await store.broker.rescue(100, LEASE);
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `job-${i}`);

describeBackends('a last start', (open) => {
  it('is told of a job that has been rescued as often as its name allows', async () => {
    const store = await open();
    await store.broker.register([{ name: 'mail', maxRescues: 2 }]);
    await add(store.broker);
    const told: unknown[] = [];
    for (let start = 1; start <= 3; start++) {
      told.push((await claimOne(store.broker)).isLastStart);
      await loseAndRescue(store);
    }

    expect(told).toEqual([undefined, undefined, true]);
  });

  it('is the third where a name has no settings', async () => {
    const store = await open();
    await add(store.broker);
    await claimOne(store.broker);
    await loseAndRescue(store);

    expect((await claimOne(store.broker)).isLastStart).toBeUndefined();
    await loseAndRescue(store);
    expect((await claimOne(store.broker)).isLastStart).toBe(true);
  });

  it('is none of a name that allows no rescue: all its starts would be', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    await store.broker.register([{ name: 'mail', maxRescues: 0 }]);

    const { jobs, heldBack } = await claim(store.broker, { lastStarts: 0 });

    expect(jobs.map(({ isLastStart }) => isLastStart)).toEqual([undefined, undefined]);
    expect(heldBack).toBeUndefined();
  });

  it('is no longer one when the next run of a recurring job is another occurrence', async () => {
    const store = await open();
    await addOnLastStart(store, ['a']);
    const last = await claimOne(store.broker);
    await settleOne(store.broker, complete(last, { nextRunAt: store.clock.now() }));

    expect(last.isLastStart).toBe(true);
    expect((await claimOne(store.broker, { lastStarts: 0 })).isLastStart).toBeUndefined();
  });

  it('remains one when the run fails and is tried again', async () => {
    const store = await open();
    await addOnLastStart(store, ['a']);
    await settleOne(store.broker, retry(await claimOne(store.broker)));

    expect((await claimOne(store.broker)).isLastStart).toBe(true);
  });

  it.each([
    [0, []],
    [1, ['a']],
    [undefined, ['a', 'b', 'c']],
  ] as const)('comes to a host that asks for %s of them', async (lastStarts, expected) => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b', 'c']);
    const asked = lastStarts === undefined ? {} : { lastStarts };

    const { jobs, heldBack } = await claim(store.broker, asked);

    expect(idsOf(jobs)).toEqual(expected);
    expect(heldBack).toBe(expected.length < 3 ? true : undefined);
  });

  it('is counted over all names of a claim, in the order asked', async () => {
    const store = await open();
    await addOnLastStart(store, ['a1', 'a2'], 'a');
    await addOnLastStart(store, ['b1'], 'b');
    const names = ['b', 'a'];

    expect(idsOf((await claim(store.broker, { names, lastStarts: 1 })).jobs)).toEqual(['b1']);
    expect(idsOf((await claim(store.broker, { names, lastStarts: 1 })).jobs)).toEqual(['a1']);
  });

  it('leaves its slot to the jobs behind it, and keeps its place before them', async () => {
    const store = await open();
    const { broker } = store;
    await addOnLastStart(store, ['a', 'b', 'c']);
    await broker.enqueue(['d', 'e', 'f', 'g'].map((id) => newJob({ id })));

    const first = await claim(broker, { slots: 3, lastStarts: 1 });
    const second = await claim(broker, { slots: 1, lastStarts: 0 });
    const third = await claim(broker, { slots: 2, host: 'host-b', lastStarts: 1 });

    expect(idsOf(first.jobs)).toEqual(['a', 'd', 'e']);
    expect(idsOf(second.jobs)).toEqual(['f']);
    expect(idsOf(third.jobs)).toEqual(['b', 'g']);
  });

  it('leaves it also where a name gets its slots in two rounds', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    await store.broker.enqueue(['c', 'd', 'e', 'f'].map((id) => newJob({ id })));
    await add(store.broker, { id: 'only', name: 'other' });

    const { jobs } = await claim(store.broker, {
      slots: 4,
      names: ['mail', 'other'],
      lastStarts: 0,
    });

    expect(idsOf(jobs)).toEqual(['c', 'd', 'only', 'e']);
  });

  it('lets the host sleep until another job is due, though its name stays due for others', async () => {
    const store = await open();
    const { broker } = store;
    await addOnLastStart(store, ['a', 'b']);
    await add(broker, { id: 'later', due: { delayMs: 700 } });
    await add(broker, { id: 'other', name: 'other', due: { delayMs: 900 } });

    const here = await claim(broker, { lastStarts: 1 });
    const still = await claim(broker, { lastStarts: 0, names: ['mail', 'other'] });
    const there = await claim(broker, { lastStarts: 1, host: 'host-b' });

    expect([idsOf(here.jobs), here.dueInMs]).toEqual([['a'], 700]);
    expect([idsOf(still.jobs), still.dueInMs, still.heldBack]).toEqual([[], 700, true]);
    expect([idsOf(there.jobs), there.dueInMs]).toEqual([['b'], 700]);
    store.clock.advance(700);
    expect(idsOf((await claim(broker, { lastStarts: 0 })).jobs)).toEqual(['later']);
  });

  it('lets the host sleep as long as it likes when no other is planned', async () => {
    const store = await open();
    await addOnLastStart(store, ['a']);

    expect(await claim(store.broker, { lastStarts: 0 })).toMatchObject({ jobs: [], dueInMs: null });
  });

  it('tells of the jobs that the host might have had, if it had had the slots', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    await add(store.broker, { id: 'c', due: { delayMs: 0 } });
    const names = [{ name: 'mail', slots: 2 }, 'other'];

    const { jobs, dueInMs } = await claim(store.broker, { slots: 3, names, lastStarts: 1 });

    expect(idsOf(jobs)).toEqual(['a', 'c']);
    expect(dueInMs).toBeNull();
  });

  it('is looked past a hundred times a call: those behind may come, so that work goes on', async () => {
    const store = await open();
    const { broker } = store;
    await addOnLastStart(store, numbered(101));
    await add(broker, { id: 'behind' });
    await addOnLastStart(store, ['elsewhere'], 'other');
    const names = ['mail', 'other'];

    const { jobs, dueInMs, heldBack } = await claim(broker, { names, lastStarts: 0 });
    const next = await claim(broker, { names, lastStarts: 0 });

    expect(idsOf(jobs)).toEqual(['job-100', 'behind', 'elsewhere']);
    expect(jobs.map(({ isLastStart }) => isLastStart)).toEqual([true, undefined, true]);
    expect([dueInMs, heldBack]).toEqual([null, true]);
    expect(next).toMatchObject({ jobs: [], dueInMs: null, heldBack: true });
  });

  it.each([0, 1] as const)(
    'strands nobody when many hosts are lost at once, at claims of %s of them',
    async (lastStarts) => {
      const store = await open();
      await addOnLastStart(store, numbered(160));
      await addMany(store.broker, 5, (i) => ({ id: `plain-${i}` }));

      const first = await claim(store.broker, { slots: 50, lastStarts });
      const second = await claim(store.broker, { slots: 50, lastStarts, host: 'host-b' });

      expect([first.jobs.length, second.jobs.length]).toEqual([50, 15]);
      expect(second.jobs.filter(({ isLastStart }) => !isLastStart)).toHaveLength(5);
    },
  );

  it('is the same again in a repeated claim', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    await add(store.broker, { id: 'c' });
    const request = claimRequest({ lastStarts: 1 });
    const { jobs } = await store.broker.settleAndClaim([], request);

    const again = await store.broker.settleAndClaim([], request);

    expect(again.jobs).toEqual(jobs);
    expect(again.jobs.map(({ isLastStart }) => isLastStart)).toEqual([true, undefined]);
  });

  it('goes back with a claim whose answer was lost, and comes with the next one', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    const heard = randomToken();
    await claim(store.broker, { claimId: heard, slots: 0, heard: '' });
    await claim(store.broker, { lastStarts: 1, heard });

    expect(idsOf((await claim(store.broker, { lastStarts: 1, heard })).jobs)).toEqual(['a']);
  });

  it('may follow another in one call: the settlement comes first', async () => {
    const store = await open();
    await addOnLastStart(store, ['a', 'b']);
    const held = await claimOne(store.broker, { lastStarts: 1 });

    const next = await store.broker.settleAndClaim(
      [complete(held)],
      claimRequest({ lastStarts: 1 }),
    );

    expect(idsOf(next.jobs)).toEqual(['b']);
  });

  it('is told, and not held back, when the job is claimed by hand', async () => {
    const store = await open();
    await addOnLastStart(store, ['a']);
    const request = { id: 'a', claimId: randomToken(), host: 'here', leaseMs: LEASE };

    const first = await store.broker.claimOne(request);

    expect(first).toMatchObject({ job: { isLastStart: true } });
    expect(await store.broker.claimOne(request)).toEqual(first);
  });

  it('is none when a job that has ended is claimed by hand: it begins anew', async () => {
    const store = await open();
    await addOnLastStart(store, ['a']);
    await claimOne(store.broker);
    await loseAndRescue(store);
    const request = { id: 'a', claimId: randomToken(), host: 'here', leaseMs: LEASE };

    const answer = await store.broker.claimOne(request);

    expect(answer).toHaveProperty('job');
    expect(answer).not.toHaveProperty('job.isLastStart');
  });

  it.each([-1, 2, 0.5, Number.NaN])('refuses to be asked for %s times', async (lastStarts) => {
    const { broker } = await open();

    await expect(claim(broker, { lastStarts: lastStarts as 0 })).rejects.toThrow(
      InvalidOptionError,
    );
  });
});

describeBackends('a job that takes its process down', (open) => {
  it('ends as a dead letter after three starts, and none of those beside it does', async () => {
    const store = await open();
    const { broker, manager } = store;
    await addMany(broker, 30, (i) => ({ id: i === 3 ? 'poison' : `job-${i}` }));
    let starts = 0;
    // One process at a time, of ten slots; it dies when the poison runs, else it completes its jobs.
    for (let process = 0; process < 40; process++) {
      const { jobs } = await claim(broker, { host: `host-${process}`, slots: 10, lastStarts: 1 });
      if (idsOf(jobs).includes('poison')) {
        starts++;
        await loseAndRescue(store);
      } else await settle(broker, ...jobs.map((job) => complete(job)));
    }

    expect(starts).toBe(3);
    expect(await manager.get('poison')).toMatchObject({
      nextRunAt: null,
      rescueCount: 3,
      failure: { reason: 'stalled' },
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 29, failed: 1 });
  });
});
