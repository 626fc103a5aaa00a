import {
  ConnectionError,
  InvalidCursorError,
  InvalidOptionError,
  JobNotRunningError,
} from '../../../lib/core/errors.js';
import type { LoggedLines, Settlement } from '../../../lib/core/contracts/job-broker.js';
import type { Job } from '../../../lib/core/job/job.js';
import {
  closeBenches,
  gate,
  makeBench,
  nextEvent,
  nextEvents,
  type TestBench,
  until,
} from '../engine/support.js';

afterEach(closeBenches);

/** What went to the store with renewals, in order. */
function toldTo({ broker }: TestBench): { progress?: unknown; lines?: LoggedLines }[] {
  return broker
    .argsOf('renew')
    .flatMap(([leases]) => leases.map(({ progress, lines }) => ({ progress, lines })));
}

/** Runs one job to its end. */
async function run(bench: TestBench, handler: (job: Job) => unknown): Promise<Job> {
  const { engine } = bench;
  engine.handlers.define('mail', handler);
  const ended = nextEvent(engine, 'complete');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail');
  await ended;
  return (await engine.scheduler.get(id))!;
}

describe('progress', () => {
  it('of a run is stored before its end, the last word alone', async () => {
    const bench = await makeBench();
    const seen: unknown[] = [];
    bench.engine.events.on('progressed', ({ progress }) => seen.push(progress));

    const job = await run(bench, (running) => {
      for (let n = 1; n <= 5; n++) running.progress({ n });
    });

    expect(job.progress()).toEqual({ n: 5 });
    expect(job.attrs.progress).toBeUndefined();
    expect(toldTo(bench)).toEqual([{ progress: { n: 5 }, lines: undefined }]);
    expect(seen).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
  });

  it('is what its job shows at once, as JSON and apart from what was given', async () => {
    const bench = await makeBench();
    const given = { at: new Date(0), of: undefined as unknown };

    await run(bench, (job) => {
      job.progress(given);
      given.of = 'changed';
      expect(job.progress()).toEqual({ at: '1970-01-01T00:00:00.000Z' });
      expect(job.toJSON().progress).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    });
  });

  it('of a run that goes on is stored meanwhile, at most every 250 ms', async () => {
    const bench = await makeBench();
    const written: number[] = [];
    const renew = bench.backend.broker!.renew.bind(bench.backend.broker);
    bench.backend.broker!.renew = (...args) => {
      written.push(performance.now());
      return renew(...args);
    };

    await run(bench, async (job) => {
      for (let n = 0; written.length < 4; n++) {
        job.progress(n);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });

    const [first, second, third, fourth] = written;
    expect(second! - first!).toBeGreaterThanOrEqual(249);
    expect(third! - second!).toBeGreaterThanOrEqual(249);
    expect(fourth! - third!).toBeGreaterThanOrEqual(249);
  });

  it('of all jobs of a host goes in one call', async () => {
    const bench = await makeBench();
    const { engine, broker } = bench;
    engine.handlers.define('mail', (job: Job<number>) => job.progress(job.data), {
      concurrency: 10,
    });
    await engine.scheduler.enqueueMany([1, 2, 3, 4, 5].map((data) => ({ name: 'mail', data })));
    let ends = 0;
    engine.events.on('complete', () => ends++);

    await engine.workerHost.start();
    await until(() => ends === 5);

    expect(broker.argsOf('renew')).toHaveLength(1);
    expect(toldTo(bench).map(({ progress }) => progress)).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts as a touch: a handler that tells it is not silent', async () => {
    const bench = await makeBench({ defaultLockLifetime: 60 });

    const job = await run(bench, async (running) => {
      for (let n = 0; n < 20; n++) {
        running.progress(n);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return 'done';
    });

    expect(job.result).toBe('done');
  });

  it('waits for the store to come back, and so does the end of its run', async () => {
    const bench = await makeBench();
    bench.broker.failNext('renew', new ConnectionError('gone', true));

    const job = await run(bench, (running) => {
      running.progress('all');
      running.log('a line');
    });

    expect(job.progress()).toBe('all');
    expect((await bench.engine.scheduler.logs(job.id))!.lines).toEqual(['a line']);
  });

  it('that the store cannot take is reported, and keeps no job from ending', async () => {
    const bench = await makeBench();
    bench.broker.failNext('renew', new Error('no room for progress'));

    const job = await run(bench, (running) => running.progress(50));

    expect(job.state).toBe('completed');
    expect(bench.errors.map(({ message }) => message)).toEqual([
      `Progress or lines of these jobs cannot be stored: ${job.id}. no room for progress`,
    ]);
  });

  it('of a job that is cancelled meanwhile goes nowhere, and troubles nobody', async () => {
    const bench = await makeBench();
    const { engine } = bench;
    engine.handlers.define('mail', async (job) => {
      job.progress(50);
      job.log('a line');
      await engine.scheduler.cancel(job.id);
    });
    const told = nextEvent(engine, 'cancelled');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    await told;
    await engine.workerHost.stop();

    expect(await engine.scheduler.logs(id)).toBeUndefined();
    expect(bench.errors).toEqual([]);
  });

  it.each([undefined, Number.NaN, 1n, () => 1, 'x'.repeat(16 * 1024), [undefined]])(
    'is refused unless it is JSON of at most 16 KiB: case %#',
    async (value) => {
      const bench = await makeBench();

      const job = await run(bench, (running) => {
        expect(() => running.progress(value)).toThrow(InvalidOptionError);
      });

      expect([job.progress(), toldTo(bench)]).toEqual([undefined, []]);
    },
  );

  it('is for the handler of a running job alone', async () => {
    const bench = await makeBench();
    let kept: Job | undefined;
    const job = await run(bench, (running) => void (kept = running));

    for (const one of [job, kept!]) {
      expect(() => one.progress(1)).toThrow(JobNotRunningError);
      expect(() => one.log('late')).toThrow(JobNotRunningError);
    }
  });
});

describe('log', () => {
  it('keeps lines in their order, before the end of the run', async () => {
    const bench = await makeBench();
    const order: string[] = [];
    const { broker } = bench.backend;
    const settleAndClaim = broker!.settleAndClaim.bind(broker);
    broker!.settleAndClaim = (settlements: readonly Settlement[], claim) => {
      order.push(...settlements.map(({ kind }) => kind));
      return settleAndClaim(settlements, claim);
    };
    const renew = broker!.renew.bind(broker);
    broker!.renew = (...args) => {
      order.push('renew');
      return renew(...args);
    };

    const job = await run(bench, (running) => {
      running.log('one');
      running.log('two\nlines');
      running.log('');
    });

    expect(await bench.engine.scheduler.logs(job.id)).toMatchObject({
      lines: ['one', 'two\nlines', ''],
      more: false,
    });
    expect(order).toEqual(['renew', 'completed']);
  });

  it('of runs that have ended lets no more be claimed than may run, until it is stored', async () => {
    const { engine, broker } = await makeBench({ maxConcurrency: 2 });
    let runs = 0;
    engine.handlers.define('mail', (job) => {
      runs += 1;
      job.log('done');
    });
    const store = broker.hold('renew');
    await engine.workerHost.start();
    await engine.scheduler.enqueueMany(Array.from({ length: 5 }, () => ({ name: 'mail' })));
    await until(() => engine.workerHost.status().unsettled >= 2);

    // News of another job makes a host with room claim at once.
    await engine.scheduler.now('mail');
    await new Promise((resolve) => setImmediate(resolve));
    expect([runs, engine.workerHost.status().unsettled]).toEqual([2, 2]);

    const completed = nextEvents(engine, 'completed', 6);
    store();
    await completed;
  });

  it('goes on over the retries of a job', async () => {
    const bench = await makeBench();
    const { engine } = bench;
    engine.handlers.define(
      'mail',
      (job) => {
        job.log(`attempt ${job.attempt}`);
        if (job.attempt < 3) throw new Error('not yet');
      },
      { attempts: 3 },
    );
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    await completed;

    const { lines } = (await engine.scheduler.logs(id))!;
    expect(lines).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
  });

  it('sends no more of a flood than is kept', async () => {
    const bench = await makeBench();

    const job = await run(bench, (running) => {
      for (let n = 1; n <= 5_000; n++) running.log(`line ${n}`);
    });

    const { lines } = (await bench.engine.scheduler.logs(job.id, { limit: 1000 }))!;
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([1_000, 'line 4001', 'line 5000']);
    expect(toldTo(bench).map((told) => told.lines!.lines.length)).toEqual([1_000]);
  });

  it('cuts a line of more than 64 KiB', async () => {
    const bench = await makeBench();

    const job = await run(bench, (running) => running.log('é'.repeat(40_000)));

    const { lines } = (await bench.engine.scheduler.logs(job.id))!;
    expect(lines).toEqual(['é'.repeat(32 * 1024)]);
  });

  it('keeps texts alone', async () => {
    const bench = await makeBench();

    const job = await run(bench, (running) => {
      expect(() => running.log(7 as unknown as string)).toThrow(InvalidOptionError);
    });

    expect((await bench.engine.scheduler.logs(job.id))!.lines).toEqual([]);
  });

  it('is stored when the process stops in the middle of the run', async () => {
    const bench = await makeBench({ shutdown: { timeout: 0, grace: 0 } });
    const { engine, backend } = bench;
    const ends = gate();
    engine.handlers.define('mail', (job) => {
      job.log('begun');
      job.progress('half');
      return ends.opened;
    });
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await started;

    await engine.workerHost.stop();
    ends.open();

    const manager = (backend as unknown as { manager: typeof engine.parts.manager }).manager;
    expect((await manager.logs(id, { limit: 10 }))!.lines).toEqual([{ number: 1, text: 'begun' }]);
    expect(await manager.get(id)).toMatchObject({ progress: 'half', releaseCount: 1 });
  });
});

it('what a handler does not tell costs no call', async () => {
  const bench = await makeBench();

  await run(bench, () => 'plain');

  expect(bench.broker.argsOf('renew')).toEqual([]);
});

describe('the lines of a job', () => {
  async function logged(...lines: string[]): Promise<{ bench: TestBench; id: string }> {
    const bench = await makeBench();
    const { id } = await run(bench, (job) => {
      for (const line of lines) job.log(line);
    });
    return { bench, id };
  }

  it('come page by page, and a cursor at their end goes on with those that come later', async () => {
    const { bench, id } = await logged('one', 'two', 'three');
    const { scheduler } = bench.engine;

    const first = (await scheduler.logs(id, { limit: 2 }))!;
    const second = (await scheduler.logs(id, { limit: 2, cursor: first.cursor }))!;
    expect([first.lines, first.more]).toEqual([['one', 'two'], true]);
    expect([second.lines, second.more]).toEqual([['three'], false]);

    expect(await scheduler.logs(id, { cursor: second.cursor })).toEqual({
      lines: [],
      cursor: second.cursor,
      more: false,
    });
    await (await scheduler.get(id))!.run();
    const { lines } = (await scheduler.logs(id, { cursor: second.cursor }))!;
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('come from the newest on, if so wished', async () => {
    const { bench, id } = await logged('one', 'two', 'three');
    const { scheduler } = bench.engine;

    const first = (await scheduler.logs(id, { limit: 2, newestFirst: true }))!;
    const { cursor } = first;
    const second = (await scheduler.logs(id, { limit: 2, newestFirst: true, cursor }))!;

    expect([first.lines, second.lines]).toEqual([['three', 'two'], ['one']]);
  });

  it('are none of a job that is not there', async () => {
    const { engine } = await makeBench();

    expect(await engine.scheduler.logs('nobody')).toBeUndefined();
  });

  it('are not found by a cursor of another job or direction, nor by a damaged one', async () => {
    const { bench, id } = await logged('one');
    const { scheduler } = bench.engine;
    const { cursor } = (await scheduler.logs(id))!;

    for (const [which, options] of [
      ['other', { cursor }],
      [id, { cursor, newestFirst: true }],
      [id, { cursor: 'damaged' }],
    ] as const) {
      await expect(scheduler.logs(which, options)).rejects.toThrow(InvalidCursorError);
    }
  });

  it.each([{ limit: 0 }, { limit: 1_001 }, { newestFirst: 1 }, { since: 0 }])(
    'are refused with %j',
    async (options) => {
      const { engine } = await makeBench();

      await expect(engine.scheduler.logs('a', options as never)).rejects.toThrow(
        InvalidOptionError,
      );
    },
  );
});
