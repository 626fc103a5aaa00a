/* oxlint-disable jest/no-standalone-expect -- each trial is run by a test of its row */
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HandlerRegistry, type Job, JobScheduler, WorkerHost } from '../../../lib/core/index.js';
import { AgendaRedisModule, JobHandler } from '../../../lib/nest/index.js';
import { RecordingLogger } from '../../nest/support.js';
import { decorated, evaluate } from '../support/guide.js';
import { cleanups, data, ownPrefix, type Trial, url } from './stage.js';

async function application(module: DynamicModule, ...providers: (new () => object)[]) {
  const metadata = { imports: [module], providers };
  const app = await Test.createTestingModule(metadata).setLogger(new RecordingLogger()).compile();
  cleanups.push(() => app.close());
  await app.init();
  return { app, scheduler: app.get(JobScheduler), handlers: app.get(HandlerRegistry) };
}

/** Starts an application with this module and a handler, which runs a job. */
const starts =
  (check: (app: Awaited<ReturnType<typeof application>>) => unknown = () => undefined): Trial =>
  async (here) => {
    const scope = { AgendaRedisModule, url, keyPrefix: ownPrefix() };
    const module = (await evaluate(here, scope)) as DynamicModule;
    const Jobs = await decorated("@JobHandler('email')", { JobHandler, handle: () => 'sent' });
    const app = await application(module, Jobs);
    await check(app);
  };

const runsAJob = async ({ scheduler }: { scheduler: JobScheduler }) =>
  expect(await scheduler.runAndWait('email', data)).toBe('sent');

/** Starts an application with a handler under this decorator, which runs a job. */
const handles =
  (check: (handlers: HandlerRegistry, scheduler: JobScheduler, jobs: Job[]) => unknown): Trial =>
  async (here) => {
    const jobs: Job[] = [];
    const handle = (job: Job) => {
      jobs.push(job);
      return 'sent';
    };
    const Jobs = await decorated(here, { JobHandler, handle });
    const module = AgendaRedisModule.forRoot({ connectionString: url, keyPrefix: ownPrefix() });
    const { scheduler, handlers } = await application(module, Jobs);
    const completed = new Promise((resolve) => scheduler.once('completed', resolve));
    await scheduler.now('email', data);
    await completed;
    await check(handlers, scheduler, jobs);
  };

const planned = (plan: object): Trial =>
  handles((handlers) => expect(handlers.planFor('email')).toMatchObject(plan));

const limited = (limits: object): Trial =>
  handles(async (_, scheduler, [job]) => {
    expect(await scheduler.limits('email').get()).toEqual({ handler: limits });
    if ('keyConcurrency' in limits || 'keyOrder' in limits) expect(job!.key).toBe('shop.example');
  });

export const settingUp: Record<string, Trial> = {
  "`new Queue('email', { connection: { url } })`": starts(runsAJob),
  '`new IORedis({ maxRetriesPerRequest: null })`': async (here) => {
    const before = process.env.REDIS_URL;
    process.env.REDIS_URL = url;
    try {
      await starts(runsAJob)(here);
    } finally {
      if (before === undefined) delete process.env.REDIS_URL;
      else process.env.REDIS_URL = before;
    }
  },
  '`{ defaultJobOptions: { attempts: 3, backoff } }`': starts(({ handlers }) =>
    expect(handlers.planFor('email')).toMatchObject({ attempts: 3 }),
  ),
  "`if (process.env.NODE_ENV !== 'test') new Worker(…)`": starts(async ({ app, scheduler }) => {
    await scheduler.now('email');
    expect(app.get(WorkerHost).status().state).toBe('stopped');
  }),
  '`await worker.close()`': async (here) => {
    const module = AgendaRedisModule.forRoot({ connectionString: url, keyPrefix: ownPrefix() });
    const { app } = await application(module);
    expect(await evaluate(here, { app })).toBe(app);
  },
};

export const working: Record<string, Trial> = {
  "`new Worker('email', processor, { concurrency: 5 })`": planned({ concurrency: 5 }),
  '`await queue.setGlobalConcurrency(4)`': limited({ globalConcurrency: 4 }),
  '`{ limiter: { max: 10, duration: 1000 } }`': limited({ rateLimit: { max: 10, per: 1_000 } }),
  '`{ group: { concurrency: 1 } }` (Pro)': limited({ keyConcurrency: 1 }),
  '— (no order within a group)': limited({ keyOrder: 'fifo' }),
  '`{ settings: { backoffStrategy } }`': handles((handlers) => {
    const facts = { jobName: 'email', jobData: data, now: 0, random: () => 0 };
    const { backoff } = handlers.planFor('email');
    expect(backoff!({ attempt: 2, error: new Error('no'), ...facts })).toBe(2_000);
  }),
  '`{ removeOnComplete: { count: 100 }, removeOnFail: { count: 500 } }`': planned({
    retention: { completed: { count: 100 }, failed: { count: 500 } },
  }),
  '`{ maxStalledCount: 1 }`': planned({ maxRescues: 1 }),
  '— (no time limit)': planned({ timeoutMs: 30_000 }),
  '— (no bound)': limited({ maxQueued: 10_000 }),
};
