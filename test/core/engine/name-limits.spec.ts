import type { Engine } from '../../../lib/core/engine.js';
import {
  InvalidJobError,
  InvalidOptionError,
  JobNotRunningError,
} from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { Job } from '../../../lib/core/job/job.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

/** Whatever else would be claimed is claimed by now. */
const whileNothingComes = () => new Promise((resolve) => setTimeout(resolve, 30));

/** Some processes on one store, whose handlers of `mail` and `other` end when they are told to. */
async function processes(count: number, own: HandlerOptions = {}, options: EngineOptions = {}) {
  const clock = new ManualClock();
  const memory = new MemoryBackend({ clock });
  const runs: { readonly job: Job; readonly end: () => void }[] = [];
  const engines: Engine[] = [];
  for (let i = 0; i < count; i++) {
    const { engine } = await makeBench(options, memory);
    const handler = (job: Job) => new Promise<void>((end) => runs.push({ job, end }));
    engine.handlers.define('mail', handler, { concurrency: 20, ...own });
    engine.handlers.define('other', handler);
    engines.push(engine);
  }
  const [engine] = engines as [Engine];
  return {
    clock,
    engines,
    engine,
    scheduler: engine.scheduler,
    runs,
    start: () => Promise.all(engines.map(({ workerHost }) => workerHost.start())),
    endAll: () => runs.splice(0).forEach(({ end }) => end()),
    add: (amount: number, name = 'mail') =>
      engine.scheduler.enqueueMany(Array.from({ length: amount }, (_, data) => ({ name, data }))),
  };
}

describe('a name with limits over all processes', () => {
  it('runs no more jobs at once than it may, and a freed slot is used at once', async () => {
    const { engine, start, runs, add, scheduler } = await processes(2, { globalConcurrency: 3 });
    await start();
    await add(5);
    await until(() => runs.length === 3);
    await whileNothingComes();
    expect(await scheduler.counts('mail')).toMatchObject({ running: 3, queued: 2 });

    runs[0]!.end();
    await until(() => runs.length === 4);

    await whileNothingComes();
    expect(await scheduler.counts('mail')).toMatchObject({ running: 3, queued: 1, completed: 1 });
    expect(engine.workerHost.status().running).toBeLessThanOrEqual(3);
    runs.forEach(({ end }) => end());
    await until(() => runs.length === 5);
    runs[4]!.end();
  });

  it('starts no more jobs in a stretch of time than it may, and the next when it may', async () => {
    const rateLimit = { max: 2, per: '1 second' };
    const { clock, start, runs, add, endAll } = await processes(2, { rateLimit });
    await start();
    await add(3);
    await until(() => runs.length === 2);

    clock.advance(999);
    await whileNothingComes();
    expect(runs).toHaveLength(2);
    clock.advance(1);
    await until(() => runs.length === 3);

    endAll();
  });

  it('lets other names go on meanwhile', async () => {
    const { start, runs, add, endAll } = await processes(1, { rateLimit: { max: 1, per: '1h' } });
    await start();
    await add(2);
    await add(2, 'other');

    await until(() => runs.length === 3);

    expect(runs.map(({ job }) => job.name).toSorted()).toEqual(['mail', 'other', 'other']);
    endAll();
  });

  it('runs so many jobs of a key at once, and others beside them', async () => {
    const options = { key: (data: number) => `k${data % 2}`, keyConcurrency: 1 };
    const { start, runs, add, endAll } = await processes(2, options);
    await start();
    await add(4);
    await until(() => runs.length === 2);
    await whileNothingComes();

    expect(new Set(runs.map(({ job }) => job.data))).toEqual(new Set([0, 1]));
    endAll();
    await until(() => runs.length === 2);
    expect(new Set(runs.map(({ job }) => job.data))).toEqual(new Set([2, 3]));
    endAll();
  });

  it('takes other limits while it runs, until they are removed', async () => {
    const { start, runs, add, endAll, scheduler } = await processes(1, { globalConcurrency: 1 });
    const limits = scheduler.limits('mail');
    await start();
    await add(5);
    await until(() => runs.length === 1);

    await limits.set({ globalConcurrency: 3, rateLimit: { max: 100, per: '1 minute' } });
    await until(() => runs.length === 3);

    const byHand = { globalConcurrency: 3, rateLimit: { max: 100, per: 60_000 } };
    expect(await limits.get()).toEqual({ handler: { globalConcurrency: 1 }, byHand });
    expect(await scheduler.listLimits()).toEqual({ mail: await limits.get() });
    await limits.remove();
    expect(await limits.get()).toEqual({ handler: { globalConcurrency: 1 } });
    expect(await scheduler.limits('other').get()).toEqual({});
    endAll();
    await until(() => runs.length === 1);
    await whileNothingComes();
    expect(runs).toHaveLength(1);
    endAll();
    await until(() => runs.length === 1);
    endAll();
  });

  it('shows every kind of limit in the words it was given in', async () => {
    const { scheduler } = (await makeBench()).engine;
    const limits = {
      globalConcurrency: 4,
      rateLimit: { max: 10, per: 1_000, spread: true },
      keyConcurrency: 1,
      keyOrder: 'fifo' as const,
      keyRateLimit: { max: 2, per: 500 },
      maxQueued: 9,
    };

    await scheduler.limits('mail').set(limits);

    expect(await scheduler.limits('mail').get()).toEqual({ byHand: limits });
  });

  it.each<[object, string]>([
    [{}, 'limits'],
    [{ concurrency: 1 }, 'limits.concurrency'],
    [{ globalConcurrency: 0 }, 'limits.globalConcurrency'],
    [{ rateLimit: { max: 1 } }, 'limits.rateLimit.per'],
    [{ keyOrder: 'fifo', keyConcurrency: 2 }, 'limits.keyConcurrency'],
  ])('does not take %p', async (limits, option) => {
    const { scheduler } = (await makeBench()).engine;

    const setting = scheduler.limits('mail').set(limits);

    await expect(setting).rejects.toThrow(InvalidOptionError);
    await expect(setting).rejects.toMatchObject({ option });
    expect(await scheduler.listLimits()).toEqual({});
    expect(() => scheduler.limits('')).toThrow(InvalidJobError);
  });
});

