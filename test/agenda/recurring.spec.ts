import { constant } from 'agenda';
import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

const rowOf = async (name: string) => {
  const { jobs, total } = await (await family.agenda()).queryJobs({ name });
  expect(total).toBe(1);
  return jobs[0]!;
};

it('is one row of ten processes that boot at once', async () => {
  const agendas = await Promise.all(Array.from({ length: 10 }, () => family.agenda()));

  const jobs = await Promise.all(agendas.map((agenda) => agenda.every('5 minutes', 'report')));

  expect(new Set(jobs.map((job) => job.attrs._id))).toEqual(new Set([(await rowOf('report'))._id]));
});

it('runs each second, though nobody looks more often than every 5 s', async () => {
  const runs: number[] = [];
  const worker = await family.worker(
    { tick: () => runs.push(Date.now()) },
    { processEvery: 5_000 },
  );
  const from = Date.now();

  await worker.every('1 second', 'tick');
  await pause(5_000 - (Date.now() - from));
  await worker.stop();

  expect(runs.length).toBeGreaterThanOrEqual(4);
  expect(runs.length).toBeLessThanOrEqual(6);
});

it('is tried again after the 100 ms of its backoff, though nobody looks for 5 s', async () => {
  const starts: number[] = [];
  const worker = await family.agenda({ processEvery: 5_000 });
  const run = async () => {
    starts.push(performance.now());
    if (starts.length === 1) throw new Error('once more');
  };
  define(worker, 'mail', run, { backoff: constant({ delay: 100, maxRetries: 1 }) });
  await worker.start();
  const done = next(worker, 'success:mail');

  await worker.now('mail');
  await done;

  expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(95);
  expect(starts[1]! - starts[0]!).toBeLessThan(400);
});

it('keeps the time of a rule that comes again, and a run that fell due meanwhile', async () => {
  const before = await family.agenda();
  await before.every('1 hour', 'report', {}, { skipImmediate: true });
  const planned = (await rowOf('report')).nextRunAt;
  await pause(20);
  await before.every('1 hour', 'report', { newest: true }, { skipImmediate: true });
  expect(await rowOf('report')).toMatchObject({ nextRunAt: planned, data: { newest: true } });

  const due = new Date(Date.now() - 60_000);
  await family.backend().repository.saveJob({ ...(await rowOf('report')), nextRunAt: due });
  const worker = await family.worker({ report: () => {} });
  const completed = next(worker, 'complete:report');
  await worker.every('1 hour', 'report', { newest: true }, { skipImmediate: true });
  await completed;

  expect((await rowOf('report')).lastRunAt).toBeInstanceOf(Date);
});

it('follows a changed rule at once', async () => {
  const worker = await family.worker({ tick: () => {} });
  await worker.every('5 hours', 'tick', {}, { skipImmediate: true });
  const started = next(worker, 'start:tick');

  await worker.every('1 second', 'tick');
  await started;

  expect((await rowOf('tick')).repeatInterval).toBe('1 second');
});

it('stays disabled over a boot', async () => {
  const agenda = await family.agenda();
  await agenda.every('5 minutes', 'report');
  await agenda.disable({ name: 'report' });

  await agenda.every('5 minutes', 'report');

  expect(await rowOf('report')).toMatchObject({ disabled: true });
});

it('can be given up: a cleared rule is saved, and runs no more', async () => {
  const agenda = await family.agenda();
  const job = await agenda.every('5 minutes', 'report');

  await job.repeatEvery('').save();

  expect(await rowOf('report')).toMatchObject({ nextRunAt: null });
  expect(await rowOf('report')).not.toHaveProperty('repeatInterval');
});

it('is followed by one run of what was saved while it ran', async () => {
  const ran: unknown[] = [];
  const worker = await family.worker({
    mail: async (job) => {
      ran.push(job.attrs.data);
      await pause(100);
    },
  });
  const save = (n: number) =>
    worker.create('mail', { user: 1, n }).unique({ 'data.user': 1 }).save();
  const started = next(worker, 'start:mail');
  await save(1);
  await started;
  await save(2);
  await save(3);
  while (ran.length < 2) await pause(5);
  await pause(200);

  expect(ran).toEqual([
    { user: 1, n: 1 },
    { user: 1, n: 3 },
  ]);
});
