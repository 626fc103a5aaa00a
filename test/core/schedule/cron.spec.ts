import { InvalidScheduleError } from '../../../lib/core/errors.js';
import { CronRule } from '../../../lib/core/schedule/cron.js';
import { looksLikeCron, readCron } from '../../../lib/core/schedule/cron-fields.js';
import { Zone } from '../../../lib/core/schedule/zone.js';

const runs = (text: string, from: string, count: number, zone = 'UTC', seed = 'mail'): string[] => {
  const rule = CronRule.parse(text, Zone.of(zone), seed);
  const times: string[] = [];
  let time: number | null = Date.parse(from);
  while (times.length < count && (time = rule.after(time)) !== null)
    times.push(new Date(time).toISOString().replace('.000Z', 'Z'));
  return times;
};

describe('a cron rule', () => {
  // From Wednesday 2026-03-04 10:20:30.456.
  it.each<[string, string[]]>([
    ['* * * * *', ['2026-03-04T10:21:00Z', '2026-03-04T10:22:00Z']],
    ['* * * * * *', ['2026-03-04T10:20:31Z', '2026-03-04T10:20:32Z']],
    ['*/20 * * * * *', ['2026-03-04T10:20:40Z', '2026-03-04T10:21:00Z']],
    ['5-10/5 * * * * *', ['2026-03-04T10:21:05Z', '2026-03-04T10:21:10Z']],
    ['0 */2 * * *', ['2026-03-04T12:00:00Z', '2026-03-04T14:00:00Z']],
    ['10/25 * * * *', ['2026-03-04T10:35:00Z', '2026-03-04T11:10:00Z']],
    ['0 9,17 * * *', ['2026-03-04T17:00:00Z', '2026-03-05T09:00:00Z']],
    ['0 0 1 JAN *', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['0 0 1 jan,Jul *', ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
    ['0 9 * * MON-FRI', ['2026-03-05T09:00:00Z', '2026-03-06T09:00:00Z', '2026-03-09T09:00:00Z']],
    ['0 9 * * fri-sun', ['2026-03-06T09:00:00Z', '2026-03-07T09:00:00Z', '2026-03-08T09:00:00Z']],
    ['0 9 * * 0', ['2026-03-08T09:00:00Z', '2026-03-15T09:00:00Z']],
    ['0 9 * * 7', ['2026-03-08T09:00:00Z', '2026-03-15T09:00:00Z']],
    ['0 9 * * 5-7', ['2026-03-06T09:00:00Z', '2026-03-07T09:00:00Z', '2026-03-08T09:00:00Z']],
    ['0 9 * * 1/3', ['2026-03-05T09:00:00Z', '2026-03-09T09:00:00Z', '2026-03-12T09:00:00Z']],
    ['0 9 ? * 1', ['2026-03-09T09:00:00Z', '2026-03-16T09:00:00Z']],
    ['0 9 1 * ?', ['2026-04-01T09:00:00Z', '2026-05-01T09:00:00Z']],
    ['0 0 L * *', ['2026-03-31T00:00:00Z', '2026-04-30T00:00:00Z']],
    ['0 0 15,L 2 *', ['2027-02-15T00:00:00Z', '2027-02-28T00:00:00Z', '2028-02-15T00:00:00Z']],
    ['0 0 * * 5L', ['2026-03-27T00:00:00Z', '2026-04-24T00:00:00Z']],
    ['0 0 * * friL', ['2026-03-27T00:00:00Z', '2026-04-24T00:00:00Z']],
    ['0 0 * * 1#2', ['2026-03-09T00:00:00Z', '2026-04-13T00:00:00Z']],
    ['0 0 * * sun#5', ['2026-03-29T00:00:00Z', '2026-05-31T00:00:00Z']],
    ['0 0 * * 1#1,3#3', ['2026-03-18T00:00:00Z', '2026-04-06T00:00:00Z']],
    // Both days limited: either one.
    ['0 12 13 * 5', ['2026-03-06T12:00:00Z', '2026-03-13T12:00:00Z', '2026-03-20T12:00:00Z']],
    ['0 12 1 * 5L', ['2026-03-27T12:00:00Z', '2026-04-01T12:00:00Z']],
    ['0 0 29 2 *', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
    ['0 0 31 * *', ['2026-03-31T00:00:00Z', '2026-05-31T00:00:00Z']],
    ['0 0 ? 2 1#5', ['2044-02-29T00:00:00Z', '2072-02-29T00:00:00Z']],
    ['  0   9  *  * *  ', ['2026-03-05T09:00:00Z']],
    // As `CronExpression` of @nestjs/schedule writes them.
    ['*/1 * * * *', ['2026-03-04T10:21:00Z', '2026-03-04T10:22:00Z']],
    ['0 0-23/5 * * *', ['2026-03-04T15:00:00Z', '2026-03-04T20:00:00Z', '2026-03-05T00:00:00Z']],
    ['0 1-23/2 * * *', ['2026-03-04T11:00:00Z', '2026-03-04T13:00:00Z']],
    ['0 0 * * 6,0', ['2026-03-07T00:00:00Z', '2026-03-08T00:00:00Z']],
    ['0 0 1 */6 *', ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
    ['0 */30 9-17 * * *', ['2026-03-04T10:30:00Z', '2026-03-04T11:00:00Z']],
    ['0 30 09 * * 1-5', ['2026-03-05T09:30:00Z', '2026-03-06T09:30:00Z', '2026-03-09T09:30:00Z']],
    ['@yearly', ['2027-01-01T00:00:00Z']],
    ['@annually', ['2027-01-01T00:00:00Z']],
    ['@monthly', ['2026-04-01T00:00:00Z']],
    ['@weekly', ['2026-03-08T00:00:00Z']],
    ['@daily', ['2026-03-05T00:00:00Z']],
    ['@midnight', ['2026-03-05T00:00:00Z']],
    ['@Hourly', ['2026-03-04T11:00:00Z', '2026-03-04T12:00:00Z']],
    ['@minutely', ['2026-03-04T10:21:00Z']],
    ['@secondly', ['2026-03-04T10:20:31Z']],
    ['@weekdays', ['2026-03-05T00:00:00Z', '2026-03-06T00:00:00Z', '2026-03-09T00:00:00Z']],
    ['@weekends', ['2026-03-07T00:00:00Z', '2026-03-08T00:00:00Z', '2026-03-14T00:00:00Z']],
  ])('%s', (text, expected) => {
    expect(runs(text, '2026-03-04T10:20:30.456Z', expected.length)).toEqual(expected);
  });

  it('fires strictly after the instant it is asked about', () => {
    expect(runs('0 12 * * *', '2026-03-04T12:00:00Z', 1)).toEqual(['2026-03-05T12:00:00Z']);
    expect(runs('0 12 * * *', '2026-03-04T11:59:59.999Z', 1)).toEqual(['2026-03-04T12:00:00Z']);
  });

  it('ends with the year 9999', () => {
    expect(runs('0 0 29 2 *', '9996-01-01T00:00:00Z', 5)).toEqual(['9996-02-29T00:00:00Z']);
  });

  it.each<[string, string]>([
    ['', 'not 1'],
    ['* * * *', 'a cron rule has 5 fields, or 6 with seconds first, not 4'],
    ['* * * * * * *', 'not 7'],
    ['60 * * * *', 'the minute must be 0 to 59, not 60'],
    ['* 24 * * *', 'the hour must be 0 to 23, not 24'],
    ['* * 0 * *', 'the day of the month must be 1 to 31, not 0'],
    ['* * 32 * *', 'the day of the month must be 1 to 31, not 32'],
    ['* * * 13 *', 'the month must be 1 to 12, not 13'],
    ['* * * 0 *', 'the month must be 1 to 12, not 0'],
    ['* * * * 8', 'the weekday must be 0 to 7, not 8'],
    ['60 * * * * *', 'the second must be 0 to 59, not 60'],
    ['-1 * * * *', "the minute '-1' is not understood"],
    ['30-10 * * * *', "the range of the minute '30-10' is reversed"],
    ['* * * * fri-mon', "the range of the weekday 'fri-mon' is reversed"],
    ['*/0 * * * *', "the step of the minute '*/0' is out of range"],
    ['*/90 * * * *', "the step of the minute '*/90' is out of range"],
    ['*/ * * * *', "the minute '*/' is not understood"],
    ['1,,2 * * * *', 'the minute has an empty place in its list'],
    ['1.5 * * * *', "the minute '1.5' is not understood"],
    ['? * * * *', "the minute '?' is not understood"],
    ['* * 15W * *', "'W' (nearest working day) is not supported"],
    ['* * LW * *', "'W' (nearest working day) is not supported"],
    ['* * L-3 * *', "the day of the month 'l' is not understood"],
    ['* * * * L', "the weekday 'l' is not understood"],
    ['* * * * 1#6', "the weekday '1#6' is not understood"],
    ['* * * * 1#0', "the weekday '1#0' is not understood"],
    ['* * * * 9L', 'the weekday must be 0 to 7, not 9'],
    ['* * * foo *', "the month 'foo' is not understood"],
    ['* * * * foo', "the weekday 'foo' is not understood"],
    ['* * * mon *', "the month 'mon' is not understood"],
    ['* * 5L * *', "the day of the month '5l' is not understood"],
    ['H(5-1) * * * *', "the range of the minute 'h(5-1)' is reversed"],
    ['H(0-60) * * * *', 'the minute must be 0 to 59, not 60'],
    ['0 0 31 2 *', 'such a date never comes'],
    ['0 0 30 feb *', 'such a date never comes'],
    ['0 0 31 4,6,9,11 *', 'such a date never comes'],
    ['@every 5m', 'there is no such macro'],
    ['@reboot', 'there is no such macro'],
    ['@', 'there is no such macro'],
    [`${'1,'.repeat(150)}1 * * * *`, 'it is longer than 256 characters'],
  ])('%j is refused: %s', (text, reason) => {
    expect(() => CronRule.parse(text, Zone.of('UTC'))).toThrow(InvalidScheduleError);
    expect(() => CronRule.parse(text, Zone.of('UTC'))).toThrow(reason);
  });

  it('that is refused comes with inputs that work', () => {
    expect(() => CronRule.parse('60 * * * *', Zone.of('UTC'))).toThrow(
      "Cannot schedule `'60 * * * *'` (string): the minute must be 0 to 59, not 60." +
        " Examples that work: '0 2 * * *', '*/15 * * * *', '0 9 * * mon-fri', '@hourly'.",
    );
  });
});

describe('H in a cron rule', () => {
  it('is fixed by the job name', () => {
    expect(readCron('H H * * *', 'mail')).toEqual(readCron('h  h * * *', 'mail'));
    // Written down once: another value would move every job of every user.
    expect(readCron('H H H H H', 'mail')).toMatchObject({ minutes: [14], hours: [18] });
  });

  it('is spread over the names, and keeps to its range', () => {
    const names = Array.from({ length: 500 }, (_, index) => `job-${index}`);
    const minutes = names.map((name) => readCron('H * * * *', name).minutes[0]!);
    const ranged = names.map((name) => readCron('H(10-19) * * * *', name).minutes[0]!);
    const days = names.map((name) => [...readCron('0 0 H * *', name).daysOfMonth][0]!);

    expect(new Set(minutes).size).toBeGreaterThan(50);
    expect([Math.min(...ranged), Math.max(...ranged)]).toEqual([10, 19]);
    expect([Math.min(...days), Math.max(...days)]).toEqual([1, 28]);
  });

  it('with a step starts somewhere in the first step', () => {
    const { minutes } = readCron('H/15 * * * *', 'mail');

    expect(minutes).toHaveLength(4);
    expect(minutes[1]! - minutes[0]!).toBe(15);
    expect(minutes[0]).toBeLessThan(15);
  });
});

describe('clocks that change', () => {
  it.each<[zone: string, text: string, from: string, expected: string[]]>([
    // Left out: once, as much later as the clocks jump.
    [
      'Europe/Paris',
      '30 2 * * *',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:30:00Z', '2026-03-30T00:30:00Z'],
    ],
    [
      'Europe/Paris',
      '0 2 * * *',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00Z', '2026-03-30T00:00:00Z'],
    ],
    [
      'Europe/Paris',
      '*/30 2 * * *',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z', '2026-03-30T00:00:00Z'],
    ],
    [
      'Europe/Paris',
      '30 2,3 * * *',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:30:00Z', '2026-03-30T00:30:00Z'],
    ],
    [
      'Europe/Paris',
      '0 * * * *',
      '2026-03-28T23:30:00Z',
      ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'],
    ],
    [
      'America/New_York',
      '30 2 * * *',
      '2026-03-08T00:00:00Z',
      ['2026-03-08T07:30:00Z', '2026-03-09T06:30:00Z'],
    ],
    // By half an hour: 02:00 to 02:30.
    [
      'Australia/Lord_Howe',
      '0 2 * * *',
      '2026-10-03T00:00:00Z',
      ['2026-10-03T15:30:00Z', '2026-10-04T15:00:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      '15 2 * * *',
      '2026-10-03T00:00:00Z',
      ['2026-10-03T15:45:00Z', '2026-10-04T15:15:00Z'],
    ],
    // At midnight.
    [
      'Africa/Cairo',
      '0 0 * * *',
      '2027-04-28T22:00:00Z',
      ['2027-04-29T22:00:00Z', '2027-04-30T21:00:00Z'],
    ],
    [
      'Africa/Cairo',
      '0 0 30 4 *',
      '2027-01-01T00:00:00Z',
      ['2027-04-29T22:00:00Z', '2028-04-29T21:00:00Z'],
    ],
    [
      'America/Sao_Paulo',
      '0 0 * * *',
      '2018-11-03T12:00:00Z',
      ['2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
    ],
    [
      'America/Sao_Paulo',
      '30 0 * * *',
      '2018-11-03T12:00:00Z',
      ['2018-11-04T03:30:00Z', '2018-11-05T02:30:00Z'],
    ],
    // A whole day.
    ['Pacific/Apia', '0 12 30 12 *', '2011-12-01T00:00:00Z', ['2011-12-30T22:00:00Z']],
    // Twice: once, the first time.
    [
      'Europe/Paris',
      '30 2 * * *',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    ],
    [
      'America/New_York',
      '30 1 * * *',
      '2026-11-01T00:00:00Z',
      ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
    ],
    [
      'America/New_York',
      '*/30 1 * * *',
      '2026-11-01T00:00:00Z',
      ['2026-11-01T05:00:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:00:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      '45 1 * * *',
      '2026-04-04T00:00:00Z',
      ['2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z'],
    ],
    [
      'America/Sao_Paulo',
      '30 23 * * *',
      '2018-02-17T12:00:00Z',
      ['2018-02-18T01:30:00Z', '2018-02-19T02:30:00Z'],
    ],
    [
      'Africa/Cairo',
      '30 23 * * *',
      '2026-10-29T12:00:00Z',
      ['2026-10-29T20:30:00Z', '2026-10-30T21:30:00Z'],
    ],
    // Twice, for a rule of every hour: both times.
    [
      'Europe/Paris',
      '30 * * * *',
      '2026-10-25T00:00:00Z',
      ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'],
    ],
    [
      'Europe/Paris',
      '*/30 * * * *',
      '2026-10-25T00:10:00Z',
      ['2026-10-25T00:30:00Z', '2026-10-25T01:00:00Z', '2026-10-25T01:30:00Z'],
    ],
    [
      'Australia/Lord_Howe',
      '45 * * * *',
      '2026-04-04T14:00:00Z',
      ['2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z', '2026-04-04T16:15:00Z'],
    ],
    // Asked in the middle of the repeated hour.
    ['Europe/Paris', '30 2 * * *', '2026-10-25T01:10:00Z', ['2026-10-26T01:30:00Z']],
    ['Europe/Paris', '0,30 2 * * *', '2026-03-29T01:10:00Z', ['2026-03-29T01:30:00Z']],
    // Nothing changes here.
    [
      'Asia/Kolkata',
      '30 2 * * *',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T21:00:00Z', '2026-03-29T21:00:00Z'],
    ],
    ['UTC', '30 2 * * *', '2026-03-28T12:00:00Z', ['2026-03-29T02:30:00Z', '2026-03-30T02:30:00Z']],
  ])('in %s: %s after %s', (zone, text, from, expected) => {
    expect(runs(text, from, expected.length, zone)).toEqual(expected);
  });
});

it.each<[string, boolean]>([
  ['0 9 * * *', true],
  ['0 9 1 1 1', true],
  ['0 9 1 JAN Mon-Fri', true],
  ['0 0 H 1 5L', true],
  ['@hourly', true],
  ['* * * *', true],
  ['60 * * * *', true],
  ['5 minutes', false],
  ['1 hour 30 minutes 5 seconds', false],
  ['1 h 30 m 5 s', false],
  ['5000', false],
  ['', false],
])('%j is meant as cron: %s', (text, expected) => {
  expect(looksLikeCron(text)).toBe(expected);
});
