import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  InvalidOptionError,
  JobBroker,
  JobScheduler,
  ManualWorker,
  WorkerHost,
  type Job,
} from '../../lib/core/index.js';
import { Every, JobHandler, OnJobEvent } from '../../lib/nest/index.js';
import {
  EndlessJobsError,
  StillRunningError,
  TestingNotReadyError,
} from '../../lib/testing/index.js';
import { describeStores, stages, START, told } from './support.js';

interface Task {
  /** How often it fails at first. */
  fails?: number;
  /** What it adds for the present. */
  adds?: string;
  takesMs?: number;
  snoozes?: boolean;
}

@Injectable()
class Tasks {
  running = 0;
  mostRunning = 0;
  readonly heard: string[] = [];

  constructor(private readonly scheduler: JobScheduler) {}

  @JobHandler('task', { attempts: 3, backoff: { type: 'exponential', delay: '10s' } })
  async task(job: Job<Task | undefined>) {
    const { fails = 0, adds, takesMs, snoozes } = job.data ?? {};
    if (adds) await this.scheduler.now(adds);
    if (takesMs) await sleep(takesMs);
    if (snoozes && job.snoozeCount === 0) return job.snooze('1 minute');
    if (job.attempt <= fails) throw new Error('not yet');
    return 'done';
  }

  @JobHandler('one-by-one', { concurrency: 1 })
  async oneByOne() {
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    await sleep(1);
    this.running -= 1;
  }

  @JobHandler('rated', { rateLimit: { max: 2, per: '1 minute' } })
  rated() {}

  @JobHandler('endless')
  async endless() {
    await this.scheduler.now('endless');
  }

  @JobHandler('stuck')
  stuck(job: Job) {
    return new Promise((_, reject) => {
      job.signal.addEventListener('abort', () => reject(job.signal.reason as Error));
    });
  }

  @OnJobEvent('completed', 'task')
  onCompleted({ job }: { job: Job }) {
    this.heard.push(job.id);
  }
}

@Injectable()
class Clockwork {
  @JobHandler('hourly')
  @Every('0 * * * *', { timezone: 'UTC' })
  hourly() {}
}

