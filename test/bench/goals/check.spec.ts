import { type Check, isMet, showChecks } from './check.js';

const check = (rest: Pick<Check, 'bound' | 'measured'> & Partial<Check>): Check => ({
  goal: 'P1',
  what: 'process, concurrency 50',
  ...rest,
});

describe('a goal', () => {
  it('is met exactly at its bound', () => {
    expect(isMet(check({ bound: { atLeast: 4 }, measured: 4 }))).toBe(true);
    expect(isMet(check({ bound: { atLeast: 4 }, measured: 3.999 }))).toBe(false);
    expect(isMet(check({ bound: { atMost: 0.5 }, measured: 0.5 }))).toBe(true);
    expect(isMet(check({ bound: { atMost: 0.5 }, measured: 0.501 }))).toBe(false);
  });

  it('that could not be measured is missed, whichever way its bound is', () => {
    expect(isMet(check({ bound: { atLeast: 0 }, measured: NaN }))).toBe(false);
    expect(isMet(check({ bound: { atMost: 1 }, measured: NaN }))).toBe(false);
  });

  it('is a row that says what was wanted and what was found', () => {
    const text = showChecks([
      check({ bound: { atLeast: 4 }, to: 'bullmq', measured: 4.321 }),
      check({ bound: { atMost: 10 }, unit: 'ms', measured: 12.345 }),
      check({ bound: { atLeast: 10_000 }, unit: 'jobs/s', measured: NaN }),
    ]);

    const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.slice(2, 5).map((cells) => cells.slice(3, 6))).toEqual([
      ['≥ 4 × bullmq', '4.32 ×', 'met'],
      ['≤ 10 ms', '12.35 ms', 'MISSED'],
      ['≥ 10,000 jobs/s', 'not measured', 'MISSED'],
    ]);
    expect(text).toContain('1 of 3 met.');
  });
});
