import {
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  QueueFullError,
} from '../../../lib/core/errors.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import type { JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent, until, type TestBench } from './support.js';

const START = Date.UTC(2026, 2, 4, 10);
const nothing = () => undefined;

afterEach(closeBenches);

/** A bench with time in the test's hand. */
async function timedBench(
  options: EngineOptions = {},
): Promise<TestBench & { clock: ManualClock }> {
  const clock = new ManualClock(START);
  return { ...(await makeBench(options, new MemoryBackend({ clock }))), clock };
}

/** What is handed to the store for one call. */
async function asked(options: JobOptions, data: unknown = 1, engineOptions: EngineOptions = {}) {
  const { engine, broker } = await timedBench(engineOptions);
  await engine.scheduler.now('mail', data, options);
  return broker.argsOf('enqueue')[0]![0][0]!;
}

const refused = async (options: object): Promise<Error> => {
  const { engine, broker } = await timedBench();
  const error = await engine.scheduler.now('mail', 1, options).catch((thrown: Error) => thrown);
  expect(broker.argsOf('enqueue')).toEqual([]);
  return error as Error;
};

describe('`first`', () => {
  it('is said only when it is wished', async () => {
    expect(await asked({ first: true })).toMatchObject({ first: true });
    expect(await asked({ first: false })).not.toHaveProperty('first');
  });

  it('is true or false', async () => {
    expect(await refused({ first: 1 })).toBeInstanceOf(InvalidOptionError);
  });

  it('shows on the job', async () => {
    const { engine } = await timedBench();
    const job = await engine.scheduler.now('mail', 1, { first: true });

    expect(job.first).toBe(true);
    expect(job.toJSON().first).toBe(true);
    expect((await engine.scheduler.now('mail', 1)).first).toBe(false);
  });
});

describe('`tags`', () => {
  it('are each said once, and shown by the job', async () => {
    const { engine } = await timedBench();
    const job = await engine.scheduler.now('mail', 1, { tags: ['b', 'a', 'b'] });

    expect(job.tags).toEqual(['b', 'a']);
    expect(job.toJSON().tags).toEqual(['b', 'a']);
    expect((await engine.scheduler.inspect(job.id))!.job.tags).toEqual(['b', 'a']);
    expect((await engine.scheduler.now('mail', 1, { tags: [] })).tags).toEqual([]);
  });

  it.each([
    ['empty', ['']],
    ['with control characters', ['a\n']],
    ['of 257 bytes', ['x'.repeat(257)]],
    ['numbers', [1]],
    ['one text', 'red'],
    ['17', Array.from({ length: 17 }, (_, i) => `tag-${i}`)],
  ])('cannot be %s', async (_, tags) => {
    expect(await refused({ tags })).toBeInstanceOf(InvalidJobError);
  });

  it('find, cancel and bring back jobs', async () => {
    const { engine } = await timedBench();
    const { scheduler } = engine;
    engine.handlers.define('bad', () => Promise.reject(new Error('no')));
    for (const data of [1, 2])
      await scheduler.now('bad', data, { tags: ['import', `part-${data}`] });
    const later = await scheduler.schedule('in 1 hour', 'mail', 3, { tags: ['import'] });
    const dead: unknown[] = [];
    engine.events.on('dead', ({ id }) => dead.push(id));
    await engine.workerHost.start();
    await until(() => dead.length === 2);
    await engine.workerHost.stop();

    const { jobs } = await scheduler.find({ tags: ['import'], state: 'dead' });
    expect(jobs.map(({ data }) => data)).toEqual([1, 2]);
    expect(await scheduler.requeue({ tags: ['import', 'part-2'] })).toMatchObject({ requeued: 1 });
    expect(await scheduler.requeue({ tags: ['import'], name: 'mail' })).toMatchObject({
      matched: 0,
    });
    expect(await scheduler.requeue({ tags: ['import'] })).toMatchObject({ requeued: 1 });
    expect(await scheduler.cancel({ tags: ['import'], names: ['mail'] })).toBe(1);
    expect(await scheduler.get(later.id)).toBeUndefined();
    expect(await scheduler.disable({ tags: ['import'] })).toBe(2);
  });
});

