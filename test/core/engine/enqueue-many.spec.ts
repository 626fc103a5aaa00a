import { MAX_REWRITES } from '../../../lib/core/contracts/job-broker.js';
import { InvalidJobError, InvalidOptionError } from '../../../lib/core/errors.js';
import { closeBenches, makeBench, until } from './support.js';

afterEach(closeBenches);

const jobs = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ name: 'mail', data: n }));

it('sends chunks of at most 100 and answers in the order of the items', async () => {
  const { engine, broker } = await makeBench();

  const result = await engine.scheduler.enqueueMany(jobs(250));

  expect(broker.argsOf('enqueue').map(([chunk]) => chunk.length)).toEqual([100, 100, 50]);
  expect(result).toMatchObject({ total: 250, created: 250, existing: 0, failed: 0, errors: [] });
  expect(result.jobs.map(({ data }) => data)).toEqual(jobs(250).map(({ data }) => data));
  expect(result.endedAt.getTime()).toBeGreaterThanOrEqual(result.startedAt.getTime());
  expect(result.stopped).toBeUndefined();
});

it('has a result for an empty input', async () => {
  const { engine, broker } = await makeBench();

  expect(await engine.scheduler.enqueueMany([])).toMatchObject({ total: 0, created: 0, jobs: [] });
  expect(broker.calls).toEqual([]);
});

it('keeps a chunk below 1 MiB', async () => {
  const { engine, broker } = await makeBench();
  const data = 'x'.repeat(200_000);

  await engine.scheduler.enqueueMany(Array.from({ length: 8 }, () => ({ name: 'mail', data })));

  expect(broker.argsOf('enqueue').map(([chunk]) => chunk.length)).toEqual([5, 3]);
});

it('keeps a chunk below 1 MiB where headers grow in the store', async () => {
  const { engine, broker } = await makeBench();
  const item = { name: 'mail', options: { context: { filter: '{'.repeat(8_000) } } };

  await engine.scheduler.enqueueMany(Array.from({ length: 100 }, () => item));

  const sizes = broker.argsOf('enqueue').map(([chunk]) => chunk.length);
  // Redis keeps a brace as \u007b.
  expect(Math.max(...sizes) * 6 * 8_000).toBeLessThan(2 ** 20);
});

it('sends fewer at once of jobs with many tags, each of which a store must write apart', async () => {
  const { engine, broker } = await makeBench();
  const tags = Array.from({ length: 16 }, (_, n) => `tag-${n}`);

  await engine.scheduler.enqueueMany(
    Array.from({ length: 100 }, () => ({ name: 'mail', options: { tags } })),
  );

  const sizes = broker.argsOf('enqueue').map(([chunk]) => chunk.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_REWRITES);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
});

it('has a few chunks under way, and reads no further than it must', async () => {
  const { engine, broker } = await makeBench();
  const letGo = broker.hold('enqueue');
  let read = 0;
  async function* source() {
    for (; read < 100; read++) yield { name: 'mail', data: read };
  }

  const adding = engine.scheduler.enqueueMany(source(), { chunkSize: 10 });
  await until(() => broker.argsOf('enqueue').length === 4);
  await new Promise((resolve) => setImmediate(resolve));
  expect(broker.argsOf('enqueue')).toHaveLength(4);
  expect(read).toBeLessThan(60);
  letGo();

  expect((await adding).created).toBe(100);
});

it('has as many under way where middleware may write headers', async () => {
  const { engine, broker } = await makeBench({ middleware: [{ add: (_call, next) => next() }] });
  const letGo = broker.hold('enqueue');

  const adding = engine.scheduler.enqueueMany(jobs(400));
  await until(() => broker.argsOf('enqueue').length === 4);
  letGo();

  expect((await adding).created).toBe(400);
});

