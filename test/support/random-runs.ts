import fc from 'fast-check';

/** How long a test of random runs may take, in ms. */
export const RANDOM_RUNS_TIMEOUT = 600_000;
const FAILS_AFTER_MS = 480_000;

/**
 * Holds for so many random runs; else the failure tells the seed, which `SEED=…` repeats, and the shortest run that
 * shows it. To find that one may take hours: in time for the test it tells the shortest one until then.
 */
export async function holdsForRandomRuns<T>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
  await fc.assert(property, {
    seed,
    numRuns,
    interruptAfterTimeLimit: FAILS_AFTER_MS,
    markInterruptAsFailure: true,
  });
}
