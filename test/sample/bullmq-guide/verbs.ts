/* oxlint-disable jest/no-standalone-expect -- each trial is run by a test of its row */
import { type HandlerOptions, type Job, NonRetryableError } from '../../../lib/core/index.js';
import { nextEvent } from '../../core/engine/support.js';
import { evaluate } from '../support/guide.js';
import { data, type Stage, stage, type Trial } from './stage.js';

/** Runs a job whose handler is this code. */
const inHandler =
  <Event extends 'completed' | 'dead' | 'throttled' | 'snoozed' | 'retrying'>(
    event: Event,
    check: (job: Job, stage: Stage) => unknown = () => undefined,
    options: HandlerOptions = {},
  ): Trial =>
  async (here) => {
    const scope = { NonRetryableError, url: 'data:,hello', fetch };
    const at = await stage((job) => evaluate(here, { ...scope, job }), options);
    const told = nextEvent(at.engine, event) as Promise<unknown>;
    await at.start();
    const { id } = await at.scheduler.now('email', data);
    await told;
    await check((await at.scheduler.get(id))!, at);
  };

export const verbs: Record<string, Trial> = {
  '`job.attemptsMade + 1`': inHandler('completed', (job) => expect(job.result).toBe(1)),
  '`await job.updateProgress(50)`': inHandler('completed', (job) =>
    expect(job.progress()).toBe(50),
  ),
  "`await job.log('row 7')`": inHandler('completed', async ({ id }, { scheduler }) =>
    expect(await scheduler.logs(id)).toMatchObject({ lines: ['row 7'] }),
  ),
  "`throw new UnrecoverableError('no such user')`": inHandler(
    'dead',
    (job) => expect(job).toMatchObject({ failReason: 'no such user', attempt: 1 }),
    { attempts: 5 },
  ),
  '`await worker.rateLimit(5000); throw new RateLimitError()`': inHandler('throttled', (job) =>
    expect(job).toMatchObject({ state: 'queued', failCount: 0 }),
  ),
  '`await job.moveToDelayed(at); throw new DelayedError()`': inHandler('snoozed', (job) =>
    expect(job).toMatchObject({ state: 'scheduled', snoozeCount: 1, failCount: 0 }),
  ),
  '— (a retry at a time)': inHandler(
    'retrying',
    ({ nextRunAt }) => expect(nextRunAt!.getHours()).toBe(9),
    { attempts: 2 },
  ),
  '— (giving a job up)': inHandler('dead', (job) =>
    expect(job.failReason).toBe('the order was cancelled'),
  ),
  'the signal, if the processor declares a third parameter': inHandler('completed'),
};
