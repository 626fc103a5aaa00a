import type { Engine } from '../../../lib/core/engine.js';
import {
  BackendClosedError,
  InvalidOptionError,
  JobCancelledError,
  JobFailedError,
  JobNotFoundError,
  ResultOmittedError,
  WaitTimeoutError,
} from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { Job } from '../../../lib/core/job/job.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, type TestBench, until } from './support.js';

afterEach(closeBenches);

/** As long as a test needs it not to come. */
const NEVER_MS = 3_600_000;

/** Two processes on one store: the one waits, the other works. */
async function twoProcesses({
  lookEveryMs = NEVER_MS,
  ...options
}: EngineOptions & { lookEveryMs?: number } = {}): Promise<{
  waiting: TestBench;
  working: TestBench;
}> {
  const store = new MemoryBackend();
  const parts = { lookEveryMs };
  const waiting = await makeBench({ worker: false }, store, parts);
  const working = await makeBench(options, new MemoryBackend({}, { sharing: store }), parts);
  return { waiting, working };
}

/** Waits for a job; resolves as soon as it has been looked at. */
async function waitFor(
  { engine }: TestBench,
  id: string,
): Promise<{ readonly end: Promise<unknown> }> {
  const { manager } = engine.parts;
  const getMany = manager.getMany.bind(manager);
  const looked = new Promise<void>((resolve) => {
    manager.getMany = async (ids) => {
      const jobs = await getMany(ids);
      setImmediate(resolve);
      return jobs;
    };
  });
  const end = outcomeOf(engine.scheduler.waitFor(id));
  await looked;
  manager.getMany = getMany;
  return { end };
}

/** How it ended, whenever that is. */
const outcomeOf = (end: Promise<unknown>): Promise<unknown> =>
  end.then(
    (result) => ({ result }),
    (error: unknown) => error,
  );

async function startWith(
  engine: Engine,
  handler: (job: Job) => unknown,
  options = {},
): Promise<void> {
  engine.handlers.define('mail', handler, options);
  await engine.workerHost.start();
}

