import { describe, expect, it } from '@jest/globals';
import {
  areaOf,
  barsOf,
  lineOf,
  type Plot,
} from '../../../lib/dashboard/page/components/chart-paths.js';

const plot: Plot = { width: 40, height: 100, slots: 4, scale: { top: 10, ticks: [0, 10] } };

describe('the drawing of a chart', () => {
  it('puts bars on top of those before them', () => {
    const [below, above] = barsOf([{ values: [5, 0, 0, 0] }, { values: [2, 0, 0, 0] }], plot);

    expect(below).toBe('M1 100v-50h8v50z');
    expect(above).toBe('M1 50v-20h8v20z');
  });

  it('shows one among many, and nothing for none', () => {
    const wide: Plot = { ...plot, scale: { top: 1_000_000, ticks: [0, 1_000_000] } };

    expect(barsOf([{ values: [1, 0, null, 0] }], wide)).toEqual(['M1 100v-1h8v1z']);
  });

  it('breaks a line where there is nothing, and marks what stands alone', () => {
    expect(lineOf([10, 0, null, 5], plot)).toBe('M5 0L15 100M33 50h4');
  });

  it('fills what is below a line', () => {
    expect(areaOf([10, 0, null, 5], plot)).toBe('M5 100L5 0L15 100L15 100z');
  });
});
