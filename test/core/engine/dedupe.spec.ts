import type { Engine } from '../../../lib/core/engine.js';
import { InvalidJobError, InvalidOptionError } from '../../../lib/core/errors.js';
import type { DedupeOptions, JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, until } from './support.js';

afterEach(closeBenches);

const latest: DedupeOptions = { key: 'user-7', mode: 'latest' };

it('tells the job in place and what became of the call, in every way to add a job', async () => {
  const { engine } = await makeBench();
  const { scheduler } = engine;
  const options = { dedupe: latest };

  const first = await scheduler.now('mail', 1, options);
  const second = await scheduler.now('mail', 2, options);
  const third = await scheduler.schedule('in 1 hour', 'mail', 3, options);
  const { jobs, ...many } = await scheduler.enqueueMany([{ name: 'mail', data: 4, options }]);

  expect([first.created, first.deduped]).toEqual([true, undefined]);
  for (const [i, job] of [second, third, jobs[0]!].entries()) {
    expect(job).toMatchObject({ id: first.id, data: i + 2, created: false, deduped: 'replaced' });
  }
  expect(many).toMatchObject({ total: 1, created: 0, existing: 1, failed: 0 });
});

it.each<JobOptions>([{ id: 'mine' }, { idempotencyKey: 'order-7' }])(
  'tells a duplicate by %j as one',
  async (options) => {
    const { engine } = await makeBench();

    await engine.scheduler.now('mail', 1, options);

    expect(await engine.scheduler.now('mail', 2, options)).toMatchObject({
      created: false,
      deduped: 'duplicate',
    });
  },
);

it('runs the latest data once more after a run, and no two at once', async () => {
  const { engine } = await makeBench({ defaults: { concurrency: 5 } });
  const { scheduler, workerHost } = engine;
  const runs: unknown[] = [];
  let running = 0;
  let letGo = () => {};
  const begun = new Promise<void>((resolve) => {
    engine.handlers.define('mail', async ({ data }) => {
      expect(++running).toBe(1);
      runs.push(data);
      resolve();
      if (data === 1) await new Promise<void>((end) => (letGo = end));
      expect(data).toBe(runs.at(-1));
      running--;
    });
  });
  const first = await scheduler.now('mail', 1, { dedupe: latest });
  await workerHost.start();
  await begun;

  const answers = [];
  for (const data of [2, 3]) answers.push(await scheduler.now('mail', data, { dedupe: latest }));
  letGo();
  while ((await scheduler.get(first.id))!.state !== 'completed') await new Promise(setImmediate);

  expect(answers.map(({ deduped }) => deduped)).toEqual(['kept-for-next', 'kept-for-next']);
  expect(runs).toEqual([1, 3]);
});

it('gives each run of the latest all of its attempts', async () => {
  const { engine } = await makeBench();
  const { scheduler, workerHost } = engine;
  const attempts: [unknown, number][] = [];
  engine.handlers.define(
    'mail',
    async ({ data, attempt }) => {
      attempts.push([data, attempt]);
      if (attempts.length === 2) await scheduler.now('mail', 2, { dedupe: latest });
      throw new Error('no luck');
    },
    { attempts: 2 },
  );
  const job = await scheduler.now('mail', 1, { dedupe: latest });
  await workerHost.start();
  while ((await scheduler.get(job.id))!.nextRunAt !== null) await new Promise(setImmediate);

  expect(attempts).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ]);
});

it('adds in the order of the calls, those with a key among the others', async () => {
  const { engine, broker } = await makeBench();
  const { scheduler } = engine;
  const keyed = (data: number) =>
    scheduler.now('mail', data, { dedupe: { key: `user-${data}`, mode: 'latest' } });

  await Promise.all([
    scheduler.now('mail', 1),
    scheduler.now('mail', 2),
    keyed(3),
    keyed(4),
    scheduler.now('mail', 5),
  ]);

  expect(broker.calls.map(({ call }) => call)).toEqual(['enqueue', 'dedupe', 'dedupe', 'enqueue']);
  expect(await runsOf(engine, 5)).toEqual([1, 2, 3, 4, 5]);
});

