import { countTime, emptyRow, figuresOf } from '../../lib/core/metrics/figures.js';
import { percentilesOf } from '../../lib/dashboard/read/percentiles.js';

const percentilesOfTimes = (times: readonly number[]) => {
  const row = emptyRow();
  for (const ms of times) countTime(row, 'run', ms);
  return percentilesOf(figuresOf(row).run);
};

it('are the upper bounds of the buckets in which so many of a hundred are', () => {
  const times = [
    ...Array<number>(50).fill(1),
    ...Array<number>(45).fill(20),
    200,
    200,
    200,
    200,
    5_000,
  ];

  expect(percentilesOfTimes(times)).toEqual({
    p50Ms: 1,
    p95Ms: 30,
    p99Ms: 300,
    maxMs: 5_000,
  });
});

it('are no longer than the longest of all', () => {
  expect(percentilesOfTimes([12])).toEqual({ p50Ms: 12, p95Ms: 12, p99Ms: 12, maxMs: 12 });
});

it('are the longest of all behind the last bound', () => {
  expect(percentilesOfTimes([20_000_000])).toMatchObject({ p50Ms: 20_000_000 });
});

it('are nothing of nothing', () => {
  expect(percentilesOfTimes([])).toBeNull();
});
