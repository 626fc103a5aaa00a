import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

/** Runs that last until they are let go; how many there are, and were at most. */
class Gate {
  running = 0;
  most = 0;
  private open = (): void => {};
  private readonly opened = new Promise<void>((resolve) => (this.open = resolve));

  readonly run = async (): Promise<void> => {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await this.opened;
    this.running -= 1;
  };

  letGo(): void {
    this.open();
  }
}

it('runs no more at once than `maxConcurrency` and `concurrency` allow', async () => {
  const [one, both] = [
    { now: 0, most: 0 },
    { now: 0, most: 0 },
  ];
  let left = 20;
  const agenda = await family.agenda({ maxConcurrency: 3, processEvery: 20 });
  const run = async (counts: { now: number; most: number }[]) => {
    for (const count of counts) count.most = Math.max(count.most, ++count.now);
    await pause(10);
    for (const count of counts) count.now -= 1;
    left -= 1;
  };
  define(agenda, 'one', () => run([one, both]), { concurrency: 1 });
  define(agenda, 'many', () => run([both]), { concurrency: 5 });
  await agenda.start();

  await Promise.all(Array.from({ length: 20 }, (_, i) => agenda.now(i % 2 ? 'one' : 'many')));
  while (left > 0) await pause(10);

  expect(one.most).toBe(1);
  expect(both.most).toBe(3);
});

it('holds one row of three names under a lock limit of 1, and leaves the rest to others', async () => {
  const gate = new Gate();
  const names = ['a', 'b', 'c'];
  const definitions = Object.fromEntries(names.map((name) => [name, gate.run]));
  const limited = await family.worker(definitions, { lockLimit: 1 });
  const locked = async () =>
    (await limited.queryJobs({ state: 'running' })).jobs.map((job) => job.name);

  await Promise.all(names.map((name) => limited.now(name)));
  while (gate.running < 1) await pause(5);
  // What was claimed beyond the limit is given back.
  while ((await locked()).length > 1) await pause(5);

  const started = Promise.all([next(limited, 'complete'), pause(0)]);
  await family.worker(definitions);
  while (gate.running < 3) await pause(5);
  expect((await locked()).toSorted()).toEqual(names);
  gate.letGo();
  await started;
});

it('ends its locks and its runs with `drain`', async () => {
  const runs: string[] = [];
  const agenda = await family.worker({
    mail: async (job) => {
      await pause(150);
      runs.push(job.attrs._id!);
    },
  });
  const started = next(agenda, 'start:mail');
  await Promise.all([agenda.now('mail'), agenda.now('mail'), agenda.now('mail')]);
  await started;
  await pause(50);

  expect(await agenda.drain()).toEqual({
    completed: 3,
    running: 0,
    timedOut: false,
    aborted: false,
  });

  expect(runs).toHaveLength(3);
  expect((await (await family.agenda()).queryJobs({ state: 'completed' })).total).toBe(3);
});

it.each([
  ['at its time limit', () => ({ timeout: 50 }), { timedOut: true, aborted: false }],
  [
    'when it is aborted',
    () => ({ signal: AbortSignal.timeout(50) }),
    { timedOut: false, aborted: true },
  ],
])('gives up draining %s, and the run that goes on is still stored', async (_, options, how) => {
  const agenda = await family.worker({ mail: () => pause(300) });
  const started = next(agenda, 'start:mail');
  const completed = next(agenda, 'complete:mail');
  await agenda.now('mail');
  await started;

  expect(await agenda.drain(options())).toEqual({ completed: 0, running: 1, ...how });
  await completed;

  expect((await (await family.agenda()).queryJobs({ state: 'completed' })).total).toBe(1);
});
