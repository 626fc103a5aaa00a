import {
  InvalidOptionError,
  InvalidScheduleError,
  JobNotRunningError,
  JobTimeoutError,
  NonRetryableError,
} from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { JobFunction } from '../../../lib/core/handlers/job-function.js';
import type { Job } from '../../../lib/core/job/job.js';
import { JobVerdict } from '../../../lib/core/job/verdict.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, until } from './support.js';

afterEach(closeBenches);

/** An engine that runs one job with this handler. */
async function running(
  handler: JobFunction,
  options: HandlerOptions = {},
  engineOptions: EngineOptions = {},
  memory = new MemoryBackend(),
) {
  const bench = await makeBench(engineOptions, memory);
  const { engine } = bench;
  engine.handlers.define('mail', handler, options);
  const ended = {
    completed: nextEvent(engine, 'completed'),
    snoozed: nextEvent(engine, 'snoozed'),
    retrying: nextEvent(engine, 'retrying'),
    failed: nextEvent(engine, 'failed'),
    dead: nextEvent(engine, 'dead'),
  };
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail', { to: 'ada' });
  const { job } = await started;
  const stored = async () => (await engine.scheduler.get(id))!;
  return { ...bench, ...ended, id, job, stored };
}

const untilAborted = (job: Job): Promise<unknown> =>
  new Promise((resolve) => job.signal.addEventListener('abort', resolve));

describe('a handler that puts its job off', () => {
  it('is called again after that time, and no attempt is counted', async () => {
    const { snoozed, completed, stored } = await running((job) =>
      job.snoozeCount < 2 ? job.snooze(1) : [job.attempt, job.snoozeCount],
    );

    expect(await snoozed).toMatchObject({ delayMs: 1, error: undefined });
    expect((await completed).result).toEqual([1, 2]);
    expect(await stored()).toMatchObject({ attempt: 1, failCount: 0, snoozeCount: 2 });
  });

  it('has no result, and has neither failed nor completed', async () => {
    const timeless = new MemoryBackend({ clock: new ManualClock() });
    const goesOn = gate();
    const handler: JobFunction = (job) => goesOn.opened.then(() => job.snooze('1 hour'));
    const { engine, snoozed, stored } = await running(handler, {}, {}, timeless);
    const told: string[] = [];
    for (const event of ['completed', 'failed', 'success', 'fail', 'complete'] as const) {
      engine.scheduler.on(event, () => told.push(event));
    }

    goesOn.open();
    const { job, nextRunAt } = await snoozed;

    expect(told).toEqual([]);
    expect(job).toMatchObject({ snoozeCount: 1, nextRunAt, lockedAt: null });
    const now = await stored();
    expect(now).toMatchObject({ state: 'scheduled', attempt: 0, snoozeCount: 1, nextRunAt });
    expect(now.result).toBeUndefined();
  });

  it.each<[string, JobFunction]>([
    ['returns it', (job) => job.snooze('1h')],
    [
      'says it, and returns something else',
      async (job) => {
        job.snooze('1h');
        return 'a result';
      },
    ],
    [
      'throws it',
      (job) => {
        throw job.snooze('1h');
      },
    ],
    ['rejects with it', (job) => Promise.reject(job.snooze('1h'))],
    [
      'throws it as the cause of an error',
      (job) => {
        throw new Error('wrapped', { cause: new Error('again', { cause: job.snooze('1h') }) });
      },
    ],
    ['calls back without an error', (job, done) => (job.snooze('1h'), done())],
    ['calls back with it', (job, done) => done(job.snooze('1h'))],
    ['does so after another word', (job) => (job.discard('no'), job.snooze('1h'))],
  ])('may do so as it likes: it %s', async (_how, handler) => {
    const { snoozed, stored } = await running(handler);

    expect((await snoozed).delayMs).toBe(3_600_000);
    expect(await stored()).toMatchObject({ state: 'scheduled', failCount: 0 });
  });

  it('becomes a dead letter the next time after `max`, which is said', async () => {
    const { dead, stored } = await running((job) => job.snooze(1, { max: 2 }), { attempts: 5 });

    const { failure } = await dead;

    expect(failure).toMatchObject({
      reason: 'exhausted',
      message: expect.stringMatching(/2 times/),
    });
    expect(await stored()).toMatchObject({ state: 'failed', snoozeCount: 2, failCount: 1 });
  });

  it('counts for a run by hand, too', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', (job) => job.snooze('1h'));
    const job = await engine.scheduler.schedule('in 1 day', 'mail');

    await job.run();

    expect(job).toMatchObject({ snoozeCount: 1, attempt: 0 });
  });
});

