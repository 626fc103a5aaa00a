import { jest } from '@jest/globals';
import {
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
} from '../../../lib/core/errors.js';
import type { JobEventKey } from '../../../lib/core/events/job-event.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { Job } from '../../../lib/core/job/job.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from '../engine/support.js';
import { DAY, HOUR, MINUTE, NOW, standStill } from './support.js';

afterEach(closeBenches);

describe('the first save', () => {
  it('adds the job and resolves to the same object, which then has an id', async () => {
    const { engine } = await standStill({ name: 'shop' });
    const job = engine.scheduler
      .create('mail', { to: 'ada' })
      .schedule('in 1 hour')
      .priority('low');
    expect(job.id).toBe('');
    expect(job.attrs).not.toHaveProperty('_id');

    expect(await job.save()).toBe(job);

    expect(job.id).toBe(job.attrs._id);
    expect((await engine.scheduler.get(job.id))!.toJSON()).toMatchObject({
      name: 'mail',
      data: { to: 'ada' },
      priority: -10,
      nextRunAt: new Date(NOW + HOUR),
      state: 'scheduled',
    });
    expect((await engine.scheduler.get(job.id))!.attrs.lastModifiedBy).toBe('shop');
  });

  it('writes nothing before it', async () => {
    const { engine } = await standStill();

    engine.scheduler.create('mail').schedule('in 1 hour').repeatEvery('1h').disable();

    expect(await engine.scheduler.total()).toMatchObject({ total: 0 });
  });

  it('takes the priority of the handler here', async () => {
    const { engine } = await standStill();
    engine.handlers.define('mail', () => undefined, { priority: 'high' });

    expect(engine.scheduler.create('mail').attrs.priority).toBe(10);
    expect(engine.scheduler.create('other').attrs.priority).toBe(0);
  });

  it('wakes up workers, and tells that a job was added', async () => {
    const { engine } = await makeBench({ processEvery: '1h' });
    engine.handlers.define('mail', (job) => job.data);
    const completed = nextEvent(engine, 'completed');
    const enqueued = nextEvent(engine, 'enqueued');
    await engine.workerHost.start();

    const job = await engine.scheduler.create('mail', 7).save();

    expect((await completed).result).toBe(7);
    expect((await enqueued).job).toBe(job);
  });

  it('ends a job whose dates have passed: its row stays, without a time', async () => {
    const { engine } = await standStill();

    const job = await engine.scheduler
      .create('mail')
      .endDate(NOW - DAY)
      .save();

    expect(job.attrs.nextRunAt).toBeNull();
    expect((await engine.scheduler.get(job.id))!.state).toBe('completed');
  });

  it.each([
    [
      'data that is no JSON',
      (job: { attrs: { data: unknown } }) => (job.attrs.data = new Map()),
      InvalidJobError,
    ],
    [
      'a rule that is none',
      (job: { attrs: object }) => Object.assign(job.attrs, { repeatInterval: 'foo' }),
      InvalidScheduleError,
    ],
    [
      'a zone that is none',
      (job: { attrs: object }) => Object.assign(job.attrs, { repeatTimezone: 'Nope/Zone' }),
      InvalidScheduleError,
    ],
    [
      'a limit that is none',
      (job: { attrs: object }) => Object.assign(job.attrs, { skipDays: [9] }),
      InvalidScheduleError,
    ],
    [
      'a priority that is none',
      (job: { attrs: object }) => Object.assign(job.attrs, { priority: Number.NaN }),
      InvalidOptionError,
    ],
  ] as const)(
    'rejects for %s that was written by hand, with nothing stored',
    async (_what, write, error) => {
      const { engine } = await standStill();
      const job = engine.scheduler.create('mail');
      write(job);

      await expect(job.save()).rejects.toThrow(error);
      expect(await engine.scheduler.total()).toMatchObject({ total: 0 });
    },
  );

  it.each(['', 'a\nb', undefined])('is not reached by a job named %p', async (name) => {
    const { engine } = await standStill();

    expect(() => engine.scheduler.create(name as string)).toThrow(InvalidJobError);
  });
});

