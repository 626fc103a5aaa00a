import { type How, titleOf } from '../measurement.js';
import type { Cost } from '../meter.js';

/** The more of it, the better. */
export const YIELDS = {
  'jobs/s': ({ ms }: Cost) => 1_000 / ms,
  'jobs per CPU second': ({ nodeMs, redisMs }: Cost) => 1_000 / (nodeMs + redisMs),
} as const;

export type Yield = keyof typeof YIELDS;

export interface Guarded {
  readonly title: string;
  readonly how: How;
  /** How many are measured; as many at most warm up, so that it does not take long. */
  readonly jobs: number;
  /** The least of ours to the floor with the same books. */
  readonly atLeast: Readonly<Partial<Record<Yield, number>>>;
}

const guarded = (how: How, jobs: number, atLeast: Guarded['atLeast']): Guarded => ({
  title: titleOf(how),
  how,
  jobs,
  atLeast,
});

/**
 * How the bounds were chosen stands in `docs/benchmarks.md`. A call that is awaited takes as long as two processes
 * need to wake each other, which differs many times over on a busy machine: there only the CPU tells.
 */
export const GUARDED: readonly Guarded[] = [
  guarded({ add: 'bulk' }, 10_000, { 'jobs/s': 0.2, 'jobs per CPU second': 0.22 }),
  guarded({ add: 'awaited' }, 1_500, { 'jobs per CPU second': 0.3 }),
  guarded({ work: 50 }, 10_000, { 'jobs/s': 0.17, 'jobs per CPU second': 0.25 }),
];