describe('a wait for a job of another process', () => {
  it.each([0, '', false, null, undefined, { sent: [1] }])(
    'brings its result as it is: %j',
    async (result) => {
      const { waiting, working } = await twoProcesses();
      await startWith(working.engine, () => result);

      const { id } = await waiting.engine.scheduler.now('mail');

      expect(await waiting.engine.scheduler.waitFor(id)).toEqual(result);
    },
  );

  it('brings that of one that ended before', async () => {
    const { waiting, working } = await twoProcesses();
    const completed = nextEvent(working.engine, 'completed');
    await startWith(working.engine, () => 'early');
    const job = await waiting.engine.scheduler.now('mail');
    await completed;

    expect(await waiting.engine.scheduler.waitFor(job)).toBe('early');
  });

  it('misses no end that comes while it reads the state', async () => {
    const { waiting, working } = await twoProcesses();
    const ends = gate();
    await startWith(working.engine, () => ends.opened.then(() => 'meanwhile'));
    const { id } = await waiting.engine.scheduler.now('mail');
    const { manager } = waiting.engine.parts;
    const getMany = manager.getMany.bind(manager);
    const completed = nextEvent(working.engine, 'complete');
    manager.getMany = async (ids) => {
      const jobs = await getMany(ids);
      manager.getMany = getMany;
      ends.open();
      await completed;
      return jobs;
    };

    expect(await waiting.engine.scheduler.waitFor(id)).toBe('meanwhile');
  });

  it('goes on over failures that are tried again, and ends with the last one', async () => {
    const { waiting, working } = await twoProcesses();
    let attempts = 0;
    await startWith(
      working.engine,
      () => {
        throw new Error(`attempt ${++attempts}`);
      },
      { attempts: 3 },
    );

    const job = await waiting.engine.scheduler.now('mail');
    const error = await outcomeOf(waiting.engine.scheduler.waitFor(job.id));

    expect(error).toBeInstanceOf(JobFailedError);
    expect(error).toMatchObject({
      jobId: job.id,
      jobName: 'mail',
      reason: 'exhausted',
      attempts: 3,
      failure: { message: 'attempt 3' },
    });
  });

  it('ends with the reason of a cancel while it runs', async () => {
    const { waiting, working } = await twoProcesses();
    const started = nextEvent(working.engine, 'started');
    await startWith(
      working.engine,
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    );
    const { id } = await waiting.engine.scheduler.now('mail');
    await started;
    const { end } = await waitFor(waiting, id);

    await working.engine.scheduler.cancel(id, { reason: 'no longer wanted' });

    const error = await end;
    expect(error).toBeInstanceOf(JobCancelledError);
    expect(error).toMatchObject({ jobId: id, jobName: 'mail', reason: 'no longer wanted' });
  });

  it('ends when the job is removed before it has run, by this process', async () => {
    const { waiting } = await twoProcesses();
    const { id } = await waiting.engine.scheduler.now('mail');
    const { end } = await waitFor(waiting, id);

    await waiting.engine.scheduler.cancel({ name: 'mail' });

    expect(await end).toBeInstanceOf(JobCancelledError);
  });

  it('ends when the job is removed by another one, of which no news comes', async () => {
    const { waiting, working } = await twoProcesses({ lookEveryMs: 20 });
    const { id } = await waiting.engine.scheduler.now('mail');
    const { end } = await waitFor(waiting, id);

    await working.engine.scheduler.cancel(id);

    const error = await end;
    expect(error).toBeInstanceOf(JobNotFoundError);
    expect(error).toMatchObject({ jobId: id, jobName: 'mail' });
  });

  it('says that a job was deleted when it had succeeded', async () => {
    const { waiting, working } = await twoProcesses();
    const ends = gate();
    await startWith(working.engine, () => ends.opened, { removeOnComplete: true });
    const { id } = await waiting.engine.scheduler.now('mail');
    const { end } = await waitFor(waiting, id);

    ends.open();

    expect(await end).toBeInstanceOf(ResultOmittedError);
  });

  it('finds the end though its news is lost', async () => {
    const { waiting, working } = await twoProcesses({ lookEveryMs: 20 });
    working.engine.parts.notificationChannel!.publishStates = () => Promise.resolve();
    await startWith(working.engine, () => 'unheard');

    const { id } = await waiting.engine.scheduler.now('mail');

    expect(await waiting.engine.scheduler.waitFor(id)).toBe('unheard');
  });

  it('looks again when news comes again after it was cut off', async () => {
    const { waiting, working } = await twoProcesses();
    working.engine.parts.notificationChannel!.publishStates = () => Promise.resolve();
    const completed = nextEvent(working.engine, 'completed');
    const ends = gate();
    await startWith(working.engine, () => ends.opened.then(() => 'unheard'));
    const { id } = await waiting.engine.scheduler.now('mail');
    const { end } = await waitFor(waiting, id);
    ends.open();
    await completed;

    waiting.engine.events.emitHostwide('reconnected', { since: new Date() });

    expect(await end).toEqual({ result: 'unheard' });
  });

  it('goes on when the store cannot be read for a while', async () => {
    const { waiting, working } = await twoProcesses({ lookEveryMs: 20 });
    const ends = gate();
    await startWith(working.engine, () => ends.opened.then(() => 'after all'));
    const { id } = await waiting.engine.scheduler.now('mail');
    const { end } = await waitFor(waiting, id);
    const { manager } = waiting.engine.parts;
    const getMany = manager.getMany.bind(manager);
    let failures = 0;
    manager.getMany = async () => {
      if (++failures === 2) manager.getMany = getMany;
      throw new Error('gone');
    };
    await until(() => failures === 2);
    ends.open();

    expect(await end).toEqual({ result: 'after all' });
  });
});

