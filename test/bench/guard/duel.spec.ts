import { type Duel, isNear, isWon, ratioOf } from './duel.js';

const duel = (ours: number[], floor: number[], atLeast = 0.5): Duel => ({
  title: 'process',
  of: 'jobs/s',
  ours,
  floor,
  atLeast,
});

describe('the guard', () => {
  it('judges by the best round of each, whatever the others were', () => {
    const disturbed = duel([100, 900, 300], [50, 1_000, 1_100]);

    expect(ratioOf(disturbed)).toBeCloseTo(900 / 1_100);
    expect(isWon(disturbed)).toBe(true);
  });

  it('fails as soon as ours is below its share of the floor', () => {
    expect(isWon(duel([500], [1_000]))).toBe(true);
    expect(isWon(duel([499], [1_000]))).toBe(false);
  });

  it('fails when nothing was measured', () => {
    expect(isWon(duel([], [1_000]))).toBe(false);
    expect(isWon(duel([1_000], []))).toBe(false);
  });

  it('wants more rounds for what is below the bound, or less than 15 % above it', () => {
    expect(isNear(duel([400], [1_000]))).toBe(true);
    expect(isNear(duel([574], [1_000]))).toBe(true);
    expect(isNear(duel([576], [1_000]))).toBe(false);
    expect(isNear(duel([], []))).toBe(true);
  });
});
