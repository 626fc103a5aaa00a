import { AsyncLocalStorage } from 'node:async_hooks';
import { JobContext } from '../../../lib/core/context/job-context.js';
import { InvalidOptionError, MiddlewareError, QueueFullError } from '../../../lib/core/errors.js';
import type { JobMiddleware } from '../../../lib/core/handlers/job-middleware.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

/** Middleware that notes when its parts begin and end. */
const noting = (name: string, notes: string[]): JobMiddleware => ({
  async add(_call, next) {
    notes.push(`${name} before add`);
    await next();
    notes.push(`${name} after add`);
  },
  async run(_job, next) {
    notes.push(`${name} before run`);
    const result = await next();
    notes.push(`${name} after run`);
    return result;
  },
});

/** Runs one job under this middleware, and tells how it ended. */
async function runUnder(
  run: NonNullable<JobMiddleware['run']>,
  handler: () => unknown = () => 'done',
) {
  const bench = await makeBench({ middleware: [{ run }] });
  bench.engine.handlers.define('work', handler);
  const job = await bench.engine.scheduler.now('work');
  await job.run();
  return { job, ...bench };
}

describe('middleware around runs', () => {
  it('is around the handler, the first outermost, inside the context of the run', async () => {
    const notes: string[] = [];
    const within: JobMiddleware = {
      run(job, next) {
        notes.push(`in the context: ${JobContext.current()?.job === job}`);
        return next();
      },
    };
    const middleware = [noting('outer', notes), within, noting('inner', notes)];
    const { engine } = await makeBench({ middleware });
    engine.handlers.define('work', () => void notes.push('handler'));
    const job = await engine.scheduler.now('work', {}, { context: null });
    notes.length = 0;

    await job.run();

    expect(notes).toEqual([
      'outer before run',
      'in the context: true',
      'inner before run',
      'handler',
      'inner after run',
      'outer after run',
    ]);
  });

  it('does not call a handler that was asked to end meanwhile', async () => {
    let calls = 0;
    const cancelling: JobMiddleware['run'] = async (job, next) => {
      await Promise.resolve();
      job.cancel('too late');
      return next();
    };

    const { job } = await runUnder(cancelling, () => {
      calls += 1;
    });

    expect(job.attrs.failReason).toContain('too late');
    expect(calls).toBe(0);
  });

  it('gives the handler what it has around it, such as a context of its own', async () => {
    const tenants = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const handler = async () => {
      await Promise.resolve();
      seen = tenants.getStore();
    };

    await runUnder((job, next) => tenants.run(`of ${job.name}`, next), handler);

    expect(seen).toBe('of work');
  });

  it('sees what the handler returns, and decides what the result is', async () => {
    const { job } = await runUnder(async (_job, next) => ({ wrapped: await next() }));

    expect(job.result).toEqual({ wrapped: 'done' });
  });

  it('completes the job without its handler where it does not call next', async () => {
    let ran = false;

    const { job } = await runUnder(
      () => 'answered here',
      () => (ran = true),
    );

    expect(ran).toBe(false);
    expect(job.result).toBe('answered here');
  });

  it('fails the job by what it throws, at once or later', async () => {
    const atOnce = await runUnder(() => {
      throw new Error('at once');
    });
    const later = await runUnder(async (_job, next) => {
      await next();
      throw new Error('later');
    });

    expect(atOnce.job.failReason).toBe('at once');
    expect(later.job.failReason).toBe('later');
  });

  it('gets the failure of the handler, also one thrown at once, and may make a success of it', async () => {
    const failing = () => {
      throw new Error('broken');
    };

    const passed = await runUnder((_job, next) => next(), failing);
    const healed = await runUnder((_job, next) => next().catch(() => 'healed'), failing);

    expect(passed.job.failReason).toBe('broken');
    expect(healed.job.result).toBe('healed');
  });

  it('fails the job where it calls next twice: no handler runs twice in one attempt', async () => {
    let runs = 0;

    const { job } = await runUnder(
      async (_job, next) => [await next(), await next()],
      () => (runs += 1),
    );

    expect(runs).toBe(1);
    expect(job.failReason).toContain('called `next` twice');
  });

  it('keeps the run going as long as its handler runs, and fails the job where nobody waits for that', async () => {
    const ends: string[] = [];
    const unheard: NonNullable<JobMiddleware['run']> = (_job, next) => void next();
    const slow = (end: () => unknown) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ends.push('handler');
      return end();
    };

    const ended = await runUnder(
      unheard,
      slow(() => 'done'),
    );
    ends.push('run');
    const failed = await runUnder(
      unheard,
      slow(() => {
        throw new Error('broken');
      }),
    );

    expect(ends).toEqual(['handler', 'run', 'handler']);
    expect(ended.job.failReason).toContain('did not wait for `next`');
    expect(failed.job.failReason).toBe('broken');
  });

  it('runs no handler by a next that comes after it has ended', async () => {
    let runs = 0;
    let late: (() => Promise<unknown>) | undefined;

    const { job } = await runUnder(
      (_job, next) => {
        late = next;
        return 'answered here';
      },
      () => (runs += 1),
    );

    await expect(late!()).rejects.toThrow(MiddlewareError);
    expect(runs).toBe(0);
    expect(job.result).toBe('answered here');
  });

  it('lets a verdict of the handler through', async () => {
    const { engine } = await makeBench({ middleware: [noting('any', [])] });
    engine.handlers.define('later', (job) => job.snooze('1 hour'));
    const job = await engine.scheduler.now('later');

    await job.run();

    expect(job.snoozeCount).toBe(1);
    expect(job.failCount ?? 0).toBe(0);
  });
});

