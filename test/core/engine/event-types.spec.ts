import type { JobStateNotification, RetryDetails } from '../../../lib/index.js';
import { Job, type JobScheduler, OnJobEvent } from '../../../lib/index.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

/* That all of this compiles, and that what is marked does not, is checked by `npm run typecheck`. */
function _listenInEveryWay(scheduler: JobScheduler): void {
  // As Agenda's users write it: without types, a listener is one of this process.
  scheduler.on('start', (job) => job.attrs);
  scheduler.on('success:mail', (job) => job.attrs.nextRunAt);
  scheduler.once('complete', (job, remote) => [job.attrs, remote === false]);
  scheduler.on('fail', (error, job) => [error.message, job.attrs]);
  scheduler.on('fail:mail', async (error) => error.stack);
  scheduler.on('retry', (job, details) => [job.attrs, details.delay]);
  scheduler.on('retry exhausted', (error, job) => [error.message, job.attrs]);
  scheduler.on('completed', ({ job, durationMs }) => [job.attrs, durationMs]);
  scheduler.on('snoozed:mail', ({ job, nextRunAt, delayMs }) => [job.attrs, nextRunAt, delayMs]);
  scheduler.on('warning', ({ code, message }) => [code, message]);
  scheduler.on('error', (error) => error.message);

  // With types: of this process, of others, of both.
  scheduler.on('success', (job: Job<{ to: string }>) => job.data.to);
  scheduler.on('success', (job: JobStateNotification, remote: true) => [job.jobId, remote]);
  scheduler.on('fail:mail', (error: string, job: JobStateNotification) => [error, job.jobId]);
  scheduler.once('retry', (job: JobStateNotification, details: RetryDetails) => [job, details]);
  scheduler.on('progress', (job: Job | JobStateNotification, remote?: boolean) => [job, remote]);
  const listener = (job: JobStateNotification, remote: true) => [job, remote];
  scheduler.on('start', listener).off('start', listener);

  // @ts-expect-error -- the error comes first
  scheduler.on('fail', (job: Job) => job.attrs);
  // @ts-expect-error -- of this process comes a job
  scheduler.on('success', (job: JobStateNotification, remote: false) => [job, remote]);
  // @ts-expect-error -- no other process tells of this
  scheduler.on('retry exhausted', (error: Error, job: JobStateNotification) => [error, job]);
  // @ts-expect-error -- a text is no job
  scheduler.once('start', (job: string) => job);
  // @ts-expect-error -- there is no such event
  scheduler.on('sucess', (job) => job);
  // @ts-expect-error -- these are not of a job
  scheduler.on('ready:mail', () => undefined);
}

class _Listeners {
  @OnJobEvent('success')
  here(job: Job<{ to: string }>): string {
    return job.data.to;
  }

  @OnJobEvent('fail', 'mail')
  elsewhere(error: string, job: JobStateNotification, remote: true): unknown {
    return [error, job.jobId, remote];
  }

  @OnJobEvent('retry')
  anywhere(job: Job | JobStateNotification, details: RetryDetails, remote?: boolean): unknown {
    return [job, details.delay, remote];
  }

  // @ts-expect-error -- the error comes first
  @OnJobEvent('fail')
  wrong(job: Job): unknown {
    return job.attrs;
  }
}

it('gives a listener without types what its type says', async () => {
  const { engine } = await makeBench();
  const { scheduler } = engine;
  const told: [string, Job][] = [];
  scheduler.on('success:mail', (job) => told.push([`success ${String(job.attrs.data)}`, job]));
  scheduler.once('fail', (error, job) => told.push([`fail ${error.message}`, job]));
  engine.handlers.define('mail', ({ data }) => data);
  engine.handlers.define('wrong', () => {
    throw new Error('no luck');
  });
  await engine.workerHost.start();

  for (const name of ['mail', 'wrong']) {
    const ended = nextEvent(engine, `complete:${name}`);
    await scheduler.now(name, 'hello');
    await ended;
  }

  expect(told.map(([text]) => text)).toEqual(['success hello', 'fail no luck']);
  for (const [, job] of told) expect(job).toBeInstanceOf(Job);
});