describe('a job without a key, of a name with limits per key', () => {
  const warnings = (engine: Engine) => {
    const seen: string[] = [];
    engine.events.on('warning', ({ code }) => seen.push(code));
    return seen;
  };

  it('runs, and is warned of once', async () => {
    const { engine } = await makeBench();
    const seen = warnings(engine);
    engine.handlers.define('mail', () => undefined, { keyConcurrency: 1 });
    const completed = nextEvents(engine, 'completed', 2);
    await engine.workerHost.start();

    await engine.scheduler.enqueueMany([{ name: 'mail' }, { name: 'mail' }]);
    await completed;

    expect(seen).toEqual(['job-without-key']);
  });

  it('is warned of when the process that added it does not know how keys are made', async () => {
    const memory = new MemoryBackend();
    const producer = await makeBench({ worker: false }, memory);
    const { engine } = await makeBench({}, memory);
    const seen = warnings(engine);
    engine.handlers.define('mail', () => undefined, { key: () => 'k', keyOrder: 'fifo' });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await producer.engine.scheduler.now('mail');
    await completed;

    expect(seen).toEqual(['job-without-key']);
  });

  it('is meant so when its handler says that it has none', async () => {
    const { engine } = await makeBench();
    const seen = warnings(engine);
    engine.handlers.define('mail', () => undefined, { key: () => undefined, keyConcurrency: 1 });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await engine.scheduler.now('mail');
    await completed;

    expect(seen).toEqual([]);
  });
});