it('has no more than 1 MiB under way, so that renewals need not wait behind it', async () => {
  const { engine, broker } = await makeBench();
  const letGo = broker.hold('enqueue');
  const data = 'x'.repeat(200_000);
  const items = Array.from({ length: 12 }, () => ({ name: 'mail', data }));

  const adding = engine.scheduler.enqueueMany(items, { chunkSize: 2 });
  await until(() => broker.argsOf('enqueue').length === 2);
  await new Promise((resolve) => setImmediate(resolve));

  expect(broker.argsOf('enqueue')).toHaveLength(2);
  letGo();
  expect((await adding).created).toBe(12);
});

it('fails an item alone whose mapper throws or whose data is unfit', async () => {
  const { engine } = await makeBench();
  const told: [string, unknown, number][] = [];

  const result = await engine.scheduler.enqueueMany([1, 2, 3, 4, 5], {
    map: async (item) => {
      if (item === 2) throw new Error('unlucky');
      return { name: 'mail', data: item === 4 ? Number.NaN : item };
    },
    onError: (error, item, index) => told.push([error.message, item, index]),
  });

  expect(result).toMatchObject({ total: 5, created: 3, failed: 2, stopped: undefined });
  expect(result.jobs.map(({ data }) => data)).toEqual([1, 3, 5]);
  expect(result.errors.map(({ index, item }) => [index, item])).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(result.errors[1]!.error).toBeInstanceOf(InvalidJobError);
  expect(told).toHaveLength(2);
});

it.each([
  ['an unknown member', { name: 'mail', dta: 1 }],
  ['an unknown option', { name: 'mail', options: { prio: 1 } }],
  ['no object', 'mail'],
  ['two times', { name: 'mail', when: 'in 1h', options: { delay: 5 } }],
  ['a time that is not understood', { name: 'mail', when: 'soon' }],
])('fails an item with %s', async (_what, item) => {
  const { engine } = await makeBench();

  const result = await engine.scheduler.enqueueMany([item as never, { name: 'mail' }]);

  expect(result).toMatchObject({ created: 1, failed: 1 });
});

it('takes a time and options for each item', async () => {
  const { engine, broker } = await makeBench();

  await engine.scheduler.enqueueMany([
    { name: 'mail', when: 'in 1 minute', options: { priority: 'high', id: 'x' } },
    { name: 'mail', options: { delay: '2s' } },
  ]);

  expect(broker.argsOf('enqueue')[0]![0]).toMatchObject([
    { id: 'x', due: { delayMs: 60_000 }, priority: 10 },
    { due: { delayMs: 2_000 } },
  ]);
});

it('stops at the first error if told so, and says what was added', async () => {
  const { engine } = await makeBench();

  const result = await engine.scheduler.enqueueMany(jobs(100), {
    continueOnError: false,
    chunkSize: 10,
    map: (item, index) => {
      if (index === 25) throw new Error('enough');
      return item;
    },
  });

  expect(result).toMatchObject({ total: 26, created: 20, failed: 1, stopped: 'error' });
});

