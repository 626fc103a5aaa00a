import { Redis } from 'ioredis';
import { AllJobNames, JobNameAdapter, type BullBoardOptions } from '../../lib/bull-board/index.js';
import { Engine } from '../../lib/core/engine.js';
import { InvalidOptionError, NonRetryableError } from '../../lib/core/errors.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { monitor } from '../support/monitor.js';
import { newPrefix, until } from '../redis/support.js';
import { Board } from './board.js';

const url = process.env.TEST_REDIS_URL!;
const redis = new Redis(url, { lazyConnect: true });
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => redis.disconnect());

async function makeEngine(options: EngineOptions = {}, keyPrefix = newPrefix()): Promise<Engine> {
  const engine = new Engine(new RedisBackend({ connectionString: url, keyPrefix }), {
    metrics: true,
    shutdown: { timeout: 50 },
    ...options,
  });
  cleanups.push(async () => {
    await engine.close();
    for await (const keys of redis.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
      if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
    }
  });
  await engine.connect();
  return engine;
}

async function open(...queues: Parameters<typeof Board.open>): Promise<Board> {
  const board = await Board.open(...queues);
  cleanups.push(() => board.stop());
  return board;
}

/** A board with the jobs of `mail`, in a process that runs none unless told. */
async function makeMail(
  options: BullBoardOptions = {},
  more?: EngineOptions,
): Promise<{ engine: Engine; board: Board }> {
  const engine = await makeEngine(more);
  const board = await open(new JobNameAdapter(engine.scheduler, 'mail', options));
  return { engine, board };
}

/** Jobs of `mail` in every state: those whose data says so fail, wait for a retry, or do not end. */
async function makeAll(options: BullBoardOptions = {}) {
  const made = await makeMail(options);
  const { engine } = made;
  const { scheduler, handlers, workerHost } = engine;
  handlers.define(
    'mail',
    async (job) => {
      const { how } = (job.data ?? {}) as { how?: string };
      job.log('began');
      job.progress({ sent: 1 });
      if (how === 'dead') throw new NonRetryableError('no such address');
      if (how === 'retry') throw new Error('try later');
      if (how === 'hang') {
        await new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve()));
      }
      return { sent: true };
    },
    { attempts: 2, backoff: '1 hour', concurrency: 5 },
  );
  const done = await scheduler.now('mail', { how: 'done' });
  const dead = await scheduler.now('mail', { how: 'dead' });
  const retrying = await scheduler.now('mail', { how: 'retry' });
  const hanging = await scheduler.now('mail', { how: 'hang' });
  await workerHost.start();
  await until(async () => {
    const { completed, failed, running } = await scheduler.counts('mail');
    return completed === 1 && failed === 2 && running === 1;
  });
  workerHost.pause();
  const queued = await scheduler.now('mail', { how: 'queued' });
  const scheduled = await scheduler.schedule('in 2 hours', 'mail', { how: 'scheduled' });
  const hourly = await scheduler.every('1 hour', 'mail', { how: 'hourly' });
  return { ...made, done, dead, retrying, hanging, queued, scheduled, hourly };
}

const idsOf = ({ jobs }: { jobs: { id: string }[] }): string[] => jobs.map(({ id }) => id);

