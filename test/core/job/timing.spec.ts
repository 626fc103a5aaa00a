import { InvalidOptionError, InvalidScheduleError } from '../../../lib/core/errors.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches } from '../engine/support.js';
import { DAY, HOUR, MINUTE, NOW, standStill } from './support.js';

afterEach(closeBenches);

const newJob = async (): Promise<Job> => (await standStill()).engine.scheduler.create('mail');

const timeOf = (job: Job): number | null => job.attrs.nextRunAt?.getTime() ?? null;

it('is due at once as long as nothing is said', async () => {
  const job = await newJob();

  expect(timeOf(job)).toBe(NOW);
  expect(job.attrs.type).toBe('normal');
});

describe('schedule', () => {
  it.each([
    ['in 10 minutes', NOW + 10 * MINUTE],
    [new Date(NOW + 5), NOW + 5],
    [NOW - 5, NOW - 5],
    ['2027-01-01T00:00:00Z', Date.UTC(2027, 0, 1)],
  ])('takes %p', async (when, at) => {
    const job = await newJob();

    expect(timeOf(job.schedule(when))).toBe(at);
  });

  it.each(['soon', '', null, undefined, Number.NaN, new Date('x'), 'January 99'])(
    'refuses %p at once, and leaves the job as it was',
    async (when) => {
      const job = await newJob();

      expect(() => job.schedule(when as string)).toThrow(InvalidScheduleError);
      expect(timeOf(job)).toBe(NOW);
    },
  );
});

describe('repeatEvery', () => {
  it('sets the rule, its zone and the first run', async () => {
    const job = (await newJob()).repeatEvery('0 9 * * *', { timezone: 'Asia/Tokyo' });

    expect(job.attrs).toMatchObject({ repeatInterval: '0 9 * * *', repeatTimezone: 'Asia/Tokyo' });
    expect(timeOf(job)).toBe(Date.UTC(2026, 2, 5));
  });

  it('runs an interval first now, or after one interval', async () => {
    const now = (await newJob()).repeatEvery('5 minutes');
    const later = (await newJob()).repeatEvery('5 minutes', { skipImmediate: true });

    expect([timeOf(now), timeOf(later)]).toEqual([NOW, NOW + 5 * MINUTE]);
  });

  it('keeps a number a number', async () => {
    expect((await newJob()).repeatEvery(5000).attrs.repeatInterval).toBe(5000);
  });

  it.each(['', null])('takes the rule away with %j, and leaves no time', async (none) => {
    const { engine } = await standStill();
    const job = await engine.scheduler.every('1h', 'poll');

    await job.repeatEvery(none).save();

    expect(job.attrs).not.toHaveProperty('repeatInterval');
    expect((await engine.scheduler.get(job.id))!.toJSON()).toMatchObject({
      nextRunAt: null,
      repeatInterval: undefined,
      state: 'completed',
    });
  });

  it.each([
    ['foo', {}],
    ['60 * * * *', {}],
    ['-5 minutes', {}],
    [0, {}],
    [undefined, {}],
    ['1h', { timezone: 'Nope/Zone' }],
  ])('refuses %p with %j', async (interval, options) => {
    const job = await newJob();

    expect(() => job.repeatEvery(interval as string, options)).toThrow(InvalidScheduleError);
    expect(job.attrs).not.toHaveProperty('repeatInterval');
  });

  it.each([{ timeZone: 'UTC' }, { skipImmediate: 1 }])(
    'refuses the options %j',
    async (options) => {
      const job = await newJob();

      expect(() => job.repeatEvery('1h', options as never)).toThrow(InvalidOptionError);
    },
  );
});