it('fails the items of a chunk that could not be sent, and goes on', async () => {
  const { engine, broker } = await makeBench();
  broker.failNext('enqueue', new Error('full'));

  const result = await engine.scheduler.enqueueMany(jobs(30), { chunkSize: 10 });

  expect(result).toMatchObject({ total: 30, created: 20, failed: 10 });
  expect(result.errors.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(result.jobs).toHaveLength(20);
});

it.each([
  ['sends what it has', true, 15],
  ['leaves the last chunk, told to stop', false, 10],
])('keeps what was added when its source fails, and %s', async (_, continueOnError, created) => {
  const { engine } = await makeBench();
  const unreadable = new Error('line 16 is broken');
  async function* lines() {
    yield* jobs(15);
    throw unreadable;
  }
  const onError: unknown[] = [];

  const result = await engine.scheduler.enqueueMany(lines(), {
    chunkSize: 10,
    continueOnError,
    onError: (error) => onError.push(error),
  });

  expect(result).toMatchObject({ total: 15, created, failed: 0, stopped: 'error' });
  expect(result.jobs).toHaveLength(created);
  expect(result.errors).toEqual([{ index: 15, item: undefined, error: unreadable }]);
  expect(onError).toEqual([]);
});

it('tells its progress, and no callback that throws stops it', async () => {
  const { engine, errors } = await makeBench();
  const seen: number[] = [];

  const result = await engine.scheduler.enqueueMany(jobs(30), {
    chunkSize: 10,
    onProgress: ({ created }) => {
      seen.push(created);
      throw new Error('bar is broken');
    },
  });

  expect(seen).toEqual([10, 20, 30]);
  expect(result.created).toBe(30);
  expect(errors).toHaveLength(3);
});

it('counts what was there already', async () => {
  const { engine } = await makeBench();
  const item = { name: 'mail', options: { id: 'once' } };

  expect(await engine.scheduler.enqueueMany([item, item])).toMatchObject({
    created: 1,
    existing: 1,
  });
});

it('keeps its rate', async () => {
  const { engine, broker } = await makeBench();
  const controller = new AbortController();
  const startedAt = performance.now();

  const adding = engine.scheduler.enqueueMany(jobs(25), {
    perSecond: 10,
    signal: controller.signal,
  });
  await until(() => performance.now() - startedAt > 100);

  // Ten of the first second are sent; the others wait for theirs.
  expect(broker.argsOf('enqueue').map(([chunk]) => chunk.length)).toEqual([10]);
  controller.abort();
  expect(await adding).toMatchObject({ created: 10, stopped: 'aborted' });
});

it('ends when its signal fires, and refuses to begin when it has fired', async () => {
  const { engine } = await makeBench();
  const controller = new AbortController();
  async function* endless() {
    for (let n = 0; ; n++) {
      if (n === 50) controller.abort(new Error('enough'));
      yield { name: 'mail', data: n };
    }
  }

  const result = await engine.scheduler.enqueueMany(endless(), {
    chunkSize: 10,
    signal: controller.signal,
  });

  expect(result.stopped).toBe('aborted');
  expect(result.created).toBeLessThanOrEqual(50);
  const again = engine.scheduler.enqueueMany(jobs(1), { signal: controller.signal });
  await expect(again).rejects.toThrow('enough');
});

it('ends when its signal fires while its source is silent, and lets go of that', async () => {
  const { engine } = await makeBench();
  const controller = new AbortController();
  let hasLetGo = false;
  const source: AsyncIterable<{ name: string }> = {
    [Symbol.asyncIterator]() {
      let read = 0;
      return {
        next: () =>
          read++ < 10
            ? Promise.resolve({ done: false, value: { name: 'mail' } })
            : new Promise(() => setImmediate(() => controller.abort())),
        return: async () => {
          hasLetGo = true;
          return { done: true, value: undefined };
        },
      };
    },
  };

  const { signal } = controller;
  const result = await engine.scheduler.enqueueMany(source, { chunkSize: 5, signal });

  expect(result).toMatchObject({ total: 10, stopped: 'aborted' });
  expect(hasLetGo).toBe(true);
});

it('says that its signal has fired before it says what else is wrong', async () => {
  const { engine } = await makeBench();
  const signal = AbortSignal.abort(new Error('enough'));
  const add = (items: unknown, options: object) =>
    engine.scheduler.enqueueMany(items as never, { signal, ...options } as never);

  await expect(add(jobs(1), { chunkSize: 0 })).rejects.toThrow('enough');
  await expect(add(jobs(1), { continueOnErrors: true })).rejects.toThrow('enough');
  await expect(add(5, {})).rejects.toThrow('enough');
});

it.each([
  { chunkSize: 0 },
  { chunkSize: 101 },
  { perSecond: 0.5 },
  { perSecond: '10' },
  { signal: {} },
  { map: 'name' },
  { continueOnErrors: true },
])('refuses the options %j', async (options) => {
  const { engine } = await makeBench();

  const adding = engine.scheduler.enqueueMany(jobs(1), options as never);

  await expect(adding).rejects.toThrow(InvalidOptionError);
});

it('refuses what cannot be iterated', async () => {
  const { engine } = await makeBench();

  await expect(engine.scheduler.enqueueMany(5 as never)).rejects.toThrow(InvalidOptionError);
});