describe('an expiry', () => {
  it('is a duration or a time', async () => {
    expect(await asked({ expiresIn: '1 minute' })).toMatchObject({ expires: { delayMs: 60_000 } });
    const at = START + 5_000;
    for (const expiresAt of [at, new Date(at), new Date(at).toISOString()]) {
      expect(await asked({ expiresAt })).toMatchObject({ expires: { at } });
    }
    expect(await asked({ expiresAt: 'in 1 hour' })).toMatchObject({
      expires: { delayMs: 3_600_000 },
    });
  });

  it('is one of both', async () => {
    const error = await refused({ expiresIn: 1, expiresAt: START + 1 });

    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toContain('`expiresAt` to be left out where there is `expiresIn`');
  });

  it.each([[{ expiresIn: 0 }], [{ expiresIn: -1 }], [{ expiresIn: 'soon' }]])(
    'cannot be %j',
    async (options) => {
      expect(await refused(options)).toBeInstanceOf(InvalidOptionError);
    },
  );

  it('is a time that is understood', async () => {
    expect(await refused({ expiresAt: 'whenever' })).toBeInstanceOf(InvalidScheduleError);
  });

  it('lies behind the time of the job, which would never start otherwise', async () => {
    expect(await refused({ delay: '1 hour', expiresIn: '1 hour' })).toMatchObject({
      option: 'expiresIn',
      expected: 'later than the job is due (it would never start)',
    });
    expect(await asked({ delay: 1_000, expiresIn: 1_001 })).toMatchObject({
      expires: { delayMs: 1_001 },
    });
    const { engine } = await timedBench();
    await expect(
      engine.scheduler.schedule(START + 10, 'mail', 1, { expiresAt: START + 10 }),
    ).rejects.toThrow(InvalidOptionError);
  });

  it('is nothing for recurring jobs', async () => {
    const { engine } = await timedBench();
    const options = { expiresIn: 1_000 } as object;

    await expect(engine.scheduler.every('1 hour', 'mail', 1, options)).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it('makes a dead letter that is told as `dead`, found by a claim', async () => {
    const { engine, clock } = await timedBench();
    const job = await engine.scheduler.now('mail', 1, { expiresIn: 100 });
    expect(job.expiresAt).toEqual(new Date(START + 100));
    engine.handlers.define('mail', nothing);
    clock.advance(100);
    const dead = nextEvent(engine, 'dead:mail');
    await engine.workerHost.start();

    expect(await dead).toEqual({
      id: job.id,
      name: 'mail',
      failure: {
        reason: 'expired',
        name: 'JobExpiredError',
        message: 'The job was not started before it expired.',
      },
      job: undefined,
      error: undefined,
    });
    expect(await engine.scheduler.inspect(job.id)).toMatchObject({ deadReason: 'expired' });
  });

  it('makes a dead letter that is told as `dead`, found by the janitor', async () => {
    const clock = new ManualClock(START);
    const { engine } = await makeBench({}, new MemoryBackend({ clock }), { pruneEveryMs: 5 });
    const job = await engine.scheduler.now('report', 1, { expiresIn: 100 });
    engine.handlers.define('mail', nothing);
    clock.advance(100);
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    expect(await dead).toMatchObject({ id: job.id, name: 'report' });
  });
});

describe('`key`', () => {
  const byUser = { key: ({ user }: { user: string }) => user };

  it('is that of the call, else what the handler makes of the data', async () => {
    const { engine, broker } = await timedBench({ handlers: { mail: byUser } });
    const { scheduler } = engine;
    await scheduler.now('mail', { user: 'ann' });
    await scheduler.now('mail', { user: 'ann' }, { priority: 'high' });
    await scheduler.now('mail', { user: 'ann' }, { key: 'vip' });
    await scheduler.now('mail', {});
    await scheduler.now('report', { user: 'ann' });

    expect(broker.argsOf('enqueue').flatMap(([jobs]) => jobs.map(({ key }) => key))).toEqual([
      'ann',
      'ann',
      'vip',
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['throws', () => null],
    ['answers a number', () => ({ user: 7 })],
    ['answers too long a text', () => ({ user: 'x'.repeat(257) })],
  ])('is a mistake of the handler when its function %s', async (_, data) => {
    const { engine, broker } = await timedBench({ handlers: { mail: byUser } });

    await expect(engine.scheduler.now('mail', data())).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option: 'mail.key',
    });
    expect(broker.argsOf('enqueue')).toEqual([]);
  });

  it('is that of the handler also for jobs that recur, are saved, or have limited dates', async () => {
    const { engine } = await timedBench({ handlers: { mail: byUser } });
    const { scheduler } = engine;
    const ann = { user: 'ann' };

    const jobs = [
      await scheduler.every('1 hour', 'mail', ann),
      await scheduler.create('mail', ann).save(),
      await scheduler.nowDebounced('mail', ann, { 'data.user': 'ann' }, '1 second'),
      await scheduler.schedule('in 1 hour', 'mail', ann, { skipDays: [0] }),
    ];

    expect(jobs.map(({ key }) => key)).toEqual(['ann', 'ann', 'ann', 'ann']);
    await expect(scheduler.create('mail', { user: 7 }).save()).rejects.toMatchObject({
      option: 'mail.key',
    });
  });

  it('stays what it was when the data of a job changes', async () => {
    const { engine } = await timedBench({ handlers: { mail: byUser } });
    const job = await engine.scheduler.create('mail', { user: 'ann' }).save();

    job.attrs.data = { user: 'ben' };
    await job.save();

    expect(await engine.scheduler.get(job.id)).toMatchObject({ key: 'ann', data: { user: 'ben' } });
  });

  it('is a text of 1 to 256 bytes', async () => {
    for (const key of ['', 'a\n', 'x'.repeat(257), 7]) {
      expect(await refused({ key })).toBeInstanceOf(InvalidJobError);
    }
  });
});

describe('a full queue', () => {
  const limited = { handlers: { mail: { maxQueued: 2 } } };

  /** A bench whose store knows the limit. */
  async function fullBench() {
    const bench = await timedBench(limited);
    await bench.broker.register([{ name: 'mail', maxRescues: 2, limits: { maxQueued: 2 } }]);
    return bench;
  }

  it('refuses the add alone, with an error that says how full it is', async () => {
    const { engine } = await fullBench();
    const { scheduler } = engine;

    const outcomes = await Promise.allSettled([
      scheduler.now('mail', 1),
      scheduler.now('mail', 2),
      scheduler.now('mail', 3),
      scheduler.now('report', 4),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    const { reason } = outcomes[2] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(QueueFullError);
    expect(reason).toMatchObject({ jobName: 'mail', maxQueued: 2, queued: 2 });
    expect((reason as Error).message).toBe(
      '2 jobs of "mail" wait, and no more than 2 may. Add it later, let more workers run, or raise `maxQueued`.',
    );
  });

  it('refuses a job that is saved, and no recurring one', async () => {
    const { engine } = await fullBench();
    const { scheduler } = engine;
    await scheduler.enqueueMany([{ name: 'mail' }, { name: 'mail' }]);

    await expect(scheduler.create('mail').save()).rejects.toThrow(QueueFullError);
    await expect(scheduler.schedule('now', 'mail', 1, { skipDays: [0] })).rejects.toThrow(
      QueueFullError,
    );
    expect((await scheduler.every('1 hour', 'mail')).created).toBe(true);
  });

  it('is reported item by item by a bulk add', async () => {
    const { engine } = await fullBench();
    const heard: [string, unknown, number][] = [];

    const result = await engine.scheduler.enqueueMany(
      [1, 2, 3].map((data) => ({ name: 'mail', data })),
      { onError: ({ name }, { data }, index) => heard.push([name, data, index]) },
    );

    expect(result).toMatchObject({ total: 3, created: 2, existing: 0, failed: 1 });
    expect(result.jobs.map(({ data }) => data)).toEqual([1, 2]);
    expect(result.errors).toEqual([
      { index: 2, item: { name: 'mail', data: 3 }, error: expect.any(QueueFullError) as Error },
    ]);
    expect(heard).toEqual([['QueueFullError', 3, 2]]);
  });
});

describe('a time that has passed', () => {
  it('is now, unless the call refuses it', async () => {
    const { engine, broker } = await timedBench();
    const { scheduler } = engine;
    await scheduler.schedule(START - 1, 'mail');
    await scheduler.schedule(START - 1, 'mail', 1, { past: 'now' });
    await scheduler.schedule(START, 'mail', 1, { past: 'reject' });
    await scheduler.schedule('in 1 second', 'mail', 1, { past: 'reject' });
    expect(broker.argsOf('enqueue')).toHaveLength(4);

    for (const dates of [{}, { startDate: START }]) {
      const options = { past: 'reject', ...dates } as const;
      const call = scheduler.schedule(START - 1, 'mail', 1, options as object);
      await expect(call).rejects.toThrow(InvalidScheduleError);
    }
    const wrong = { past: 'refuse' } as object;
    await expect(scheduler.schedule(START, 'mail', 1, wrong)).rejects.toThrow(InvalidOptionError);
  });
});

describe('an option of another library', () => {
  it.each([
    ['jobId', 'it is called `id` here'],
    ['lifo', 'it is called `first` here'],
    ['repeat', 'use `scheduler.every(interval, name, data)`'],
    ['cron', 'use `scheduler.every(rule, name, data)`'],
    ['deduplication', 'use `dedupe`, or an `idempotencyKey`'],
    ['parent', 'jobs have no parents here'],
  ])('is an error that says what it is here: `%s`', async (option, word) => {
    const { engine } = await timedBench();

    for (const add of [
      () => engine.scheduler.now('mail', 1, { [option]: 'x' } as object),
      () => engine.scheduler.schedule('in 1 hour', 'mail', 1, { [option]: 'x' } as object),
    ]) {
      await expect(add()).rejects.toThrow(
        `Expected \`${option}\` to be left out (there is no such option; ${word})`,
      );
    }
  });

  it.each([
    ['tz', 'it is called `timezone` here'],
    ['timeZone', 'it is called `timezone` here'],
    ['waitForCompletion', 'no occurrence starts beside one that still runs'],
    ['pattern', 'it is the first argument here'],
    ['attempts', 'it belongs to the options of the handler'],
  ])('is the same of a recurring job: `%s`', async (option, word) => {
    const { engine } = await timedBench();

    await expect(
      engine.scheduler.every('1 hour', 'mail', 1, { [option]: 'x' } as object),
    ).rejects.toThrow(`Expected \`${option}\` to be left out (there is no such option; ${word})`);
  });

  it.each<[string, object, string]>([
    ['limiter', {}, 'use `rateLimit: { max, per }`'],
    ['maxStalledCount', {}, 'it is called `maxRescues` here'],
    ['rateLimit.duration', { rateLimit: { duration: 1 } }, 'it is called `per` here'],
  ])('is the same of a handler: `%s`', async (option, options, word) => {
    const { engine } = await timedBench();
    const given = Object.keys(options).length > 0 ? options : { [option]: 'x' };

    expect(() => engine.handlers.define('mail', nothing, given)).toThrow(
      `Expected \`mail.${option}\` to be left out (there is no such option; ${word})`,
    );
  });

  it('is the same of an item of a bulk add', async () => {
    const { engine } = await timedBench();
    const item = { name: 'mail', opts: { delay: 5 } };

    const { errors } = await engine.scheduler.enqueueMany([item]);

    expect(errors[0]!.error.message).toContain('it is called `options` here');
  });

  it('is told from a misspelt one of ours', async () => {
    expect((await refused({ prioritty: 1 })).message).toContain('did you mean `priority`?');
  });
});

describe('large data', () => {
  const LARGE = 'x'.repeat(16 * 1024 - 2);

  it('is warned of once for each name', async () => {
    const { engine } = await timedBench();
    const warnings: string[] = [];
    engine.events.on('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
    const { scheduler } = engine;
    await scheduler.now('mail', LARGE.slice(1));
    expect(warnings).toEqual([]);

    await scheduler.now('mail', LARGE);
    await scheduler.now('mail', LARGE);
    await scheduler.now('report', LARGE.replaceAll('x', 'ä').slice(0, 8_191));

    expect(warnings).toEqual([
      expect.stringContaining('large-data: A job of "mail" carries 16384 bytes of data.'),
      expect.stringContaining('large-data: A job of "report" carries 16384 bytes of data.'),
    ]);
  });
});