describeStores('steps', (setUp) => {
  it('run nothing until they are told to, and look like a worker at work', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks]);
    const job = await scheduler.now('task');
    await sleep(50);

    expect(jobs.runs()).toEqual([]);
    expect((await scheduler.get(job.id))?.state).toBe('queued');
    const status = app.get(WorkerHost).status();
    expect(status).toMatchObject({ state: 'running', ready: true, paused: false, running: 0 });

    expect(await jobs.runAll()).toEqual([
      {
        name: 'task',
        id: job.id,
        attempt: 1,
        data: undefined,
        outcome: 'completed',
        result: 'done',
        nextRunAt: null,
        endedAt: new Date(START),
      },
    ]);
    expect(app.get(Tasks).heard).toEqual([job.id]);
  });

  it('run what jobs add for the present, or on wish only what is due at the call', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('task', { adds: 'one-by-one' });

    expect(told(await jobs.runAll({ recursive: false }))).toEqual(['0 task 1 completed']);
    await jobs.expectScheduled('one-by-one', undefined, { at: 'now' });
    expect(told(await jobs.runAll({ recursive: false }))).toEqual(['0 one-by-one 1 completed']);

    await scheduler.now('task', { adds: 'one-by-one' });
    expect(told(await jobs.runAll())).toEqual(['0 task 1 completed', '0 one-by-one 1 completed']);
  });

  it('leave jobs that come meanwhile where they are, also those that go ahead of the rest', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks]);
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) ids.add((await scheduler.now('one-by-one')).id);
    scheduler.once('started', () => {
      void scheduler.now('one-by-one', undefined, { priority: 'highest' });
    });

    const runs = await jobs.runAll({ recursive: false });

    expect(new Set(runs.map(({ id }) => id))).toEqual(ids);
    expect(app.get(Tasks).mostRunning).toBe(1);
    const [left] = await jobs.scheduled('one-by-one');
    expect(left).toMatchObject({ state: 'queued', attempt: 0 });
    expect(told(await jobs.runAll())).toEqual(['0 one-by-one 1 completed']);
  });

  it('let time pass from one due instant to the next, in order', async () => {
    const { jobs, scheduler } = await setUp([Tasks, Clockwork]);
    await scheduler.schedule('in 90 minutes', 'task', { fails: 2 });
    await scheduler.now('task', { snoozes: true });
    await scheduler.schedule('in 3 hours', 'task');

    const runs = await jobs.advance('2 hours');

    expect(told(runs)).toEqual([
      '0 task 1 snoozed',
      '60 task 1 completed',
      '3600 hourly 1 completed',
      '5400 task 1 failed',
      '5410 task 2 failed',
      '5430 task 3 completed',
      '7200 hourly 1 completed',
    ]);
    expect(jobs.clock.now()).toBe(START + 7_200_000);
    await jobs.expectScheduled('task', undefined, { at: 'in 1 hour' });
  });

  it('stop right before what is due a millisecond later', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('task', undefined, { delay: '1 minute' });

    expect(await jobs.advance(59_999)).toEqual([]);
    expect(told(await jobs.advance(1))).toEqual(['60 task 1 completed']);
  });

  it('go to an instant, and never back', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.schedule('tomorrow at 9am', 'task', undefined, { timezone: 'UTC' });

    expect(await jobs.advanceTo('2027-03-08T09:00:00Z')).toHaveLength(1);
    await expect(jobs.advanceTo(new Date(START))).rejects.toThrow(InvalidOptionError);
    await expect(jobs.advance(-1)).rejects.toThrow(InvalidOptionError);
    expect(jobs.clock.now()).toBe(Date.UTC(2027, 2, 8, 9));
  });

  it('keep the limits of a name: over time, and of how many at once', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks]);
    for (let i = 0; i < 5; i++) await scheduler.now('rated');
    for (let i = 0; i < 3; i++) await scheduler.now('one-by-one');

    expect(await jobs.runAll()).toHaveLength(2 + 3);
    expect(app.get(Tasks).mostRunning).toBe(1);
    const [, , ...rest] = [...jobs.runs('rated'), ...(await jobs.advance('3 minutes'))];
    expect(rest.length).toBe(3);
    expect(rest.every(({ endedAt }) => endedAt.getTime() >= START + 60_000)).toBe(true);
  });

  it('leave paused names alone, and take them up when their pause is over', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('task');
    await scheduler.pause('task');
    expect(await jobs.advance('1 hour')).toEqual([]);

    await scheduler.resume('task');
    expect(told(await jobs.runAll())).toEqual(['3600 task 1 completed']);
  });

  it('give a job whose worker was lost to another one when its lease is over', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks]);
    await scheduler.now('task');
    const [lost] = await new ManualWorker(app.get(JobBroker), { lease: '30s' }).claim('task');
    expect(lost).toBeDefined();

    expect(await jobs.advance(29_999)).toEqual([]);
    expect(told(await jobs.advance('1 minute'))).toEqual(['30 task 2 completed']);
  });

  it('wait for handlers that take real time', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    const job = await scheduler.now('task', { takesMs: 20 });

    await jobs.runAll();
    expect((await scheduler.get(job.id))?.state).toBe('completed');
  });

  it('tell which handler does not end', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks], { shutdown: { timeout: 0 } });
    const job = await scheduler.now('stuck');

    const step = jobs.runAll({ timeout: 100 });
    await expect(step).rejects.toThrow(StillRunningError);
    await expect(step).rejects.toThrow(`"stuck" (${job.id})`);
    await app.close();
  });

  it('go one after the other when they are asked for together', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('task', { takesMs: 5 });
    await scheduler.schedule('in 1 minute', 'task');

    const [first, second] = await Promise.all([jobs.runAll(), jobs.advance('1 minute')]);
    expect([told(first), told(second)]).toEqual([['0 task 1 completed'], ['60 task 1 completed']]);
  });

  it('are not needed between start and hold', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    jobs.start();
    expect(await scheduler.runAndWait('task', undefined, { timeout: '5s' })).toBe('done');

    jobs.hold();
    const job = await scheduler.now('task');
    await sleep(30);
    expect((await scheduler.get(job.id))?.state).toBe('queued');
  });

  it('remove what has outstayed its retention', async () => {
    const { jobs, scheduler } = await setUp([Tasks], {
      retention: { completed: { age: '1 day' } },
    });
    const job = await scheduler.now('task');
    await jobs.advance('23 hours');
    expect(await scheduler.get(job.id)).toBeDefined();

    await jobs.advance('2 hours');
    expect(await scheduler.get(job.id)).toBeUndefined();
    expect(jobs.completed('task')).toHaveLength(1);
  });
});

