import type { ProducerSettings } from './processes/settings.js';
import { quietMachine } from './support/quiet-machine.js';
import { isLong, print, Stage } from './support/stage.js';

/*
 * Lateness is from the planned instant, by Redis's clock, to the first line of the handler. On a
 * machine with something else to do it is that machine's, so we wait for its rest; nothing is
 * subtracted, and a busy machine can fail this test. The event loop delay tells which it was.
 */

const jobs = isLong ? 2_000 : 200;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const kinds: [what: string, due: ProducerSettings['due']][] = [
  ['scheduled by a date', { by: 'date', inMs: 1_000 }],
  ['scheduled by a delay', { by: 'delay', inMs: 300 }],
  ['that are due at once', undefined],
];

it.each(kinds)(
  'starts jobs %s on time, never early, in a process that sleeps',
  async (what, due) => {
    const worker = await stage.worker({ engine: { processEvery: '5 seconds' } });
    await quietMachine();
    const producer = await stage.producer({ count: jobs, everyMs: 23, ...(due ? { due } : {}) });
    await producer.ended;
    await stage.untilCompleted(jobs);
    await stage.endWorkers([worker]);
    const eventLoopDelay = await worker.says('closed');

    const starts = await stage.facts.of('started');
    const late = starts.map(({ at, dueAt }) => at - dueAt!).sort((a, b) => a - b);
    const p99 = late[Math.ceil(late.length * 0.99) - 1]!;
    print(`lateness of jobs ${what}, in ms`, {
      p50: late[Math.floor(late.length / 2)],
      p99,
      max: late.at(-1),
      eventLoopDelay,
    });

    expect(starts).toHaveLength(jobs);
    // Neither by the clock of the machine nor by what Redis wrote down.
    expect(starts.filter(({ at, lockedAt, dueAt }) => Math.min(at, lockedAt!) < dueAt!)).toEqual(
      [],
    );
    expect(p99).toBeLessThanOrEqual(20);
    expect(await stage.violations()).toEqual([]);
    expect(stage.troubles()).toEqual([]);
  },
);
