import fc from 'fast-check';
import type { RateLimit } from '../../lib/core/contracts/job-broker.js';
import { describeBackends, openers, START, type OpenBackend } from './support/backends.js';
import {
  add,
  addMany,
  claim,
  claimRequest,
  complete,
  LEASE,
  passTime,
  release,
  settle,
} from './support/builders.js';
import { listen, timesOf } from './support/listen.js';

const SECOND = 1_000;

const limitTo = ({ broker }: OpenBackend, rate: RateLimit): Promise<void> =>
  broker.register([{ name: 'mail', maxRescues: 2, limits: { rate } }]);

/** Claims all that may start, and completes it. @returns how many that were */
async function startAll({ broker }: OpenBackend, slots = 100): Promise<number> {
  const { jobs } = await claim(broker, { slots });
  await settle(broker, ...jobs.map((job) => complete(job)));
  return jobs.length;
}

describeBackends('the rate of a name', (open) => {
  it('lets as many start as it says, and the next one when the oldest start is old enough', async () => {
    const store = await open();
    const { broker, clock } = store;
    await limitTo(store, { max: 3, perMs: SECOND });
    await addMany(broker, 10);

    expect(await startAll(store, 1)).toBe(1);
    clock.advance(400);
    expect(await startAll(store)).toBe(2);
    const closed = await claim(broker);
    expect(closed).toMatchObject({ jobs: [], dueInMs: 600 });

    clock.advance(599);
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: 1 });
    clock.advance(1);
    expect(await startAll(store)).toBe(1);
    expect((await claim(broker)).dueInMs).toBe(400);
    clock.advance(400);
    expect(await startAll(store)).toBe(2);
  });

  it('holds over all hosts together', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { max: 5, perMs: SECOND });
    await addMany(broker, 20);
    const another = await store.another();

    const [one, other] = await Promise.all([
      claim(broker, { host: 'host-a', slots: 4 }),
      claim(another, { host: 'host-b', slots: 4 }),
    ]);

    expect(one.jobs.length + other.jobs.length).toBe(5);
  });

  it('keeps limited jobs queued, and other names going', async () => {
    const store = await open();
    const { broker, manager } = store;
    await limitTo(store, { max: 1, perMs: SECOND });
    await addMany(broker, 3);
    await add(broker, { id: 'other', name: 'report' });

    const { jobs } = await claim(broker, { names: ['mail', 'report'] });

    expect(jobs).toHaveLength(2);
    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 2, running: 1 });
    await add(broker, { id: 'later', name: 'report', due: { delayMs: 300 } });
    expect((await claim(broker, { names: ['mail', 'report'] })).dueInMs).toBe(300);
    expect((await claim(broker, { names: ['mail'] })).dueInMs).toBe(SECOND);
  });

  it('does not give back what was spent on a job that is handed back', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { max: 1, perMs: SECOND });
    await add(broker);
    const { jobs } = await claim(broker);

    await settle(broker, release(jobs[0]!));

    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: SECOND });
  });

  it('counts rows that are handed out, and holds them back', async () => {
    const store = await open();
    const { broker, repository } = store;
    await limitTo(store, { max: 1, perMs: SECOND });
    await addMany(broker, 2);
    const next = () => {
      const now = new Date(store.clock.now());
      return repository.getNextJobToRun('mail', now, new Date(START - LEASE), now);
    };

    expect(await next()).toBeDefined();
    expect(await next()).toBeUndefined();
    await passTime(store, SECOND - 1);
    expect(await next()).toBeUndefined();
    await passTime(store, 1);
    expect(await next()).toBeDefined();
  });

  it('tells nobody of jobs that are added while it is exhausted', async () => {
    const store = await open();
    const { broker } = store;
    await limitTo(store, { max: 1, perMs: SECOND });
    await addMany(broker, 2);
    await startAll(store);
    const heard = await listen(store);

    await add(broker);

    expect(await heard()).toEqual([]);
  });

  it('wakes hosts for the next start when the end of a run leaves it the only limit', async () => {
    const store = await open();
    const { broker } = store;
    const limits = { concurrency: 1, rate: { max: 1, perMs: SECOND } };
    await broker.register([{ name: 'mail', maxRescues: 2, limits }]);
    await addMany(broker, 2);
    const { jobs } = await claim(broker);
    expect((await claim(broker)).dueInMs).toBeNull();
    const heard = await listen(store);

    await settle(broker, complete(jobs[0]!));

    expect(timesOf(await heard())).toEqual([['mail', SECOND]]);
    expect((await claim(broker)).dueInMs).toBe(SECOND);
  });

  it('lets more start at once when it is raised, and tells so', async () => {
    const store = await open();
    const { broker, manager } = store;
    await limitTo(store, { max: 1, perMs: SECOND });
    await addMany(broker, 10);
    await startAll(store);
    const heard = await listen(store);

    await manager.setLimits('mail', { rate: { max: 4, perMs: SECOND } });

    expect(timesOf(await heard())).toEqual([['mail', 0]]);
    expect(await startAll(store)).toBe(3);
  });

  it('counts the starts of before when it is lowered', async () => {
    const store = await open();
    const { broker, manager, clock } = store;
    await limitTo(store, { max: 4, perMs: SECOND });
    await addMany(broker, 10);
    await startAll(store, 2);
    clock.advance(500);
    await startAll(store, 2);

    await manager.setLimits('mail', { rate: { max: 2, perMs: SECOND } });

    clock.advance(500);
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: 500 });
  });

  it('spreads starts evenly on request, and no host takes two at once', async () => {
    const store = await open();
    const { broker, clock } = store;
    await limitTo(store, { max: 4, perMs: SECOND, spread: true });
    await addMany(broker, 10);

    expect(await startAll(store)).toBe(1);
    clock.advance(249);
    expect(await claim(broker)).toMatchObject({ jobs: [], dueInMs: 1 });
    clock.advance(1);
    expect(await startAll(store)).toBe(1);
  });

  it('spreads by whole milliseconds, rounded up', async () => {
    const store = await open();
    await limitTo(store, { max: 3, perMs: SECOND, spread: true });
    await addMany(store.broker, 10);
    await startAll(store);

    expect((await claim(store.broker)).dueInMs).toBe(334);
  });

  it('opens many names whose time comes at once', async () => {
    const store = await open();
    const { broker, clock } = store;
    const names = Array.from({ length: 120 }, (_, i) => `name-${i}`);
    const limits = { rate: { max: 1, perMs: SECOND } };
    for (const some of [names.slice(0, 100), names.slice(100)]) {
      await broker.register(some.map((name) => ({ name, maxRescues: 2, limits })));
    }
    await addMany(broker, 240, (i) => ({ name: names[i % 120] }));
    const claimAll = async () => {
      const started: string[] = [];
      for (let dueInMs: number | null = 0; dueInMs === 0 || dueInMs === null;) {
        const claimed = await claim(broker, { names });
        started.push(...claimed.jobs.map(({ record }) => record.name));
        if (claimed.dueInMs === null && claimed.jobs.length === 0) break;
        ({ dueInMs } = claimed);
      }
      return started.sort();
    };

    expect(await claimAll()).toEqual([...names].sort());
    clock.advance(SECOND);
    expect(await claimAll()).toEqual([...names].sort());
  });

  it.each<[string, RateLimit, number]>([
    ['a low rate', { max: 3, perMs: 100 }, 0],
    ['a rate that is not kept start by start', { max: 250, perMs: SECOND }, 0.01],
    ['a spread one', { max: 10, perMs: 100, spread: true }, 0],
  ])('reaches %s in full when there is always work', async (_, rate, loss) => {
    const store = await open();
    const { broker, clock } = store;
    await limitTo(store, rate);
    let starts = 0;
    const claimed = claimRequest();
    const until = clock.now() + 5 * rate.perMs;
    for (;;) {
      await addMany(broker, 100);
      const { jobs, dueInMs } = await claim(broker, { host: claimed.host });
      starts += jobs.length;
      await settle(broker, ...jobs.map((job) => complete(job)));
      if (clock.now() + (dueInMs ?? 0) >= until) break;
      clock.advance(dueInMs ?? 0);
    }

    expect(starts).toBeLessThanOrEqual(5 * rate.max);
    expect(starts).toBeGreaterThanOrEqual(Math.floor(5 * rate.max * (1 - loss)));
  });
});