describe('a handler that wants its retry at a time', () => {
  it('has failed, and is called again then and not after its backoff', async () => {
    const { retrying, failed, stored } = await running(
      (job) => job.retryAt(Date.UTC(2100, 0, 1), { reason: 'the API is closed' }),
      { attempts: 2, backoff: '1 minute' },
    );

    expect((await failed).error).toBeInstanceOf(JobVerdict);
    expect(await retrying).toMatchObject({
      nextRunAt: new Date('2100-01-01T00:00:00Z'),
      delayMs: undefined,
    });
    expect(await stored()).toMatchObject({
      state: 'failed',
      attempt: 1,
      failCount: 1,
      failReason: 'the API is closed',
      nextRunAt: new Date('2100-01-01T00:00:00Z'),
    });
  });

  it('is called again at once when the time has passed', async () => {
    const { completed } = await running(
      (job) => (job.attempt === 1 ? job.retryAt(new Date(0)) : 'second'),
      { attempts: 2, backoff: '1 hour' },
    );

    expect((await completed).result).toBe('second');
  });

  it.each<[string, HandlerOptions]>([
    ['no attempt is left', {}],
    ['its backoff says to stop', { backoff: () => null }],
  ])('gets none when %s: the job is a dead letter', async (_why, options) => {
    const { dead } = await running((job) => job.retryAt('tomorrow'), options);

    expect((await dead).failure).toMatchObject({
      reason: 'exhausted',
      name: 'JobVerdict',
      message: expect.stringMatching(/To be tried again at \d{4}-/),
    });
  });

  it('may give the error that is the reason', async () => {
    const { dead } = await running((job) =>
      job.retryAt('tomorrow', { reason: new RangeError('far') }),
    );

    const { failure, error } = await dead;

    expect(failure).toMatchObject({ name: 'RangeError', message: 'far' });
    expect(error).toBeInstanceOf(RangeError);
  });
});

describe('a handler that discards its job', () => {
  it('makes it a dead letter at once, with the reason', async () => {
    const { dead, stored } = await running((job) => job.discard('the customer has left'), {
      attempts: 5,
      backoff: 1,
    });

    expect((await dead).failure).toMatchObject({
      reason: 'discarded',
      message: 'the customer has left',
    });
    expect(await stored()).toMatchObject({ state: 'failed', nextRunAt: null, failCount: 1 });
  });

  it('may give an error as the reason', async () => {
    const { dead } = await running((job) => job.discard(new RangeError('too far')));

    expect((await dead).failure).toMatchObject({ name: 'RangeError', message: 'too far' });
  });

  it('does not end a recurring job: it goes on with its next occurrence', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('report', (job) => job.discard('nothing to report'), { attempts: 5 });
    const exhausted: unknown[] = [];
    engine.scheduler.on('retry exhausted', (error) => exhausted.push(error));
    const failed = nextEvent(engine, 'failed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.every('1 hour', 'report');
    await failed;

    const job = (await engine.scheduler.get(id))!;
    expect(job).toMatchObject({ attempt: 0, failReason: 'nothing to report' });
    expect(job.nextRunAt!.getTime()).toBeGreaterThan(Date.now());
    expect(exhausted).toEqual([]);
  });
});

