import { DAY, HOUR, MINUTE, NOW, standStill } from '../job/support.js';
import { InvalidJobError, InvalidScheduleError } from '../../../lib/core/errors.js';
import { closeBenches, makeBench, nextEvent, nextEvents } from './support.js';

afterEach(closeBenches);

describe('every', () => {
  it('adds one job for each name, in their order, with all that is said of them', async () => {
    const { engine } = await standStill();

    const jobs = await engine.scheduler.every(
      '0 9 * * *',
      ['b', 'a'],
      { n: 1 },
      {
        timezone: 'Asia/Tokyo',
        startDate: '2026-03-10',
        endDate: new Date(NOW + 30 * DAY),
        skipDays: [0, 6],
        key: 'daily',
        catchUp: 'skip',
        priority: 'low',
      },
    );

    expect(jobs.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(jobs[0]!.attrs).toMatchObject({
      type: 'single',
      data: { n: 1 },
      nextRunAt: new Date('2026-03-09T15:00:00Z'),
      repeatInterval: '0 9 * * *',
      repeatTimezone: 'Asia/Tokyo',
      startDate: new Date('2026-03-09T15:00:00Z'),
      endDate: new Date(NOW + 30 * DAY),
      skipDays: [0, 6],
      repeatKey: 'daily',
      catchUp: 'skip',
      priority: -10,
    });
  });

  it('adds nothing of what it cannot mean', async () => {
    const { engine } = await standStill();
    const { scheduler } = engine;

    await expect(scheduler.every('1h', '')).rejects.toThrow(InvalidJobError);
    await expect(scheduler.every('1h', 'x', () => 1)).rejects.toThrow(InvalidJobError);
    await expect(scheduler.every('1h', 'x', 1, { startDate: 'soon' })).rejects.toThrow(
      InvalidScheduleError,
    );
    await expect(
      scheduler.every('1h', 'x', 1, { startDate: NOW + DAY, endDate: NOW }),
    ).rejects.toThrow(InvalidScheduleError);
    expect(await scheduler.total()).toMatchObject({ total: 0 });
  });

  it('is one job, however many processes say it at once', async () => {
    const { engine } = await standStill();

    const jobs = await Promise.all(
      Array.from({ length: 10 }, () => engine.scheduler.every('1h', 'poll')),
    );

    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  it('keeps a job whose dates have all passed, without a time', async () => {
    const { engine } = await standStill();

    const job = await engine.scheduler.every('1h', 'poll', 1, { endDate: NOW - 1 });

    expect(job.attrs.nextRunAt).toBeNull();
    expect(await engine.scheduler.counts('poll')).toMatchObject({ total: 1 });
  });
});

describe('a restart', () => {
  it('runs at once what fell due while nobody was there', async () => {
    const { engine, clock } = await standStill();
    await engine.scheduler.every('0 11 * * *', 'noon', 1, { timezone: 'UTC' });
    clock.advance(3 * HOUR);

    const again = await engine.scheduler.every('0 11 * * *', 'noon', 2, { timezone: 'UTC' });

    expect(again.nextRunAt).toEqual(new Date(NOW + HOUR));
    const completed = nextEvent(engine, 'completed');
    engine.handlers.define('noon', () => undefined);
    await engine.workerHost.start();
    expect((await completed).nextRunAt).toEqual(new Date(NOW + HOUR + DAY));
  });

  it('does not push away a first run that waits for its interval', async () => {
    const { engine, clock } = await standStill();
    const every = () => engine.scheduler.every('1h', 'poll', 1, { skipImmediate: true });
    await every();

    clock.advance(30 * MINUTE);

    expect((await every()).nextRunAt).toEqual(new Date(NOW + HOUR));
  });

  it('with a changed rule counts at once', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('poll', () => undefined);
    const first = nextEvent(engine, 'completed');
    await engine.workerHost.start();
    await engine.scheduler.every('5 hours', 'poll');
    await first;
    const three = nextEvents(engine, 'completed', 3);

    await engine.scheduler.every('20 ms', 'poll');

    expect(await three).toHaveLength(3);
  });

  it('does not enable what was disabled', async () => {
    const { engine } = await standStill();
    const job = await engine.scheduler.every('1h', 'poll');
    await engine.scheduler.disable(job.id);

    const again = await engine.scheduler.every('1h', 'poll', 'newer');

    expect(again.disabled).toBe(true);
    expect(again.data).toBe('newer');
  });
});

describe('the retries of a recurring job', () => {
  it('move its next run, and when they are used up its next occurrence stays and begins anew', async () => {
    const { engine, clock } = await standStill();
    const attempts: number[] = [];
    engine.handlers.define(
      'poll',
      (job) => {
        attempts.push(job.attempt);
        throw new Error('no luck');
      },
      { attempts: 2, backoff: '10 seconds' },
    );
    const retrying = nextEvent(engine, 'retrying');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.every('1h', 'poll');
    const nextRunAt = async () => (await engine.scheduler.get(id))!.nextRunAt!.getTime();

    await retrying;
    expect(await nextRunAt()).toBe(NOW + 10_000);
    const exhausted = nextEvent(engine, 'failed');
    clock.advance(10_000);
    await exhausted;
    expect(await nextRunAt()).toBe(NOW + HOUR);
    const again = nextEvent(engine, 'retrying');
    clock.set(NOW + HOUR);
    await again;

    expect(attempts).toEqual([1, 2, 1]);
    expect(await nextRunAt()).toBe(NOW + HOUR + 10_000);
  });
});

it.each([
  ['skip', []],
  ['latest', [NOW + 11 * MINUTE]],
] as const)('follows its catchUp (%s) when the pause of its name ends', async (catchUp, next) => {
  const { engine, clock } = await standStill({ processEvery: 10 });
  const { scheduler } = engine;
  const runs: (number | undefined)[] = [];
  engine.handlers.define('poll', () => undefined);
  engine.events.on('completed', ({ nextRunAt }) => runs.push(nextRunAt?.getTime()));
  const caughtUp = nextEvent(engine, catchUp === 'skip' ? 'skipped' : 'completed');
  const job = await scheduler.every('1 minute', 'poll', 1, { catchUp, skipImmediate: true });
  await scheduler.pause('poll');
  await engine.workerHost.start();
  clock.advance(10 * MINUTE + 5_000);
  expect(await scheduler.getQueueSize()).toBe(1);

  await scheduler.resume('poll');
  await caughtUp;

  expect(runs).toEqual(next);
  expect((await scheduler.get(job.id))!.nextRunAt).toEqual(new Date(NOW + 11 * MINUTE));
});