describe('repeatAt', () => {
  it.each([
    ['3:30pm', undefined, 'UTC', Date.UTC(2026, 2, 4, 15, 30)],
    ['9am', undefined, 'UTC', Date.UTC(2026, 2, 5, 9)],
    ['3:30pm', undefined, 'Asia/Tokyo', Date.UTC(2026, 2, 5, 6, 30)],
  ])('%s runs first at its next occurrence in %s%s', async (time, _, timezone, at) => {
    const job = (await newJob()).repeatAt(time, { timezone });

    expect(timeOf(job)).toBe(at);
    expect(job.attrs).toMatchObject({ repeatAt: time, repeatTimezone: timezone });
  });

  it('takes the place of another rule, and gives it up again', async () => {
    const job = (await newJob()).repeatEvery('5 minutes').repeatAt('noon', { timezone: 'UTC' });

    expect(job.attrs).not.toHaveProperty('repeatInterval');
    expect(timeOf(job)).toBe(NOW + 2 * HOUR);
    expect(timeOf(job.repeatAt(''))).toBeNull();
  });

  it.each(['25:00', '13pm', 'soon', '9'])('refuses %p', async (time) => {
    const job = await newJob();

    expect(() => job.repeatAt(time)).toThrow(InvalidScheduleError);
  });
});

describe('limits of dates', () => {
  it('move a time forward, past the start and over skipped days', async () => {
    const started = (await newJob()).startDate('2026-03-06T08:00:00Z');
    const skipped = (await newJob()).repeatEvery('1h', { timezone: 'UTC' }).skipDays([3, 4, 3]);

    expect(timeOf(started)).toBe(Date.UTC(2026, 2, 6, 8));
    expect(timeOf(skipped)).toBe(NOW + 2 * DAY);
    expect(skipped.attrs.skipDays).toEqual([3, 4]);
  });

  it('allow the end itself, and end the job behind it', async () => {
    const job = (await newJob()).schedule(NOW + HOUR);

    expect(timeOf(job.endDate(NOW + HOUR))).toBe(NOW + HOUR);
    expect(timeOf(job.endDate(NOW + HOUR - 1))).toBeNull();
    expect(timeOf(job.endDate(null))).toBe(NOW + HOUR);
  });

  it.each([
    ['startDate', 'soon'],
    ['startDate', undefined],
    ['skipDays', undefined],
    ['endDate', new Date('x')],
    ['skipDays', [7]],
    ['skipDays', [1.5]],
    ['skipDays', 'monday'],
    ['skipDays', [0, 1, 2, 3, 4, 5, 6]],
  ] as const)('refuse %s(%j)', async (method, value) => {
    const job = await newJob();

    expect(() => job[method](value as never)).toThrow(InvalidScheduleError);
    expect(timeOf(job)).toBe(NOW);
  });

  it('refuse a start after the end', async () => {
    const job = (await newJob()).endDate(NOW + HOUR);

    expect(() => job.startDate(NOW + 2 * HOUR)).toThrow(InvalidScheduleError);
  });
});

describe('the order of the chain', () => {
  const zone = { timezone: 'America/New_York' };
  const steps: [string, (job: Job) => Job][] = [
    ['schedule', (job) => job.schedule('2026-03-07 09:00')],
    ['repeatEvery', (job) => job.repeatEvery('0 9 * * *', zone)],
    ['startDate', (job) => job.startDate('2026-03-06')],
    ['skipDays', (job) => job.skipDays([6, 0])],
  ];
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [1, 3, 0, 2],
  ];

  it.each(orders.map((order) => [order.map((i) => steps[i]![0]).join(' '), order] as const))(
    'changes nothing: %s',
    async (_name, order) => {
      const job = await newJob();

      for (const i of order) steps[i]![1](job);

      // Saturday is skipped and so is Sunday; clocks go forward that weekend in New York.
      expect(timeOf(job)).toBe(Date.UTC(2026, 2, 9, 13));
      expect(job.attrs.startDate).toEqual(new Date('2026-03-06T05:00:00Z'));
    },
  );

  it('lets a time that is asked for go before the first run of a rule', async () => {
    const before = (await newJob()).schedule('in 1 hour').repeatEvery('5 minutes');
    const after = (await newJob()).repeatEvery('5 minutes').schedule('in 1 hour');

    expect([timeOf(before), timeOf(after)]).toEqual([NOW + HOUR, NOW + HOUR]);
  });

  it('takes fields that were written by hand for what was asked', async () => {
    const job = await newJob();
    job.attrs.nextRunAt = new Date(NOW + HOUR);
    job.attrs.endDate = new Date(NOW + 2 * HOUR);

    job.repeatEvery('5 minutes', { timezone: 'UTC' });

    expect(timeOf(job)).toBe(NOW + HOUR);
    expect(timeOf(job.schedule(NOW + 3 * HOUR))).toBeNull();
  });
});