describe('steps', () => {
  const setUp = stages();

  it('end a loop that never would', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('endless');

    const step = jobs.runAll();
    await expect(step).rejects.toThrow(EndlessJobsError);
    await expect(step).rejects.toThrow('5000 jobs ran at 2027-03-07T10:00:00.000Z');
    expect(jobs.completed('endless')).toHaveLength(5_000);
    expect(await jobs.scheduled('endless')).toHaveLength(1);
  });

  it('run however much is due now, if that is all they are asked for', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.enqueueMany(Array.from({ length: 5_001 }, () => ({ name: 'task', data: {} })));

    expect(await jobs.runAll({ recursive: false })).toHaveLength(5_001);
  });

  it('let other timers have their turn, however much time they pass', async () => {
    const { jobs } = await setUp([Clockwork]);
    let runsSeen: number | undefined;
    setImmediate(() => (runsSeen = jobs.runs().length));

    const runs = await jobs.advance('1 day');

    expect(runs).toHaveLength(24);
    expect(runsSeen).toBeLessThan(24);
  });

  it('end when the application is closed, and start no worker again', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks, Clockwork]);
    await scheduler.now('task', { takesMs: 20 });
    const steps = Promise.allSettled([jobs.runAll(), jobs.runAll(), jobs.advance('1 year')]);
    await sleep(5);
    await app.close();

    for (const step of await steps) {
      expect(step).toMatchObject({ status: 'rejected', reason: expect.any(TestingNotReadyError) });
    }
    expect(app.get(WorkerHost).status().state).toBe('stopped');
  });

  it('end between two instants, too', async () => {
    const { jobs, app } = await setUp([Clockwork]);
    const step = jobs.advance('1 year').catch((error: unknown) => error);
    await sleep(5);
    await app.close();

    expect(await step).toBeInstanceOf(TestingNotReadyError);
    expect(jobs.clock.now()).toBeLessThan(START + 365 * 86_400_000);
  });

  it('go on under fake timers', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    jest.useFakeTimers({ now: START });
    try {
      await scheduler.now('task', { fails: 1 });
      expect(told(await jobs.advance('1 minute'))).toEqual([
        '0 task 1 failed',
        '10 task 2 completed',
      ]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('need an application that is started and works', async () => {
    const { jobs, scheduler, app } = await setUp([Tasks], { worker: false });
    await scheduler.schedule('in 1 hour', 'task');

    await expect(jobs.runAll()).rejects.toThrow(TestingNotReadyError);
    expect(await jobs.advance('2 hours')).toEqual([]);
    await jobs.expectScheduled('task');
    await app.close();
    await expect(jobs.runAll()).rejects.toThrow('not started, or closed');
  });

  it('refuse what cannot be meant', async () => {
    const { jobs } = await setUp([]);

    await expect(jobs.runAll({ recursiv: true } as never)).rejects.toThrow(InvalidOptionError);
    await expect(jobs.runAll({ timeout: 'soon' })).rejects.toThrow(InvalidOptionError);
    await expect(jobs.advance('a while')).rejects.toThrow(InvalidOptionError);
  });
});

describe('the clearing between tests', () => {
  const setUp = stages();

  it('leaves an application as it was after its start', async () => {
    const { jobs, scheduler } = await setUp([Tasks, Clockwork]);
    await scheduler.now('task', undefined, { id: 'a', idempotencyKey: 'k' });
    await scheduler.every('1 minute', 'one-by-one');
    await scheduler.pause('rated');
    await jobs.advance('2 hours');

    await jobs.clear();

    expect(jobs.runs()).toEqual([]);
    expect(await jobs.scheduled()).toHaveLength(1);
    await jobs.expectScheduled('hourly', undefined, { at: 'in 1 hour' });
    expect(await scheduler.isPaused('rated')).toBe(false);
    expect((await scheduler.now('task', undefined, { idempotencyKey: 'k' })).created).toBe(true);
  });

  it('waits for the step that is under way', async () => {
    const { jobs, scheduler } = await setUp([Tasks]);
    await scheduler.now('task', { takesMs: 20 });

    const step = jobs.runAll();
    await sleep(5);
    await jobs.clear();

    expect(told(await step)).toEqual(['0 task 1 completed']);
    expect(jobs.runs()).toEqual([]);
  });
});