describe('a later save', () => {
  it('changes the job, by its id', async () => {
    const { engine } = await standStill();
    const job = await engine.scheduler.create('mail', { n: 1 }).save();

    job.attrs.data = { n: 2 };
    await job.schedule('in 2 hours').priority(3).save();

    const [stored, ...others] = (await engine.scheduler.queryJobs()).jobs;
    expect(others).toEqual([]);
    expect(stored!.attrs).toMatchObject({ _id: job.id, data: { n: 2 }, priority: 3 });
    expect(stored!.nextRunAt).toEqual(new Date(NOW + 2 * HOUR));
  });

  it('leaves alone what belongs to runs', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => {
      throw new Error('no luck');
    });
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail');
    await dead;
    const job = (await engine.scheduler.get(id))!;

    Object.assign(job.attrs, {
      failCount: 0,
      failReason: 'none',
      progress: 99,
      lastRunAt: undefined,
    });
    await job.save();

    const { attrs } = (await engine.scheduler.get(id))!;
    expect(attrs).toMatchObject({
      failCount: 1,
      failReason: 'no luck',
      lastRunAt: expect.any(Date),
    });
    expect(attrs).not.toHaveProperty('progress');
  });

  it('disables and enables, and otherwise leaves a pause alone that came from elsewhere', async () => {
    const { engine } = await standStill();
    const { scheduler } = engine;
    const job = await scheduler.create('mail').disable().save();
    const isDisabled = async () => (await scheduler.get(job.id))!.disabled;
    expect(await isDisabled()).toBe(true);

    await job.enable().save();
    expect(await isDisabled()).toBe(false);

    await scheduler.disable(job.id);
    await job.priority(1).save();
    expect(await isDisabled()).toBe(true);

    await job.enable().save();
    expect(await isDisabled()).toBe(false);
  });
});

describe('in a handler', () => {
  it('a save of the data does not run the job again', async () => {
    const { engine } = await makeBench();
    let runs = 0;
    engine.handlers.define<{ seen: number }>('mail', async (job) => {
      runs += 1;
      job.attrs.data.seen += 1;
      await job.save();
    });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail', { seen: 0 });
    await completed;

    expect((await engine.scheduler.get(id))!.data).toEqual({ seen: 1 });
    expect((await engine.scheduler.get(id))!.state).toBe('completed');
    expect(runs).toBe(1);
  });

  it('a save of another time counts after the run', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', async (job) => {
      await job.schedule('in 1 hour').save();
      job.attrs.data = 'later';
      await job.save();
    });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    const { job } = await completed;

    const stored = (await engine.scheduler.get(id))!;
    expect(stored.toJSON()).toMatchObject({ state: 'scheduled', data: 'later' });
    expect(stored.nextRunAt!.getTime()).toBeGreaterThan(Date.now() + 59 * MINUTE);
    expect(job.attrs.nextRunAt).toEqual(stored.nextRunAt);
  });

  const no = () => Promise.reject(new Error('no'));
  it.each<[string, JobEventKey, string, (job: Job) => unknown, HandlerOptions]>([
    ['is put off for longer', 'snoozed', 'in 1 hour', (job) => job.snooze('2h'), {}],
    ['is put off for less', 'snoozed', 'in 1 hour', (job) => job.snooze('1m'), {}],
    ['waits longer for its retry', 'retrying', 'in 1 hour', no, { attempts: 2, backoff: '2h' }],
    ['waits less for its retry', 'retrying', 'in 1 hour', no, { attempts: 2, backoff: '1m' }],
    ['gave this occurrence up', 'failed', 'in 5 hours', no, {}],
    ['completed this occurrence', 'completed', 'in 5 hours', () => undefined, {}],
  ])(
    'a job that %s is told of with the time that the store has',
    async (_how, key, when, end, options) => {
      const { engine } = await standStill();
      engine.handlers.define(
        'poll',
        async (job) => {
          await job.schedule(when).save();
          return end(job);
        },
        options,
      );
      const told = nextEvent(engine, key) as Promise<{ job: Job; nextRunAt?: Date }>;
      await engine.workerHost.start();

      const { id } = await engine.scheduler.every('3h', 'poll');
      const { job, nextRunAt = job.nextRunAt } = await told;

      const stored = (await engine.scheduler.get(id))!.nextRunAt;
      expect([job.nextRunAt, nextRunAt]).toEqual([stored, stored]);
    },
  );

  it('taking the rule away ends a recurring job with this run', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('poll', async (job) => {
      await job.repeatEvery('').save();
    });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.every('1h', 'poll');

    expect((await completed).nextRunAt).toBeNull();
    expect((await engine.scheduler.get(id))!.toJSON()).toMatchObject({
      nextRunAt: null,
      state: 'completed',
    });
  });

  it('another rule counts at once', async () => {
    const { engine } = await makeBench();
    let runs = 0;
    engine.handlers.define('poll', async (job) => {
      runs += 1;
      if (runs === 1) await job.repeatEvery(20, { skipImmediate: true }).save();
    });
    const completed = nextEvents(engine, 'completed', 3);
    await engine.workerHost.start();

    await engine.scheduler.every('5 hours', 'poll');

    expect(await completed).toHaveLength(3);
  });
});

