import { readFileSync } from 'node:fs';
import { InvalidOptionError, WorkerNotStartedError } from '../../../lib/core/errors.js';
import { Job } from '../../../lib/core/job/job.js';
import { HOUR, NOW, standStill } from '../job/support.js';
import { closeBenches, gate, makeBench, nextEvents } from './support.js';

afterEach(closeBenches);

describe('cancel', () => {
  it('needs all groups of criteria to hold', async () => {
    const { engine } = await standStill();
    const { scheduler } = engine;
    const one = await scheduler.now('x', { user: 1 });
    await scheduler.now('x', { user: 12 });
    await scheduler.now('y', { user: 1, nested: { a: 1, b: [1, 2] } });

    expect(await scheduler.cancel({ id: one.id, name: 'y' })).toBe(0);
    expect(await scheduler.cancel({ name: 'x', data: { user: 123 } })).toBe(0);
    expect(await scheduler.cancel({ data: { nested: { b: [1] } } })).toBe(0);
    expect(await scheduler.cancel({ name: 'x', data: { user: 1 } })).toBe(1);
    expect(await scheduler.cancel({ data: { nested: { a: 1 } } })).toBe(1);
    expect((await scheduler.queryJobs()).jobs.map(({ data }) => data)).toEqual([{ user: 12 }]);
  });

  it.each([
    [{}, 0],
    [{ data: {} }, 0],
    [{ data: 5 }, 0],
    [{ names: [], data: { user: 1 } }, 0],
    [{ ids: [], name: 'x' }, 0],
    [{ notNames: [] }, 0],
    [{ notNames: [], name: 'x' }, 2],
    [{ notNames: ['y'] }, 2],
    [{ name: 'x', names: ['y'] }, 2],
    [{ name: 'x', notNames: ['x'] }, 2],
    [{ id: undefined, name: 'y' }, 1],
  ])('with %j removes %i', async (filter, count) => {
    const { engine } = await standStill();
    const { scheduler } = engine;
    const addAll = () =>
      scheduler.enqueueMany(['x', 'x', 'y'].map((name) => ({ name, data: { user: 1 } })));

    await addAll();
    expect(await scheduler.cancel(filter)).toBe(count);
    await scheduler.cancelAll();
    await addAll();
    expect(await scheduler.cancel(filter, { reason: 'because' })).toBe(count);
  });

  it('gives its reason to running jobs, however they are meant', async () => {
    const { engine } = await makeBench();
    engine.handlers.define(
      'mail',
      (job) => new Promise((resolve) => job.signal.addEventListener('abort', resolve)),
    );
    const started = nextEvents(engine, 'started', 3);
    const cancelled = nextEvents(engine, 'cancelled', 3);
    await engine.workerHost.start();
    for (const n of [1, 2, 3]) await engine.scheduler.now('mail', { n });
    await started;

    await engine.scheduler.cancel({ data: { n: 1 } }, { reason: 'by data' });
    await engine.scheduler.cancel({ notNames: ['other'], data: { n: 2 } }, { reason: 'by others' });
    await engine.scheduler.cancel({ name: 'mail' }, { reason: 'by name' });

    const reasons = (await cancelled).map(({ reason }) => reason);
    expect(reasons).toEqual(['by data', 'by others', 'by name']);
  });

  it('gives no reason where none was given, however it was done', async () => {
    const { engine } = await makeBench();
    engine.handlers.define(
      'mail',
      (job) => new Promise((resolve) => job.signal.addEventListener('abort', resolve)),
    );
    const started = nextEvents(engine, 'started', 4);
    const cancelled = nextEvents(engine, 'cancelled', 4);
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail', 'by id');
    const job = await engine.scheduler.now('mail', 'by hand');
    for (const data of ['by data', 'with all']) await engine.scheduler.now('mail', data);
    await started;

    await engine.scheduler.cancel(id);
    await job.remove();
    await engine.scheduler.cancel({ data: 'by data' });
    await engine.scheduler.cancelAll();

    const reasons = (await cancelled).map(({ job: { data }, reason }) => [data, reason]);
    expect(reasons).toEqual([
      ['by id', ''],
      ['by hand', ''],
      ['by data', ''],
      ['with all', ''],
    ]);
  });

  it('of all removes every job, in whatever state', async () => {
    const { engine } = await standStill();
    await engine.scheduler.now('x');
    await engine.scheduler.every('1h', 'y');
    await engine.scheduler.create('z').disable().save();

    expect(await engine.scheduler.cancelAll()).toBe(3);
    expect(await engine.scheduler.total()).toMatchObject({ total: 0 });
  });
});

