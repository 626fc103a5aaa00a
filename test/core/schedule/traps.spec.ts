import { InvalidScheduleError } from '../../../lib/core/errors.js';
import {
  compileRepeatRule,
  type RepeatRuleFields,
} from '../../../lib/core/schedule/compile-repeat-rule.js';
import { parseDate } from '../../../lib/core/schedule/date.js';
import { NOW } from './accepted-dates.js';

/*
 * What other schedulers of this family take and then do something else with: run at every poll, at
 * once, in 2001, or never.
 */

const show = (instant: number | null) => new Date(instant!).toISOString().replace('.000Z', 'Z');
const compile = (fields: RepeatRuleFields) =>
  compileRepeatRule({ timezone: 'UTC', ...fields }, 'mail');

describe('every()', () => {
  it.each<[string, number]>([
    ['5m', 300_000],
    ['5 min', 300_000],
    ['1h', 3_600_000],
    ['12 Hours', 12 * 3_600_000],
    ['5 Minutes', 300_000],
    ['an hour', 3_600_000],
    ['half an hour', 1_800_000],
    ['every 5 minutes', 300_000],
    ['500 milliseconds', 500],
    ['one and a half hours', 5_400_000],
  ])('%j runs now and each %d ms', (interval, ms) => {
    const rule = compile({ interval });

    expect(rule.first(NOW)).toBe(NOW);
    expect(rule.next({ planned: NOW, started: NOW + 20, now: NOW + 30 })).toBe(NOW + ms);
  });

  it.each<[string, string[]]>([
    ['@hourly', ['2026-03-04T11:00:00Z', '2026-03-04T12:00:00Z']],
    ['@weekly', ['2026-03-08T00:00:00Z', '2026-03-15T00:00:00Z']],
    ['@monthly', ['2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z']],
    ['@yearly', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['@weekdays', ['2026-03-05T00:00:00Z', '2026-03-06T00:00:00Z', '2026-03-09T00:00:00Z']],
    ['@weekends', ['2026-03-07T00:00:00Z', '2026-03-08T00:00:00Z', '2026-03-14T00:00:00Z']],
  ])('%j is cron: it runs at %j, not at once', (interval, expected) => {
    const rule = compile({ interval });
    const runs = [rule.first(NOW)!];
    while (runs.length < expected.length) {
      const planned = runs.at(-1)!;
      runs.push(rule.next({ planned, started: planned, now: planned })!);
    }

    expect(runs.map(show)).toEqual(expected);
  });

  it.each<[RepeatRuleFields]>([
    [{ interval: '-5 minutes' }],
    [{ interval: '0 minutes' }],
    [{ interval: 0 }],
    [{ interval: 'foo' }],
    [{ interval: '60 * * * *' }],
    [{ interval: '' }],
    [{ interval: '* * * *' }],
    [{ interval: '0 9 * * *', timezone: 'Nope/Zone' }],
    [{ interval: '5 minutes', timezone: 'Nope/Zone' }],
    [{ at: '3:30pm', timezone: 'Nope/Zone' }],
  ])('%j is refused at the call', (fields) => {
    expect(() => compile(fields)).toThrow(InvalidScheduleError);
  });
});

describe('schedule()', () => {
  it.each<[string, string]>([
    ['tomorrow at 9', '2026-03-05T09:00:00Z'],
    ['tuesday at 9', '2026-03-10T09:00:00Z'],
    ['at 5', '2026-03-05T05:00:00Z'],
    ['January 5', '2027-01-05T10:20:30.456Z'],
    ['jan 5', '2027-01-05T10:20:30.456Z'],
    ['2nd of January', '2027-01-02T10:20:30.456Z'],
    ['in 1.5 hours', '2026-03-04T11:50:30.456Z'],
    ['in half an hour', '2026-03-04T10:50:30.456Z'],
    ['in a fortnight', '2026-03-18T10:20:30.456Z'],
    ['day after tomorrow', '2026-03-06T10:20:30.456Z'],
    ['9 in the morning', '2026-03-05T09:00:00Z'],
    ['1735689600000', '2025-01-01T00:00:00Z'],
  ])('%j is %s', (when, expected) => {
    expect(show(parseDate(when, { now: NOW, timezone: 'UTC' }))).toBe(expected);
  });

  it.each<[unknown]>([
    ['hello 5'],
    ['5'],
    ['in 3 decades'],
    ['hello'],
    [''],
    ['end of month'],
    ['weekend'],
    [null],
  ])('%j is refused', (when) => {
    expect(() => parseDate(when as string, { now: NOW })).toThrow(InvalidScheduleError);
    expect(() => parseDate(when as string, { now: NOW })).toThrow(/Examples that work: 'in 10/);
  });
});