describe('a listener', () => {
  it('may save the job it is given, which does not run it again', async () => {
    const { engine } = await makeBench();
    let runs = 0;
    engine.handlers.define('poll', () => (runs += 1));
    const saved = gate();
    engine.events.on('completed', ({ job }) => {
      job.attrs.data = 'seen';
      void job.save().then(() => saved.open());
    });
    await engine.workerHost.start();

    const { id } = await engine.scheduler.every('1h', 'poll');
    await saved.opened;

    const stored = (await engine.scheduler.get(id))!;
    expect(stored.data).toBe('seen');
    expect(stored.nextRunAt!.getTime()).toBeGreaterThan(Date.now() + 59 * MINUTE);
    expect(runs).toBe(1);
  });

  it.each([
    [
      'a time in its fields',
      (job: { attrs: { nextRunAt: Date | null } }) => (job.attrs.nextRunAt = new Date()),
    ],
    [
      '`schedule` and `save`',
      (job: { schedule(when: string): { save(): unknown } }) => job.schedule('now').save(),
    ],
  ] as const)('that hears of a failure may have the job run again, by %s', async (_how, again) => {
    const memory = new MemoryBackend();
    const { engine } = await makeBench({}, memory);
    const saved = jest.spyOn(memory.repository, 'saveJob');
    let runs = 0;
    engine.handlers.define('mail', () => {
      runs += 1;
      if (runs === 1) throw new Error('first');
    });
    engine.events.once('failed', ({ job }) => again(job));
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    await completed;

    expect(runs).toBe(2);
    expect(saved).toHaveBeenCalledTimes(1);
    await until(() => engine.workerHost.status().unsettled === 0);
    expect((await engine.scheduler.get(id))!.state).toBe('completed');
  });
});

describe('unique', () => {
  it('updates the job that was saved with the same constraint, and schedules it again', async () => {
    const { engine } = await standStill();
    const save = (n: number) =>
      engine.scheduler
        .create('sync', { user: 1, n })
        .unique({ 'data.user': 1 })
        .schedule(NOW + n * HOUR)
        .save();

    const [first, second] = [await save(1), await save(2)];

    expect(second.id).toBe(first.id);
    expect(second.createdAt).toEqual(first.createdAt);
    const stored = (await engine.scheduler.get(first.id))!;
    expect(stored.data).toEqual({ user: 1, n: 2 });
    expect(stored.nextRunAt).toEqual(new Date(NOW + 2 * HOUR));
  });

  it('with insertOnly leaves the job in place as it is', async () => {
    const { engine } = await standStill();
    const save = (n: number) =>
      engine.scheduler
        .create('sync', n)
        .unique({ name: 'sync' }, { insertOnly: true })
        .schedule(NOW + n * HOUR)
        .save();

    const [first, second] = [await save(1), await save(2)];

    expect(second.id).toBe(first.id);
    expect(second.attrs.nextRunAt).toEqual(new Date(NOW + HOUR));
    expect((await engine.scheduler.get(first.id))!.data).toBe(1);
  });

  it('steers one save and is not kept', async () => {
    const { engine } = await standStill();
    const job = engine.scheduler.create('sync').unique({ name: 'sync' });
    expect(job.attrs.unique).toEqual({ name: 'sync' });

    await job.save();

    expect(job.attrs).not.toHaveProperty('unique');
    expect((await engine.scheduler.get(job.id))!.attrs).not.toHaveProperty('unique');
  });

  it.each([
    [{ 'data.n': { $gt: 1 } }, {}],
    [{ $or: [] }, {}],
    [{ colour: 'red' }, {}],
    ['data.n', {}],
    [null, {}],
    [{ name: 'sync' }, { insertOnly: 1 }],
    [{ name: 'sync' }, { insertonly: true }],
  ])('refuses %j with %j at once', async (query, options) => {
    const { engine } = await standStill();
    const job = engine.scheduler.create('sync');

    expect(() => job.unique(query as never, options as never)).toThrow(InvalidOptionError);
    expect(job.attrs).not.toHaveProperty('unique');
  });
});