/*
 * The promise itself, over the instants of all starts: whatever hosts ask for and whenever, in no half-open
 * interval of the length, wherever it begins, do more than `max` jobs start.
 */
describe.each(Object.entries(openers))('whatever is claimed and when (%s)', (_, open) => {
  const rate: fc.Arbitrary<RateLimit> = fc.oneof(
    fc.record({ max: fc.integer({ min: 1, max: 12 }), perMs: fc.integer({ min: 1, max: 60 }) }),
    fc.record({
      max: fc.integer({ min: 101, max: 130 }),
      perMs: fc.constantFrom(40, 250, 1_000, 3_333),
    }),
    fc
      .record({ max: fc.integer({ min: 1, max: 5 }), perMs: fc.integer({ min: 5, max: 60 }) })
      .map((plain) => ({ ...plain, spread: true })),
  );
  const looks = fc.array(
    fc.record({
      afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant('as told' as const)),
      host: fc.constantFrom('a', 'b', 'c', 'd'),
      slots: fc.constantFrom(1, 3, 20, 100),
      crashes: fc.boolean(),
    }),
    { minLength: 5, maxLength: 25, size: 'max' },
  );

  it('starts no more than it may in any interval', async () => {
    const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
    const property = fc.asyncProperty(rate, looks, async (limit, all) => {
      const store = await open();
      try {
        await limitTo(store, limit);
        const starts: number[] = [];
        let toldMs = 0;
        for (const { afterMs, host, slots, crashes } of all) {
          store.clock.advance(afterMs === 'as told' ? toldMs : afterMs);
          await addMany(store.broker, slots);
          const { jobs, dueInMs } = await claim(store.broker, { host, slots });
          starts.push(...jobs.map(({ record }) => record.lockedAt!));
          toldMs = dueInMs ?? 0;
          if (!crashes) await settle(store.broker, ...jobs.map((job) => complete(job)));
        }
        const within = starts.map((at, i) => {
          return starts.slice(i).filter((other) => other < at + limit.perMs).length;
        });
        const gaps = starts.slice(1).map((at, i) => at - starts[i]!);
        const leastGap = limit.spread ? limit.perMs / limit.max : 0;
        expect(starts.length).toBeGreaterThan(0);
        expect(Math.max(...within)).toBeLessThanOrEqual(limit.max);
        expect(Math.min(...gaps, Infinity)).toBeGreaterThanOrEqual(leastGap);
      } finally {
        await store.close();
      }
    });
    await fc.assert(property, { seed, numRuns: Number(process.env.RUNS) || 25 });
  }, 120_000);
});
