import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  InvalidOptionError,
  JobContext,
  JobScheduler,
  MissingHandlerError,
  NonRetryableError,
  type Job,
  type JobMiddleware,
} from '../../lib/core/index.js';
import { JobHandler, OnJobEvent } from '../../lib/nest/index.js';
import { JobTesting, StillRunningError, type JobRun } from '../../lib/testing/index.js';
import { describeStores, START } from './support.js';

@Injectable()
class MailJobs {
  readonly heard: string[] = [];

  constructor(private readonly scheduler: JobScheduler) {}

  @JobHandler('send', { attempts: 3, backoff: { type: 'fixed', delay: '1 minute' } })
  async send(job: Job<{ to: string }>): Promise<string> {
    const { to } = job.data;
    if (to === 'nobody') throw new Error('no such user');
    if (to === 'banned') throw new NonRetryableError('banned');
    if (to === 'later') return job.snooze('1 hour') as never;
    if (to === 'removed') await job.remove();
    if (to === 'friends') await this.scheduler.now('send', { to: 'friend' });
    await sleep(1);
    return `attempt ${job.attempt} to ${to} of ${JobContext.current()?.headers.tenant}`;
  }

  @JobHandler('hang')
  hang(job: Job) {
    return new Promise((resolve) => job.signal.addEventListener('abort', resolve));
  }

  plain(): void {}

  @OnJobEvent('started')
  onStarted({ job }: { job: Job }) {
    this.heard.push(job.name);
  }
}

describeStores('one run of a handler', (setUp) => {
  it('goes as any attempt does, and tells how it ended', async () => {
    const seen: string[] = [];
    const middleware: JobMiddleware = {
      async run(job, next) {
        seen.push(job.name);
        return next();
      },
    };
    const { jobs } = await setUp([MailJobs], { middleware: [middleware] });
    const context = { tenant: 'acme' };

    const run = await jobs.runJob(
      MailJobs,
      'send',
      { to: 'ann' },
      { id: '7', attempt: 2, context },
    );

    expect(run).toEqual({
      name: 'send',
      id: '7',
      attempt: 2,
      data: { to: 'ann' },
      outcome: 'completed',
      result: 'attempt 2 to ann of acme',
      nextRunAt: null,
      endedAt: new Date(START),
    });
    expect(seen).toEqual(['send']);
  });

  it.each([
    ['nobody', 1, { outcome: 'failed', nextRunAt: new Date(START + 60_000) }],
    ['nobody', 3, { outcome: 'dead', reason: 'exhausted', nextRunAt: null }],
    ['banned', 1, { outcome: 'dead', reason: 'unrecoverable' }],
    ['later', 1, { outcome: 'snoozed', nextRunAt: new Date(START + 3_600_000) }],
    ['removed', 1, { outcome: 'lost' }],
  ])('to %s in attempt %i ends as decided', async (to, attempt, expected) => {
    const { jobs } = await setUp([MailJobs]);

    expect(await jobs.runJob('send', { to }, { attempt })).toMatchObject(expected);
  });

  it('leaves nothing behind but what the handler has added', async () => {
    const { jobs, scheduler, app } = await setUp([MailJobs]);

    await jobs.runJob(MailJobs, 'send', { to: 'friends' });

    expect(await scheduler.total()).toMatchObject({ total: 1, queued: 1 });
    await jobs.expectScheduled('send', { to: 'friend' }, { at: 'now' });
    expect(jobs.runs()).toEqual([]);
    expect(app.get(MailJobs).heard).toEqual([]);
  });

  it('does not wait for a handler that never ends', async () => {
    const { jobs } = await setUp([MailJobs]);

    await expect(jobs.runJob('hang', undefined, { timeout: 50 })).rejects.toThrow(
      StillRunningError,
    );
  });

  it('is refused for what is no handler', async () => {
    const { jobs } = await setUp([MailJobs]);

    await expect(jobs.runJob('unknown')).rejects.toThrow(MissingHandlerError);
    await expect(jobs.runJob(MailJobs, 'plain')).rejects.toThrow(
      'a @JobHandler method of MailJobs',
    );
    await expect(jobs.runJob('send', {}, { attempt: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(jobs.runJob('send', {}, { atempt: 1 } as never)).rejects.toThrow(
      InvalidOptionError,
    );
  });
});

it('knows data and results of methods by their types', () => {
  const typed = async (jobs: JobTesting) => {
    const run: JobRun<{ to: string }, string> = await jobs.runJob(MailJobs, 'send', { to: 'ann' });
    // @ts-expect-error -- the handler's data has another type
    await jobs.runJob(MailJobs, 'send', { to: 7 });
    // @ts-expect-error -- it has no such method
    await jobs.runJob(MailJobs, 'sent', { to: 'ann' });
    return run;
  };
  expect(typed).toBeDefined();
});
