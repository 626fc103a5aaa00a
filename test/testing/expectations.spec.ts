import { Injectable } from '@nestjs/common';
import { InvalidOptionError, InvalidScheduleError, type Job } from '../../lib/core/index.js';
import { Every, JobHandler } from '../../lib/nest/index.js';
import { jobMatchers, JobExpectationError, type JobMatchers } from '../../lib/testing/index.js';
import { describeStores, stages } from './support.js';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- it is that of @types/jest
  namespace jest {
    interface Matchers<R> extends JobMatchers<R> {}
  }
}

expect.extend(jobMatchers);

@Injectable()
class Jobs {
  @JobHandler('mail', { attempts: 2, backoff: { type: 'fixed', delay: '1 minute' } })
  mail(job: Job<{ fails?: boolean }>) {
    if (job.data.fails) throw new Error('smtp is down');
  }

  @JobHandler('report')
  @Every('0 0 * * *', { timezone: 'UTC' })
  report() {}
}

const messageOf = (expectation: Promise<unknown>): Promise<string> =>
  expectation.then(
    () => 'it held',
    (error: Error) => error.message,
  );

describeStores('what is expected to be scheduled', (setUp) => {
  it('is a job that waits, with these parts of data, at this time', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    const sentAt = new Date(0);
    await scheduler.schedule('in 3 days', 'mail', {
      user: { id: 'u1', age: 7 },
      tags: ['a'],
      sentAt,
    });

    await jobs.expectScheduled('mail');
    await jobs.expectScheduled(
      'mail',
      { user: { id: 'u1' }, sentAt },
      { at: 'in 3 days', count: 1 },
    );
    await jobs.expectScheduled('mail', { tags: ['a'] }, { within: '3 days' });
    await jobs.expectScheduled('mail', { user: expect.any(Object) });
    await jobs.expectScheduled('report', undefined, { at: '2027-03-08T00:00:00Z' });
    await jobs.expectNotScheduled('mail', { user: { id: 'u2' } });
    await jobs.expectNotScheduled('mail', { tags: [] });
    await jobs.expectNotScheduled('mail', undefined, { within: '2 days' });
    await jobs.expectScheduled('unknown', undefined, { count: 0 });
  });

  it('is a due job and one that waits for its retry, too; not one that is over', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    await scheduler.now('mail', { fails: true });
    await jobs.expectScheduled('mail', { fails: true }, { at: 'now' });

    await jobs.runAll();
    await jobs.expectScheduled('mail', { fails: true }, { at: 'in 1 minute' });

    await jobs.advance('1 minute');
    await jobs.expectNotScheduled('mail');
    await jobs.expectDead('mail', { fails: true });
    await jobs.expectFailed('mail', { fails: true }, { count: 2 });
    expect(await jobs.dead('mail')).toMatchObject([
      { state: 'failed', failReason: 'smtp is down' },
    ]);
  });

  it('is due to the millisecond, or within what is allowed', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    await scheduler.now('mail', {}, { delay: '1 minute' });

    const off = (ms: number) => jobs.clock.now() + 60_000 + ms;
    for (const ms of [-1, 1]) {
      await jobs.expectNotScheduled('mail', {}, { at: off(ms) });
      await jobs.expectScheduled('mail', {}, { at: off(ms), within: 1 });
    }
    const late = jobs.expectScheduled('mail', {}, { at: off(-2), within: 1 });
    await expect(late).rejects.toThrow('time: 1 ms too late');
  });
});

