import { InvalidOptionError, InvalidScheduleError } from '../../../lib/core/errors.js';
import {
  compileRepeatRule,
  type RepeatRuleFields,
} from '../../../lib/core/schedule/compile-repeat-rule.js';

const at = (text: string): number => Date.parse(text);
const show = (time: number | null): string | null =>
  time === null ? null : new Date(time).toISOString().replace('.000Z', 'Z');
const rule = (fields: RepeatRuleFields) =>
  compileRepeatRule({ timezone: 'UTC', ...fields }, 'mail');

// Wednesday.
const NOW = at('2026-03-04T10:20:30.456Z');

describe('the first run of a recurring job', () => {
  it('is now for an interval, and after one interval when asked', () => {
    expect(rule({ interval: '5 minutes' }).first(NOW)).toBe(NOW);
    expect(rule({ interval: 5_000 }).first(NOW, { skipImmediate: true })).toBe(NOW + 5_000);
  });

  it('is the next tick for cron, whatever is asked', () => {
    const hourly = rule({ interval: '@hourly' });

    expect(show(hourly.first(NOW))).toBe('2026-03-04T11:00:00Z');
    expect(show(hourly.first(NOW, { skipImmediate: true }))).toBe('2026-03-04T11:00:00Z');
  });

  it.each<[string, string, string]>([
    ['3:30pm', 'UTC', '2026-03-04T15:30:00Z'],
    ['15:30', 'America/New_York', '2026-03-04T20:30:00Z'],
    ['9am', 'UTC', '2026-03-05T09:00:00Z'],
    ['09:05:10', 'UTC', '2026-03-05T09:05:10Z'],
    ['noon', 'Asia/Kolkata', '2026-03-05T06:30:00Z'],
    ['midnight', 'Europe/Paris', '2026-03-04T23:00:00Z'],
  ])('daily at %s in %s is %s', (time, timezone, expected) => {
    expect(show(rule({ at: time, timezone }).first(NOW))).toBe(expected);
  });

  it('keeps to the date limits', () => {
    const startDate = at('2026-03-07T08:00:00Z');

    expect(rule({ interval: '1 hour', startDate }).first(NOW)).toBe(startDate);
    // Saturday, so Monday.
    expect(show(rule({ interval: '1 hour', startDate, skipDays: [0, 6] }).first(NOW))).toBe(
      '2026-03-09T08:00:00Z',
    );
    expect(rule({ interval: '1 hour', endDate: NOW }).first(NOW)).toBe(NOW);
    expect(rule({ interval: '1 hour', endDate: NOW - 1 }).first(NOW)).toBeNull();
    expect(rule({ interval: '@daily', endDate: NOW + 1_000 }).first(NOW)).toBeNull();
  });
});

describe('the run after one of an interval', () => {
  const every = (catchUp?: 'latest' | 'skip') =>
    rule({ interval: 5_000, ...(catchUp && { catchUp }) });

  it('is one interval after the planned time, however late the run was', () => {
    expect(every().next({ planned: 10_000, started: 10_700, now: 11_900 })).toBe(15_000);
  });

  it('does not drift over a thousand runs', () => {
    let planned = 10_000;
    for (let run = 0; run < 1_000; run += 1)
      planned = every().next({ planned, started: planned + 37, now: planned + 400 })!;

    expect(planned).toBe(10_000 + 1_000 * 5_000);
  });

  it('that took longer is one run at once, for the latest missed time', () => {
    expect(every().next({ planned: 10_000, started: 10_000, now: 27_000 })).toBe(25_000);
    expect(every('skip').next({ planned: 10_000, started: 10_000, now: 27_000 })).toBe(30_000);
  });

  it('that started late stands for the times that had passed', () => {
    // 15 000 and 20 000 had passed at the start; nothing is missed since.
    expect(every().next({ planned: 10_000, started: 22_000, now: 23_000 })).toBe(25_000);
    expect(every('skip').next({ planned: 10_000, started: 22_000, now: 23_000 })).toBe(25_000);
  });

  it('counts a time that comes at this very moment as due', () => {
    expect(every().next({ planned: 10_000, started: 10_000, now: 15_000 })).toBe(15_000);
    expect(every('skip').next({ planned: 10_000, started: 10_000, now: 15_000 })).toBe(15_000);
  });

  it('is never planned twice, whatever the clocks say', () => {
    expect(every().next({ planned: 10_000, started: 9_900, now: 9_950 })).toBe(15_000);
  });

  it('ends after the end date', () => {
    const ending = rule({ interval: 5_000, endDate: 20_000 });

    expect(ending.next({ planned: 10_000, started: 10_000, now: 10_000 })).toBe(15_000);
    expect(ending.next({ planned: 15_000, started: 15_000, now: 15_000 })).toBe(20_000);
    expect(ending.next({ planned: 20_000, started: 20_000, now: 20_000 })).toBeNull();
    // Missed, but still within the limits.
    expect(ending.next({ planned: 10_000, started: 10_000, now: 99_000 })).toBe(20_000);
  });

  it('on a skipped day moves to the same time of the next day allowed', () => {
    const planned = at('2026-03-06T23:30:00Z');
    const next = rule({ interval: '1 hour', skipDays: [6, 0] }).next({
      planned,
      started: planned,
      now: planned,
    });

    expect(show(next)).toBe('2026-03-09T00:30:00Z');
  });
});