describe('a pause', () => {
  it('holds a name back in all processes, and resuming lets it go at once', async () => {
    const { scheduler, start, runs, add, endAll } = await processes(2);
    await start();

    await scheduler.pause('mail');
    await add(2);
    await add(1, 'other');
    await until(() => runs.length === 1);
    await whileNothingComes();
    expect(runs.map(({ job }) => job.name)).toEqual(['other']);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 2, running: 0 });

    expect(await scheduler.resume('mail')).toBe(true);
    await until(() => runs.length === 3);
    endAll();
  });

  it('holds everything back, and names that were paused on their own stay so', async () => {
    const { scheduler, start, runs, add, endAll } = await processes(1);
    await start();
    await scheduler.pause('mail');
    await scheduler.pause({ reason: 'moving house' });
    await add(1);
    await add(1, 'other');
    await whileNothingComes();
    expect(runs).toHaveLength(0);

    expect(await scheduler.resume()).toBe(true);
    await until(() => runs.length === 1);
    await whileNothingComes();

    expect(runs.map(({ job }) => job.name)).toEqual(['other']);
    endAll();
  });

  it('tells since when, why and by whom', async () => {
    const { clock, scheduler } = await processes(1, {}, { name: 'ops' });
    const at = new Date(clock.now());
    expect(await scheduler.pauses()).toEqual({ names: {} });

    await scheduler.pause('mail', { reason: 'the provider is down' });
    expect(await scheduler.isPaused('mail')).toBe(true);
    expect(await scheduler.isPaused('other')).toBe(false);
    expect(await scheduler.isPaused()).toBe(false);
    await scheduler.pause({ by: 'ann' });

    expect(await scheduler.isPaused('other')).toBe(true);
    expect(await scheduler.isPaused()).toBe(true);
    expect(await scheduler.pauses()).toEqual({
      all: { at, by: 'ann' },
      names: { mail: { at, by: 'ops', reason: 'the provider is down' } },
    });
  });

  it('is taken back once', async () => {
    const { scheduler } = await processes(1);
    await scheduler.pause('mail');

    expect(await scheduler.resume()).toBe(false);
    expect(await scheduler.resume('mail')).toBe(true);
    expect(await scheduler.resume('mail')).toBe(false);
  });

  it('tells how many jobs run still, and waits for them if it shall', async () => {
    const { scheduler, start, runs, add, engines } = await processes(2);
    await start();
    await add(2);
    await until(() => runs.length === 2);
    expect(await scheduler.pause('other')).toEqual({ running: 0 });
    expect(await scheduler.pause('mail')).toEqual({ running: 2 });

    let isDrained = false;
    const drained = engines[1]!.scheduler.pause('mail', { drain: true }).then((result) => {
      isDrained = true;
      return result;
    });
    runs[0]!.end();
    await whileNothingComes();
    expect(isDrained).toBe(false);
    runs[1]!.end();

    expect(await drained).toEqual({ running: 0 });
  });

  it('waits for all names where everything is paused', async () => {
    const { scheduler, start, runs, add } = await processes(1);
    await start();
    await add(1, 'other');
    await until(() => runs.length === 1);

    const drained = scheduler.pause({ drain: true });
    runs[0]!.end();

    expect(await drained).toEqual({ running: 0 });
  });

  it('waits no longer than it may, and stays', async () => {
    const { scheduler, start, runs, add, endAll } = await processes(1);
    const controller = new AbortController();
    await start();
    await add(1);
    await until(() => runs.length === 1);

    expect(await scheduler.pause('mail', { drain: true, timeout: 20 })).toEqual({ running: 1 });
    const aborted = scheduler.pause('mail', { drain: true, signal: controller.signal });
    await whileNothingComes();
    controller.abort();

    expect(await aborted).toEqual({ running: 1 });
    expect(await scheduler.isPaused('mail')).toBe(true);
    endAll();
  });

  it.each<[object, string]>([
    [{ reason: 5 }, 'pause.reason'],
    [{ drain: 1 }, 'pause.drain'],
    [{ drain: true, timeout: 'soon' }, 'pause.timeout'],
    [{ drain: true, signal: {} }, 'pause.signal'],
    [{ timeout: 5 }, 'pause.timeout'],
    [{ signal: new AbortController().signal }, 'pause.signal'],
    [{ force: true }, 'pause.force'],
  ])('does not take %p', async (options, option) => {
    const { scheduler } = await processes(1);

    const pausing = scheduler.pause('mail', options);

    await expect(pausing).rejects.toThrow(InvalidOptionError);
    await expect(pausing).rejects.toMatchObject({ option });
    expect(await scheduler.isPaused('mail')).toBe(false);
  });

  it('does not begin for who has given up, nor for a name that no job has', async () => {
    const { scheduler } = await processes(1);
    const reason = new Error('enough');

    const pausing = scheduler.pause('mail', { drain: true, signal: AbortSignal.abort(reason) });

    await expect(pausing).rejects.toBe(reason);
    await expect(scheduler.pause('')).rejects.toThrow(InvalidJobError);
    await expect(scheduler.resume('')).rejects.toThrow(InvalidJobError);
    await expect(scheduler.isPaused('')).rejects.toThrow(InvalidJobError);
    expect(await scheduler.pauses()).toEqual({ names: {} });
  });
});

