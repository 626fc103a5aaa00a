import { ConnectionError } from '../../../lib/core/errors.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { newJobId } from '../../../lib/core/job/job-id.js';
import { placeOfId } from '../../../lib/core/job/placement.js';
import { ManualWorker } from '../../../lib/core/worker/manual-worker.js';
import { ManualClock } from '../../../lib/memory/index.js';
import type { FaultyBroker } from '../../support/faulty-broker.js';
import { makeSpreadBackend, type SpreadBackend } from '../../support/spread-backend.js';
import { closeBenches, gate, makeBench, nextEvents, type TestBench, until } from './support.js';

afterEach(closeBenches);

const NEVER_LOOK = { processEvery: '1h' } as const;

interface SpreadBench extends TestBench {
  readonly store: SpreadBackend;
}

/** An engine on a store of so many partitions. */
async function makeSpread(partitions: number, options: EngineOptions = {}): Promise<SpreadBench> {
  const store = makeSpreadBackend(partitions);
  return { ...(await makeBench({ ...NEVER_LOOK, ...options }, store)), store };
}

/** Ids of jobs that live in a partition. */
function idsIn(partition: number, of: number, count: number): string[] {
  const ids: string[] = [];
  while (ids.length < count) {
    const id = newJobId();
    if (placeOfId(id) % of === partition) ids.push(id);
  }
  return ids;
}

/** How many of them are of each of three partitions. */
const byPartition = (order: readonly number[]): number[] =>
  [0, 1, 2].map((partition) => order.filter((one) => one === partition).length);

const add = ({ engine }: TestBench, ids: readonly string[], name = 'mail') =>
  engine.scheduler.enqueueMany(ids.map((id) => ({ name, options: { id } })));

const claimsOf = (broker: FaultyBroker) =>
  broker.argsOf('settleAndClaim').map(([, claim]) => claim);

const jobsAskedOf = (broker: FaultyBroker) => claimsOf(broker).filter(({ slots }) => slots > 0);