describe('the run after one of a cron rule', () => {
  const hourly = (catchUp?: 'latest' | 'skip') =>
    rule({ interval: '0 * * * *', ...(catchUp && { catchUp }) });
  const next = (
    fields: RepeatRuleFields,
    [planned, started, now]: [planned: string, started: string, now: string],
  ) =>
    show(
      rule(fields).next({
        planned: at(`2026-03-${planned}Z`),
        started: at(`2026-03-${started}Z`),
        now: at(`2026-03-${now}Z`),
      }),
    );

  it('is the next tick after the planned and the real start', () => {
    expect(next({ interval: '0 * * * *' }, ['04T10:00:00', '04T10:00:01', '04T10:00:09'])).toBe(
      '2026-03-04T11:00:00Z',
    );
    expect(next({ interval: '0 * * * *' }, ['04T10:00:00', '04T12:30:00', '04T12:31:00'])).toBe(
      '2026-03-04T13:00:00Z',
    );
    // Started a moment early, as a clock may have it: not the same tick again.
    expect(next({ interval: '0 * * * *' }, ['04T10:00:00', '04T09:59:59', '04T09:59:59'])).toBe(
      '2026-03-04T11:00:00Z',
    );
  });

  it('is the latest missed tick, or the next one ahead', () => {
    const times: [string, string, string] = ['04T10:00:00', '04T10:00:01', '04T13:20:00'];

    expect(next({ interval: '0 * * * *', catchUp: 'latest' }, times)).toBe('2026-03-04T13:00:00Z');
    expect(next({ interval: '0 * * * *', catchUp: 'skip' }, times)).toBe('2026-03-04T14:00:00Z');
  });

  it('finds the latest missed tick of a frequent rule after a long time', () => {
    const started = performance.now();

    expect(
      next({ interval: '* * * * * *' }, ['01T00:00:00', '01T00:00:00', '31T12:00:00.500']),
    ).toBe('2026-03-31T12:00:00Z');
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('does not pass by the ticks of the day it was moved to', () => {
    // The tick of Sunday 18:00 would move to Monday 18:00, past those of 00:00, 06:00 and 12:00.
    expect(
      next({ interval: '0 */6 * * *', skipDays: [0] }, [
        '08T12:00:00',
        '08T13:00:00',
        '08T13:00:00',
      ]),
    ).toBe('2026-03-09T00:00:00Z');
    expect(
      next({ interval: '0 9 * * 0', skipDays: [0] }, ['02T09:00:00', '02T09:00:00', '02T09:00:00']),
    ).toBe('2026-03-09T09:00:00Z');
    expect(
      next({ at: '9am', skipDays: [0, 6] }, ['06T09:00:00', '06T09:00:00', '06T09:05:00']),
    ).toBe('2026-03-09T09:00:00Z');
  });

  it('starts exactly at the start date, as Agenda does', () => {
    expect(
      show(rule({ interval: '0 9 * * *', startDate: at('2026-04-01T00:00:00Z') }).first(NOW)),
    ).toBe('2026-04-01T00:00:00Z');
  });

  it('follows the zone of the rule', () => {
    const times: [string, string, string] = ['28T08:00:00', '28T08:00:00', '28T08:00:00'];

    expect(next({ interval: '0 9 * * *', timezone: 'Europe/Paris' }, times)).toBe(
      '2026-03-29T07:00:00Z',
    );
  });

  it('never plans a tick twice and leaves none out, over a month of quick runs', () => {
    const ticks: number[] = [];
    let planned = hourly().first(NOW)!;
    for (let run = 0; run < 720; run += 1) {
      ticks.push(planned);
      planned = hourly().next({ planned, started: planned + 20, now: planned + 1_000 })!;
    }

    expect(ticks.slice(1).every((tick, index) => tick - ticks[index]! === 3_600_000)).toBe(true);
  });
});

describe('a daily time', () => {
  // The run before, at the time itself, the run after.
  it.each<[zone: string, time: string, from: string, runs: string[]]>([
    [
      'Europe/Paris',
      '2:30am',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T01:30:00Z', '2026-03-29T01:30:00Z', '2026-03-30T00:30:00Z'],
    ],
    [
      'Europe/Paris',
      '2:30am',
      '2026-10-24T00:00:00Z',
      ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    ],
    [
      'America/New_York',
      '3:30pm',
      '2026-03-07T12:00:00Z',
      ['2026-03-07T20:30:00Z', '2026-03-08T19:30:00Z', '2026-03-09T19:30:00Z'],
    ],
    [
      'America/New_York',
      '1:30',
      '2026-10-31T00:00:00Z',
      ['2026-10-31T05:30:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      'at 2.15',
      '2026-10-02T00:00:00Z',
      ['2026-10-02T15:45:00Z', '2026-10-03T15:45:00Z', '2026-10-04T15:15:00Z'],
    ],
    [
      'America/Sao_Paulo',
      'midnight',
      '2018-11-03T00:00:00Z',
      ['2018-11-03T03:00:00Z', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
    ],
    [
      'Asia/Kolkata',
      '9 in the morning',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T03:30:00Z', '2026-03-29T03:30:00Z', '2026-03-30T03:30:00Z'],
    ],
    [
      'UTC',
      'in the evening',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T17:00:00Z', '2026-03-29T17:00:00Z', '2026-03-30T17:00:00Z'],
    ],
  ])('in %s of %j after %s comes at %j', (timezone, time, from, runs) => {
    const daily = rule({ at: time, timezone });
    const first = daily.first(at(from))!;
    const second = daily.next({ planned: first, started: first, now: first })!;
    const third = daily.next({ planned: second, started: second, now: second });

    expect([first, second, third].map(show)).toEqual(runs);
  });

  it('is the same rule however it is written', () => {
    expect(rule({ at: 'at 9 in the evening' }).identity).toBe(rule({ at: '21:00' }).identity);
  });

  it('that is not understood is refused with examples', () => {
    expect(() => rule({ at: '3:30pm tomorrow' })).toThrow(
      "Cannot schedule `'3:30pm tomorrow'` (string): 'tomorrow' is not understood." +
        " Examples that work: '15:30', '3:30pm', '9am', '09:05:10', 'noon'.",
    );
  });
});

describe('the planned time of a job that is found due', () => {
  const due = (fields: RepeatRuleFields, planned: number, now: number, grace?: number) =>
    rule(fields).due({ planned, now, ...(grace !== undefined && { grace }) });

  it('is the latest one that passed', () => {
    expect(due({ interval: 5_000 }, 10_000, 10_050)).toBe(10_000);
    expect(due({ interval: 5_000 }, 10_000, 22_000)).toBe(20_000);
  });

  it('is left to the future by skip when a whole interval was missed', () => {
    expect(due({ interval: 5_000, catchUp: 'skip' }, 10_000, 14_000)).toBe(10_000);
    expect(due({ interval: 5_000, catchUp: 'skip' }, 10_000, 22_000)).toBe(25_000);
  });

  it('is left to the future by skip when a cron time is later than the grace', () => {
    const daily = { interval: '@daily', catchUp: 'skip' } as const;
    const midnight = at('2026-03-04T00:00:00Z');

    expect(due(daily, midnight, midnight + 60_000)).toBe(midnight);
    expect(show(due(daily, midnight, midnight + 60_001))).toBe('2026-03-05T00:00:00Z');
    expect(due(daily, midnight, midnight + 60_001, 3_600_000)).toBe(midnight);
    expect(due({ ...daily, endDate: midnight }, midnight, midnight + 60_001)).toBeNull();
  });

  it('is untouched before it comes', () => {
    expect(due({ interval: 5_000, catchUp: 'skip' }, 10_000, 9_000)).toBe(10_000);
    expect(due({ interval: 5_000 }, 10_000, 9_000)).toBe(10_000);
  });
});

describe('a rule', () => {
  it.each<[string, RepeatRuleFields]>([
    ['no interval', {}],
    ['an empty interval', { interval: '' }],
    ['words', { interval: 'foo' }],
    ['a negative interval', { interval: '-5 minutes' }],
    ['no time', { interval: '0 minutes' }],
    ['zero', { interval: 0 }],
    ['no number', { interval: NaN }],
    ['no number, beside a time of day', { interval: NaN, at: '9am' }],
    ['too long an interval', { interval: '101 years' }],
    ['four fields', { interval: '* * * *' }],
    ['a minute of 60', { interval: '60 * * * *' }],
    ['a date that never comes', { interval: '0 0 31 2 *' }],
    ['an unknown macro', { interval: '@fortnightly' }],
    ['a date', { interval: 'in 5 minutes' }],
    ['an unknown zone', { interval: '0 * * * *', timezone: 'Nope/Zone' }],
    ['an unknown zone of an interval', { interval: '5 minutes', timezone: 'Nope/Zone' }],
    ['no time of day', { at: 'sometimes' }],
    ['an hour of 25', { at: '25:00' }],
    ['a weekday of 7', { interval: '5m', skipDays: [7] }],
    ['a start after the end', { interval: '5m', startDate: 2, endDate: 1 }],
    ['an invalid start', { interval: '5m', startDate: new Date(NaN) }],
  ])('with %s is refused', (_, fields) => {
    expect(() => rule(fields)).toThrow(InvalidScheduleError);
    // Also when a rule that looks alike is known already.
    rule({ interval: '5m' });
    rule({ at: '9am' });
    expect(() => rule(fields)).toThrow(InvalidScheduleError);
  });

  it('that catches up in an unknown way is refused', () => {
    expect(() => rule({ interval: '5m', catchUp: 'all' as never })).toThrow(InvalidOptionError);
  });

  it('tells examples of both kinds when it is refused', () => {
    expect(() => rule({ interval: 'foo' })).toThrow(
      /'foo' is not understood\. Examples that work: '5 minutes'.*'0 2 \* \* \*'/,
    );
  });

  it.each(['5m', '5 min', '5 Minutes', 'every 5 minutes', 'PT5M', 300_000, '300000'])(
    'of %p is the same as every 5 minutes',
    (interval) => {
      expect(rule({ interval }).identity).toBe(rule({ interval: '5 minutes' }).identity);
    },
  );

  it.each<[string, RepeatRuleFields]>([
    ['interval', { interval: '6 minutes' }],
    ['kind', { interval: '*/5 * * * *' }],
    ['start', { interval: '5 minutes', startDate: 0 }],
    ['end', { interval: '5 minutes', endDate: 0 }],
    ['skipped day', { interval: '5 minutes', skipDays: [0] }],
  ])('with another %s is another rule', (_, fields) => {
    expect(rule(fields).identity).not.toBe(rule({ interval: '5 minutes' }).identity);
  });

  it('with another zone is another rule where the zone matters', () => {
    const inParis = (interval: string) => rule({ interval, timezone: 'Europe/Paris' }).identity;

    expect(inParis('@hourly')).not.toBe(rule({ interval: '@hourly' }).identity);
    expect(inParis('5m')).toBe(rule({ interval: '5m' }).identity);
  });

  it('is compiled once', () => {
    expect(rule({ interval: '@hourly' })).toBe(rule({ interval: '@hourly' }));
    expect(compileRepeatRule({ interval: 'H * * * *' }, 'a')).not.toBe(
      compileRepeatRule({ interval: 'H * * * *' }, 'b'),
    );
  });
});
