import { JobTimeoutError } from '../../lib/core/errors.js';
import type { Job } from '../../lib/core/job/job.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import {
  closeBenches,
  gate,
  makeBench,
  nextEvent,
  nextEvents,
  type TestBench,
  until,
} from '../core/engine/support.js';
import { openers, type OpenBackend, START } from './support/backends.js';

/*
 * The worker of an engine over each store: what its jobs leave there. The clock of the store is moved by
 * hand, and the worker looks again so often that it soon knows.
 */

const MINUTE = 60_000;

describe.each(Object.entries(openers))('a worker (%s)', (_, open) => {
  let store: OpenBackend;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(async () => {
    await closeBenches();
    await store.close();
  });

  const newWorker = async (options: EngineOptions = {}): Promise<TestBench> =>
    makeBench({ processEvery: 10, ...options }, await store.anotherBackend());

  /** Waits until it has asked the store for jobs, and been answered, after this moment. */
  async function look({ broker }: TestBench): Promise<void> {
    const before = broker.argsOf('settleAndClaim').length;
    await until(() => broker.argsOf('settleAndClaim').length >= before + 3);
  }

  describe('runs a job', () => {
    it('that fails twice and then succeeds: each attempt knows its number, each delay counts from the failure', async () => {
      const { engine } = await newWorker();
      const attempts: number[] = [];
      engine.handlers.define(
        'flaky',
        (job) => {
          attempts.push(job.attempt);
          store.clock.advance(70);
          if (job.attempt < 3) throw new Error(`failure ${job.attempt}`);
          return 'well';
        },
        { attempts: 3, backoff: 1_000 },
      );
      await engine.workerHost.start();
      const { id } = await engine.scheduler.now('flaky');

      for (const failedAt of [START + 70, START + 1_140]) {
        await until(() => attempts.length > 0 && store.clock.now() === failedAt);
        await until(() => engine.workerHost.status().running === 0);
        const failed = await engine.scheduler.get(id);
        expect(failed!.attrs).toMatchObject({
          failedAt: new Date(failedAt),
          nextRunAt: new Date(failedAt + 1_000),
        });
        store.clock.advance(1_000);
      }
      await until(() => attempts.length === 3 && engine.workerHost.status().unsettled === 0);

      expect(attempts).toEqual([1, 2, 3]);
      expect(await engine.scheduler.get(id)).toMatchObject({
        state: 'completed',
        result: 'well',
        attempt: 3,
      });
    });

    it('at its time, and not 1 ms before', async () => {
      const bench = await newWorker();
      const { engine } = bench;
      let runs = 0;
      engine.handlers.define('timed', () => (runs += 1));
      const completed = nextEvent(engine, 'completed');
      await engine.workerHost.start();
      await engine.scheduler.schedule(new Date(START + 5_000), 'timed');

      store.clock.advance(4_999);
      await look(bench);
      expect(runs).toBe(0);
      store.clock.advance(1);

      expect((await completed).job.lastRunAt).toEqual(new Date(START + 5_000));
      expect(runs).toBe(1);
    });

    it('whose time is up a second time, and then no more; what its handler brings late is not stored', async () => {
      const { engine } = await newWorker();
      let runs = 0;
      engine.handlers.define(
        'slow',
        (job) => {
          runs += 1;
          return new Promise((resolve) =>
            job.signal.addEventListener('abort', () => resolve('late')),
          );
        },
        { timeout: 5, attempts: 2, backoff: 0 },
      );
      const dead = nextEvent(engine, 'dead');
      await engine.workerHost.start();
      const { id } = await engine.scheduler.now('slow');

      expect(await dead).toMatchObject({ error: expect.any(JobTimeoutError) });
      expect(runs).toBe(2);
      const stored = await engine.scheduler.get(id);
      expect(stored).toMatchObject({ state: 'failed', failCount: 2, result: undefined });
      expect(stored!.attrs.nextRunAt).toBeNull();
    });

    it('whose handler throws whatever it likes: that is a failure with a reason', async () => {
      const { engine, errors } = await newWorker();
      const odd = Object.assign(new Error('odd'), { self: {}, big: 1n });
      odd.self = odd;
      const handlers: Record<string, () => unknown> = {
        rejects: async () => {
          throw new Error('no luck');
        },
        throws: () => {
          throw new Error('at once');
        },
        'rejects later': () => new Promise((_, no) => setImmediate(no, new Error('later'))),
        'throws undefined': () => {
          throw undefined;
        },
        'cannot be serialised': () => {
          throw odd;
        },
      };
      const names = Object.keys(handlers);
      for (const name of names) engine.handlers.define(name, handlers[name]!);
      const dead = nextEvents(engine, 'dead', names.length);
      await engine.workerHost.start();
      const jobs = await engine.scheduler.schedule('now', names);
      await dead;

      const stored = await Promise.all(jobs.map(({ id }) => engine.scheduler.get(id)));
      expect(stored.map((job) => [job!.name, job!.state, job!.failReason])).toEqual([
        ['rejects', 'failed', 'no luck'],
        ['throws', 'failed', 'at once'],
        ['rejects later', 'failed', 'later'],
        ['throws undefined', 'failed', 'The handler threw undefined'],
        ['cannot be serialised', 'failed', 'odd'],
      ]);
      expect(errors).toEqual([]);
    });
  });

  it('leases no job before it has a slot for it', async () => {
    const { engine } = await newWorker();
    const ends = gate();
    engine.handlers.define('long', () => ends.opened, { concurrency: 2 });
    engine.handlers.define('other', () => undefined);
    const others = nextEvent(engine, 'completed:other');
    await engine.workerHost.start();
    await engine.scheduler.enqueueMany(Array.from({ length: 5 }, () => ({ name: 'long' })));
    await until(() => engine.workerHost.status().running === 2);
    // By its end the worker has claimed again, with both slots taken.
    await engine.scheduler.now('other');
    await others;

    expect(await engine.scheduler.counts('long')).toMatchObject({ running: 2, queued: 3 });
    const completed = nextEvents(engine, 'completed:long', 5);
    ends.open();
    await completed;
    expect(await engine.scheduler.counts('long')).toMatchObject({ completed: 5, total: 5 });
  });

  describe('that stops', () => {
    async function stopOne(
      shutdown: EngineOptions['shutdown'],
      end: (job: Job) => Promise<unknown>,
      whileStopping: () => void = () => {},
    ) {
      const { engine } = await newWorker({ shutdown, defaultConcurrency: 1 });
      engine.handlers.define('long', end);
      const started = nextEvent(engine, 'started');
      await engine.workerHost.start();
      const running = await engine.scheduler.now('long');
      const waiting = await engine.scheduler.now('long');
      await started;

      const stopped = engine.workerHost.stop();
      whileStopping();
      await stopped;

      expect(await engine.scheduler.get(waiting.id)).toMatchObject({ state: 'queued', attempt: 0 });
      return () => engine.scheduler.get(running.id);
    }
    const handedBack = { state: 'queued', attempt: 0, failCount: 0, result: undefined };

    it('gracefully, keeps what its handlers bring in time', async () => {
      const ends = gate<string>();

      const job = await stopOne(
        { timeout: '1m' },
        () => ends.opened,
        () => ends.open('in time'),
      );

      expect(await job()).toMatchObject({ state: 'completed', attempt: 1, result: 'in time' });
    });

    it('softly, fires the signals, and hands the jobs of those who obey back uncounted', async () => {
      const job = await stopOne(
        { timeout: 0, grace: '1m' },
        ({ signal }) =>
          new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      );

      expect(await job()).toMatchObject(handedBack);
    });

    it('hard, waits for nobody: the jobs go back uncounted, and what comes later is not stored', async () => {
      const ends = gate<string>();
      const job = await stopOne({ timeout: 0, grace: 0 }, () => ends.opened);
      expect(await job()).toMatchObject(handedBack);

      ends.open('too late');
      await new Promise(setImmediate);

      expect(await job()).toMatchObject(handedBack);
    });
  });

  it('leaves jobs of a name without a handler here to a process that has one', async () => {
    const [one, other] = [await newWorker(), await newWorker()];
    one.engine.handlers.define('mail', () => 'mail of one');
    await one.engine.workerHost.start();
    const { id } = await one.engine.scheduler.now('report');
    await look(one);

    expect(await one.engine.scheduler.get(id)).toMatchObject({
      state: 'queued',
      attempt: 0,
      failCount: 0,
    });
    other.engine.handlers.define('report', () => 'report of the other');
    const completed = nextEvent(other.engine, 'completed');
    await other.engine.workerHost.start();
    expect((await completed).result).toBe('report of the other');
  });

  it('is one of ten with one schedule: every occurrence runs once', async () => {
    const workers = await Promise.all(Array.from({ length: 10 }, () => newWorker()));
    const runs: number[] = [];
    for (const { engine } of workers) {
      engine.handlers.define('tick', (job) => runs.push(Number(job.attrs.nextRunAt)));
      await engine.workerHost.start();
    }
    await Promise.all(workers.map(({ engine }) => engine.scheduler.every('* * * * *', 'tick')));
    const first = Math.ceil(START / MINUTE) * MINUTE;
    const occurrences = [0, 1, 2, 3, 4].map((n) => first + n * MINUTE);

    for (const [n, occurrence] of occurrences.entries()) {
      store.clock.set(occurrence);
      await until(() => runs.length > n);
      await Promise.all(workers.map(look));
    }

    expect(runs).toEqual(occurrences);
    expect(await workers[0]!.engine.scheduler.counts('tick')).toMatchObject({
      repeating: 1,
      total: 1,
    });
  });

  it('runs far more than ten jobs a second', async () => {
    const { engine } = await newWorker({ processEvery: '5s' });
    engine.handlers.define('quick', () => undefined);
    const completed = nextEvents(engine, 'completed', 500);
    await engine.scheduler.enqueueMany(Array.from({ length: 500 }, () => ({ name: 'quick' })));
    const startedAt = performance.now();
    await engine.workerHost.start();

    await completed;

    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