describe('a store of several partitions', () => {
  it('has each of its jobs run once, and settled where it lives', async () => {
    const bench = await makeSpread(4, { maxConcurrency: 40 });
    const runs: string[] = [];
    bench.engine.handlers.define('mail', (job) => runs.push(job.id), { concurrency: 40 });
    const ids = [0, 1, 2, 3].flatMap((partition) => idsIn(partition, 4, 100));
    await add(bench, ids);
    const completed = nextEvents(bench.engine, 'completed', ids.length);

    await bench.engine.workerHost.start();
    await completed;

    expect([...runs].sort()).toEqual([...ids].sort());
    expect(bench.errors).toEqual([]);
    for (const { manager } of bench.store.memories) {
      expect((await manager.counts()).get('mail')).toMatchObject({ completed: 100, total: 100 });
    }
  });

  it('is asked in shares that are worth a call', async () => {
    const bench = await makeSpread(4, { maxConcurrency: 40 });
    const ends = gate();
    bench.engine.handlers.define('mail', () => ends.opened, { concurrency: 40 });
    await add(
      bench,
      [0, 1, 2, 3].flatMap((partition) => idsIn(partition, 4, 50)),
    );

    await bench.engine.workerHost.start();
    await until(() => bench.engine.workerHost.status().running === 40);

    const first = bench.store.faults.map((broker) => claimsOf(broker)[0]?.slots);
    expect(first).toEqual([10, 10, 10, 10]);
    ends.open();
  });

  it('gives all slots to the one partition that has work', async () => {
    const bench = await makeSpread(4, { maxConcurrency: 40 });
    const ends = gate();
    bench.engine.handlers.define('mail', () => ends.opened, { concurrency: 40 });
    await add(bench, idsIn(2, 4, 50));

    await bench.engine.workerHost.start();

    await until(() => bench.engine.workerHost.status().running === 40);
    expect(bench.store.faults.map((broker) => jobsAskedOf(broker).length > 0)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    ends.open();
  });

  it('has its partitions take turns where there is one slot', async () => {
    const bench = await makeSpread(3, { maxConcurrency: 1 });
    const order: number[] = [];
    bench.engine.handlers.define('mail', async (job) => {
      order.push(placeOfId(job.id) % 3);
      // Longer than a turn.
      await new Promise((resolve) => setTimeout(resolve, 25));
    });
    await add(
      bench,
      [0, 1, 2].flatMap((partition) => idsIn(partition, 3, 5)),
    );
    const completed = nextEvents(bench.engine, 'completed', 6);

    await bench.engine.workerHost.start();
    await completed;

    expect(byPartition(order.slice(0, 6))).toEqual([2, 2, 2]);
  });

  it('lets a flood in one partition not hold up another', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 2 });
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    bench.engine.handlers.define('mail', (job) => {
      begun.push(job.id);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
    await add(bench, idsIn(0, 2, 10));
    await bench.engine.workerHost.start();
    await until(() => begun.length === 2);

    const [late] = idsIn(1, 2, 1);
    await add(bench, [late!]);
    for (const count of [3, 4]) {
      // Longer than a turn.
      await new Promise((resolve) => setTimeout(resolve, 25));
      ends.shift()!();
      await until(() => begun.length === count);
    }

    expect(begun).toContain(late);
    for (const end of ends) end();
  });

  it('asks the others as well for a name of which the slots are taken, as soon as they are free', async () => {
    const bench = await makeSpread(3, { maxConcurrency: 30 });
    const order: number[] = [];
    bench.engine.handlers.define('rare', (job) => order.push(placeOfId(job.id) % 3), {
      concurrency: 1,
    });
    bench.engine.handlers.define('mail', () => undefined, { concurrency: 30 });
    await add(
      bench,
      [0, 1, 2].flatMap((partition) => idsIn(partition, 3, 2)),
      'rare',
    );
    const completed = nextEvents(bench.engine, 'completed', 6);

    await bench.engine.workerHost.start();
    await completed;

    expect(byPartition(order)).toEqual([2, 2, 2]);
  });

  it('hears of new jobs of a name whose room it had used up, when another lane has given some back', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 30 });
    const ends = new Map<string, () => void>();
    bench.engine.handlers.define(
      'rare',
      (job) => new Promise<void>((resolve) => ends.set(job.id, resolve)),
      { concurrency: 2 },
    );
    const [short] = idsIn(0, 2, 1);
    const [long, late] = idsIn(1, 2, 2);
    await add(bench, [short!, long!], 'rare');
    await bench.engine.workerHost.start();
    await until(() => ends.size === 2);

    ends.get(short!)!();
    await until(() => bench.engine.workerHost.status().running === 1);
    await until(() => bench.engine.workerHost.snapshot().callsUnderWay === 0);
    await add(bench, [late!], 'rare');

    await until(() => ends.has(late!));
    for (const end of ends.values()) end();
    expect(bench.engine.workerHost.status().running).toBeLessThanOrEqual(2);
  });

  it('wakes the lane that news names, and no other', async () => {
    const bench = await makeSpread(3);
    bench.engine.handlers.define('mail', () => undefined);
    await bench.engine.workerHost.start();
    const { faults } = bench.store;
    await until(() => faults.every((broker) => claimsOf(broker).length === 1));
    const completed = nextEvents(bench.engine, 'completed', 1);

    await add(bench, idsIn(1, 3, 1));
    await completed;
    await until(() => bench.engine.workerHost.status().unsettled === 0);

    expect(faults.map((broker) => claimsOf(broker).length)).toEqual([1, 3, 1]);
  });

  it('has the due times of each partition kept', async () => {
    const bench = await makeSpread(3);
    bench.engine.handlers.define('mail', () => undefined);
    const ids = [0, 1, 2].map((partition) => idsIn(partition, 3, 1)[0]!);
    for (const [i, id] of ids.entries()) {
      await bench.engine.scheduler.now('mail', undefined, { id, delay: 10 * (i + 1) });
    }
    const completed = nextEvents(bench.engine, 'completed', 3);

    await bench.engine.workerHost.start();

    expect((await completed).map(({ job }) => job.id).sort()).toEqual([...ids].sort());
  });

  it('can be worked off by hand, whatever partition a job lives in', async () => {
    const store = makeSpreadBackend(3);
    const bench = await makeBench({}, store);
    const ids = [0, 1, 2].flatMap((partition) => idsIn(partition, 3, 2));
    await add(bench, ids);
    const worker = new ManualWorker(store.broker!);

    const four = await worker.claim('mail', { limit: 4 });
    const rest = await worker.claim('mail', { limit: 4 });

    expect([four.length, rest.length]).toEqual([4, 2]);
    expect([...four, ...rest].map(({ record }) => record.id).sort()).toEqual([...ids].sort());
    await worker.renew([...four, ...rest]);
    for (const job of [...four, ...rest]) await worker.complete(job);
    expect((await bench.engine.scheduler.counts('mail')).completed).toBe(6);
  });

  it('gives a worker by hand what the partitions have that answer', async () => {
    const store = makeSpreadBackend(2);
    const bench = await makeBench({}, store);
    const [id] = idsIn(1, 2, 1);
    await add(bench, [id!]);
    const worker = new ManualWorker(store.broker!);
    store.faults[0]!.failAll('lost request', 'settleAndClaim');

    const jobs = await worker.claim('mail', { limit: 2 });

    expect(jobs.map(({ record }) => record.id)).toEqual([id]);
    await expect(worker.claim('mail')).rejects.toThrow(ConnectionError);
  });

  it('is worked off in steps, and tells when the next job of all is due', async () => {
    const clock = new ManualClock();
    const store = makeSpreadBackend(3, { clock });
    const { engine } = await makeBench(NEVER_LOOK, store);
    const demand = engine.workerHost.hold();
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();
    for (const [partition, delay] of [0, 3_000, 2_000].entries()) {
      const [id, later] = idsIn(partition, 3, 2);
      await engine.scheduler.now('mail', undefined, { id: id! });
      if (delay > 0) await engine.scheduler.now('mail', undefined, { id: later!, delay });
    }
    const step = { most: 100, patienceMs: 1_000, adds: () => Promise.resolve() };

    const worked = await demand.workOff(step);

    expect(worked).toEqual({ nextAt: clock.now() + 2_000 });
    expect(await engine.scheduler.counts('mail')).toMatchObject({ completed: 3, scheduled: 2 });
    clock.advance(2_000);
    expect(await demand.workOff(step)).toEqual({ nextAt: clock.now() + 1_000 });
    clock.advance(1_000);
    expect(await demand.workOff(step)).toEqual({ nextAt: null });
    expect((await engine.scheduler.counts('mail')).completed).toBe(5);
  });

  it('lets one job be run by hand wherever it lives', async () => {
    const bench = await makeSpread(3);
    bench.engine.handlers.define('mail', () => 'sent');
    const ids = [0, 1, 2].map((partition) => idsIn(partition, 3, 1)[0]!);
    await add(bench, ids);

    for (const id of ids) await (await bench.engine.scheduler.get(id))!.run();

    expect((await bench.engine.scheduler.counts('mail')).completed).toBe(3);
  });
});