describe('a job name on the board', () => {
  it('shows its jobs by state, and all that is known of one', async () => {
    const { board, done, dead, retrying, hanging, queued, scheduled, hourly } = await makeAll();

    const { counts, statuses, type, hasWorkers } = await board.queue('mail');
    expect(counts).toEqual({
      active: 1,
      waiting: 1,
      delayed: 3,
      completed: 1,
      failed: 1,
      paused: 0,
    });
    expect({ statuses, type, hasWorkers }).toMatchObject({ type: 'bullmq', hasWorkers: true });
    expect(idsOf(await board.queue('mail', 'status=active'))).toEqual([hanging.id]);
    expect(idsOf(await board.queue('mail', 'status=waiting'))).toEqual([queued.id]);
    expect(idsOf(await board.queue('mail', 'status=completed'))).toEqual([done.id]);
    expect(idsOf(await board.queue('mail', 'status=failed'))).toEqual([dead.id]);
    expect(idsOf(await board.queue('mail', 'status=delayed'))).toEqual([
      scheduled.id,
      retrying.id,
      hourly.id,
    ]);
    expect(idsOf(await board.queue('mail', 'status=latest')).sort()).toEqual(
      [done, dead, retrying, hanging, queued, scheduled, hourly].map(({ id }) => id).sort(),
    );

    const failed = (await board.get(`queues/mail/${dead.id}`)).body;
    expect(failed).toMatchObject({
      status: 'failed',
      job: {
        name: 'mail',
        data: { how: 'dead' },
        failedReason: 'no such address',
        attempts: 1,
        isFailed: true,
        progress: { sent: 1 },
      },
    });
    expect(failed.job.stacktrace[0]).toContain('NonRetryableError');
    const completed = (await board.get(`queues/mail/${done.id}`)).body;
    expect(completed).toMatchObject({
      status: 'completed',
      job: { returnValue: { sent: true }, isFailed: false },
    });
    expect((await board.get(`queues/mail/${done.id}/logs`)).body).toEqual(['began']);
    const delayed = (await board.get(`queues/mail/${scheduled.id}`)).body.job;
    expect(delayed.timestamp + delayed.delay).toBe(scheduled.nextRunAt!.getTime());
    expect((await board.get(`queues/mail/${hanging.id}`)).body.job.processedBy).not.toBe('');
    expect((await board.get(`queues/mail/${done.id}/flow`)).body).toMatchObject({
      isFlowNode: false,
    });
    expect((await board.get('queues/mail/workers')).body.workers).toHaveLength(1);
    const { body } = await board.get('queues/mail/metrics');
    expect(body.completed.data.reduce((sum: number, n: number) => sum + n, 0)).toBe(1);
    expect(body.failed.data).toHaveLength(60);
    expect((await board.get('redis/stats')).status).toBe(404);
  });

  it('does not know jobs of other names', async () => {
    const { engine, board } = await makeMail();
    const other = await engine.scheduler.now('bill');

    expect((await board.get(`queues/mail/${other.id}`)).status).toBe(404);
    expect((await board.get('queues/mail/nobody')).status).toBe(404);
  });

  it('reads the page that is asked for, and none before it, also where a status has jobs of several states', async () => {
    const { engine, board } = await makeMail();
    await engine.scheduler.enqueueMany(
      Array.from({ length: 45 }, (_, n) => ({
        name: 'mail',
        data: { n },
        options: { id: `m:${String(n).padStart(2, '0')}`, delay: 3_600_000 + n * 1_000 },
      })),
    );
    const hourly = await engine.scheduler.every('1 week', 'mail');
    const read: number[] = [];
    const { scheduler } = engine;
    const queryJobs = scheduler.queryJobs.bind(scheduler);
    scheduler.queryJobs = (async (query) => {
      const found = await queryJobs(query);
      read.push(found.jobs.length);
      return found;
    }) as typeof scheduler.queryJobs;

    const last = await board.queue('mail', 'status=delayed&page=5&jobsPerPage=10');

    expect(last.pagination).toMatchObject({ pageCount: 5, range: { start: 40, end: 49 } });
    expect(idsOf(last)).toEqual(['m:40', 'm:41', 'm:42', 'm:43', 'm:44', hourly.id]);
    expect(read).toEqual([5, 1]);
    expect((await board.get(`queues/mail/${encodeURIComponent('m:07')}`)).body.job.id).toBe('m:07');
  });

  it('costs the store one look a second, however many names there are', async () => {
    const keyPrefix = newPrefix();
    const engine = await makeEngine({}, keyPrefix);
    const names = Array.from({ length: 30 }, (_, n) => `name-${n}`);
    const board = await open(...names.map((name) => new JobNameAdapter(engine.scheduler, name)));
    await board.get('queues');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const commands: string[] = [];
    const stop = await monitor(redis, ([command, ...args], client) => {
      // Others use the server as well.
      const isOurs = args.some((arg) => arg.startsWith(keyPrefix));
      if (client !== 'lua' && isOurs) commands.push(command!);
    });

    await board.get('queues');
    await board.get('queues');
    stop();

    // Counts, pauses, limits and hosts.
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.length).toBeLessThan(20);
  });
});

