import {
  type BackoffStrategy,
  backoffStrategies,
  combine,
  constant,
} from '../../../lib/core/backoff-strategies.js';
import { BackoffError } from '../../../lib/core/errors.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

const no = () => {
  throw new Error('no');
};

describe('a backoff strategy', () => {
  it.each([
    ['constant, 2 retries', constant({ delay: 1, maxRetries: 2 }), {}, 3],
    ['none', constant({ maxRetries: 0 }), {}, 1],
    ['two of them', combine(constant({ delay: 1, maxRetries: 1 }), constant({ delay: 2 })), {}, 4],
    ['and fewer attempts', constant({ delay: 1, maxRetries: 5 }), { attempts: 2 }, 2],
    ['and more attempts', constant({ delay: 1, maxRetries: 1 }), { attempts: 9 }, 2],
    ['that stops with undefined', () => undefined, {}, 1],
  ])('says how often a job runs: %s', async (_what, backoff, options, runs) => {
    const { engine } = await makeBench();
    let count = 0;
    engine.handlers.define(
      'mail',
      () => {
        count += 1;
        no();
      },
      { backoff, ...options },
    );
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    await engine.scheduler.now('mail');
    await dead;

    expect(count).toBe(runs);
  });

  it('is told of the failure: which one, of which job', async () => {
    const { engine } = await makeBench();
    const told: unknown[] = [];
    const backoff: BackoffStrategy = ({ attempt, error, jobName, jobData }) => {
      told.push([attempt, error.message, jobName, jobData]);
      return attempt < 2 ? 1 : null;
    };
    engine.handlers.define('mail', no, { backoff });
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    await engine.scheduler.now('mail', { to: 'ada' });
    await dead;

    expect(told).toEqual([
      [1, 'no', 'mail', { to: 'ada' }],
      [2, 'no', 'mail', { to: 'ada' }],
    ]);
  });

  it.each([
    ['NaN', () => Number.NaN],
    ['a negative wait', () => -1],
    ['an infinite wait', () => Infinity],
    ['nothing, but throws', no as BackoffStrategy],
  ])(
    'that answers %s is reported; the job is settled and the worker goes on',
    async (_what, backoff) => {
      const { engine, errors } = await makeBench();
      engine.handlers.define('mail', no, { backoff });
      engine.handlers.define('other', () => undefined);
      const dead = nextEvent(engine, 'dead');
      const completed = nextEvent(engine, 'completed');
      await engine.workerHost.start();

      const { id } = await engine.scheduler.now('mail');
      await dead;
      await engine.scheduler.now('other');
      await completed;

      expect(errors).toEqual([expect.any(BackoffError)]);
      expect(await engine.scheduler.get(id)).toMatchObject({ state: 'failed', failCount: 1 });
    },
  );

  it('applies to whatever was thrown', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => Promise.reject(undefined), {
      backoff: backoffStrategies.constant({ delay: 1, maxRetries: 1 }),
    });
    const failed = nextEvents(engine, 'failed', 2);
    await engine.workerHost.start();

    await engine.scheduler.now('mail');

    expect((await failed).map(({ error }) => error)).toEqual([
      expect.any(Error),
      expect.any(Error),
    ]);
  });
});

it('a listener that throws changes nothing of the outcome', async () => {
  const { engine, errors } = await makeBench();
  engine.handlers.define('mail', () => 'done');
  engine.events.on('completed', no).on('started', no);
  await engine.workerHost.start();

  const { id } = await engine.scheduler.now('mail');
  await until(() => errors.length === 2);

  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'completed', failCount: 0 });
});

describe('removeOnComplete', () => {
  it('removes a job that succeeded and is done', async () => {
    const { engine } = await makeBench({ removeOnComplete: true });
    engine.handlers.define('mail', () => undefined);
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    await completed;

    expect(await engine.scheduler.get(id)).toBeUndefined();
  });

  it('of a handler wins over that of the module', async () => {
    const { engine } = await makeBench({ removeOnComplete: true });
    engine.handlers.define('kept', () => undefined, { removeOnComplete: false });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('kept');
    await completed;

    expect((await engine.scheduler.get(id))!.state).toBe('completed');
  });

  it('leaves a job that failed, that recurs, or that is to run again', async () => {
    const { engine } = await makeBench({ removeOnComplete: true });
    engine.handlers.define('failing', no);
    engine.handlers.define('recurring', () => undefined);
    engine.handlers.define('rescheduled', async (job) => {
      await job.schedule('in 1 hour').save();
    });
    const dead = nextEvent(engine, 'dead');
    const completed = nextEvents(engine, 'completed', 2);
    await engine.workerHost.start();

    const failing = await engine.scheduler.now('failing');
    const recurring = await engine.scheduler.every('1h', 'recurring');
    const rescheduled = await engine.scheduler.now('rescheduled');
    await Promise.all([dead, completed]);

    const stateOf = async ({ id }: { id: string }) => (await engine.scheduler.get(id))?.state;
    expect(await stateOf(failing)).toBe('failed');
    expect(await stateOf(recurring)).toBe('repeating');
    expect(await stateOf(rescheduled)).toBe('scheduled');
  });
});

it('a handler that never ends holds its slot, and its job is never run twice at once', async () => {
  const { engine } = await makeBench({ defaultConcurrency: 1 });
  const ends = gate();
  let alive = 0;
  let most = 0;
  engine.handlers.define(
    'hung',
    async (job) => {
      most = Math.max(most, (alive += 1));
      await Promise.race([
        ends.opened,
        new Promise((resolve) => job.signal.addEventListener('abort', resolve)),
      ]);
      alive -= 1;
    },
    { timeout: 10, attempts: 3, backoff: 1 },
  );
  const retrying = nextEvents(engine, 'retrying', 2);
  const dead = nextEvent(engine, 'dead');
  await engine.workerHost.start();

  await engine.scheduler.now('hung');
  await engine.scheduler.now('hung');

  expect((await retrying)[0]!.error.message).toMatch(/timeout of 10 ms/);
  await dead;
  expect(most).toBe(1);
  ends.open();
});