describe('a partition that is away', () => {
  it('costs the others nothing: their jobs go on, and its own when it is back', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 4 });
    const { engine, store } = bench;
    engine.handlers.define('mail', () => undefined, { concurrency: 4 });
    await engine.workerHost.start();
    const comeBack = store.faults[0]!.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');
    await add(bench, idsIn(0, 2, 20));
    await until(() => bench.errors.length > 0);

    const others = nextEvents(engine, 'completed', 50);
    await add(bench, idsIn(1, 2, 50));
    const done = await others;

    expect(done.every(({ job }) => placeOfId(job.id) % 2 === 1)).toBe(true);
    expect(engine.workerHost.status()).toMatchObject({ ready: true, storeIsAway: false });
    const its = nextEvents(engine, 'completed', 20);
    comeBack();
    expect((await its).every(({ job }) => placeOfId(job.id) % 2 === 0)).toBe(true);
  });

  it('is asked for no jobs until it has answered once, so that no slot is kept free for it', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 1, lease: 100 });
    const { engine, store } = bench;
    engine.handlers.define('mail', () => undefined);
    const [away] = store.faults;
    const comeBack = away!.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');
    await engine.workerHost.start();

    // The first claim is given up when a lease is over; what goes out then carries nothing.
    await until(() => new Set(claimsOf(away!).map(({ claimId }) => claimId)).size === 2);
    expect(new Set(jobsAskedOf(away!).map(({ claimId }) => claimId)).size).toBe(1);
    expect(claimsOf(away!).at(-1)!.slots).toBe(0);
    const completed = nextEvents(engine, 'completed', 2);
    await add(bench, [...idsIn(1, 2, 1), ...idsIn(0, 2, 1)]);
    comeBack();

    await completed;
  });

  it('that hangs keeps the slots of its call for a moment, and brings no job without a slot', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 2 });
    const { engine, store } = bench;
    const [hung] = store.faults;
    await add(bench, idsIn(0, 2, 2));
    const letGo = hung!.hold('settleAndClaim');
    const ends = gate();
    let most = 0;
    engine.handlers.define('mail', async () => {
      most = Math.max(most, engine.workerHost.status().running);
      await ends.opened;
    });
    await engine.workerHost.start();
    await add(bench, idsIn(1, 2, 2));
    // Both slots were kept free for the call that hangs.
    await until(() => engine.workerHost.status().running === 2);
    expect(claimsOf(hung!)).toHaveLength(1);

    letGo();
    await until(() => hung!.argsOf('settleAndClaim').some(([ended]) => ended.length === 2));

    const handedBack = hung!.argsOf('settleAndClaim').find(([ended]) => ended.length === 2)!;
    expect(handedBack[0].map(({ kind }) => kind)).toEqual(['release', 'release']);
    const completed = nextEvents(engine, 'completed', 4);
    ends.open();
    await completed;
    expect(most).toBe(2);
  });

  it('holds up neither renewals nor rescues of the others', async () => {
    const bench = await makeSpread(2, { lease: 300, maxConcurrency: 20 });
    const { engine, store } = bench;
    const [hung, other] = store.faults;
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened, { concurrency: 20 });
    const started = nextEvents(engine, 'started', 4);
    await add(bench, [...idsIn(0, 2, 2), ...idsIn(1, 2, 2)]);
    await engine.workerHost.start();
    await started;

    hung!.failAll('lost request', 'settleAndClaim');
    const letGo = [hung!.hold('renew'), hung!.hold('rescue'), hung!.hold('prune')];
    const before = [other!.argsOf('renew').length, other!.argsOf('rescue').length];
    await until(() => other!.argsOf('renew').length > before[0]! + 2);
    await until(() => other!.argsOf('rescue').length > before[1]! + 1);

    for (const [leases] of other!.argsOf('renew')) expect(leases).toHaveLength(2);
    ends.open();
    for (const open of letGo) open();
  });

  it('does not keep a shutdown from settling and handing back what lives in the others', async () => {
    const bench = await makeSpread(2, {
      maxConcurrency: 20,
      shutdown: { timeout: 10, grace: 10, flush: 100 },
    });
    const { engine, store } = bench;
    engine.handlers.define('mail', () => new Promise<void>(() => {}), { concurrency: 20 });
    const started = nextEvents(engine, 'started', 4);
    await add(bench, [...idsIn(0, 2, 2), ...idsIn(1, 2, 2)]);
    await engine.workerHost.start();
    await started;
    store.faults[0]!.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');

    const report = await engine.workerHost.drain();

    expect(report).toMatchObject({ unsettled: 2 });
    const [away, other] = store.memories.map(({ manager }) => manager);
    expect((await other!.counts()).get('mail')).toMatchObject({ queued: 2, running: 0 });
    expect((await away!.counts()).get('mail')).toMatchObject({ queued: 0, running: 2 });
    expect(bench.errors.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('The ends of 2 jobs are not stored'),
    );
  });

  it('is reported once, and the store counts as away only when all of it is', async () => {
    const bench = await makeSpread(2, { maxConcurrency: 4 });
    const { engine, store } = bench;
    engine.handlers.define('mail', () => undefined, { concurrency: 4 });
    await engine.workerHost.start();
    const [first, second] = store.faults;
    await until(() => claimsOf(second!).length > 0);
    first!.failAll('lost request', 'settleAndClaim');
    await add(bench, [...idsIn(0, 2, 1), ...idsIn(1, 2, 1)]);
    const failures = claimsOf(first!).length + 3;
    await until(() => claimsOf(first!).length >= failures);
    expect(bench.errors).toHaveLength(1);
    expect(engine.workerHost.status()).toMatchObject({ ready: true, storeIsAway: false });

    second!.failAll('lost request', 'settleAndClaim');
    await add(bench, idsIn(1, 2, 1));
    await until(() => engine.workerHost.status().storeIsAway);

    expect(engine.workerHost.status().ready).toBe(false);
  });
});

describe('rescue and pruning', () => {
  it('reach the jobs of a dead host in every partition', async () => {
    const store = makeSpreadBackend(3);
    const bench = await makeBench({ ...NEVER_LOOK, lease: 300 }, store);
    const ids = [0, 1, 2].map((partition) => idsIn(partition, 3, 1)[0]!);
    await add(bench, ids);
    const dead = new ManualWorker(store.broker!, { lease: 200 });
    expect(await dead.claim('mail', { limit: 3 })).toHaveLength(3);
    bench.engine.handlers.define('mail', () => undefined);
    const completed = nextEvents(bench.engine, 'completed', 3);
    await bench.engine.workerHost.start();

    expect((await completed).map(({ job }) => job.id).sort()).toEqual([...ids].sort());
    expect((await completed).every(({ job }) => job.attempt === 2)).toBe(true);
  });

  it('look through each partition', async () => {
    const store = makeSpreadBackend(2);
    const bench = await makeBench(NEVER_LOOK, store, { pruneEveryMs: 20 });
    await bench.engine.workerHost.start();

    await until(() => store.faults.every((broker) => broker.argsOf('prune').length >= 2));

    expect(bench.errors).toEqual([]);
  });
});