describe('from the board', () => {
  it('a dead letter comes back, alone or with all others; a job in another state does not', async () => {
    const { engine, board, dead, retrying } = await makeAll();

    expect((await board.put(`queues/mail/${retrying.id}/retry`)).status).toBe(400);
    expect((await board.put(`queues/mail/${dead.id}/retry`)).status).toBe(204);
    expect(await engine.scheduler.counts('mail')).toMatchObject({ dead: 0, queued: 2 });
    expect((await board.put('queues/mail/retry/failed')).body).toEqual({ retried: 0, skipped: 0 });
  });

  it('all dead letters come back', async () => {
    const { engine, board } = await makeMail();
    engine.handlers.define('mail', () => {
      throw new NonRetryableError('no');
    });
    await engine.scheduler.enqueueMany(Array.from({ length: 130 }, () => ({ name: 'mail' })));
    await engine.workerHost.start();
    await until(async () => (await engine.scheduler.counts('mail')).dead === 130);
    await engine.workerHost.stop();

    expect((await board.put('queues/mail/retry/failed')).body).toEqual({
      retried: 130,
      skipped: 0,
    });

    expect(await engine.scheduler.counts('mail')).toMatchObject({ dead: 0, queued: 130 });
  });

  it('a completed job is run again as another one, where that is allowed', async () => {
    const { engine, board, done } = await makeAll({ allowCompletedRetries: true });

    expect((await board.put(`queues/mail/${done.id}/retry`)).status).toBe(204);

    expect(await engine.scheduler.counts('mail')).toMatchObject({ completed: 1, queued: 2 });
  });

  it('delayed jobs are made due, alone or all', async () => {
    const { engine, board, scheduled } = await makeAll();

    expect((await board.put(`queues/mail/${scheduled.id}/promote`)).status).toBe(204);
    expect(await engine.scheduler.counts('mail')).toMatchObject({ scheduled: 0, queued: 2 });
    expect((await board.put('queues/mail/promote')).status).toBe(200);
    const { jobs } = await engine.scheduler.find({ name: 'mail', state: 'retrying' });
    expect(jobs[0]!.nextRunAt!.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('a job is removed, but none that runs, and no schedule by the way', async () => {
    const { engine, board, queued, hanging, hourly } = await makeAll();

    expect((await board.put(`queues/mail/${queued.id}/clean`)).status).toBe(204);
    expect(await engine.scheduler.get(queued.id)).toBeUndefined();
    expect((await board.put(`queues/mail/${hanging.id}/clean`)).status).toBe(409);
    const { status, body } = await board.put(`queues/mail/${hourly.id}/clean`);
    expect({ status, code: body.code }).toEqual({
      status: 400,
      code: 'JOB_BELONGS_TO_JOB_SCHEDULER',
    });
    expect(await engine.scheduler.counts('mail')).toMatchObject({ running: 1, repeating: 1 });
  });

  it('jobs of a status are removed, and no others', async () => {
    const { engine, board } = await makeMail();
    const { scheduler } = engine;
    await scheduler.now('mail');
    await scheduler.schedule('in 1 hour', 'mail');
    await scheduler.every('1 hour', 'mail');

    expect((await board.put('queues/mail/clean/delayed')).status).toBe(200);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1, scheduled: 0, repeating: 1 });
    await scheduler.schedule('in 1 hour', 'mail');
    expect((await board.put('queues/mail/clean/wait')).status).toBe(200);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 0, scheduled: 1, repeating: 1 });
    await scheduler.now('mail');
    expect((await board.put('queues/mail/empty')).status).toBe(200);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 0, scheduled: 1, repeating: 1 });
    const refused = await board.put('queues/mail/clean/active');
    expect(refused).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/active/) },
    });
  });

  it('ended jobs are removed when they are older than a few seconds', async () => {
    const { engine, done, dead } = await makeAll();
    const adapter = new JobNameAdapter(engine.scheduler, 'mail');

    await adapter.clean('completed', 60_000);
    expect(await engine.scheduler.get(done.id)).toBeDefined();
    await adapter.clean('completed', 0);
    await adapter.clean('failed', 0);

    expect(await engine.scheduler.get(done.id)).toBeUndefined();
    expect(await engine.scheduler.get(dead.id)).toBeUndefined();
    expect((await engine.scheduler.counts('mail')).failed).toBe(1);
  });

  it('a name is paused, and what is due of it is shown as paused', async () => {
    const { engine, board } = await makeMail();
    const job = await engine.scheduler.now('mail');

    expect((await board.put('queues/mail/pause')).status).toBe(200);

    expect(await engine.scheduler.isPaused('mail')).toBe(true);
    const shown = await board.queue('mail', 'status=paused');
    expect(shown).toMatchObject({ isPaused: true, counts: { waiting: 0, paused: 1 } });
    expect(idsOf(shown)).toEqual([job.id]);
    expect((await board.get(`queues/mail/${job.id}`)).body.status).toBe('paused');
    expect((await board.put('queues/mail/resume')).status).toBe(200);
    expect(await board.queue('mail')).toMatchObject({ isPaused: false, counts: { waiting: 1 } });
  });

  it('a name is obliterated once it is paused; while jobs run only by force', async () => {
    const { engine, board } = await makeAll();

    expect((await board.put('queues/mail/obliterate')).status).toBe(400);
    await board.put('queues/mail/pause');
    expect((await board.put('queues/mail/obliterate')).status).toBe(409);
    expect((await board.put('queues/mail/obliterate', { force: true })).status).toBe(200);

    expect((await engine.scheduler.counts('mail')).total).toBe(0);
  });

  it('jobs are added with the options of ours, and with no others', async () => {
    const { engine, board } = await makeMail();
    const data = { to: 'anna' };

    const added = await board.post('queues/mail/add', {
      name: 'any',
      data,
      options: { delay: 60_000, attempts: 3 },
    });
    const refused = await board.post('queues/mail/add', { data, options: { lifo: true } });

    expect(added).toMatchObject({ status: 200, body: { status: 'delayed', job: { data } } });
    expect(refused).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/lifo/) },
    });
    expect(await engine.scheduler.counts('mail')).toMatchObject({ total: 1, scheduled: 1 });
  });

  it('data, time and priority of a job that waits are changed; of one that has ended they are not', async () => {
    const { engine, board, scheduled, done } = await makeAll();
    const runAt = Date.now() + 7_200_000;

    const changes = await Promise.all([
      board.patch(`queues/mail/${scheduled.id}/update-data`, { jobData: { how: 'new' } }),
      board.patch(`queues/mail/${scheduled.id}/delay`, { runAt }),
      board.patch(`queues/mail/${scheduled.id}/priority`, { priority: 7 }),
    ]);
    const late = await board.patch(`queues/mail/${done.id}/update-data`, { jobData: {} });

    expect(changes.map(({ status }) => status)).toEqual([200, 200, 200]);
    const job = (await engine.scheduler.get(scheduled.id))!;
    expect(job.data).toEqual({ how: 'new' });
    expect(Math.abs(job.nextRunAt!.getTime() - runAt)).toBeLessThan(5_000);
    expect(job.attrs.priority).toBe(7);
    expect(late).toMatchObject({ status: 500, body: { message: expect.stringMatching(/ended/) } });
  });

  it('limits over all processes are set beside those that stand, and taken back', async () => {
    const { engine, board } = await makeMail();
    const limits = engine.scheduler.limits('mail');
    await limits.set({ maxQueued: 50 });

    await board.put('queues/mail/concurrency', { concurrency: 3 });
    await board.put('queues/mail/rate-limit', { max: 10, duration: 60_000 });

    expect((await limits.get()).byHand).toEqual({
      maxQueued: 50,
      globalConcurrency: 3,
      rateLimit: { max: 10, per: 60_000 },
    });
    expect((await board.queue('mail')).globalConcurrency).toBe(3);
    expect((await board.get('queues/mail/rate-limit')).body).toEqual({
      supported: true,
      rateLimit: { max: 10, duration: 60_000 },
    });
    await board.put('queues/mail/concurrency', { concurrency: 0 });
    await board.put('queues/mail/rate-limit', { max: null });
    expect((await limits.get()).byHand).toEqual({ maxQueued: 50 });
  });

  it('nothing is changed on a board that may only read', async () => {
    const { engine, board } = await makeMail({ readOnlyMode: true });
    const job = await engine.scheduler.now('mail');

    const answers = await Promise.all([
      board.put(`queues/mail/${job.id}/clean`),
      board.put('queues/mail/empty'),
      board.put('queues/mail/pause'),
      board.post('queues/mail/add', {}),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([405, 405, 405, 405]);
    expect(await board.queue('mail')).toMatchObject({
      readOnlyMode: true,
      allowRetries: false,
      counts: { waiting: 1 },
      isPaused: false,
    });
  });
});

