import { describe, expect, it } from '@jest/globals';
import {
  formatCount,
  formatDuration,
  formatShortDuration,
  timeAgo,
} from '../../../lib/dashboard/page/format.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a length of time', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '< 1 ms'],
    [1, '1 ms'],
    [999.4, '999 ms'],
    [999.5, '1 s'],
    [1_440, '1.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [MINUTE, '1 min'],
    [200_000, '3 min 20 s'],
    [HOUR - 1, '1 h'],
    [HOUR, '1 h'],
    [5 * HOUR + 12 * MINUTE, '5 h 12 min'],
    [DAY - 1, '1 d'],
    [DAY, '1 d'],
    [2 * DAY + 3 * HOUR, '2 d 3 h'],
    [40 * DAY, '40 d'],
    [-1_500, '−1.5 s'],
  ])('of %d ms is told as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

it.each([
  [740, '740 ms'],
  [MINUTE - 501, '59 s'],
  [90_000, '1.5 min'],
  [2 * HOUR, '2 h'],
  [2 * DAY, '2 d'],
])('tells %d ms in one unit on an axis: %j', (ms, text) => {
  expect(formatShortDuration(ms)).toBe(text);
});

describe('a time as seen from now', () => {
  it.each([
    [0, 'now'],
    [-999, 'now'],
    [-1_000, '1 s ago'],
    [1_000, 'in 1 s'],
    [-(MINUTE - 1), '59 s ago'],
    [-MINUTE, '1 min ago'],
    [HOUR - 1, 'in 59 min'],
    [47 * HOUR, 'in 47 h'],
    [-2 * DAY, '2 d ago'],
  ])('%d ms away is told as %j', (ms, text) => {
    const now = Date.UTC(2026, 10, 22);

    expect(timeAgo(now + ms, now)).toBe(text);
  });
});

it('parts the digits of large counts', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567');
});
