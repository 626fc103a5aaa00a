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

it('keeps the clock on the wall over a change of the clocks', () => {
  // Saturday 11:00 in Paris, then Sunday and Monday 11:00 in summer time.
  expect(applySkipDays(at('2026-03-28T10:00:00Z'), [6], 'Europe/Paris')).toEqual(
    at('2026-03-29T09:00:00Z'),
  );
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

it('drops weekdays named twice', () => {
  expect(DateLimits.of({ skipDays: [6, 6, 0, 0, 6, 0, 6] }).skipDays.size).toBe(2);
});
