import { print } from './stage.js';

/** Random numbers in [0, 1) that CHAOS_SEED repeats; the seed is printed. */
export function seeded(): () => number {
  let state = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
  print('CHAOS_SEED', { seed: state });
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