describe('schedules on the board', () => {
  it('are listed, changed, run once beside their time, and removed', async () => {
    const { engine, board } = await makeMail();
    const { scheduler } = engine;
    const hourly = await scheduler.every('1 hour', 'mail', { n: 1 }, { timezone: 'Europe/Berlin' });

    const { schedulers } = (await board.get('job-schedulers')).body;
    expect(schedulers).toEqual([
      {
        id: hourly.id,
        name: 'mail',
        queueName: 'mail',
        pattern: '1 hour',
        tz: 'Europe/Berlin',
        next: hourly.nextRunAt!.getTime(),
        nextRunJobId: hourly.id,
        template: { data: { n: 1 } },
      },
    ]);
    expect((await board.queue('mail')).jobSchedulerCount).toBe(1);

    const path = `queues/mail/job-schedulers/${hourly.id}`;
    expect((await board.patch(path, { pattern: '0 4 * * *', tz: 'Asia/Tokyo' })).status).toBe(204);
    const changed = (await scheduler.get(hourly.id))!;
    expect(changed).toMatchObject({ repeatInterval: '0 4 * * *', repeatTimezone: 'Asia/Tokyo' });
    expect(changed.nextRunAt!.toISOString()).toMatch(/T19:00:00/);
    expect((await board.patch(path, { pattern: 'whenever' })).status).toBe(400);
    expect((await board.patch(path, { every: 60_000, limit: 3 })).status).toBe(400);
    expect((await scheduler.get(hourly.id))!.repeatInterval).toBe('0 4 * * *');

    const ran = await board.put(`${path}/run`);
    expect(ran).toMatchObject({ status: 200, body: { job: { data: { n: 1 } } } });
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 1, repeating: 1 });
    expect((await scheduler.get(hourly.id))!.nextRunAt).toEqual(changed.nextRunAt);

    expect((await board.put(`${path}/remove`)).status).toBe(204);
    expect((await board.put(`${path}/remove`)).status).toBe(404);
    expect((await board.put(`${path}/run`)).status).toBe(404);
    expect((await board.patch(path, { every: 60_000 })).status).toBe(404);
    expect((await scheduler.counts('mail')).repeating).toBe(0);
  });

  it('are not what is no schedule, or one of another name', async () => {
    const { engine, board } = await makeMail();
    const once = await engine.scheduler.now('mail');
    const other = await engine.scheduler.every('1 hour', 'bill');

    for (const { id } of [once, other]) {
      expect((await board.put(`queues/mail/job-schedulers/${id}/remove`)).status).toBe(404);
      expect(await engine.scheduler.get(id)).toBeDefined();
    }
  });
});

