import { describe, expect, it } from '@jest/globals';
import { countScale, durationScale, heightOf } from '../../../lib/dashboard/page/scale.js';

describe('an axis', () => {
  it.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [4, [0, 2, 4]],
    [61, [0, 50, 100]],
    [1_000, [0, 500, 1_000]],
    [1_001, [0, 500, 1_000, 1_500]],
  ])('for counts up to %d has lines at %j', (most, ticks) => {
    expect(countScale(most).ticks).toEqual(ticks);
  });

  it.each([
    [0, [0, 1]],
    [140, [0, 50, 100, 150]],
    [5_000, [0, 2_000, 4_000, 6_000]],
    [40_000, [0, 15_000, 30_000, 45_000]],
    [200_000, [0, 120_000, 240_000]],
    [3 * 86_400_000, [0, 86_400_000, 2 * 86_400_000, 3 * 86_400_000]],
  ])('for lengths of time up to %d ms has lines at %j', (most, ticks) => {
    expect(durationScale(most).ticks).toEqual(ticks);
  });

  it('reaches at least what it is for, with a few lines only', () => {
    for (let most = 1; most < 1e10; most *= 1.37) {
      for (const scale of [countScale(most), durationScale(most)]) {
        expect(scale.top).toBeGreaterThanOrEqual(most);
        expect(scale.ticks.length).toBeLessThanOrEqual(4);
        expect(scale.ticks.at(-1)).toBe(scale.top);
      }
    }
  });

  it('has 0 at the bottom and its end at the top of the drawing', () => {
    const scale = countScale(10);

    expect(heightOf(0, scale, 120)).toBe(120);
    expect(heightOf(scale.top, scale, 120)).toBe(0);
  });
});