it('does so in bulk, too', async () => {
  const { engine, broker } = await makeBench();
  const keyed = (data: number) => ({
    name: 'mail',
    data,
    options: { dedupe: { key: `user-${data % 10}`, mode: 'latest' as const } },
  });

  const result = await engine.scheduler.enqueueMany([
    { name: 'mail', data: 1 },
    { name: 'mail', data: 2 },
    keyed(3),
    keyed(4),
    keyed(13),
    { name: 'mail', data: 5 },
  ]);

  expect(broker.calls.map(({ call }) => call)).toEqual([
    'enqueue',
    ...['dedupe', 'dedupe', 'dedupe'],
    'enqueue',
  ]);
  expect(result).toMatchObject({ total: 6, created: 5, existing: 1, failed: 0 });
  expect(result.jobs.map(({ data, deduped }) => [data, deduped])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, undefined],
    [4, undefined],
    [13, 'replaced'],
    [5, undefined],
  ]);
  expect(await runsOf(engine, 5)).toEqual([1, 2, 13, 4, 5]);
});

it('fails an item of a bulk alone', async () => {
  const { engine, broker } = await makeBench();
  broker.failNext('dedupe', new Error('full'));

  const result = await engine.scheduler.enqueueMany(
    ['a', 'b'].map((key) => ({
      name: 'mail',
      data: key,
      options: { dedupe: { key, mode: 'latest' } },
    })),
  );

  expect(result).toMatchObject({ total: 2, created: 1, failed: 1 });
  expect(result.errors.map(({ index, error }) => [index, error.message])).toEqual([[0, 'full']]);
});

/** The data of the jobs, in the order in which one handler after the other gets them. */
async function runsOf({ handlers, workerHost }: Engine, count: number): Promise<unknown[]> {
  const runs: unknown[] = [];
  handlers.define('mail', ({ data }) => void runs.push(data), { concurrency: 1 });
  await workerHost.start();
  await until(() => runs.length === count);
  return runs;
}