describe('disable and enable', () => {
  it('tell how many jobs match, and keep them from running', async () => {
    const { engine } = await makeBench();
    const ran: unknown[] = [];
    engine.handlers.define('mail', (job) => ran.push(job.data));
    const [one] = [await engine.scheduler.now('mail', 1), await engine.scheduler.now('mail', 2)];
    expect(await engine.scheduler.disable(one!.id)).toBe(1);
    expect(await engine.scheduler.disable({ name: 'mail' })).toBe(2);
    expect(await engine.scheduler.enable({ data: 2 })).toBe(1);
    const completed = nextEvents(engine, 'completed', 1);

    await engine.workerHost.start();
    await completed;

    expect(ran).toEqual([2]);
    expect(await engine.scheduler.counts('mail')).toMatchObject({ paused: 1, queued: 1 });
  });

  it('let a run end that is under way', async () => {
    const { engine } = await makeBench();
    const ends = gate();
    engine.handlers.define('poll', () => ends.opened);
    const started = nextEvents(engine, 'started', 1);
    const completed = nextEvents(engine, 'completed', 1);
    await engine.workerHost.start();
    const { id } = await engine.scheduler.every(5, 'poll');
    await started;

    await engine.scheduler.disable(id);
    ends.open();
    await completed;

    expect((await engine.scheduler.get(id))!.disabled).toBe(true);
    expect(await engine.scheduler.getQueueSize()).toBe(0);
  });

  it.each(['disable', 'enable', 'cancel'] as const)(
    '%s refuses what is no filter',
    async (verb) => {
      const { engine } = await standStill();

      for (const filter of [{ nmae: 'x' }, { ids: 'x' }, { data: new Map() }, null]) {
        await expect(engine.scheduler[verb](filter as never)).rejects.toThrow(InvalidOptionError);
      }
    },
  );
});

describe('purge', () => {
  it('removes the jobs of names without a handler here', async () => {
    const { engine } = await standStill();
    engine.handlers.define('kept', () => undefined);
    for (const name of ['kept', 'gone', 'gone', 'lost']) await engine.scheduler.now(name);

    expect(await engine.scheduler.purge()).toBe(3);
    expect(Object.keys(await engine.scheduler.counts())).toEqual(['kept']);
  });

  it('removes nothing in a process without handlers', async () => {
    const { engine } = await standStill();
    await engine.scheduler.now('mail');

    expect(await engine.scheduler.purge()).toBe(0);
    expect(await engine.scheduler.total()).toMatchObject({ total: 1 });
  });
});

describe('queries', () => {
  it('give jobs with their state, a page of them, and how many match', async () => {
    const { engine } = await standStill();
    for (let n = 1; n <= 3; n++) {
      await engine.scheduler.schedule(NOW + n * HOUR, 'mail', { n });
    }
    await engine.scheduler.now('other');

    const { jobs, total } = await engine.scheduler.queryJobs<{ n: number }>({
      name: 'mail',
      sort: { nextRunAt: 'asc' },
      skip: 1,
      limit: 1,
    });

    expect(total).toBe(3);
    expect(jobs[0]).toBeInstanceOf(Job);
    expect(jobs.map(({ data, state }) => [data.n, state])).toEqual([[2, 'scheduled']]);
    expect((await engine.scheduler.queryJobs({ state: 'queued' })).total).toBe(1);
  });

  it.each([{ nmae: 'x' }, { state: 'odd' }, { sort: { id: 1 } }, { limit: -1 }, null])(
    'refuse %j',
    async (query) => {
      const { engine } = await standStill();

      await expect(engine.scheduler.queryJobs(query as never)).rejects.toThrow(InvalidOptionError);
    },
  );

  it('give an overview by name, and the size of the queue', async () => {
    const { engine } = await standStill();
    await engine.scheduler.now('a');
    await engine.scheduler.create('a').disable().save();
    await engine.scheduler.schedule('in 1 hour', 'b');

    const overview = await engine.scheduler.getJobsOverview();

    expect(overview.find(({ name }) => name === 'a')).toMatchObject({
      total: 2,
      queued: 2,
      paused: 1,
    });
    expect(overview.find(({ name }) => name === 'b')).toMatchObject({ total: 1, scheduled: 1 });
    expect(await engine.scheduler.getQueueSize()).toBe(1);
  });
});

