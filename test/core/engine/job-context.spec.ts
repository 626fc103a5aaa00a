import { JobContext } from '../../../lib/core/context/job-context.js';
import type { Engine } from '../../../lib/core/engine.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

/** A handler that notes in which run it, and what it calls, believes to be. */
function noting(engine: Engine, name: string): (string | undefined)[] {
  const seen: (string | undefined)[] = [];
  engine.handlers.define(name, async () => {
    seen.push(JobContext.current()?.job.id);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.push(JobContext.current()?.job.id);
  });
  return seen;
}

describe('the context of a run', () => {
  it('is there wherever the handler goes, and nowhere else', async () => {
    const { engine } = await makeBench();
    const seen = noting(engine, 'deep');
    const ended = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('deep');
    await ended;

    expect(seen).toEqual([id, id]);
    expect(JobContext.current()).toBeUndefined();
  });

  it('gives the very job of the handler', async () => {
    const { engine } = await makeBench();
    const jobs: unknown[] = [];
    engine.handlers.define('same', (job) => jobs.push(job, JobContext.current()?.job));
    const ended = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await engine.scheduler.now('same');
    await ended;

    expect(jobs[0]).toBe(jobs[1]);
  });

  it('keeps runs that go on at the same time apart', async () => {
    const { engine } = await makeBench();
    const together = gate();
    let begun = 0;
    const pairs: [string, string | undefined][] = [];
    engine.handlers.define('twin', async (job) => {
      if (++begun === 2) together.open();
      await together.opened;
      pairs.push([job.id, JobContext.current()?.job.id]);
    });
    const ended = nextEvents(engine, 'completed', 2);
    await engine.workerHost.start();

    await Promise.all([engine.scheduler.now('twin'), engine.scheduler.now('twin')]);
    await ended;

    expect(new Set(pairs.map(([id]) => id)).size).toBe(2);
    for (const [own, found] of pairs) expect(found).toBe(own);
  });

  it('is there in a run by hand, and in a handler that calls done', async () => {
    const { engine } = await makeBench();
    const seen: (string | undefined)[] = [];
    engine.handlers.define('by-hand', (_job, done) => {
      seen.push(JobContext.current()?.job.id);
      setImmediate(() => {
        seen.push(JobContext.current()?.job.id);
        done();
      });
    });
    const job = await engine.scheduler.now('by-hand');

    await job.run();

    expect(seen).toEqual([job.id, job.id]);
  });

  it('is that of the inner run where a handler runs another job by hand', async () => {
    const { engine } = await makeBench();
    const inner = await engine.scheduler.now('inner');
    const seen = noting(engine, 'inner');
    let after: string | undefined;
    engine.handlers.define('outer', async () => {
      await inner.run();
      after = JobContext.current()?.job.id;
    });
    const outer = await engine.scheduler.now('outer');

    await outer.run();

    expect(seen).toEqual([inner.id, inner.id]);
    expect(after).toBe(outer.id);
  });

  it('does not spread to the jobs and events that a handler sets off', async () => {
    const { engine } = await makeBench();
    const around: Record<string, string | undefined> = {};
    for (const event of ['started', 'completed'] as const) {
      engine.events.on(`${event}:child`, () => (around[event] = JobContext.current()?.job.name));
    }
    let inChild: Job | undefined;
    engine.handlers.define('child', () => (inChild = JobContext.current()?.job));
    engine.handlers.define('parent', async () => void (await engine.scheduler.now('child')));
    const ended = nextEvent(engine, 'completed:child');
    await engine.workerHost.start();

    await engine.scheduler.now('parent');
    await ended;

    expect(inChild?.name).toBe('child');
    expect(around).toEqual({ started: undefined, completed: undefined });
  });

  it('does not spread to what the store answers to whatever a handler has told', async () => {
    const { engine, broker } = await makeBench();
    const around: (string | undefined)[] = [];
    engine.events.on('lost', () => around.push(JobContext.current()?.job.name));
    engine.handlers.define('telling', async (job) => {
      job.log('a line');
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    });
    broker.answerNext('renew', async () => {
      const [leases] = broker.argsOf('renew').at(-1)!;
      return { lost: leases.map((lease) => ({ ...lease, refusal: 'not-found' })) };
    });
    const ended = nextEvent(engine, 'lost');
    await engine.workerHost.start();

    await engine.scheduler.now('telling');
    await ended;

    expect(around).toEqual([undefined]);
  });
});

