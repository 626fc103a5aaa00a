import { InvalidOptionError } from '../../../lib/core/errors.js';
import { closeBenches, nextEvent } from '../engine/support.js';
import { DAY, HOUR, MINUTE, NOW, standStill } from './support.js';

afterEach(closeBenches);

const after = (...spans: number[]): Date[] => spans.map((ms) => new Date(NOW + ms));

it('tells the next runs of an interval, of which the first is now', async () => {
  const { engine } = await standStill();

  const job = await engine.scheduler.every('1 hour', 'report');

  expect(job.upcoming(3)).toEqual(after(0, HOUR, 2 * HOUR));
  expect(job.upcoming()).toEqual(after(0));
});

it('follows the rule over its time zone, skipped days and its end', async () => {
  const { engine } = await standStill();
  const options = { timezone: 'Asia/Tokyo', skipDays: [0, 6], endDate: new Date(NOW + 6 * DAY) };

  const job = await engine.scheduler.every('0 9 * * *', 'report', {}, options);
  const runs = job.upcoming(100);

  expect(runs.length).toBeGreaterThan(2);
  expect(runs.length).toBeLessThan(6);
  for (const run of runs) {
    // Nine in Tokyo, which knows no summer time.
    expect([run.getUTCHours(), run.getUTCMinutes()]).toEqual([0, 0]);
    expect([1, 2, 3, 4, 5]).toContain(run.getUTCDay());
    expect(run.getTime()).toBeLessThanOrEqual(NOW + 6 * DAY);
  }
});

it('stays on the grid of the rule when a hand has moved the next run', async () => {
  const { engine } = await standStill();
  const { scheduler } = engine;
  const { id } = await scheduler.every('1 hour', 'report', {}, { skipImmediate: true });

  await scheduler.reschedule(id, new Date(NOW + 10 * MINUTE));

  expect((await scheduler.get(id))!.upcoming(3)).toEqual(after(10 * MINUTE, HOUR, 2 * HOUR));
});

it('counts missed runs as the engine does: as one, at once', async () => {
  const { engine, clock } = await standStill();
  const { id } = await engine.scheduler.every('1 hour', 'report', {}, { skipImmediate: true });

  clock.advance(3 * HOUR + MINUTE);

  expect((await engine.scheduler.get(id))!.upcoming(3)).toEqual(
    after(3 * HOUR, 4 * HOUR, 5 * HOUR),
  );
});

it('leaves out the run under way', async () => {
  const { engine } = await standStill();
  const { scheduler, handlers, workerHost } = engine;
  handlers.define('report', (job) => {
    return new Promise((resolve) => job.signal.addEventListener('abort', resolve));
  });
  await workerHost.start();
  const started = nextEvent(engine, 'started');
  const { id } = await scheduler.every('1 hour', 'report');
  await started;

  expect((await scheduler.get(id))!.upcoming(2)).toEqual(after(HOUR, 2 * HOUR));
});

it('has none of a job that is disabled, has ended, or runs once', async () => {
  const { engine } = await standStill();
  const { scheduler } = engine;
  const { id } = await scheduler.every('1 hour', 'report');
  await scheduler.disable(id);
  const once = await scheduler.schedule('in 1 hour', 'report');

  expect((await scheduler.get(id))!.upcoming(5)).toEqual([]);
  expect(once.upcoming(5)).toEqual([]);
});

it.each([0, 101, 1.5])('refuses %p runs', async (most) => {
  const { engine } = await standStill();
  const job = await engine.scheduler.every('1 hour', 'report');

  expect(() => job.upcoming(most)).toThrow(InvalidOptionError);
});
