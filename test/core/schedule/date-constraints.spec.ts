import { InvalidScheduleError } from '../../../lib/core/errors.js';
import {
  applyAllDateConstraints,
  applyDateRangeConstraints,
  applySkipDays,
  isWithinDateRange,
  shouldSkipDay,
} from '../../../lib/core/schedule/date-constraints.js';
import { type DateConstraints, DateLimits } from '../../../lib/core/schedule/date-limits.js';

const at = (text: string) => new Date(text);
const FRIDAY = at('2026-03-06T10:00:00Z');
const SATURDAY = at('2026-03-07T10:00:00Z');
const SUNDAY = at('2026-03-08T10:00:00Z');
const MONDAY = at('2026-03-09T10:00:00Z');
const WEEKEND = [0, 6];

it('skips the weekdays asked for, in the zone', () => {
  expect(shouldSkipDay(SATURDAY, WEEKEND, 'UTC')).toBe(true);
  expect(shouldSkipDay(MONDAY, WEEKEND, 'UTC')).toBe(false);
  expect(shouldSkipDay(SATURDAY, [], 'UTC')).toBe(false);
  expect(shouldSkipDay(SATURDAY)).toBe(false);
  // Saturday already on Kiritimati.
  expect(shouldSkipDay(at('2026-03-06T12:00:00Z'), [6], 'Pacific/Kiritimati')).toBe(true);
  expect(shouldSkipDay(at('2026-03-06T12:00:00Z'), [6], 'America/New_York')).toBe(false);
});

it('moves a skipped day to the next one allowed', () => {
  expect(applySkipDays(SATURDAY, WEEKEND, 'UTC')).toEqual(MONDAY);
  expect(applySkipDays(FRIDAY, WEEKEND, 'UTC')).toEqual(FRIDAY);
  expect(applySkipDays(SATURDAY, [0, 1, 2, 3, 4, 5, 6], 'UTC')).toBeNull();
  expect(applySkipDays(SATURDAY, [6, 0, 1, 2, 3, 4], 'UTC')).toEqual(at('2026-03-13T10:00:00Z'));
});

describe('a skipped day where clocks change', () => {
  it.each<[zone: string, date: string, skipDays: number[], expected: string]>([
    // Saturday 11:00 in Paris, then Sunday 11:00 in summer time.
    ['Europe/Paris', '2026-03-28T10:00:00Z', [6], '2026-03-29T09:00:00Z'],
    ['Europe/Paris', '2026-10-24T09:00:00Z', [6], '2026-10-25T10:00:00Z'],
    // Saturday 02:30, which Sunday leaves out, and which it has twice.
    ['Europe/Paris', '2026-03-28T01:30:00Z', [6], '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-10-24T00:30:00Z', [6], '2026-10-25T00:30:00Z'],
    ['America/New_York', '2026-03-07T17:00:00Z', [6], '2026-03-08T16:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-02T23:00:00Z', [6], '2026-10-03T22:30:00Z'],
    ['America/Sao_Paulo', '2018-11-03T03:30:00Z', [6], '2018-11-04T03:30:00Z'],
    ['Asia/Kolkata', '2026-03-28T10:00:00Z', [6], '2026-03-29T10:00:00Z'],
    ['UTC', '2026-03-28T10:00:00Z', [6], '2026-03-29T10:00:00Z'],
    // There was no Friday 30 December 2011 in Apia: Thursday, then Saturday, then Sunday.
    ['Pacific/Apia', '2011-12-29T22:00:00Z', [4], '2011-12-30T22:00:00Z'],
    ['Pacific/Apia', '2011-12-29T22:00:00Z', [4, 6], '2011-12-31T22:00:00Z'],
  ])('in %s moves %s without %j to the same clock: %s', (zone, date, skipDays, expected) => {
    expect(applySkipDays(at(date), skipDays, zone)).toEqual(at(expected));
  });
});

it('keeps dates between start and end, both included', () => {
  expect(applyDateRangeConstraints(FRIDAY, SATURDAY)).toEqual(SATURDAY);
  expect(applyDateRangeConstraints(SUNDAY, SATURDAY)).toEqual(SUNDAY);
  expect(applyDateRangeConstraints(SUNDAY, undefined, SATURDAY)).toBeNull();
  expect(applyDateRangeConstraints(SATURDAY, undefined, SATURDAY)).toEqual(SATURDAY);
  expect(applyDateRangeConstraints(FRIDAY)).toEqual(FRIDAY);
  expect(isWithinDateRange(SATURDAY, FRIDAY, SUNDAY)).toBe(true);
  expect(isWithinDateRange(SATURDAY, SATURDAY, SATURDAY)).toBe(true);
  expect(isWithinDateRange(FRIDAY, SATURDAY)).toBe(false);
  expect(isWithinDateRange(MONDAY, SATURDAY, SUNDAY)).toBe(false);
});

it('applies start, skipped days and end in this order', () => {
  const skipDays = WEEKEND;
  const timezone = 'UTC';

  expect(applyAllDateConstraints(FRIDAY, { startDate: SATURDAY, skipDays, timezone })).toEqual(
    MONDAY,
  );
  expect(
    applyAllDateConstraints(FRIDAY, { startDate: SATURDAY, endDate: SUNDAY, skipDays, timezone }),
  ).toBeNull();
  expect(applyAllDateConstraints(FRIDAY, {})).toEqual(FRIDAY);
});

it.each<[string, DateConstraints]>([
  ['an invalid start', { startDate: at('foo') }],
  ['an invalid end', { endDate: NaN }],
  ['a start after the end', { startDate: SUNDAY, endDate: SATURDAY }],
  ['a weekday out of range', { skipDays: [7] }],
  ['a negative weekday', { skipDays: [-1] }],
  ['half a weekday', { skipDays: [1.5] }],
  ['a weekday as text', { skipDays: ['1'] as never }],
  ['no list', { skipDays: 5 as never }],
  ['the whole week', { skipDays: [0, 1, 2, 3, 4, 5, 6] }],
  ['an unknown zone', { skipDays: [1], timezone: 'Nope/Zone' }],
])('%s is refused', (_, constraints) => {
  expect(() => DateLimits.of(constraints)).toThrow(InvalidScheduleError);
});

it('is refused for a date that is none', () => {
  const none = at('foo');

  expect(() => shouldSkipDay(none, [1], 'UTC')).toThrow(InvalidScheduleError);
  expect(() => applySkipDays(none, [1], 'UTC')).toThrow(InvalidScheduleError);
  expect(() => applyDateRangeConstraints(none)).toThrow(InvalidScheduleError);
  expect(() => applyDateRangeConstraints(FRIDAY, none)).toThrow(InvalidScheduleError);
  expect(() => applyAllDateConstraints(FRIDAY, { endDate: none })).toThrow(InvalidScheduleError);
  expect(() => isWithinDateRange(none)).toThrow(InvalidScheduleError);
});

it('drops weekdays named twice', () => {
  expect(DateLimits.of({ skipDays: [6, 6, 0, 0, 6, 0, 6] }).skipDays.size).toBe(2);
});