describe('a wait', () => {
  it('for a job of this process needs no look at the store', async () => {
    const { engine } = await makeBench({}, undefined, { lookEveryMs: NEVER_MS });
    const ends = gate();
    await startWith(engine, () => ends.opened.then(() => ({ at: new Date(0) })));
    const { id } = await engine.scheduler.now('mail');
    const end = engine.scheduler.waitFor(id);
    const { manager } = engine.parts;
    let looks = 0;
    const getMany = manager.getMany.bind(manager);
    manager.getMany = (ids) => {
      looks += 1;
      return getMany(ids);
    };
    await until(() => looks === 1);
    await new Promise(setImmediate);

    ends.open();

    expect(await end).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(looks).toBe(1);
  });

  it('is ended by its timeout, and the job goes on', async () => {
    const { engine } = await makeBench();
    const { id } = await engine.scheduler.now('mail');

    const error = await outcomeOf(engine.scheduler.waitFor(id, { timeout: 20 }));

    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ jobId: id, timeoutMs: 20 });
    expect((await engine.scheduler.get(id))!.state).toBe('queued');
  });

  it('is ended by its signal, with the reason', async () => {
    const { engine } = await makeBench();
    const { id } = await engine.scheduler.now('mail');
    const controller = new AbortController();
    const { signal } = controller;

    const end = outcomeOf(engine.scheduler.waitFor(id, { signal }));
    controller.abort(new Error('changed my mind'));

    expect(await end).toEqual(new Error('changed my mind'));
    expect(await outcomeOf(engine.scheduler.waitFor(id, { signal }))).toEqual(
      new Error('changed my mind'),
    );
  });

  it('is ended by the end of the engine', async () => {
    const { engine } = await makeBench();
    const { id } = await engine.scheduler.now('mail');
    const end = outcomeOf(engine.scheduler.waitFor(id, { timeout: false }));
    await until(() => engine.events.wantsRemote);

    await engine.close();

    expect(await end).toBeInstanceOf(BackendClosedError);
    expect(await outcomeOf(engine.scheduler.waitFor(id))).toBeInstanceOf(BackendClosedError);
  });

  it('is refused for a job that is not there', async () => {
    const { engine } = await makeBench();

    expect(await outcomeOf(engine.scheduler.waitFor('nobody'))).toEqual(
      new JobNotFoundError('nobody'),
    );
  });

  it.each([
    [{ timeout: 0 }],
    [{ timeout: 'soon' }],
    [{ timeout: true }],
    [{ signal: {} }],
    [{ pollEvery: 5 }],
  ])('is refused with %j', async (options) => {
    const { engine } = await makeBench();
    const { id } = await engine.scheduler.now('mail');

    const error = await outcomeOf(engine.scheduler.waitFor(id, options as never));

    expect(error).toBeInstanceOf(InvalidOptionError);
  });

  it('says that a result is not kept, and how large it is', async () => {
    const { engine } = await makeBench({ maxResultBytes: 10 });
    await startWith(engine, () => 'x'.repeat(9));
    const { id } = await engine.scheduler.now('mail');

    const [here, stored] = [
      await outcomeOf(engine.scheduler.waitFor(id)),
      await outcomeOf(engine.scheduler.waitFor(id)),
    ];

    for (const error of [here, stored]) {
      expect(error).toBeInstanceOf(ResultOmittedError);
      expect(error).toMatchObject({ jobId: id, jobName: 'mail', bytes: 11 });
    }
  });

  it.each<[string, EngineOptions, HandlerOptions]>([
    ['of its handler', { maxResultBytes: 1 }, { maxResultBytes: 11 }],
    ['of its name in the configuration', { handlers: { mail: { maxResultBytes: 11 } } }, {}],
  ])('brings a result that the limit %s allows', async (_, options, own) => {
    const { engine } = await makeBench(options);
    await startWith(engine, () => 'x'.repeat(9), own);
    const { id } = await engine.scheduler.now('mail');

    expect(await engine.scheduler.waitFor(id)).toBe('x'.repeat(9));
    expect((await engine.scheduler.get(id))!.result).toBe('x'.repeat(9));
  });

  it('listens only as long as somebody waits', async () => {
    const { engine } = await makeBench();
    await startWith(engine, () => 'done');
    const jobs = await Promise.all([1, 2, 3].map(() => engine.scheduler.now('mail')));

    await Promise.all(jobs.map((job) => engine.scheduler.waitFor(job)));

    expect(engine.events.wantsRemote).toBe(false);
    expect(engine.events.wants('completed', 'mail')).toBe(false);
  });

  it('of many is served by one look', async () => {
    const { waiting, working } = await twoProcesses({ maxConcurrency: 100 });
    await startWith(working.engine, () => 'done', { concurrency: 100 });

    const jobs = await Promise.all(
      Array.from({ length: 150 }, () => waiting.engine.scheduler.now('mail')),
    );
    const twice = [...jobs, ...jobs].map((job) => waiting.engine.scheduler.waitFor(job));

    expect(new Set(await Promise.all(twice))).toEqual(new Set(['done']));
  });
});

describe('a wait for a recurring job', () => {
  it('ends with its next run, whatever it came to before', async () => {
    const { engine } = await makeBench();
    let runs = 0;
    await startWith(engine, () => ++runs);
    const completed = nextEvent(engine, 'completed');
    const job = await engine.scheduler.every('1 hour', 'mail');
    const first = engine.scheduler.waitFor(job);
    await completed;
    expect(await first).toBe(1);

    const second = engine.scheduler.waitFor(job);
    await (await engine.scheduler.get(job.id))!.run();

    expect(await second).toBe(2);
  });

  it('ends with the run that gives its occurrence up, not with a retry', async () => {
    const { waiting, working } = await twoProcesses();
    let attempts = 0;
    const begins = gate();
    await startWith(
      working.engine,
      async () => {
        await begins.opened;
        throw new Error(`attempt ${++attempts}`);
      },
      { attempts: 2 },
    );
    const job = await waiting.engine.scheduler.every('1 hour', 'mail');
    const { end } = await waitFor(waiting, job.id);

    begins.open();

    const error = await end;

    expect(error).toBeInstanceOf(JobFailedError);
    expect(error).toMatchObject({ failure: { message: 'attempt 2' }, reason: undefined });
  });
});