describe('the headers of a new job', () => {
  it('are what the call gives along', async () => {
    const { engine } = await makeBench();
    let headers: unknown;
    engine.handlers.define('told', () => (headers = JobContext.current()?.headers));
    const ended = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const job = await engine.scheduler.now('told', {}, { context: { tenant: 'acme' } });
    await ended;

    expect(job.context).toEqual({ tenant: 'acme' });
    expect(headers).toEqual({ tenant: 'acme' });
  });

  it('come from the call, else from the option, else from the job that runs, name by name', async () => {
    const { engine } = await makeBench({
      context: (name) => (name === 'child' ? { locale: 'option', call: 'option' } : undefined),
    });
    let child: Job | undefined;
    engine.handlers.define('parent', async () => {
      child = await engine.scheduler.now('child', {}, { context: { call: 'call' } });
    });
    const parent = { tenant: 'parent', locale: 'parent', call: 'parent' };
    const job = await engine.scheduler.now('parent', {}, { context: parent });

    await job.run();

    expect(job.context).toEqual(parent);
    expect(child?.context).toEqual({ tenant: 'parent', locale: 'option', call: 'call' });
  });

  it('pass through engines: what a handler of one adds by another inherits as well', async () => {
    const { engine } = await makeBench();
    const { engine: other } = await makeBench();
    let child: Job | undefined;
    engine.handlers.define('parent', async () => (child = await other.scheduler.now('child')));
    const job = await engine.scheduler.now('parent', {}, { context: { tenant: 'acme' } });

    await job.run();

    expect(child?.context).toEqual({ tenant: 'acme' });
  });

  it('leave out what is undefined, as outside of any request', async () => {
    const errors: Error[] = [];
    const { engine } = await makeBench({ context: () => ({ tenant: undefined, locale: 'fr' }) });
    engine.scheduler.on('error', (error) => errors.push(error));

    const job = await engine.scheduler.now('bare', {}, { context: { user: undefined } });

    expect(job.context).toEqual({ locale: 'fr' });
    expect(errors).toEqual([]);
  });

  it('are none where the call says null', async () => {
    const { engine } = await makeBench({ context: () => ({ tenant: 'acme' }) });

    const job = await engine.scheduler.now('bare', {}, { context: null });

    expect(job.context).toEqual({});
  });

  it('go with the jobs of schedule, runAndWait and enqueueMany, not with those of every and save', async () => {
    const { engine } = await makeBench({ context: () => ({ tenant: 'acme' }) });
    let called: unknown;
    engine.handlers.define('called', (job) => (called = job.context));
    await engine.workerHost.start();
    const { scheduler } = engine;

    const planned = await scheduler.schedule('in 1 hour', 'planned', {});
    const many = await scheduler.enqueueMany([
      { name: 'one' },
      { name: 'two', options: { context: { item: '2' } } },
      { name: 'three', options: { context: null } },
    ]);
    await scheduler.runAndWait('called', {});
    const recurring = await scheduler.every('1 hour', 'recurring');
    const saved = await scheduler.create('saved').save();

    expect(planned.context).toEqual({ tenant: 'acme' });
    expect(called).toEqual({ tenant: 'acme' });
    expect(many.jobs.map(({ context }) => context)).toEqual([
      { tenant: 'acme' },
      { tenant: 'acme', item: '2' },
      {},
    ]);
    expect(recurring.context).toEqual({});
    expect(saved.context).toEqual({});
  });

  it('are refused where the call gives what cannot be kept, and nothing is added', async () => {
    const { engine } = await makeBench();
    const add = (context: unknown) =>
      engine.scheduler.now('bad', {}, { context: context as Record<string, string> });

    await expect(add({ tenant: 7 })).rejects.toMatchObject({ option: 'context.tenant' });
    await expect(add({ big: 'x'.repeat(8192) })).rejects.toMatchObject({ option: 'context' });

    expect(await engine.scheduler.counts()).toMatchObject({});
    expect((await engine.scheduler.find({ names: ['bad'] })).jobs).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no tenant here');
      },
    ],
    ['answers with too much', () => ({ big: 'x'.repeat(8192) })],
    [
      'answers later',
      async () => {
        throw new Error('nobody waits for this');
      },
    ],
    ['answers with something else', () => 'acme'],
  ])(
    'are left out, with an error event, where the option %s: the job is added',
    async (_how, context) => {
      const { engine, errors } = await makeBench({ context: context as () => undefined });

      const job = await engine.scheduler.now('kept', {}, { context: { own: 'stays' } });

      expect(job.created).toBe(true);
      expect(job.context).toEqual({ own: 'stays' });
      expect(errors).toHaveLength(1);
      expect(errors[0]!.message).toContain('A new job "kept" goes without the context');
    },
  );

  it('are the nearest alone where all together are too many', async () => {
    const numbered = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, 'x']));
    const { engine, errors } = await makeBench({ context: () => numbered('option', 31) });

    const fitting = await engine.scheduler.now('fits', {}, { context: numbered('call', 1) });
    const job = await engine.scheduler.now('full', {}, { context: numbered('call', 2) });

    expect(Object.keys(fitting.context)).toHaveLength(32);
    expect(job.context).toEqual(numbered('call', 2));
    expect(errors).toHaveLength(1);
  });

  it('come from a function, or the engine is not made', async () => {
    const context = { tenant: 'acme' } as never;

    await expect(makeBench({ context })).rejects.toMatchObject({ option: 'context' });
  });
});