describe('what a handler decides', () => {
  it('counts as it was said last', async () => {
    const { dead } = await running((job) => {
      const first = job.snooze('1h');
      job.discard('after all');
      throw first;
    });

    expect((await dead).failure.reason).toBe('discarded');
  });

  it('is void when it throws another error: that is the truth', async () => {
    const { dead } = await running((job) => {
      job.snooze('1h');
      throw new Error('broken');
    });

    expect((await dead).failure).toMatchObject({ reason: 'exhausted', message: 'broken' });
  });

  it('is of its own job: the verdict of another is an error like any other', async () => {
    const { engine } = await makeBench();
    const verdict = gate<JobVerdict>();
    engine.handlers.define('first', (job) => {
      const mine = job.discard('first');
      verdict.open(mine);
      return mine;
    });
    engine.handlers.define('second', async (job) => {
      job.snooze('1h');
      throw await verdict.opened;
    });
    const dead = nextEvent(engine, 'dead:second');
    await engine.workerHost.start();

    await engine.scheduler.now('second');
    await engine.scheduler.now('first');

    expect((await dead).failure).toMatchObject({ reason: 'exhausted', name: 'JobVerdict' });
  });

  it.each<[string, (job: Job) => unknown, typeof InvalidOptionError | typeof InvalidScheduleError]>(
    [
      ['no duration', (job) => job.snooze('soon'), InvalidOptionError],
      ['none at all', (job) => job.snooze(0), InvalidOptionError],
      ['a negative one', (job) => job.snooze(-5), InvalidOptionError],
      ['NaN', (job) => job.snooze(Number.NaN), InvalidOptionError],
      ['a `max` below 0', (job) => job.snooze(5, { max: -1 }), InvalidOptionError],
      ['an unknown option', (job) => job.snooze(5, { most: 1 } as never), InvalidOptionError],
      ['no date', (job) => job.retryAt('some day'), InvalidScheduleError],
      ['an invalid Date', (job) => job.retryAt(new Date(Number.NaN)), InvalidScheduleError],
      [
        'a reason that is none',
        (job) => job.retryAt(5, { reason: 5 as never }),
        InvalidOptionError,
      ],
      ['no reason', (job) => job.discard(undefined as never), InvalidOptionError],
      ['an empty reason', (job) => job.discard(''), InvalidOptionError],
    ],
  )('is refused at the call, and changes nothing: %s', async (_what, say, kind) => {
    const { completed } = await running((job) => {
      expect(() => say(job)).toThrow(kind);
      return 'went on';
    });

    expect((await completed).result).toBe('went on');
  });

  it.each<[string, (job: Job) => unknown]>([
    ['snooze', (job) => job.snooze('1h')],
    ['retryAt', (job) => job.retryAt('tomorrow')],
    ['discard', (job) => job.discard('no')],
  ])('is said while the job runs here: `%s` is an error otherwise', async (verb, say) => {
    const { engine } = await makeBench();
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened);
    const started = nextEvent(engine, 'started');
    const completed = nextEvent(engine, 'completed');

    const waiting = await engine.scheduler.now('mail');
    expect(() => say(waiting)).toThrow(JobNotRunningError);
    expect(() => say(waiting)).toThrow(new RegExp(`\`${verb}\`.*${waiting.id} \\("mail"\\)`));

    await engine.workerHost.start();
    const { job } = await started;
    expect(() => say(waiting)).toThrow(JobNotRunningError);
    ends.open();
    await completed;
    expect(() => say(job)).toThrow(JobNotRunningError);
    expect(await engine.scheduler.get(job.id)).toMatchObject({ state: 'completed' });
  });

  it('is an error once the job is cancelled', async () => {
    const ends = gate();
    const { engine, id, job } = await running(() => ends.opened);
    const cancelled = nextEvent(engine, 'cancelled');

    await engine.scheduler.cancel(id);
    await cancelled;

    expect(() => job.discard('me too')).toThrow(JobNotRunningError);
    ends.open();
  });

  it('counts after `job.cancel()`, which leaves to the handler how it ends', async () => {
    const { dead } = await running((job) => {
      job.cancel('enough');
      throw job.discard('as you wish');
    });

    expect((await dead).failure.reason).toBe('discarded');
  });

  it('counts when the handler was asked to end by a shutdown', async () => {
    const { engine, stored } = await running(async (job) => {
      await untilAborted(job);
      throw job.snooze('1h');
    });

    await engine.workerHost.drain({ timeout: 0 });

    expect(await stored()).toMatchObject({ state: 'scheduled', snoozeCount: 1, releaseCount: 0 });
  });

  it.each<[string, JobFunction]>([
    [
      'said in time',
      async (job) => {
        job.snooze('1h');
        await untilAborted(job);
      },
    ],
    [
      'said too late, which is an error',
      async (job) => {
        await untilAborted(job);
        expect(() => job.snooze('1h')).toThrow(JobTimeoutError);
        throw job.snooze('1h');
      },
    ],
  ])('does not count when its time is up: %s', async (_when, handler) => {
    const { dead, stored } = await running(handler, { timeout: 5 });

    expect((await dead).error).toBeInstanceOf(JobTimeoutError);
    expect(await stored()).toMatchObject({ state: 'failed', snoozeCount: 0 });
  });
});

