import fc from 'fast-check';
import type { RedisBackend } from '../../../lib/redis/index.js';
import { openers } from '../../contract/support/backends.js';
import { commands, crashes, endings, gates, lines } from '../../contract/support/commands.js';
import { Pair } from '../../contract/support/pair.js';
import { holdsForRandomRuns, RANDOM_RUNS_TIMEOUT } from '../../support/random-runs.js';
import { faultsIn } from './support.js';

const RUNS = Number(process.env.RUNS) || 5;
const CHECK_EVERY = 20;

/* Whatever has been done to a store, nothing is found in it. `SEED=… RUNS=1000` looks longer. */
it.each([
  ['every run of commands', commands],
  ['runs of crashes', crashes],
  ['runs of ends', endings],
  ['runs of pauses and limits', gates],
  ['runs of jobs with keys', lines],
])(
  'finds nothing after %s',
  async (_what, runs) => {
    let looks = 0;

    const property = fc.asyncProperty(runs, async (run) => {
      const [memory, redis] = await Promise.all([openers.memory(), openers.redis()]);
      const pair = new Pair([memory, redis]);
      await pair.keepEvents();
      try {
        for (const [i, command] of run.entries()) {
          await pair.carryOut(command);
          if (i % CHECK_EVERY > 0 && i < run.length - 1) continue;
          expect(await faultsIn(redis.backend as RedisBackend)).toEqual([]);
          looks++;
        }
      } finally {
        await Promise.all([memory.close(), redis.close()]);
      }
    });
    await holdsForRandomRuns(property, RUNS);

    expect(looks).toBeGreaterThanOrEqual(RUNS);
  },
  RANDOM_RUNS_TIMEOUT,
);