describe('a handler that is rate limited from outside', () => {
  /** A job that is told to come back once, after that long. */
  async function limited(say: (job: Job) => unknown, own: HandlerOptions = {}) {
    const clock = new ManualClock();
    const { engine } = await makeBench({}, new MemoryBackend({ clock }));
    const runs: Job[] = [];
    engine.handlers.define(
      'mail',
      (job) => {
        runs.push(job);
        return runs.length === 1 ? say(job) : 'sent';
      },
      { concurrency: 1, ...own },
    );
    const throttled = nextEvent(engine, 'throttled');
    await engine.workerHost.start();
    return { clock, engine, runs, throttled, scheduler: engine.scheduler };
  }

  it.each([
    ['returns', (job: Job) => job.rateLimited('30 seconds')],
    ['throws', (job: Job) => Promise.reject(job.rateLimited('30 seconds'))],
  ])('%s it: its name stops for that long, and nothing is counted', async (_, say) => {
    const { clock, runs, throttled, scheduler, engine } = await limited(say);
    const first = await scheduler.now('mail', 1);
    expect(await throttled).toMatchObject({ job: { id: first.id }, forMs: 30_000 });
    await scheduler.now('mail', 2);

    clock.advance(29_999);
    await whileNothingComes();
    expect(runs).toHaveLength(1);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 2 });
    const completed = nextEvents(engine, 'completed', 2);
    clock.advance(1);
    const [again] = await completed;

    expect(runs.map(({ data }) => data)).toEqual([1, 1, 2]);
    expect(again!.job).toMatchObject({ id: first.id, attempt: 1, failCount: 0, snoozeCount: 0 });
  });

  it('stops its key alone where its name has a rate for each key', async () => {
    const keyRateLimit = { max: 100, per: '1s' };
    const { runs, throttled, scheduler, engine } = await limited(
      (job) => job.rateLimited('1 hour'),
      { key: (data: string) => data, keyRateLimit },
    );
    await scheduler.now('mail', 'slow');
    await throttled;
    const completed = nextEvent(engine, 'completed');

    await scheduler.enqueueMany([
      { name: 'mail', data: 'slow' },
      { name: 'mail', data: 'fast' },
    ]);

    expect((await completed).job.data).toBe('fast');
    await whileNothingComes();
    expect(runs.map(({ data }) => data)).toEqual(['slow', 'fast']);
  });

  it('must say for how long, and while it runs', async () => {
    const asked = gate<unknown>();
    const { scheduler, runs, engine } = await limited((job) => {
      for (const wrong of [0, -1, 'soon', undefined]) {
        expect(() => job.rateLimited(wrong as never)).toThrow(InvalidOptionError);
      }
      asked.open(undefined);
    });
    const completed = nextEvent(engine, 'completed');
    await scheduler.now('mail');
    await asked.opened;
    await completed;

    expect(() => runs[0]!.rateLimited('1s')).toThrow(JobNotRunningError);
  });
});