describe('an expectation that does not hold', () => {
  const setUp = stages();

  it('tells what there is instead, the most alike first', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    await scheduler.schedule('in 1 day', 'mail', { to: 'bob' });
    await scheduler.schedule('in 3 days', 'mail', { to: 'eve' });
    const expected = jobs.expectScheduled('mail', { to: 'ann' }, { at: 'in 3 days' });

    await expect(expected).rejects.toThrow(JobExpectationError);
    expect(await messageOf(expected)).toBe(
      `Expected a scheduled job "mail" with { to: 'ann' } at 2027-03-10T10:00:00.000Z (in 3 days), but there are none.
Of "mail", scheduled:
  ✗ 2027-03-10T10:00:00.000Z { to: 'eve' }
      data.to: expected 'ann', got 'eve'
  ✗ 2027-03-08T10:00:00.000Z { to: 'bob' }
      time: 2 days too early
      data.to: expected 'ann', got 'bob'`,
    );
  });

  it('tells the names that there are, where there is none of this one', async () => {
    const { jobs } = await setUp([Jobs]);

    expect(await messageOf(jobs.expectScheduled('mial'))).toBe(
      'Expected a scheduled job "mial", but there are none.\n' +
        'There are other scheduled jobs: "report" (1).',
    );
    expect(await messageOf(jobs.expectCompleted('mail'))).toBe(
      'Expected a completed job "mail", but there are none.\nNo job at all is completed.',
    );
  });

  it('tells what there is and should not be, and why runs have failed', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    await scheduler.now('mail', { fails: true });
    await jobs.runAll();

    expect(await messageOf(jobs.expectNotScheduled('mail'))).toBe(
      'Expected no scheduled job "mail", but there is 1.\n' +
        'Of "mail", scheduled:\n' +
        '  ✓ 2027-03-07T10:01:00.000Z { fails: true } (smtp is down)',
    );
    expect(await messageOf(jobs.expectFailed('mail', undefined, { count: 2 }))).toMatch(
      /^Expected 2 × failed job "mail", but there is 1\.\n/,
    );
  });

  it('is told from one that cannot be meant', async () => {
    const { jobs } = await setUp([Jobs]);

    await expect(jobs.expectScheduled('mail', {}, { at: 'soonish' })).rejects.toThrow(
      InvalidScheduleError,
    );
    await expect(jobs.expectScheduled('mail', {}, { when: 1 } as never)).rejects.toThrow(
      InvalidOptionError,
    );
    await expect(jobs.expectCompleted('mail', {}, { count: -1 })).rejects.toThrow(
      InvalidOptionError,
    );
  });
});

describeStores('matchers', (setUp) => {
  it('say the same in the words of Jest and Vitest', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    const good = await scheduler.now('mail', {});
    const bad = await scheduler.now('mail', { fails: true });
    await expect(jobs).toHaveScheduled('mail', { fails: true }, { at: 'now' });
    await expect(good).toBeInState('queued');

    await jobs.runAll();
    await expect(bad).toBeInState('retrying');
    await jobs.advance('1 hour');

    await expect(jobs).not.toHaveScheduled('mail');
    await expect(jobs).toHaveCompleted('mail', undefined, { count: 1 });
    await expect(jobs).toHaveFailed('mail', { fails: true }, { count: 2 });
    await expect(jobs).toHaveDeadLetter('mail');
    await expect(good).toBeInState('completed');
    await expect(bad).toBeInState('dead');
    await expect(bad).toBeInState('failed');
    await good.remove();
    await expect(good).toBeInState('gone');
  });

  it('tell what is instead', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    const job = await scheduler.now('mail', {}, { id: '7' });

    const messages = await Promise.all([
      messageOf(expect(job).toBeInState('completed')),
      messageOf(expect(job).not.toBeInState('queued')),
      messageOf(expect(jobs).not.toHaveScheduled('mail')),
      messageOf(expect(jobs).toHaveDeadLetter('mail')),
    ]);
    expect(messages).toEqual([
      'Expected job 7 ("mail") to be completed, but it is queued.',
      'Expected job 7 ("mail") not to be queued, but it is.',
      expect.stringMatching(/^Expected no scheduled job "mail", but there is 1\./),
      expect.stringMatching(/^Expected a dead job "mail", but there are none\./),
    ]);
    await expect(expect({}).toBeInState('queued')).rejects.toThrow(InvalidOptionError);
    // @ts-expect-error -- there is no such state
    await expect(expect(job).not.toBeInState('done')).rejects.toThrow(InvalidOptionError);
  });
});

describeStores('waiting for a job', (setUp) => {
  it('ends when it is in the state, whoever runs it', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    const job = await scheduler.now('mail', {});
    const step = jobs.runAll();
    expect(await jobs.waitFor(job, 'completed')).toMatchObject({ id: job.id, state: 'completed' });
    await step;

    jobs.start();
    const failing = await scheduler.now('mail', { fails: true });
    await jobs.waitFor(failing.id, 'retrying');
    await jobs.advance('1 minute');
    await jobs.waitFor(failing.id, 'dead');
    await jobs.waitFor(failing.id, 'failed');
  });

  it('ends with the job, where that is removed at its end', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    const job = await scheduler.now('mail', {}, { removeOnComplete: true });
    await jobs.runAll();

    expect(await jobs.waitFor(job, 'completed')).toBeUndefined();
  });

  it('tells what the job is instead when the time is over', async () => {
    const { jobs, scheduler } = await setUp([Jobs]);
    await scheduler.now('mail', {}, { id: '7' });

    const waiting = jobs.waitFor('7', 'completed', { timeout: 20 });
    await expect(waiting).rejects.toThrow(JobExpectationError);
    await expect(waiting).rejects.toThrow('for job 7 ("mail") to be completed, but it is queued.');
  });
});
