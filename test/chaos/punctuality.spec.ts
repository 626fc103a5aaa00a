import type { ProducerSettings } from './processes/settings.js';
import { quietMachine } from './support/quiet-machine.js';
import { isLong, print, Stage } from './support/stage.js';

/*
 * Lateness is from the planned instant, by Redis's clock, to the first line of the handler; nothing is
 * subtracted. The last tenth is the machine's as much as ours, and belongs to `npm run bench -- latency`: here no
 * job may be as late as one that was found by looking for it, which happens every five seconds.
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
    await stage.endAll([worker]);
    const eventLoopDelay = await worker.says('closed');

    const starts = await stage.facts.of('started');
    const late = starts.map(({ at, dueAt }) => at - dueAt!).sort((a, b) => a - b);
    const percentile = (share: number) => late[Math.ceil(late.length * share) - 1]!;
    print(`lateness of jobs ${what}, in ms`, {
      p50: percentile(0.5),
      p90: percentile(0.9),
      p99: percentile(0.99),
      max: late.at(-1),
      eventLoopDelay,
    });

    expect(starts).toHaveLength(jobs);
    // Neither by the clock of the machine nor by what Redis wrote down.
    expect(starts.filter(({ at, lockedAt, dueAt }) => Math.min(at, lockedAt!) < dueAt!)).toEqual(
      [],
    );
    expect(percentile(0.9)).toBeLessThanOrEqual(20);
    expect(late.at(-1)).toBeLessThan(1_000);
    expect(await stage.violations()).toEqual([]);
    expect(stage.troubles()).toEqual([]);
  },
);