describe('all names', () => {
  it('are on the board, also those that get jobs later, and leave it when they are forgotten', async () => {
    const engine = await makeEngine();
    const { scheduler } = engine;
    const all = new AllJobNames(scheduler, { prefix: 'app/', readOnlyMode: true });
    all.setFormatter('data', () => 'hidden');
    const board = await open(all);
    const names = async () =>
      (await board.get('queues')).body.queues.map(({ name }: { name: string }) => name).sort();
    expect(await names()).toEqual([]);

    await scheduler.now('mail', { secret: 1 });
    await until(async () => (await names()).length === 1);
    await scheduler.now('bill');
    await until(async () => (await names()).length === 2);

    expect(await names()).toEqual(['app/bill', 'app/mail']);
    expect(await board.queue('app/mail')).toMatchObject({
      readOnlyMode: true,
      counts: { waiting: 1 },
      jobs: [{ data: 'hidden' }],
    });
    expect((await board.get('job-schedulers')).body).toEqual({ schedulers: [] });
    await scheduler.obliterate('bill', { confirm: 'bill' });
    await until(async () => (await names()).length === 1);
    expect(await names()).toEqual(['app/mail']);
  });

  it('leave a name to the adapter that was made for it, and are shown to those alone who may see them', async () => {
    const engine = await makeEngine();
    await engine.scheduler.now('mail');
    await engine.scheduler.now('bill');
    const all = new AllJobNames(engine.scheduler);
    all.setVisibilityGuard(({ headers }) => headers.authorization === 'yes');
    const own = new JobNameAdapter(engine.scheduler, 'mail', { description: 'by hand' });
    const board = await open(own, all);

    const { queues } = (await board.get('queues')).body;

    expect(queues).toMatchObject([{ name: 'mail', description: 'by hand' }]);
  });
});

it('refuses options it does not know', async () => {
  const engine = await makeEngine({ worker: false });
  const unknown = { readOnly: true } as BullBoardOptions;

  expect(() => new JobNameAdapter(engine.scheduler, 'mail', unknown)).toThrow(InvalidOptionError);
  expect(() => new AllJobNames(engine.scheduler, unknown)).toThrow(InvalidOptionError);
});