describe('running stats', () => {
  it('are refused as long as the worker is not started, and when it was stopped', async () => {
    const { engine } = await makeBench();

    await expect(engine.scheduler.getRunningStats()).rejects.toThrow(WorkerNotStartedError);
    await engine.workerHost.start();
    await engine.scheduler.getRunningStats();
    await engine.workerHost.stop();
    await expect(engine.scheduler.getRunningStats()).rejects.toThrow(WorkerNotStartedError);
  });

  it('are of nothing in a process that only adds jobs, but for the jobs that wait', async () => {
    const { engine } = await makeBench({ worker: false });
    engine.handlers.define('mail', () => undefined);
    await engine.workerHost.start();
    await engine.scheduler.now('mail');

    expect(await engine.scheduler.getRunningStats()).toMatchObject({
      totalQueueSizeDB: 1,
      internal: { localQueueProcessing: 0 },
      jobStatus: {},
      queuedJobs: 0,
      runningJobs: 0,
      lockedJobs: 0,
    });
  });

  it('tell what this process does, in numbers or in full', async () => {
    const { engine } = await makeBench({ name: 'shop', lockLimit: 7, processEvery: '2s' });
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened, { concurrency: 1, lockLifetime: '1m' });
    engine.handlers.define('idle', () => undefined, { lockLimit: 3 });
    const started = nextEvents(engine, 'started', 1);
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail', { n: 1 });
    await engine.scheduler.now('mail', { n: 2 });
    const [{ job }] = (await started) as [{ job: Job }];
    job.cancel('enough');

    const stats = await engine.scheduler.getRunningStats();
    const details = await engine.scheduler.getRunningStats(true);

    expect(stats).toMatchObject({
      queueName: 'shop',
      totalQueueSizeDB: 1,
      config: { totalLockLimit: 7, maxConcurrency: 20, processEvery: 2_000 },
      backend: { name: 'Memory', hasNotificationChannel: true },
      internal: { localQueueProcessing: expect.any(Number) },
      jobStatus: {
        mail: {
          running: 1,
          locked: 1,
          config: { concurrency: 1, lockLimit: 0, lockLifetime: 60_000, priority: 0 },
        },
        idle: { running: 0, locked: 0, config: { concurrency: 5, lockLimit: 3 } },
      },
      queuedJobs: 0,
      runningJobs: 1,
      lockedJobs: 1,
    });
    expect(details.queuedJobs).toEqual([]);
    expect(details.runningJobs).toMatchObject([{ _id: id, data: { n: 1 }, canceled: 'enough' }]);
    expect(details.lockedJobs).toEqual(details.runningJobs);
    ends.open();
  });

  it('name the version of the package', async () => {
    const { engine } = await makeBench();
    await engine.workerHost.start();
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

    expect((await engine.scheduler.getRunningStats()).version).toBe(manifest.version);
  });

  it('count no lock of a job that was lost', async () => {
    const { engine } = await makeBench({ lockLimit: 1 });
    const ends = gate();
    engine.handlers.define('mail', (job) => (job.data === 'long' ? ends.opened : 'short'));
    const started = nextEvents(engine, 'started', 1);
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('mail', 'long');
    await started;
    const completed = nextEvents(engine, 'completed', 1);

    await engine.scheduler.cancel(id);
    await engine.scheduler.now('mail', 'next');

    expect(await engine.scheduler.getRunningStats()).toMatchObject({
      runningJobs: 1,
      lockedJobs: 0,
    });
    ends.open();
    expect((await completed)[0]!.result).toBe('short');
  });
});
