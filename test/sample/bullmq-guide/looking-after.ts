/* oxlint-disable jest/no-standalone-expect -- each trial is run by a test of its row */
import type { Job } from '../../../lib/core/index.js';
import { nextEvents } from '../../core/engine/support.js';
import { evaluate } from '../support/guide.js';
import { data, type Stage, stage, type Trial } from './stage.js';

const HOUR = 3_600_000;
const waits = ({ nextRunAt, createdAt }: Job): number => Number(nextRunAt) - Number(createdAt);

/** With a job that waits for its time, of which the code may speak. */
const mends =
  (check: (answer: unknown, job: Job | undefined, stage: Stage) => unknown): Trial =>
  async (here) => {
    const at = await stage();
    const { id } = await at.scheduler.now('email', 'before', { delay: '5 minutes' });
    const answer = await evaluate(here, { ...at.scope, id });
    await check(answer, await at.scheduler.get(id), at);
  };

/** With two dead letters. */
const revives =
  (check: (answer: unknown, stage: Stage) => unknown): Trial =>
  async (here) => {
    const at = await stage(() => Promise.reject(new Error('no')));
    const died = nextEvents(at.engine, 'dead', 2);
    await at.start();
    await at.scheduler.enqueueMany([{ name: 'email' }, { name: 'email' }]);
    await died;
    await at.engine.workerHost.stop();
    await check(await evaluate(here, at.scope), at);
  };

export const looking: Record<string, Trial> = {
  '`await queue.getJobCounts()`': mends((counts) =>
    expect(counts).toMatchObject({ scheduled: 1, total: 1 }),
  ),
  '`await queue.getJob(id)`, `await job.getState()`': mends((state) =>
    expect(state).toBe('scheduled'),
  ),
  '`await queue.getFailed(0, 9)`': revives((found) =>
    expect(found).toMatchObject({ jobs: [{ state: 'failed' }, { state: 'failed' }] }),
  ),
  '`for (const job of failed) await job.retry()`': revives(async (result, { scheduler }) => {
    expect(result).toMatchObject({ requeued: 2 });
    expect(await scheduler.counts('email')).toMatchObject({ queued: 2, dead: 0 });
  }),
  "`await queue.clean(86_400_000, 100, 'completed')`": mends((count) => expect(count).toBe(0)),
  '`await queue.pause()`': mends(async (_, __, { scheduler }) =>
    expect(await scheduler.isPaused('email')).toBe(true),
  ),
  '`await queue.resume()`': mends((wasPaused) => expect(wasPaused).toBe(false)),
  '`await queue.isPaused()`': mends((isPaused) => expect(isPaused).toBe(false)),
  '`await worker.pause()`': async (here) => {
    const { engine, scope, start } = await stage();
    await start();
    await evaluate(here, scope);
    expect(engine.workerHost.status().names).toMatchObject([{ name: 'email', paused: true }]);
  },
  '`worker.concurrency = 10`': async (here) => {
    const { engine, scope, start } = await stage();
    await start();
    await evaluate(here, scope);
    expect(engine.workerHost.status().names).toMatchObject([{ name: 'email', concurrency: 10 }]);
  },
  '`await queue.setGlobalConcurrency(4)`, on a running system': mends(
    async (_, __, { scheduler }) =>
      expect(await scheduler.limits('email').get()).toEqual({ byHand: { globalConcurrency: 4 } }),
  ),
  '`await queue.drain(true)`': async (here) => {
    const { scope, scheduler } = await stage();
    await scheduler.every('5 minutes', 'email');
    await scheduler.now('email');
    await scheduler.now('email', data, { delay: '1h' });
    expect(await evaluate(here, scope)).toBe(2);
    expect(await scheduler.counts('email')).toMatchObject({ repeating: 1, total: 1 });
  },
  '`await queue.obliterate({ force: true })`': mends((count, job) => {
    expect(count).toBe(1);
    expect(job).toBeUndefined();
  }),
  '`await job.promote()`': mends((answer, job) => {
    expect(answer).toBe('ok');
    expect(job!.state).toBe('queued');
  }),
  '`await job.changeDelay(3_600_000)`': mends((_, job) =>
    expect(waits(job!)).toBeGreaterThanOrEqual(HOUR),
  ),
  '`await job.changePriority({ priority: 10 })`': mends((_, job) =>
    expect(job!.attrs.priority).toBe(-10),
  ),
  '`await job.updateData(data)`': mends((_, job) => expect(job!.data).toEqual(data)),
  '`await job.remove()`': mends((was, job) => {
    expect(was).toBe(true);
    expect(job).toBeUndefined();
  }),
  '`await queue.getJobLogs(id)`': mends((lines) => expect(lines).toMatchObject({ lines: [] })),
  '`await queue.getWorkers()`': async (here) => {
    const { scope, start } = await stage();
    await start();
    expect(await evaluate(here, scope)).toMatchObject([{ names: [{ name: 'email' }] }]);
  },
  "`await queue.getMetrics('completed')`": async (here) => {
    const { scope, scheduler, start } = await stage();
    await start();
    await scheduler.runAndWait('email');
    expect(await evaluate(here, scope)).toHaveProperty('email');
  },
};
