import { backoffStrategies, constant, type Job } from 'agenda';
import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

const noLuck = async (): Promise<void> => {
  throw new Error('no luck');
};

it('keeps what failed, why and when', async () => {
  const worker = await family.worker({ mail: noLuck });
  const completed = next(worker, 'complete:mail');
  await worker.now('mail');
  await completed;

  const { jobs } = await worker.queryJobs({ state: 'failed' });
  expect(jobs).toMatchObject([
    { failCount: 1, failReason: 'no luck', failedAt: expect.any(Date), nextRunAt: null },
  ]);
});

it('tries as often as its backoff says, and tells when that was in vain', async () => {
  const delays: number[] = [];
  const agenda = await family.agenda();
  define(agenda, 'mail', noLuck, { backoff: constant({ delay: 20, maxRetries: 3 }) });
  agenda.on('retry:mail', (_, { delay }) => void delays.push(delay));
  const exhausted = next(agenda, 'retry exhausted:mail');
  const ends = [0, 1, 2, 3].reduce(async (before) => {
    await before;
    await next(agenda, 'complete:mail');
  }, Promise.resolve());
  await agenda.start();

  await agenda.now('mail');
  await exhausted;
  await ends;

  expect(delays).toEqual([20, 20, 20]);
  expect((await agenda.queryJobs({})).jobs).toMatchObject([
    { state: 'failed', failCount: 4, nextRunAt: null },
  ]);
});

it('counts from 0 again after a success, and keeps the failure as history', async () => {
  let tries = 0;
  const agenda = await family.agenda();
  const run = async () => {
    tries += 1;
    if (tries < 3) await noLuck();
  };
  define(agenda, 'mail', run, { backoff: backoffStrategies.constant({ delay: 10 }) });
  const success = next(agenda, 'success:mail');
  await agenda.start();
  await agenda.now('mail');
  await success;
  await next(agenda, 'complete:mail');

  expect((await agenda.queryJobs({})).jobs).toMatchObject([
    { state: 'completed', failCount: 0, failReason: 'no luck' },
  ]);
});

it.each(['save', 'time'])('runs again what a listener plans again by its %s', async (how) => {
  let tries = 0;
  const worker = await family.worker({
    mail: async () => {
      tries += 1;
      if (tries < 3) await noLuck();
    },
  });
  worker.on('fail:mail', (_, failed) => {
    const job = failed as Job;
    if (how === 'save') void job.schedule('now').save();
    else job.attrs.nextRunAt = new Date();
  });
  const success = next(worker, 'success:mail');

  await worker.now('mail');
  await success;

  expect(tries).toBe(3);
});

it('keeps the progress that a run told last', async () => {
  const worker = await family.worker({
    mail: async (job) => {
      await job.touch(50);
      await job.touch();
    },
  });
  const completed = next(worker, 'complete:mail');
  await worker.now('mail');
  await completed;

  expect((await worker.queryJobs({})).jobs).toMatchObject([{ progress: 50, state: 'completed' }]);
});

it('lets a run go on that keeps touching, and gives up one that is silent', async () => {
  const agenda = await family.agenda({ processEvery: 50 });
  const ended: string[] = [];
  const touching = async (job: Job) => {
    for (let i = 0; i < 8; i++) {
      await pause(100);
      await job.touch();
    }
    ended.push('touching');
  };
  define(agenda, 'touching', touching, { lockLifetime: 600 });
  define(agenda, 'silent', () => pause(2_000), { lockLifetime: 600 });
  const expired = () => family.errors.filter(({ message }) => message.includes('took more than'));
  await agenda.start();
  await agenda.now('touching');
  while (ended.length === 0) await pause(5);
  expect(expired()).toEqual([]);

  await agenda.now('silent');
  while (expired().length === 0) await pause(5);

  expect(expired()[0]!.message).toContain('silent');
  // Agenda's check may also come between the end of a run and the write that stores it.
  family.errors.splice(0);
});

it('runs a job by hand, and refuses to run one that another worker has', async () => {
  const idle = await family.agenda();
  define(idle, 'mail', async () => {});
  const free = await idle.now('mail');
  await free.run();
  expect((await idle.queryJobs({})).jobs).toMatchObject([{ state: 'completed' }]);

  const worker = await family.worker({ mail: () => pause(100) });
  const [started, completed] = [next(worker, 'start:mail'), next(worker, 'complete:mail')];
  const held = await idle.now('mail');
  await started;

  await expect(held.run()).rejects.toThrow(/lost/);
  await completed;
});

it('leaves nothing of a job that is removed while it runs', async () => {
  const worker = await family.worker({ mail: () => pause(50) });
  const [started, completed] = [next(worker, 'start:mail'), next(worker, 'complete:mail')];
  const job = await worker.now('mail');
  await started;

  expect(await job.remove()).toBe(1);
  await completed;

  expect(await family.backend().repository.getJobById(job.attrs._id!)).toBeNull();
  expect(await worker.getJobsOverview()).toEqual([]);
});
