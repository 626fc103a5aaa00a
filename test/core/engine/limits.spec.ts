import type { Engine } from '../../../lib/core/engine.js';
import { InvalidJobError, InvalidOptionError } from '../../../lib/core/errors.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

it('lets, with one lock, three names that are due together hold one job', async () => {
  const { engine } = await makeBench({ lockLimit: 1 });
  const ends = gate();
  const names = ['a', 'b', 'c'];
  for (const name of names) engine.handlers.define(name, () => ends.opened);
  const completed = nextEvents(engine, 'completed', 3);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();

  await engine.scheduler.schedule('now', names);
  await started;
  // Whatever else would be claimed is claimed by now.
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(await engine.scheduler.total()).toMatchObject({ running: 1, queued: 2 });
  ends.open();
  await completed;
});

it('shares its room fairly: ten names with work each fill their concurrency', async () => {
  const limits = { maxConcurrency: 20, lockLimit: 20, defaultConcurrency: 2 };
  const { engine } = await makeBench({ ...limits, defaultLockLimit: 5 });
  const ends = gate();
  const names = Array.from({ length: 10 }, (_, n) => `name-${n}`);
  for (const name of names) engine.handlers.define(name, () => ends.opened);
  await engine.scheduler.enqueueMany(names.flatMap((name) => Array(5).fill({ name })));
  const completed = nextEvents(engine, 'completed', 50);

  await engine.workerHost.start();
  await until(() => engine.workerHost.status().running === 20);

  const running = engine.workerHost.status().names.map(({ running }) => running);
  expect(running).toEqual(names.map(() => 2));
  ends.open();
  await completed;
});

it('leaves to others what it cannot run: two workers both run at full concurrency', async () => {
  const memory = new MemoryBackend();
  const ends = gate();
  const benches = [await makeBench({}, memory), await makeBench({}, memory)];
  for (const { engine } of benches) engine.handlers.define('mail', () => ends.opened);
  const jobs = Array.from({ length: 200 }, () => ({ name: 'mail' }));
  await benches[0]!.engine.scheduler.enqueueMany(jobs);

  for (const { engine } of benches) await engine.workerHost.start();
  await until(() => benches.every(({ engine }) => engine.workerHost.status().running === 5));

  expect(await benches[0]!.engine.scheduler.counts('mail')).toMatchObject({
    running: 10,
    queued: 190,
  });
  ends.open();
});

it('counts no lock of a lease that lapsed: its slot is free when its handler ends', async () => {
  const { engine, broker } = await makeBench({ lockLimit: 1, lease: 150 });
  engine.handlers.define('mail', async (job) => {
    if (job.data === 'next') return;
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    throw job.signal.reason;
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const first = await engine.scheduler.now('mail', 'first');
  const { job } = await started;
  const comeBack = broker.failAll('lost request', 'renew', 'settleAndClaim', 'rescue');
  await until(() => job.signal.aborted);
  await engine.scheduler.cancel(first.id);
  comeBack();
  const completed = nextEvent(engine, 'completed');

  await engine.scheduler.now('mail', 'next');
  await completed;

  expect(await engine.scheduler.getRunningStats()).toMatchObject({ lockedJobs: 0 });
});

describe('a host whose limits are changed while it runs', () => {
  /** With six jobs to run, and as many of them running as it may. */
  async function busy(options: EngineOptions) {
    const { engine } = await makeBench(options);
    const ends: (() => void)[] = [];
    engine.handlers.define('mail', () => new Promise<void>((end) => ends.push(end)));
    await engine.scheduler.enqueueMany(Array.from({ length: 6 }, () => ({ name: 'mail' })));
    await engine.workerHost.start();
    await until(() => ends.length === 2);
    return { engine, ends, endAll: () => ends.splice(0).forEach((end) => end()) };
  }
  const runningIn = ({ workerHost }: Engine): number => workerHost.status().running;

  it('takes more of a name at once', async () => {
    const { engine, ends, endAll } = await busy({ defaultConcurrency: 2 });

    engine.workerHost.setConcurrency('mail', 4);
    await until(() => ends.length === 4);

    const stats = await engine.scheduler.getRunningStats();
    expect(stats.jobStatus.mail).toMatchObject({ running: 4, config: { concurrency: 4 } });
    endAll();
  });

  it('takes more in all at once', async () => {
    const { engine, ends, endAll } = await busy({ maxConcurrency: 2 });

    engine.workerHost.setMaxConcurrency(3);
    await until(() => ends.length === 3);

    expect(await engine.scheduler.getRunningStats()).toMatchObject({
      runningJobs: 3,
      config: { maxConcurrency: 3 },
    });
    endAll();
  });

  it('lets what runs end, and takes no more than it may then', async () => {
    const { engine, ends } = await busy({ defaultConcurrency: 2 });
    const running: number[] = [];

    engine.workerHost.setConcurrency('mail', 1);
    engine.events.on('started', () => running.push(runningIn(engine)));
    expect(runningIn(engine)).toBe(2);
    for (let ended = 1; ended <= 6; ended++) {
      const completed = nextEvent(engine, 'completed');
      await until(() => ends.length > 0);
      ends.shift()!();
      await completed;
    }

    expect(running).toEqual([1, 1, 1, 1]);
  });

  it('remembers what was set for a name that gets its handler later', async () => {
    const { engine } = await makeBench();
    engine.workerHost.setConcurrency('mail', 7);
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();

    expect(engine.workerHost.status().names).toMatchObject([{ name: 'mail', concurrency: 7 }]);
  });

  it.each([0, 1.5, '2', undefined, Infinity])('refuses %p', async (value) => {
    const { workerHost } = (await makeBench()).engine;

    expect(() => workerHost.setConcurrency('mail', value as never)).toThrow(InvalidOptionError);
    expect(() => workerHost.setMaxConcurrency(value as never)).toThrow(InvalidOptionError);
    expect(() => workerHost.setConcurrency('', 1)).toThrow(InvalidJobError);
  });
});
