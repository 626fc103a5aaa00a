import {
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
} from '../../../lib/core/errors.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

const NOW = Date.UTC(2026, 2, 4, 10, 0, 0);
const atNow = () => new MemoryBackend({ clock: new ManualClock(NOW) });

const tickIsOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('adding', () => {
  it('shows the job as it was stored', async () => {
    const { engine } = await makeBench({ name: 'shop' }, atNow());

    const job = await engine.scheduler.now('mail', { to: 'ada' });

    expect(job).toMatchObject({
      name: 'mail',
      data: { to: 'ada' },
      attrs: { priority: 0 },
      attempt: 0,
      failCount: 0,
      created: true,
      disabled: false,
      state: 'queued',
    });
    expect(job.nextRunAt).toEqual(new Date(NOW));
    expect(job.createdAt).toEqual(new Date(NOW));
    expect(job.signal.aborted).toBe(false);
    expect(JSON.parse(JSON.stringify(job))).toMatchObject({ id: job.id, data: { to: 'ada' } });
  });

  it('puts the adds of one tick into one call, in their order, each with its own answer', async () => {
    const { engine, broker } = await makeBench();

    const jobs = await Promise.all([1, 2, 3].map((n) => engine.scheduler.now('mail', n)));

    const calls = broker.argsOf('enqueue');
    expect(calls).toHaveLength(1);
    expect(calls[0]![0].map(({ data }) => data)).toEqual(['1', '2', '3']);
    expect(jobs.map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it('lets a few form behind a call under way', async () => {
    const { engine, broker } = await makeBench();
    const letGo = broker.hold('enqueue');
    const first = engine.scheduler.now('mail', 'first');
    await tickIsOver();

    const others = Array.from({ length: 24 }, (_, n) => engine.scheduler.now('mail', n));
    await tickIsOver();
    expect(broker.argsOf('enqueue')).toHaveLength(1);
    letGo();
    await Promise.all([first, ...others]);

    expect(broker.argsOf('enqueue').map(([jobs]) => jobs.length)).toEqual([1, 24]);
  });

  it('sends plenty as two calls, and no third one before one is answered; at most 100 jobs each', async () => {
    const { engine, broker } = await makeBench();
    const letGo = broker.hold('enqueue');
    const half = Array.from({ length: 51 }, (_, n) => engine.scheduler.now('mail', n));
    await tickIsOver();
    expect(broker.argsOf('enqueue').map(([jobs]) => jobs.length)).toEqual([26, 25]);

    const others = Array.from({ length: 240 }, (_, n) => engine.scheduler.now('mail', 51 + n));
    await tickIsOver();
    expect(broker.argsOf('enqueue')).toHaveLength(2);
    letGo();
    await Promise.all([...half, ...others]);

    const calls = broker.argsOf('enqueue').map(([jobs]) => jobs);
    expect(calls.map((jobs) => jobs.length)).toEqual([26, 25, 100, 100, 40]);
    expect(calls.flat().map(({ data }) => Number(data))).toEqual(
      Array.from({ length: 291 }, (_, n) => n),
    );
  });

  it('keeps a call below 1 MiB', async () => {
    const { engine, broker } = await makeBench();
    const large = 'x'.repeat(200_000);

    await Promise.all(Array.from({ length: 8 }, () => engine.scheduler.now('mail', large)));

    const calls = broker.argsOf('enqueue').map(([jobs]) => jobs.length);
    expect(calls).toEqual([5, 3]);
  });

  it('rejects each add of a batch that fails, and the next batch goes out', async () => {
    const { engine, broker } = await makeBench();
    broker.failNext('enqueue', new Error('full'));

    const results = await Promise.allSettled([
      engine.scheduler.now('a'),
      engine.scheduler.now('b'),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await engine.scheduler.now('c')).created).toBe(true);
  });

  it('refuses a bad job alone, with nothing written', async () => {
    const { engine, broker } = await makeBench();

    const results = await Promise.allSettled([
      engine.scheduler.now('mail', { ok: true }),
      engine.scheduler.now('mail', { price: Number.NaN }),
    ]);

    expect(results[0]!.status).toBe('fulfilled');
    expect(results[1]).toMatchObject({ reason: expect.any(InvalidJobError) });
    expect(results[1]).toMatchObject({ reason: { part: 'data.price' } });
    expect(broker.argsOf('enqueue')[0]![0]).toHaveLength(1);
  });

  it('takes the data as it is at the call', async () => {
    const { engine } = await makeBench();
    const data = { count: 1 };

    const adding = engine.scheduler.now('mail', data);
    data.count = 2;

    expect((await adding).data).toEqual({ count: 1 });
  });

  it('tells the job in place when an id is taken', async () => {
    const { engine, broker } = await makeBench();

    const first = await engine.scheduler.now('mail', 1, { id: 'order-7' });
    const second = await engine.scheduler.now('mail', 2, { id: 'order-7' });

    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.data).toBe(1);
    const nonces = broker.argsOf('enqueue').map(([[job]]) => job!.nonce);
    expect(nonces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  it('stores what the job wants otherwise than its handler, and nothing else', async () => {
    const { engine, broker } = await makeBench();

    await engine.scheduler.now('mail', undefined, {
      attempts: 3,
      backoff: { type: 'linear', delay: '1s' },
      timeout: '2s',
      removeOnComplete: true,
      priority: 'high',
      delay: '1 minute',
    });
    await engine.scheduler.now('mail', undefined, { priority: -3 });

    expect(broker.argsOf('enqueue').map(([[job]]) => job)).toMatchObject([
      {
        priority: 10,
        due: { delayMs: 60_000 },
        overrides: {
          attempts: 3,
          backoff: { type: 'linear', delay: '1s' },
          timeout: 2_000,
          removeOnComplete: true,
        },
      },
      { priority: -3, due: { delayMs: 0 } },
    ]);
    expect(broker.argsOf('enqueue')[1]![0][0]).not.toHaveProperty('overrides');
  });

  it('gives jobs the priority of their handler, also where only configuration knows it', async () => {
    const { engine } = await makeBench({ handlers: { mail: { priority: 'highest' } } });

    expect((await engine.scheduler.now('mail')).attrs.priority).toBe(20);
    expect((await engine.scheduler.now('other')).attrs.priority).toBe(0);
  });

  it.each([
    [{ atempts: 1 }, 'atempts'],
    [{ attempts: 0 }, 'attempts'],
    [{ backoff: () => 1 }, 'backoff'],
    [{ backoff: { type: 'odd', delay: 1 } }, 'backoff.type'],
    [{ priority: Infinity }, 'priority'],
    [{ delay: -1 }, 'delay'],
    [{ timeout: 0 }, 'timeout'],
    [{ removeOnComplete: 1 }, 'removeOnComplete'],
  ])('refuses the options %p', async (options, path) => {
    const { engine, broker } = await makeBench();

    const adding = engine.scheduler.now('mail', undefined, options as never);

    await expect(adding).rejects.toThrow(InvalidOptionError);
    await expect(adding).rejects.toMatchObject({ option: path });
    expect(broker.calls).toEqual([]);
  });

  it.each([[''], ['a\u0000b'], ['x'.repeat(300)], [undefined]])(
    'refuses the name or id %p',
    async (text) => {
      const { engine } = await makeBench();

      await expect(engine.scheduler.now(text as string)).rejects.toThrow(InvalidJobError);
      if (text === undefined) return;
      await expect(engine.scheduler.now('mail', 1, { id: text })).rejects.toThrow(InvalidJobError);
    },
  );

  it('keeps to the limit of data', async () => {
    const { engine } = await makeBench({ maxDataBytes: 10 });

    await expect(engine.scheduler.now('mail', 'x'.repeat(20))).rejects.toThrow(/at most 10 bytes/);
    await expect(engine.scheduler.every('1h', 'mail', 'x'.repeat(20))).rejects.toThrow(
      InvalidJobError,
    );
  });
});

describe('schedule', () => {
  it.each([
    ['in 5 minutes', { delayMs: 300_000 }],
    ['5 minutes ago', { at: NOW - 300_000 }],
    ['now', { delayMs: 0 }],
    ['2027-01-01T00:00:00Z', { at: Date.UTC(2027, 0, 1) }],
    [new Date(NOW + 5), { at: NOW + 5 }],
    [NOW - 5, { at: NOW - 5 }],
  ])('sends %p as %p: what is relative travels as a delay', async (when, due) => {
    const { engine, broker } = await makeBench({}, atNow());

    await engine.scheduler.schedule(when, 'mail');

    expect(broker.argsOf('enqueue')[0]![0][0]!.due).toEqual(due);
  });

  it('adds a job for each name, in their order', async () => {
    const { engine } = await makeBench();

    const jobs = await engine.scheduler.schedule('in 1 hour', ['b', 'a'], { n: 1 });

    expect(jobs.map(({ name, data }) => [name, data])).toEqual([
      ['b', { n: 1 }],
      ['a', { n: 1 }],
    ]);
  });

  it('reads dates in the zone given', async () => {
    const { engine } = await makeBench({}, atNow());

    const job = await engine.scheduler.schedule('2027-01-01 10:00', 'mail', undefined, {
      timezone: 'Asia/Tokyo',
      priority: 'low',
    });

    expect(job.nextRunAt).toEqual(new Date('2027-01-01T01:00:00Z'));
    expect(job.attrs.priority).toBe(-10);
  });

  it('keeps the limits of dates with the job', async () => {
    const { engine } = await makeBench({}, atNow());
    const enqueued = nextEvent(engine, 'enqueued');

    const job = await engine.scheduler.schedule(
      new Date(NOW),
      'mail',
      { n: 1 },
      {
        skipDays: [3],
        timezone: 'UTC',
        endDate: '2026-12-31',
      },
    );

    expect(job.nextRunAt).toEqual(new Date(NOW + 86_400_000));
    expect((await engine.scheduler.get(job.id))?.attrs.skipDays).toEqual([3]);
    expect(job.data).toEqual({ n: 1 });
    expect((await enqueued).job).toBe(job);
  });

  it.each(['soon', '', null, Number.NaN, new Date('x')])('refuses the time %p', async (when) => {
    const { engine, broker } = await makeBench();

    await expect(engine.scheduler.schedule(when as string, 'mail')).rejects.toThrow(
      InvalidScheduleError,
    );
    expect(broker.calls).toEqual([]);
  });

  it.each([{ delay: 5 }, { timeZone: 'UTC' }, { skipDays: [3], attempts: 2 }, { skipDays: [9] }])(
    'refuses the options %p',
    async (options) => {
      const { engine } = await makeBench();

      await expect(
        engine.scheduler.schedule('in 1 hour', 'mail', undefined, options as never),
      ).rejects.toThrow(/delay|timeZone|attempts|skipDays/);
    },
  );
});

describe('every', () => {
  it('makes one recurring job for a name, due at once or at the first tick', async () => {
    const { engine } = await makeBench({}, atNow());

    const interval = await engine.scheduler.every('5 minutes', 'poll', { n: 1 });
    const cron = await engine.scheduler.every('0 12 * * *', 'noon', undefined, { timezone: 'UTC' });
    const later = await engine.scheduler.every(1_000, 'tick', undefined, { skipImmediate: true });

    expect(interval.nextRunAt).toEqual(new Date(NOW));
    expect(interval).toMatchObject({
      state: 'repeating',
      repeatInterval: '5 minutes',
      type: 'single',
    });
    expect(cron.nextRunAt).toEqual(new Date(NOW + 2 * 3_600_000));
    expect(later.nextRunAt).toEqual(new Date(NOW + 1_000));
  });

  it('called again changes nothing but data and priority', async () => {
    const clock = new ManualClock(NOW);
    const { engine } = await makeBench({}, new MemoryBackend({ clock }));
    const first = await engine.scheduler.every('5 minutes', 'poll', 1);
    clock.advance(1_000);

    const second = await engine.scheduler.every('5 minutes', 'poll', 2, { priority: 5 });

    expect(second).toMatchObject({ id: first.id, data: 2, attrs: { priority: 5 } });
    expect(second.nextRunAt).toEqual(first.nextRunAt);
  });

  it('keeps rules apart by their key', async () => {
    const { engine } = await makeBench();

    const [a, b] = [
      await engine.scheduler.every('1h', 'poll', 'a', { key: 'a' }),
      await engine.scheduler.every('1h', 'poll', 'b', { key: 'b' }),
    ];

    expect(a!.id).not.toBe(b!.id);
    expect(b!.repeatKey).toBe('b');
    expect((await engine.scheduler.counts('poll')).repeating).toBe(2);
  });

  it('runs, and waits for its next time', async () => {
    const { engine } = await makeBench();
    const first = nextEvent(engine, 'completed');
    engine.handlers.define('poll', () => 'polled');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.every('1h', 'poll');

    const planned = (await first).nextRunAt;
    const job = await engine.scheduler.get(id);
    expect(job).toMatchObject({ state: 'repeating', result: 'polled' });
    expect(job?.nextRunAt).toEqual(planned);
    expect(planned!.getTime()).toBeGreaterThan(Date.now() + 3_590_000);
  });

  it.each([
    ['nonsense', {}],
    ['', {}],
    [0, {}],
    ['60 * * * *', {}],
    ['1h', { timezone: 'Nope/Zone' }],
    ['1h', { skipDays: [0, 1, 2, 3, 4, 5, 6] }],
    ['1h', { catchUp: 'all' }],
    ['1h', { attempts: 2 }],
    [undefined, {}],
  ])('refuses %p with %p', async (interval, options) => {
    const { engine } = await makeBench();

    const adding = engine.scheduler.every(interval as string, 'poll', undefined, options as never);

    await expect(adding).rejects.toThrow(/schedule|Expected/);
  });
});

describe('finding and cancelling', () => {
  it('counts jobs by state, of each name, of one, and in all', async () => {
    const { engine } = await makeBench();
    await engine.scheduler.now('a');
    await engine.scheduler.schedule('in 1 hour', 'b');
    await engine.scheduler.now('b');

    const counts = await engine.scheduler.counts();

    expect(Object.keys(counts).sort()).toEqual(['a', 'b']);
    expect(counts['b']).toMatchObject({ queued: 1, scheduled: 1, total: 2 });
    expect(await engine.scheduler.counts('a')).toMatchObject({ queued: 1, total: 1 });
    expect(await engine.scheduler.counts('none')).toMatchObject({ total: 0 });
    expect(await engine.scheduler.total()).toMatchObject({ queued: 2, scheduled: 1, total: 3 });
  });

  it('cancels by id, ids, and name', async () => {
    const { engine } = await makeBench();
    const { scheduler } = engine;
    const add = (name: string) => scheduler.now(name);
    const [a, b, c] = [await add('x'), await add('x'), await add('x')];
    await add('y');
    await add('y');

    expect(await scheduler.cancel(a.id)).toBe(1);
    expect(await scheduler.cancel(a.id)).toBe(0);
    expect(await scheduler.cancel({ ids: [b.id, c.id, 'unknown'] })).toBe(2);
    expect(await scheduler.cancel({ name: 'y', id: 'unknown' })).toBe(0);
    expect(await scheduler.cancel({ names: ['y', 'z'] })).toBe(2);
    expect(await scheduler.total()).toMatchObject({ total: 0 });
  });

  it('cancels more ids than one call takes', async () => {
    const { engine } = await makeBench();
    const { jobs } = await engine.scheduler.enqueueMany(
      Array.from({ length: 150 }, () => ({ name: 'x' })),
    );

    expect(await engine.scheduler.cancel({ ids: jobs.map(({ id }) => id) })).toBe(150);
  });

  it.each([{}, { ids: [] }, { names: [] }, { id: undefined }, { notNames: [] }])(
    'matches nothing with the empty filter %j',
    async (filter) => {
      const { engine } = await makeBench();
      await engine.scheduler.now('x');

      expect(await engine.scheduler.cancel(filter as never)).toBe(0);
    },
  );

  it.each([{ nmae: 'x' }, { ids: 'x' }, { name: 5 }, undefined, 5])(
    'refuses the filter %j',
    async (filter) => {
      const { engine } = await makeBench();

      await expect(engine.scheduler.cancel(filter as never)).rejects.toThrow(InvalidOptionError);
    },
  );

  it('finds nothing where there is nothing', async () => {
    const { engine } = await makeBench();

    expect(await engine.scheduler.get('unknown')).toBeUndefined();
  });
});