it('fails a call alone', async () => {
  const { engine, broker } = await makeBench();
  const { scheduler } = engine;
  broker.failNext('dedupe', new Error('full'));

  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((key) => scheduler.now('mail', key, { dedupe: { key, mode: 'latest' } })),
  );

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

describe('a key', () => {
  const keyFor = async (data: unknown, key: DedupeOptions['key']): Promise<string> => {
    const { engine, broker } = await makeBench();
    await engine.scheduler.now('mail', data, { dedupe: { key, mode: 'latest' } });
    return broker.argsOf('dedupe')[0]![0].dedupe.key;
  };

  it('of fields is the same for the same values, whatever else there is', async () => {
    const day = new Date(0);
    const key = await keyFor({ userId: 7, order: { id: { a: 1, b: [2] }, day } }, [
      'userId',
      'order.id',
      'order.day',
    ]);

    const same = await keyFor(
      { order: { day: day.toISOString(), id: { b: [2], a: 1 } }, userId: 7, more: true },
      ['order.day', 'order.id', 'userId'],
    );
    const other = await keyFor({ userId: '7', order: { id: { a: 1, b: [2] }, day } }, [
      'userId',
      'order.id',
      'order.day',
    ]);

    expect(same).toBe(key);
    expect(other).not.toBe(key);
    expect(key.length).toBeLessThan(60);
  });

  it('of fields takes null, false and members of arrays for values', async () => {
    await expect(keyFor({ a: null, b: [false] }, ['a', 'b.0'])).resolves.toMatch(/^fields:/);
  });

  it.each([
    [undefined, ['userId'], 'data.userId'],
    [{ userId: undefined }, ['userId'], 'data.userId'],
    [{ order: null }, ['order.id'], 'data.order.id'],
    [{ order: 'text' }, ['order.length'], 'data.order.length'],
    [{}, ['toString'], 'data.toString'],
  ])('of fields is refused when the data %j is without %j', async (data, key, part) => {
    const made = keyFor(data, key);

    await expect(made).rejects.toThrow(InvalidJobError);
    await expect(made).rejects.toMatchObject({ part });
  });

  it.each([[''], ['a\nb'], ['x'.repeat(513)], [7], [undefined]])('may not be %p', async (key) => {
    const made = keyFor({}, key as string);

    await expect(made).rejects.toThrow(InvalidJobError);
    await expect(made).rejects.toMatchObject({ part: 'dedupe.key' });
  });

  it.each([[[]], [['']], [[7]]])('may not be the list %j', async (key) => {
    await expect(keyFor({}, key as string[])).rejects.toMatchObject({ option: 'dedupe.key' });
  });
});

describe('the option', () => {
  it.each<[DedupeOptions, unknown]>([
    [{ key: 'k', mode: 'latest' }, { mode: 'latest' }],
    [
      { key: 'k', mode: 'replace' },
      { mode: 'replace', takes: ['data'] },
    ],
    [
      { key: 'k', mode: 'replace', replace: ['priority', 'priority'] },
      { mode: 'replace', takes: ['priority'] },
    ],
    [
      { key: 'k', mode: 'debounce', for: '2 seconds', maxWait: 5_000 },
      { mode: 'debounce', forMs: 2_000, maxWaitMs: 5_000 },
    ],
    [
      { key: 'k', mode: 'debounce', for: 500, leading: true },
      { mode: 'debounce', forMs: 500, leading: true },
    ],
    [
      { key: 'k', mode: 'debounce', for: 500, leading: false },
      { mode: 'debounce', forMs: 500 },
    ],
  ])('%j is understood', async (dedupe, expected) => {
    const { engine, broker } = await makeBench();

    await engine.scheduler.now('mail', 1, { dedupe });

    expect(broker.argsOf('dedupe')[0]![0].dedupe).toEqual({ key: 'k', ...(expected as object) });
  });

  it.each<[DedupeOptions, number]>([
    [{ key: 'k', mode: 'debounce', for: 500 }, 500],
    [{ key: 'k', mode: 'debounce', for: 500, maxWait: 200 }, 200],
    [{ key: 'k', mode: 'debounce', for: 500, leading: true }, 0],
  ])('%j runs the first call in time', async (dedupe, ms) => {
    const start = Date.UTC(2026, 2, 4);
    const backend = new MemoryBackend({ clock: new ManualClock(start) });
    const { engine } = await makeBench({}, backend);

    const job = await engine.scheduler.now('mail', 1, { dedupe });

    expect(job.nextRunAt).toEqual(new Date(start + ms));
  });

  it.each([
    [{ key: 'k' }, 'dedupe.mode'],
    [{ key: 'k', mode: 'throttle' }, 'dedupe.mode'],
    [{ key: 'k', mode: 'toString' }, 'dedupe.mode'],
    [{ key: 'k', mode: 'debounce' }, 'dedupe.for'],
    [{ key: 'k', mode: 'debounce', for: 0 }, 'dedupe.for'],
    [{ key: 'k', mode: 'debounce', for: '1 s', maxWait: 'long' }, 'dedupe.maxWait'],
    [{ key: 'k', mode: 'debounce', for: '1 s', maxWait: 5, leading: true }, 'dedupe.maxWait'],
    [{ key: 'k', mode: 'debounce', for: '1 s', leading: 1 }, 'dedupe.leading'],
    [{ key: 'k', mode: 'debounce', for: '1 s', replace: ['data'] }, 'replace'],
    [{ key: 'k', mode: 'latest', for: '1 s' }, 'for'],
    [{ key: 'k', mode: 'replace', replace: [] }, 'dedupe.replace'],
    [{ key: 'k', mode: 'replace', replace: 'data' }, 'dedupe.replace'],
    [{ key: 'k', mode: 'replace', replace: ['id'] }, 'dedupe.replace'],
    ['k', 'dedupe'],
    [null, 'dedupe'],
  ])('%j is refused', async (dedupe, option) => {
    const { engine, broker } = await makeBench();

    const adding = engine.scheduler.now('mail', 1, { dedupe: dedupe as DedupeOptions });

    await expect(adding).rejects.toThrow(InvalidOptionError);
    await expect(adding).rejects.toMatchObject({
      option: expect.stringContaining(option) as string,
    });
    expect(broker.calls).toEqual([]);
  });

  it('goes with no idempotency key', async () => {
    const { engine } = await makeBench();

    const adding = engine.scheduler.now('mail', 1, { dedupe: latest, idempotencyKey: 'order-7' });

    await expect(adding).rejects.toMatchObject({ option: 'idempotencyKey' });
  });

  it('goes with no time where it debounces', async () => {
    const { scheduler } = (await makeBench()).engine;
    const dedupe: DedupeOptions = { key: 'k', mode: 'debounce', for: '1 s' };

    for (const adding of [
      scheduler.now('mail', 1, { dedupe, delay: '1 s' }),
      scheduler.schedule('in 1 hour', 'mail', 1, { dedupe }),
    ]) {
      await expect(adding).rejects.toMatchObject({ option: 'dedupe.mode' });
    }
  });
});
