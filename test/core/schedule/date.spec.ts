import { InvalidScheduleError } from '../../../lib/core/errors.js';
import { type DateInput, parseDate } from '../../../lib/core/schedule/date.js';

// Wednesday.
const NOW = Date.parse('2026-03-04T10:20:30.456Z');

const read = (when: DateInput, timezone = 'UTC', now = NOW): string =>
  new Date(parseDate(when, { now, timezone })).toISOString();

describe('a date', () => {
  it.each<[DateInput, string]>([
    [new Date('2027-01-01T00:00:00Z'), '2027-01-01T00:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [5, '1970-01-01T00:00:00.005Z'],
    [1_735_689_600_000, '2025-01-01T00:00:00.000Z'],
    ['1735689600000', '2025-01-01T00:00:00.000Z'],
    ['100000000000', '1973-03-03T09:46:40.000Z'],
    ['2027-01-01T10:00:00Z', '2027-01-01T10:00:00.000Z'],
    ['2027-01-01t10:00:00z', '2027-01-01T10:00:00.000Z'],
    ['2027-01-01T10:00:00.5Z', '2027-01-01T10:00:00.500Z'],
    ['2027-01-01T10:00:00.123456789Z', '2027-01-01T10:00:00.123Z'],
    ['2027-01-01T10:00:00+02:00', '2027-01-01T08:00:00.000Z'],
    ['2027-01-01T10:00:00+0200', '2027-01-01T08:00:00.000Z'],
    ['2027-01-01T10:00:00-05', '2027-01-01T15:00:00.000Z'],
    ['2027-01-01T10:00-05:30', '2027-01-01T15:30:00.000Z'],
    ['2027-01-01', '2027-01-01T00:00:00.000Z'],
    ['2027-01-01 10:00', '2027-01-01T10:00:00.000Z'],
    [' 2027-01-01   10:00:15 ', '2027-01-01T10:00:15.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['now', '2026-03-04T10:20:30.456Z'],
    ['NOW', '2026-03-04T10:20:30.456Z'],
    ['in 10 minutes', '2026-03-04T10:30:30.456Z'],
    ['10 minutes from now', '2026-03-04T10:30:30.456Z'],
    ['two hours later', '2026-03-04T12:20:30.456Z'],
    ['two hours', '2026-03-04T12:20:30.456Z'],
    ['10 minutes', '2026-03-04T10:30:30.456Z'],
    ['in 10min', '2026-03-04T10:30:30.456Z'],
    ['in 10 m', '2026-03-04T10:30:30.456Z'],
    ['in 10s', '2026-03-04T10:20:40.456Z'],
    ['In  5s', '2026-03-04T10:20:35.456Z'],
    ['in 1h30m', '2026-03-04T11:50:30.456Z'],
    ['in an hour', '2026-03-04T11:20:30.456Z'],
    ['in half an hour', '2026-03-04T10:50:30.456Z'],
    ['in 1.5 hours', '2026-03-04T11:50:30.456Z'],
    ['in a fortnight', '2026-03-18T10:20:30.456Z'],
    ['in 1 day and 2 hours', '2026-03-05T12:20:30.456Z'],
    ['in 2 days', '2026-03-06T10:20:30.456Z'],
    ['in 2 months', '2026-05-04T10:20:30.456Z'],
    ['in 1 year', '2027-03-04T10:20:30.456Z'],
    ['in half a day', '2026-03-04T22:20:30.456Z'],
    ['in 1.5 months', '2026-04-19T10:20:30.456Z'],
    ['in half a year', '2026-09-04T10:20:30.456Z'],
    ['10 seconds ago', '2026-03-04T10:20:20.456Z'],
    ['a minute ago', '2026-03-04T10:19:30.456Z'],
    ['5 weeks ago', '2026-01-28T10:20:30.456Z'],
  ])('%p is %s', (when, expected) => {
    expect(read(when)).toBe(expected);
  });

  it.each<[DateInput, string, string]>([
    ['2027-01-01', 'America/New_York', '2027-01-01T05:00:00.000Z'],
    ['2027-07-01', 'America/New_York', '2027-07-01T04:00:00.000Z'],
    ['2027-01-01 10:00', 'Asia/Kolkata', '2027-01-01T04:30:00.000Z'],
    ['2027-01-01T10:00', 'Asia/Kolkata', '2027-01-01T04:30:00.000Z'],
    ['2027-01-01T10:00:00Z', 'Asia/Kolkata', '2027-01-01T10:00:00.000Z'],
    // Left out: as much later as the clocks jump. Twice: the first.
    ['2026-03-29 02:30', 'Europe/Paris', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30', 'Europe/Paris', '2026-10-25T00:30:00.000Z'],
    ['2027-04-30', 'Africa/Cairo', '2027-04-29T22:00:00.000Z'],
    ['2026-10-04 02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z'],
  ])('%s in %s is %s', (when, timezone, expected) => {
    expect(read(when, timezone)).toBe(expected);
  });

  it('without a clock and without a zone is midnight in UTC', () => {
    expect(parseDate('2027-01-01', { now: NOW })).toBe(Date.UTC(2027, 0, 1));
  });

  it.each<[string, string, string, string]>([
    ['in 1 day', '2026-03-28T10:00:00Z', 'Europe/Paris', '2026-03-29T09:00:00.000Z'],
    ['in 24 hours', '2026-03-28T10:00:00Z', 'Europe/Paris', '2026-03-29T10:00:00.000Z'],
    ['in 1 week', '2026-10-24T10:00:00Z', 'Europe/Paris', '2026-10-31T11:00:00.000Z'],
    ['1 day ago', '2026-03-29T10:00:00Z', 'Europe/Paris', '2026-03-28T11:00:00.000Z'],
    ['in 1 day', '2026-03-28T01:30:00Z', 'Europe/Paris', '2026-03-29T01:30:00.000Z'],
    ['in 1 month', '2026-01-31T12:00:00Z', 'UTC', '2026-02-28T12:00:00.000Z'],
    ['in 1 month', '2028-01-31T12:00:00Z', 'UTC', '2028-02-29T12:00:00.000Z'],
    ['in 1 year', '2028-02-29T12:00:00Z', 'UTC', '2029-02-28T12:00:00.000Z'],
    ['1 month ago', '2026-03-31T12:00:00Z', 'UTC', '2026-02-28T12:00:00.000Z'],
  ])('%s from %s in %s keeps the clock on the wall: %s', (when, now, timezone, expected) => {
    expect(read(when, timezone, Date.parse(now))).toBe(expected);
  });

  it.each<[unknown]>([
    [new Date(NaN)],
    [null],
    [undefined],
    [NaN],
    [Infinity],
    [{}],
    [true],
    [''],
    ['  '],
    ['5'],
    ['13'],
    ['20270101'],
    ['12345678901234567'],
    ['hello'],
    ['hello 5'],
    ['in 3 decades'],
    ['in minute'],
    ['minute'],
    ['week'],
    ['in'],
    ['in 5'],
    ['ago'],
    ['every 5 minutes'],
    ['in -5 minutes'],
    ['-5 minutes'],
    ['end of month'],
    ['weekend'],
    ['2027-1-1'],
    ['2027-13-01'],
    ['2027-02-29'],
    ['2027-04-31'],
    ['2027-01-01T24:00:00Z'],
    ['2027-01-01T10:60:00Z'],
    ['2027-01-01T10:00:60Z'],
    ['2027-01-01T10:00:00+25:00'],
    ['2027-01-01T10:00:00 foo'],
    ['2027-01-01T'],
    ['2027-W01-1'],
    ['9999999999999999'],
    ['in 8000 years'],
    ['in 999999999999999 years'],
    ['in 99999999999999999999 seconds'],
    [253_402_300_800_000],
    [new Date(253_402_300_800_000)],
    ['in 5 minutes '.repeat(100)],
  ])('%p is refused', (when) => {
    expect(() => parseDate(when as string, { now: NOW })).toThrow(InvalidScheduleError);
  });

  it.each(['Nope/Zone', '', '+02:00', 'in 5 minutes'])('in the zone %j is refused', (timezone) => {
    expect(() => parseDate('in 5 minutes', { now: NOW, timezone })).toThrow(
      'it is not the name of a time zone',
    );
  });

  it('tells the reason and inputs that work when it is refused', () => {
    expect(() => parseDate('in 3 decades', { now: NOW })).toThrow(
      "Cannot schedule `'in 3 decades'` (string): 'decades' is not a unit of time." +
        " Examples that work: 'in 10 minutes', '2 days from now',",
    );
  });
});