describe('debounce', () => {
  it('puts the run off with every save, up to maxWait, and keeps the newest data', async () => {
    const { engine, clock } = await standStill();
    const save = (n: number) =>
      engine.scheduler.nowDebounced('sync', { user: 1, n }, { 'data.user': 1 }, 500, {
        maxWait: '600ms',
      });

    const first = await save(1);
    clock.advance(300);
    const second = await save(2);

    expect(first.nextRunAt).toEqual(new Date(NOW + 500));
    expect(first.attrs.debounceStartedAt).toEqual(new Date(NOW));
    expect(second.id).toBe(first.id);
    expect(second.nextRunAt).toEqual(new Date(NOW + 600));
    expect(second.data).toEqual({ user: 1, n: 2 });
  });

  it('runs a burst of saves once, with the newest data, while a worker is at work', async () => {
    const { engine } = await makeBench();
    const runs: unknown[] = [];
    engine.handlers.define('sync', (job) => runs.push(job.data));
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    for (let n = 1; n <= 10; n++) {
      await engine.scheduler.create('sync', n).unique({ name: 'sync' }).debounce(50).save();
    }
    await completed;

    expect(runs).toEqual([10]);
    expect(await engine.scheduler.counts('sync')).toMatchObject({ total: 1, completed: 1 });
  });

  it('runs a leading burst at once, and not again before its window is over', async () => {
    const { engine, clock } = await standStill();
    const save = () =>
      engine.scheduler
        .create('sync')
        .unique({ name: 'sync' })
        .debounce('1 minute', { strategy: 'leading' })
        .save();
    engine.handlers.define('sync', () => undefined);
    const first = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await save();
    await first;
    const inside = await save();
    expect(inside.attrs.nextRunAt).toBeNull();

    clock.advance(MINUTE);
    const second = nextEvent(engine, 'completed');
    await save();
    await second;
  });

  it('without unique adds a job each time, and a warning says so', async () => {
    const { engine } = await standStill();
    const warnings = await warningsOf(async () => {
      await engine.scheduler.create('sync').debounce(500).save();
      await engine.scheduler.create('sync').debounce(500).save();
    });

    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/"sync".*without unique/);
    expect(await engine.scheduler.counts('sync')).toMatchObject({ total: 2, queued: 2 });
  });

  it.each([
    [0, {}],
    [-5, {}],
    ['soon', {}],
    [500, { maxWait: 0 }],
    [500, { strategy: 'both' }],
    [500, { maxwait: 5 }],
  ])('refuses %p with %j at once', async (delay, options) => {
    const { engine } = await standStill();
    const job = engine.scheduler.create('sync');

    expect(() => job.debounce(delay, options as never)).toThrow(InvalidOptionError);
    expect(job.attrs).not.toHaveProperty('uniqueOpts');
  });
});

it('remove takes the job out of the store', async () => {
  const { engine } = await standStill();
  const job = engine.scheduler.create('mail');

  expect(await job.remove()).toBe(0);
  await job.save();
  expect(await job.remove()).toBe(1);
  expect(await job.remove()).toBe(0);
  expect(await engine.scheduler.get(job.id)).toBeUndefined();
});

/** What the process is warned of meanwhile, instead of writing it out. */
async function warningsOf(work: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error) => void warnings.push(String(warning));
  try {
    await work();
  } finally {
    process.emitWarning = emitWarning;
  }
  return warnings;
}

it('tells once of a job that is new, however it was asked for, and never of one in place', async () => {
  const { engine } = await standStill();
  const { scheduler } = engine;
  const told: string[] = [];
  scheduler.on('enqueued', ({ job }) => told.push(job.name));
  const asked: [string, () => Promise<{ created: boolean | undefined }>][] = [
    ['every', () => scheduler.every('1 hour', 'every')],
    ['debounced', () => scheduler.nowDebounced('debounced', {}, { 'data.a': 1 }, 50)],
    ['unique', () => scheduler.create('unique', { a: 1 }).unique({ 'data.a': 1 }).save()],
  ];

  for (const [name, ask] of asked) {
    expect([name, (await ask()).created]).toEqual([name, true]);
    expect([name, (await ask()).created]).toEqual([name, false]);
  }
  const plain = scheduler.create('plain');
  for (let i = 0; i < 2; i++) expect((await plain.save()).created).toBe(true);

  expect(told).toEqual(['every', 'debounced', 'unique', 'plain']);
});
