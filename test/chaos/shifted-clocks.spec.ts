import type { ProducerSettings } from './processes/settings.js';
import { print, Stage, type WrongClock } from './support/stage.js';

const minute = 60_000;
const jobs = 25;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const clocks: [what: string, worker: WrongClock, producer: WrongClock][] = [
  [
    'the clock of the worker is 5 minutes ahead and that of the producer as much behind',
    { shiftMs: 5 * minute },
    { shiftMs: -5 * minute },
  ],
  [
    'the clock of the worker is 5 minutes behind and that of the producer as much ahead',
    { shiftMs: -5 * minute },
    { shiftMs: 5 * minute },
  ],
  // Ten times as fast as the true one, and in the wrong direction.
  ['the clocks of both run backwards', { stepMs: -1_100 }, { stepMs: -1_100 }],
];

it.each(clocks)('starts no job early or late though %s', async (_, workerClock, producerClock) => {
  const worker = await stage.worker({ names: ['work', 'tick'], every: '500 ms' }, workerClock);
  const plans: ProducerSettings['due'][] = [
    { by: 'delay', inMs: 700 },
    { by: 'text', inMs: 700 },
    undefined,
  ];
  for (const due of plans) {
    const producer = await stage.producer(
      { count: jobs, everyMs: 20, ...(due ? { due } : {}) },
      producerClock,
    );
    await producer.ended;
  }
  await stage.until('all jobs ran', async () => {
    return (await startsOf('work')).length >= plans.length * jobs;
  });
  await stage.until('the recurring job ran', async () => (await startsOf('tick')).length >= 5);
  await stage.endAll([worker]);

  const starts = [...(await startsOf('work')), ...(await startsOf('tick'))];
  const late = starts.map(({ at, dueAt }) => at - dueAt!);
  print('shifted clocks, in ms', {
    earliest: Math.min(...late),
    latest: Math.max(...late),
  });
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  // Half of them: a machine with something else to do holds up others, but what a wrong clock spoils is wrong by seconds.
  late.sort((a, b) => a - b);
  expect(late[late.length >> 1]).toBeLessThanOrEqual(100);
  expect(late.at(-1)).toBeLessThan(1_000);

  // And what they were planned for is what was asked for, by the clock that is right.
  const planned = (await stage.facts.of('added')).map(({ askedAt, at, dueAt }, i) => {
    const inMs = plans[Math.floor(i / jobs)]?.inMs ?? 0;
    return { early: askedAt! + inMs - dueAt!, late: dueAt! - (at + inMs) };
  });
  expect(planned).toHaveLength(plans.length * jobs);
  expect(Math.max(...planned.map(({ early }) => early))).toBeLessThanOrEqual(1);
  expect(Math.max(...planned.map(({ late: after }) => after))).toBeLessThanOrEqual(1);
  const ticks = (await startsOf('tick')).slice(1).map(({ dueAt }) => dueAt!);
  const gaps = ticks.slice(1).map((at, i) => at - ticks[i]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(600);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});

async function startsOf(name: string) {
  return (await stage.facts.of('started')).filter((fact) => fact.name === name);
}
