import fc from 'fast-check';
import { holdsForRandomRuns, RANDOM_RUNS_TIMEOUT } from '../support/random-runs.js';
import { openers } from './support/backends.js';
import { commands, type AskedJob, type Command } from './support/commands.js';
import { Pair } from './support/pair.js';
import { query } from './support/queries.js';

const RUNS = Number(process.env.RUNS) || 30;

/*
 * Random stocks, made by random commands, and random queries about them: memory, which looks at every
 * job, tells what Redis has to answer from its indexes. A failure prints its seed and the shortest
 * run that shows it; `SEED=… npm test -- test/contract/query-model` repeats it.
 */
it(
  'memory and Redis give the same pages and totals, whatever is stored and asked',
  async () => {
    let found = 0;

    const queries = fc.array(query, { minLength: 15, maxLength: 30, size: 'max' });
    const property = fc.asyncProperty(commands, queries, async (run, asked) => {
      const [memory, redis] = await Promise.all([openers.memory(), openers.redis()]);
      const pair = new Pair([memory, redis]);
      try {
        await pair.carryOut({ do: 'enqueue', jobs: stock });
        for (const command of run) await pair.carryOut(timed(command));
        for (const one of asked) found += await pair.ask(one);
        await pair.walk();
      } finally {
        await Promise.all([memory.close(), redis.close()]);
      }
    });
    await holdsForRandomRuns(property, RUNS);

    expect(found).toBeGreaterThan(10 * Math.min(RUNS, 30));
  },
  RANDOM_RUNS_TIMEOUT,
);

/** What the commands find, and move: all that commands and queries know, mixed. */
const stock: AskedJob[] = Array.from({ length: 40 }, (_, i) => ({
  id: `job-${i}`,
  nonce: undefined,
  name: ['mail', 'report', 'a:b|"c"'][i % 3]!,
  data: [undefined, 'null', '0', '"text"', '{"nested":[{}]}'][i % 5],
  priority: [0, 0, -1, 2.5][i % 4]!,
  due: { atOffset: [-5, 0, 50, 100, 1_000, 2_000, 100][i % 7]! },
  attempts: undefined,
  idempotency: undefined,
  retention: undefined,
  key: undefined,
  first: i % 5 === 0 ? true : undefined,
  tags: undefined,
  expires: undefined,
  version: undefined,
  context: undefined,
  lastModifiedBy: undefined,
}));

/**
 * A job that is saved again without a time, and never ran, has no time that it could be sorted by:
 * its index has that of the save.
 */
function timed(command: Command): Command {
  if (!('row' in command) || command.do === 'save') return command;
  return { ...command, row: { ...command.row, offset: command.row.offset ?? 50 } } as Command;
}