class TooManyRequests extends Error {}

describe('an error that is no failure', () => {
  const isFailure = (error: Error) => !(error instanceof TooManyRequests);
  const onceRefused: JobFunction = (job) => {
    if (job.snoozeCount === 0) throw new TooManyRequests('later');
    return [job.attempt, job.failCount];
  };

  it('is tried again after the backoff, and no attempt is counted', async () => {
    const { snoozed, completed, stored } = await running(onceRefused, { isFailure, backoff: 1 });

    expect(await snoozed).toMatchObject({ delayMs: 1, error: expect.any(TooManyRequests) });
    expect((await completed).result).toEqual([1, 0]);
    expect(await stored()).toMatchObject({ attempt: 1, failCount: 0, snoozeCount: 1 });
  });

  it.each<[string, EngineOptions]>([
    ['for all handlers', { defaults: { isFailure, backoff: 1 } }],
    ['for a name by configuration', { handlers: { mail: { isFailure, backoff: 1 } } }],
  ])('may be told %s', async (_where, options) => {
    const { completed } = await running(onceRefused, {}, options);

    expect((await completed).result).toEqual([1, 0]);
  });

  it('is told apart by the job as well', async () => {
    const { dead } = await running(
      () => {
        throw new TooManyRequests('later');
      },
      { isFailure: (_error, job) => job.snoozeCount >= 2, backoff: 1 },
    );

    expect((await dead).job).toMatchObject({ snoozeCount: 2, failCount: 1 });
  });

  it.each<[string, HandlerOptions['isFailure']]>([
    [
      'throws',
      () => {
        throw new Error('wrong');
      },
    ],
    ['answers nothing', () => undefined as never],
    ['is async', (async () => false) as never],
    ['is async and fails', (async () => Promise.reject(new Error('wrong'))) as never],
  ])('counts all the same, and is reported, when the function %s', async (_what, wrong) => {
    const { dead, errors } = await running(onceRefused, { isFailure: wrong!, backoff: 1 });

    expect((await dead).failure).toMatchObject({ reason: 'exhausted', message: 'later' });
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/`isFailure` of "mail"/),
    ]);
  });

  it.each<[string, JobFunction, HandlerOptions]>([
    [
      'a retry is pointless',
      () => {
        throw new Error('outer', { cause: new NonRetryableError('no') });
      },
      {},
    ],
    ['its time is up', untilAborted, { timeout: 5 }],
    [
      'the handler was asked to end',
      (job) => {
        job.cancel();
        throw new Error('as asked');
      },
      {},
    ],
  ])('is not asked for when %s', async (_why, handler, options) => {
    let asked = 0;
    const { dead } = await running(handler, { ...options, isFailure: () => ++asked < 0 });

    await dead;

    expect(asked).toBe(0);
  });

  it('is told by a function, and by nothing else', async () => {
    const { engine } = await makeBench();

    expect(() => engine.handlers.define('mail', () => {}, { isFailure: 'no' as never })).toThrow(
      InvalidOptionError,
    );
    await expect(makeBench({ defaults: { isFailure: true as never } })).rejects.toThrow(
      /defaults\.isFailure/,
    );
  });
});

it('what a lost handler saves is refused', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const cancelled = nextEvent(engine, 'cancelled');
  await engine.workerHost.start();
  await engine.scheduler.now('mail', 'old');
  const { job } = await started;
  await engine.scheduler.cancel(job.id, { reason: 'enough' });
  await cancelled;

  job.attrs.data = 'new';

  await expect(job.save()).rejects.toThrow(/cancelled: enough/);
  ends.open();
  await until(() => engine.workerHost.status().running === 0);
});
