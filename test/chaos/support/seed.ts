import { Random } from '../../support/random.js';
import { print } from './stage.js';

/** Random numbers in [0, 1) that CHAOS_SEED repeats; the seed is printed. */
export function seeded(): () => number {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
  print('CHAOS_SEED', { seed });
  const random = new Random(seed);
  return () => random.next();
}
