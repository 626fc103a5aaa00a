import { jest } from '@jest/globals';
import type { ClaimRequest } from '../../../lib/core/contracts/job-broker.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { Job } from '../../../lib/core/job/job.js';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvents, until } from './support.js';

afterEach(async () => {
  jest.useRealTimers();
  await closeBenches();
});

const LEASE = 30_000;
/** How long a handler may take to end when its time is up. */
const GRACE = 5_000;
const NOTHING = { now: 0, answers: [], jobs: [], dueInMs: null, earliestExpiry: null };

/** A store with jobs that have lost a process before, which is as often as they may. */
async function storeWithLastStarts(count: number, clock = new ManualClock()) {
  const memory = new MemoryBackend({ clock });
  const { broker } = memory;
  await memory.connect();
  await broker.register([{ name: 'mail', maxRescues: 1 }]);
  await broker.enqueue(Array.from({ length: count }, (_, i) => job(`last-${i}`)));
  await broker.settleAndClaim([], claimOf(count));
  clock.advance(LEASE);
  await broker.rescue(count, LEASE);
  return memory;
}

const job = (data: string) => ({
  id: newJobId(),
  name: 'mail',
  data: JSON.stringify(data),
  priority: 0,
  due: { delayMs: 0 },
});

const claimOf = (slots: number): ClaimRequest => ({
  claimId: randomToken(),
  host: 'dies',
  leaseMs: LEASE,
  slots,
  names: [{ name: 'mail', slots }],
});

/** An engine whose handlers run until they are let go, by their data. */
async function benchFor(
  memory: MemoryBackend,
  { options = {}, handler = {} }: { options?: EngineOptions; handler?: HandlerOptions } = {},
) {
  const shutdown = { timeout: 0, grace: 0 };
  const bench = await makeBench({ processEvery: '1h', shutdown, ...options }, memory);
  const running = new Map<unknown, () => void>();
  const started: unknown[] = [];
  const run = async ({ data }: Job) => {
    started.push(data);
    const ends = gate();
    running.set(data, () => ends.open());
    await ends.opened;
    running.delete(data);
  };
  bench.engine.handlers.define('mail', run, { concurrency: 10, maxRescues: 1, ...handler });
  const lastStarts = () =>
    bench.broker.argsOf('settleAndClaim').map(([, claim]) => claim.lastStarts);
  return { ...bench, running, started, lastStarts };
}

it('runs one job on its last start at a time, and beside it as many others as it can', async () => {
  const memory = await storeWithLastStarts(3);
  await memory.broker.enqueue(['a', 'b', 'c', 'd'].map(job));
  const { engine, running, started } = await benchFor(memory);
  const completed = nextEvents(engine, 'completed', 7);

  await engine.workerHost.start();
  await until(() => running.size === 5);
  expect(started).toEqual(['last-0', 'a', 'b', 'c', 'd']);

  running.get('a')!();
  await engine.scheduler.now('mail', 'e');
  await until(() => running.has('e'));
  expect(running.has('last-1')).toBe(false);
  for (const last of ['last-0', 'last-1', 'last-2']) {
    await until(() => running.has(last));
    expect([...running.keys()].filter((data) => /last/.test(String(data)))).toEqual([last]);
    running.get(last)!();
  }

  for (const data of ['b', 'c', 'd']) running.get(data)!();
  await completed;
});

it('asks for none while one runs, and with its settlement for the next', async () => {
  const { engine, running, lastStarts } = await benchFor(await storeWithLastStarts(2));
  await engine.workerHost.start();
  await until(() => running.has('last-0'));
  await engine.scheduler.now('mail', 'a');
  await until(() => running.has('a'));
  running.get('last-0')!();
  await until(() => running.has('last-1'));

  expect(lastStarts()).toEqual([1, 0, 1]);
});

it('runs another job at its time while one has to wait, also where time is moved by hand', async () => {
  const clock = new ManualClock();
  const { engine, running, lastStarts } = await benchFor(await storeWithLastStarts(2, clock));
  await engine.workerHost.start();
  await until(() => running.has('last-0'));
  await engine.scheduler.schedule('in 10 minutes', 'mail', 'later');
  engine.workerHost.resume();
  await until(() => lastStarts().length === 2);

  clock.advance(600_000);
  await until(() => running.has('later'));

  expect(running.has('last-1')).toBe(false);
});

it('lets the next one come when the job of the former is cancelled, though its handler goes on', async () => {
  const { engine, running, started } = await benchFor(await storeWithLastStarts(3));
  await engine.workerHost.start();
  await until(() => running.has('last-0'));
  const [first] = engine.workerHost.snapshot().running;

  await engine.scheduler.cancel({ id: first!.id });
  await until(() => running.has('last-1'));

  // Its return lets no second one come.
  running.get('last-0')!();
  await engine.scheduler.now('mail', 'a');
  await until(() => running.has('a'));
  expect(started).toEqual(['last-0', 'last-1', 'a']);
});

it('lets the next one come when the time of the former is up, though its handler goes on', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const handler = { timeout: '1s' } as const;
  const { engine, started } = await benchFor(await storeWithLastStarts(2), { handler });
  const stuck = nextEvents(engine, 'stuck', 1);
  const begun = nextEvents(engine, 'started', 1);
  await engine.workerHost.start();
  await begun;

  await jest.advanceTimersByTimeAsync(1_000 + GRACE);
  await stuck;

  expect(started).toEqual(['last-0', 'last-1']);
  expect(engine.workerHost.status().running).toBe(2);
});

describe('while a claim is under way that may bring one', () => {
  it.each(['before', 'after'])(
    'another claim asks for none, and what it left behind comes once the former, answered %s it, has brought none',
    async (order) => {
      const { engine, broker, running, lastStarts } = await benchFor(await storeWithLastStarts(1), {
        options: { maxConcurrency: 32 },
        handler: { concurrency: 32 },
      });
      const letGo = broker.hold('settleAndClaim');
      broker.answerNext('settleAndClaim', async () => {
        if (order === 'after') await until(() => running.has('a'));
        return NOTHING;
      });
      await engine.workerHost.start();
      await until(() => lastStarts().length === 1);
      await engine.scheduler.now('mail', 'a');
      engine.workerHost.resume();
      await until(() => lastStarts().length === 2);
      letGo();
      await until(() => running.has('a') && running.has('last-0'));

      expect(lastStarts()).toEqual([1, 0, 1]);
    },
  );
});