describe('middleware around adds', () => {
  it('is around each call, the first outermost, and may be left out of runs', async () => {
    const notes: string[] = [];
    const { engine } = await makeBench({
      middleware: [noting('outer', notes), { run: (_job, next) => next() }, noting('inner', notes)],
    });

    await engine.scheduler.now('work');

    expect(notes).toEqual([
      'outer before add',
      'inner before add',
      'inner after add',
      'outer after add',
    ]);
  });

  it('writes headers that travel with the job, over those it would have carried', async () => {
    const { engine } = await makeBench({
      context: () => ({ tenant: 'acme', dropped: 'yes' }),
      middleware: [
        {
          async add({ jobs }, next) {
            for (const { headers, id, name } of jobs) {
              headers.trace = `${name} ${id}`;
              delete headers.dropped;
            }
            await next();
          },
        },
      ],
    });

    const job = await engine.scheduler.now('work', {}, { context: { call: 'this' } });

    expect(job.context).toEqual({ tenant: 'acme', call: 'this', trace: `work ${job.id}` });
  });

  it('is asked once for each chunk of enqueueMany, with its jobs in order', async () => {
    const calls: string[][] = [];
    const { engine } = await makeBench({
      middleware: [
        {
          async add({ jobs }, next) {
            calls.push(jobs.map(({ name }) => name));
            for (const job of jobs) job.headers.chunk = String(calls.length);
            await next();
          },
        },
      ],
    });
    const items = ['a', 'b', 'c'].map((name) => ({ name }));

    const { jobs } = await engine.scheduler.enqueueMany(items, { chunkSize: 2 });

    expect(calls).toEqual([['a', 'b'], ['c']]);
    expect(jobs.map(({ context }) => context.chunk)).toEqual(['1', '1', '2']);
  });

  it('leaves the adds of one tick together', async () => {
    const { engine, broker } = await makeBench({ middleware: [noting('any', [])] });

    await Promise.all([1, 2, 3].map(() => engine.scheduler.now('work')));

    const enqueued = broker.calls.filter(({ call }) => call === 'enqueue');
    expect(enqueued.map(({ args: [jobs] }) => (jobs as unknown[]).length)).toEqual([3]);
  });

  it('is not asked for what recurs or is saved', async () => {
    const notes: string[] = [];
    const { engine } = await makeBench({ middleware: [noting('any', notes)] });

    await engine.scheduler.every('1 hour', 'recurring');
    await engine.scheduler.create('saved').save();

    expect(notes).toEqual([]);
  });

  it('adds nothing where it throws before next, or never calls it', async () => {
    const refuse: JobMiddleware['add'] = ({ jobs }) => {
      if (jobs[0]!.name === 'refused') throw new Error('not you');
    };
    const { engine } = await makeBench({ middleware: [{ add: refuse }] });

    await expect(engine.scheduler.now('refused')).rejects.toThrow('not you');
    await expect(engine.scheduler.now('forgotten')).rejects.toThrow(MiddlewareError);
    const many = await engine.scheduler.enqueueMany([{ name: 'forgotten' }]);

    expect(many.errors[0]!.error).toBeInstanceOf(MiddlewareError);
    expect(await engine.scheduler.getQueueSize()).toBe(0);
  });

  it('adds once where it calls next twice, and reports it', async () => {
    const add: JobMiddleware['add'] = async (_call, next) => {
      await next();
      await next();
    };
    const { engine, errors } = await makeBench({ middleware: [{ add }] });

    const job = await engine.scheduler.now('work');

    expect(job.created).toBe(true);
    expect(await engine.scheduler.getQueueSize()).toBe(1);
    expect(errors).toHaveLength(1);
    expect((errors[0]!.cause as Error).message).toContain('called `next` twice');
  });

  it('adds nothing by a next that comes after it has ended', async () => {
    let lateNext: (() => Promise<void>) | undefined;
    const add: JobMiddleware['add'] = (_call, next) => void (lateNext = next);
    const { engine } = await makeBench({ middleware: [{ add }] });
    await expect(engine.scheduler.now('work')).rejects.toThrow(MiddlewareError);

    await expect(lateNext!()).rejects.toThrow('after it had ended');

    expect(await engine.scheduler.getQueueSize()).toBe(0);
  });

  it('cannot take back what is added: its error after next is reported', async () => {
    const add: JobMiddleware['add'] = async (_call, next) => {
      await next();
      throw new Error('too late');
    };
    const { engine, errors } = await makeBench({ middleware: [{ add }] });

    const job = await engine.scheduler.now('work');

    expect(job.created).toBe(true);
    expect(errors.map(({ message }) => message)).toEqual([
      'Middleware failed after the jobs were added: too late',
    ]);
  });

  it('hears of a failure, and the caller does too, even if it is caught or not waited for', async () => {
    const heard: unknown[] = [];
    const { engine } = await makeBench({
      middleware: [
        { add: (_call, next) => void next().catch((error: unknown) => heard.push(error)) },
      ],
    });
    await engine.scheduler.limits('full').set({ maxQueued: 1 });
    await engine.scheduler.now('full');

    await expect(engine.scheduler.now('full')).rejects.toThrow(QueueFullError);

    expect(heard).toEqual([expect.any(QueueFullError)]);
  });

  it('costs no job by headers that cannot be kept: those it found go along, with an error event', async () => {
    const add: JobMiddleware['add'] = ({ jobs }, next) => {
      jobs[0]!.headers.big = 'x'.repeat(8192);
      return next();
    };
    const { engine, errors } = await makeBench({ middleware: [{ add }] });

    const job = await engine.scheduler.now('work', {}, { context: { tenant: 'acme' } });

    expect(job.context).toEqual({ tenant: 'acme' });
    expect(errors[0]!.message).toContain('goes without what middleware wrote');
  });
});

it.each([[{ run: 7 }], [{}], [null], [() => {}]])(
  'refuses middleware that is none: %p',
  async (one) => {
    const middleware = [one as JobMiddleware];

    await expect(makeBench({ middleware })).rejects.toThrow(InvalidOptionError);
  },
);

it('runs around jobs that the worker claims as well', async () => {
  const notes: string[] = [];
  const { engine } = await makeBench({ middleware: [noting('any', notes)] });
  engine.handlers.define('work', () => void notes.push('handler'));
  const ended = nextEvent(engine, 'completed');
  await engine.workerHost.start();

  await engine.scheduler.now('work');
  await ended;

  expect(notes.slice(-3)).toEqual(['any before run', 'handler', 'any after run']);
});
