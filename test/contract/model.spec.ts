import fc from 'fast-check';
import { holdsForRandomRuns, RANDOM_RUNS_TIMEOUT } from '../support/random-runs.js';
import { openers } from './support/backends.js';
import { commands, crashes, endings, gates, lines, sleepers } from './support/commands.js';
import { checkMemory, checkRedis } from './support/invariants.js';
import { Pair } from './support/pair.js';

const RUNS = Number(process.env.RUNS) || 40;
const CHECK_EVERY = 5;

/*
 * Random commands, given to memory and Redis with the same time, ids and claim ids. A failure prints
 * its seed and the shortest run that shows it; `SEED=… npm test -- test/contract/model` repeats it,
 * and `RUNS=1000` looks longer.
 */
it.each([
  ['every run of commands', commands],
  ['runs of crashes', crashes],
  ['runs of ends', endings],
  ['runs of pauses and limits', gates],
  ['runs of jobs with keys', lines],
  ['runs of hosts that sleep', sleepers],
])(
  'memory and Redis answer %s alike, and stay whole',
  async (_what, runs) => {
    let steps = 0;

    const property = fc.asyncProperty(runs, async (run) => {
      const [memory, redis] = await Promise.all([openers.memory(), openers.redis()]);
      const pair = new Pair([memory, redis]);
      await pair.keepEvents();
      await pair.listenAsHosts();
      try {
        for (const [i, command] of run.entries()) {
          await pair.carryOut(command);
          steps++;
          if (i % CHECK_EVERY > 0 && i < run.length - 1) continue;
          await pair.compare();
          checkMemory(await memory.dump(), memory.clock.now());
          checkRedis(await redis.dump(), redis.clock.now());
        }
      } finally {
        await Promise.all([memory.close(), redis.close()]);
      }
    });
    await holdsForRandomRuns(property, RUNS);

    expect(steps).toBeGreaterThan(Math.min(300, 15 * RUNS));
  },
  RANDOM_RUNS_TIMEOUT,
);