describe('runAndWait', () => {
  it('brings what the handler returns for the data', async () => {
    const { waiting, working } = await twoProcesses();
    working.engine.handlers.define('double', (job) => (job.data as number) * 2);
    await working.engine.workerHost.start();

    const result: number = await waiting.engine.scheduler.runAndWait<number>('double', 21);

    expect(result).toBe(42);
  });

  it.each([
    ['in its options', { removeOnComplete: true }, {}],
    ['by the module', {}, { removeOnComplete: true }],
  ])('keeps a job that is to be deleted %s until its result is read', async (_, own, module) => {
    const store = new MemoryBackend();
    const working = await makeBench(module, new MemoryBackend({}, { sharing: store }));
    const waiting = await makeBench({ ...module, worker: false }, store);
    await startWith(working.engine, () => 'kept');
    const completed = nextEvent(working.engine, 'completed');

    const result = waiting.engine.scheduler.runAndWait('mail', undefined, own);

    const { job } = await completed;
    expect(job.result).toBe('kept');
    expect(await result).toBe('kept');
    expect(await waiting.engine.scheduler.get(job.id)).toBeUndefined();
  });

  it('keeps a job for a minute after its end, or longer if so wished', async () => {
    const { engine, backend } = await makeBench();
    await startWith(engine, () => 'done');
    await engine.scheduler.runAndWait('mail');
    await engine.scheduler.runAndWait('mail', undefined, {
      retention: { completed: { age: '1 second' } },
    });
    await engine.scheduler.runAndWait('mail', undefined, {
      retention: { completed: { age: '1 hour' } },
    });
    await engine.scheduler.runAndWait('mail', undefined, { retention: { completed: false } });

    const { jobs } = await engine.scheduler.queryJobs({ sort: { nextRunAt: 1 } });
    const records = await Promise.all(jobs.map(({ id }) => backend.manager!.get(id)));
    const kept = records.map((record) => record!.overrides!.retention!.completed);

    expect(new Set(kept)).toEqual(new Set([60_000, 3_600_000, null]));
  });

  it('fails as its job does', async () => {
    const { engine } = await makeBench();
    await startWith(engine, () => {
      throw new Error('no luck');
    });

    const error = await outcomeOf(engine.scheduler.runAndWait('mail'));

    expect(error).toBeInstanceOf(JobFailedError);
    expect(error).toMatchObject({ reason: 'exhausted', attempts: 1 });
  });

  it('keeps a dead letter that is to be deleted until its failure is read', async () => {
    const { waiting, working } = await twoProcesses({ removeOnFail: true });
    await startWith(working.engine, () => {
      throw new Error('no luck');
    });

    const error = await outcomeOf(waiting.engine.scheduler.runAndWait('mail'));

    expect(error).toMatchObject({ failure: { message: 'no luck' } });
  });

  it('counts its time from the call on, and leaves the job alone', async () => {
    const { engine } = await makeBench();

    const error = await outcomeOf(
      engine.scheduler.runAndWait('mail', undefined, { wait: { timeout: 20 } }),
    );

    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect((await engine.scheduler.counts('mail')).queued).toBe(1);
  });

  it('adds nothing when it was given up before', async () => {
    const { engine } = await makeBench();
    const signal = AbortSignal.abort(new Error('too late'));

    const error = await outcomeOf(engine.scheduler.runAndWait('mail', 1, { wait: { signal } }));

    expect(error).toEqual(new Error('too late'));
    expect((await engine.scheduler.counts('mail')).total).toBe(0);
  });

  it('waits for the job in place when its key is taken', async () => {
    const { engine } = await makeBench();
    let runs = 0;
    await startWith(engine, () => ++runs);
    const options = { idempotencyKey: 'order-1' };

    expect(await engine.scheduler.runAndWait('mail', undefined, options)).toBe(1);
    expect(await engine.scheduler.runAndWait('mail', undefined, options)).toBe(1);
  });
});
