import type {
  BulkAnswer,
  Changed,
  DashboardGuard,
  DeadAnswer,
  JobDetail,
  Switched,
} from '../../lib/dashboard/index.js';
import { JobNotFoundError, NonRetryableError, type JobScheduler } from '../../lib/core/index.js';
import { changeSchedule } from '../../lib/dashboard/change/change-schedule.js';
import { Injectable } from '@nestjs/common';
import { JobHandler } from '../../lib/nest/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { until } from '../nest/support.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { PageClient } from './page-client.js';
import { atEnd, closeDashboards, startDashboard, type Platform } from './support.js';

let redis: PrivateRedis;
let prefixes = 0;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
afterEach(closeDashboards);

const letGo = new Map<string, () => void>();

@Injectable()
class Jobs {
  @JobHandler('good')
  good(): string {
    return 'fine';
  }

  @JobHandler('bad')
  bad(): never {
    throw new NonRetryableError('no');
  }

  @JobHandler('long')
  async long({ id }: { id: string }): Promise<void> {
    await new Promise<void>((resolve) => letGo.set(id, resolve));
  }
}

const ann: DashboardGuard = {
  canActivate(context) {
    context.switchToHttp().getRequest<{ user: unknown }>().user = { id: 1, username: 'ann' };
    return true;
  },
};

const STORES: readonly (readonly [string, Platform, () => MemoryBackend | RedisBackend])[] = [
  ['memory, by Express', 'express', () => new MemoryBackend()],
  [
    'Redis, by Fastify',
    'fastify',
    () => new RedisBackend({ connectionString: redis.url, keyPrefix: `changes-${prefixes++}` }),
  ],
];

describe.each(STORES)('a change over HTTP (%s)', (_, platform, backend) => {
  async function start() {
    const dashboard = await startDashboard({
      platform,
      backend: backend(),
      dashboard: { guards: [ann] },
      metadata: { providers: [Jobs] },
      agenda: { processEvery: 50 },
    });
    const page = await PageClient.open(dashboard);
    atEnd(() => letGo.forEach((end) => end()));
    return { dashboard, page, scheduler: dashboard.scheduler };
  }

  const stateOf = async (scheduler: JobScheduler, id: string) => (await scheduler.get(id))?.state;

  /** So many jobs that have failed for good, and would not run if they came back. */
  async function dead(scheduler: JobScheduler, count = 1) {
    const jobs = await Promise.all(
      Array.from({ length: count }, (__, n) => scheduler.now('bad', { n })),
    );
    await until(async () => (await scheduler.counts('bad')).dead === count);
    await scheduler.pause('bad');
    return jobs.map(({ id }) => id);
  }

  it('adds a job: now, or for a time, with its data and priority', async () => {
    const { page, scheduler } = await start();

    const { id } = await page.change<Changed>('api/jobs', {
      name: 'mail',
      data: { to: 'ann' },
      priority: 5,
    });
    const later = await page.change<Changed>('api/jobs', { name: 'mail', runAt: 'in 1 hour' });

    const job = (await scheduler.get(id))!;
    expect(job).toMatchObject({ name: 'mail', data: { to: 'ann' }, state: 'queued' });
    expect(job.attrs.priority).toBe(5);
    expect(await stateOf(scheduler, later.id)).toBe('scheduled');
  });

  it('brings a dead letter back, with other data and at another time', async () => {
    const { page, scheduler } = await start();
    const [id] = await dead(scheduler);
    const body = { data: { n: 7 }, runAt: 'in 1 hour', resetAttempts: false };

    expect(await page.change(`api/jobs/${id}/requeue`, body)).toEqual({ id, outcome: 'ok' });

    const job = (await scheduler.get(id!))!;
    expect(job).toMatchObject({ data: { n: 7 }, attempt: 1 });
    expect(job.nextRunAt!.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
  });

  it('makes a job due', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.schedule('in 1 hour', 'mail', 1);

    expect(await page.change(`api/jobs/${id}/promote`)).toEqual({ id, outcome: 'ok' });

    expect(await stateOf(scheduler, id)).toBe('queued');
  });

  it('changes data, priority and time', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.schedule('in 1 hour', 'good', { to: 'ann' });

    await page.change(`api/jobs/${id}/update`, { data: { to: 'bob' }, priority: -3 });
    await page.change(`api/jobs/${id}/reschedule`, { runAt: '2037-01-01T00:00:00Z' });

    const { attrs } = (await scheduler.get(id))!;
    expect(attrs).toMatchObject({ data: { to: 'bob' }, priority: -3 });
    expect(attrs.nextRunAt).toEqual(new Date('2037-01-01T00:00:00Z'));
  });

  it('keeps data that is null apart from none', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.schedule('in 1 hour', 'good', { to: 'ann' });

    await page.change(`api/jobs/${id}/update`, { priority: 1 });
    expect((await scheduler.get(id))!.data).toEqual({ to: 'ann' });
    await page.change(`api/jobs/${id}/update`, { data: null });

    expect((await scheduler.get(id))!.data).toBeNull();
  });

  it('disables and enables a job, and removes one that waits or has ended', async () => {
    const { page, scheduler } = await start();
    const [id] = await dead(scheduler);
    const { id: waiting } = await scheduler.now('mail');

    await page.change(`api/jobs/${waiting}/disable`);
    expect((await scheduler.get(waiting))!.disabled).toBe(true);
    await page.change(`api/jobs/${waiting}/enable`);
    expect((await scheduler.get(waiting))!.disabled).toBe(false);
    await page.change(`api/jobs/${waiting}/cancel`, { reason: 'a mistake' });
    await page.change(`api/jobs/${id}/remove`);

    expect(await scheduler.get(waiting)).toBeUndefined();
    expect(await scheduler.get(id!)).toBeUndefined();
  });

  it('cancels a job that runs, whose signal fires with the reason', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.now('long');
    await until(() => letGo.has(id));
    const cancelled = new Promise<string>((resolve) =>
      scheduler.on('cancelled', ({ reason }) => resolve(reason)),
    );

    const refused = await page.post(`api/jobs/${id}/remove`);
    await page.change(`api/jobs/${id}/cancel`, { reason: 'enough' });

    expect(refused).toMatchObject({ status: 409, body: { message: /is running/ } });
    expect(await cancelled).toBe('enough');
    expect(await scheduler.get(id)).toBeUndefined();
    letGo.get(id)!();
  });

  it('does not stop a job that begins to run while it is about to be removed', async () => {
    const { page, scheduler } = await start();
    await scheduler.pause('long');
    const { id } = await scheduler.now('long');
    const seen = (await scheduler.get(id))!;
    const begun = async () => {
      await scheduler.resume('long');
      await until(() => letGo.has(id));
      return seen;
    };
    Object.assign(scheduler, { get: begun });

    const { status } = await page.post(`api/jobs/${id}/remove`);

    expect({ runs: letGo.has(id), status }).toEqual({ runs: status === 409, status });
  });

  it('runs a job again that has ended', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.now('good', { to: 'ann' }, { tags: ['a'] });
    await until(async () => (await stateOf(scheduler, id)) === 'completed');

    const again = await page.change<Changed>(`api/jobs/${id}/run-again`);

    expect(again.id).not.toBe(id);
    expect(await scheduler.get(again.id)).toMatchObject({ data: { to: 'ann' }, tags: ['a'] });
  });

  it('gives a recurring job another rule, and leaves all else of it', async () => {
    const { page, scheduler } = await start();
    const options = { key: 'k', timezone: 'Asia/Tokyo', skipDays: [0] };
    const { id } = await scheduler.every('0 9 * * *', 'good', { to: 'ann' }, options);

    const rule = { interval: '30 10 * * *' };
    expect(await page.change(`api/jobs/${id}/change-schedule`, rule)).toMatchObject({
      outcome: 'ok',
    });
    const job = (await scheduler.get(id))!;
    expect(job).toMatchObject({
      data: { to: 'ann' },
      repeatInterval: '30 10 * * *',
      repeatTimezone: 'Asia/Tokyo',
      repeatKey: 'k',
    });
    expect(job.attrs.skipDays).toEqual([0]);
    expect(job.nextRunAt!.toISOString()).toMatch(/T01:30:00/);
    expect((await scheduler.every('30 10 * * *', 'good', null, options)).id).toBe(id);

    const zone = { interval: '30 10 * * *', timezone: 'UTC' };
    await page.change(`api/jobs/${id}/change-schedule`, zone);
    expect((await scheduler.get(id))!.nextRunAt!.toISOString()).toMatch(/T10:30:00/);
    expect(await page.change(`api/jobs/${id}/change-schedule`, zone)).toEqual({
      id,
      outcome: 'unchanged',
    });
    const wrong = await page.post(`api/jobs/${id}/change-schedule`, { interval: 'now and then' });
    expect(wrong).toMatchObject({ status: 400, body: { error: 'InvalidScheduleError' } });
    expect((await scheduler.get(id))!.repeatInterval).toBe('30 10 * * *');
  });

  it('does not bring a recurring job back that is removed while its rule is changed', async () => {
    const { scheduler } = await start();
    const { id } = await scheduler.every('1 hour', 'mail', 1);
    const job = (await scheduler.get(id))!;
    await scheduler.remove(id);

    await expect(changeSchedule(job, { interval: '2 hours' })).rejects.toThrow(JobNotFoundError);

    expect(await scheduler.get(id)).toBeUndefined();
  });

  it('tells of a change that the job cannot take in its state, and changes nothing', async () => {
    const { page, scheduler } = await start();
    const { id } = await scheduler.now('good');
    await until(async () => (await stateOf(scheduler, id)) === 'completed');
    const before = (await scheduler.get(id))!.toJSON();

    const cases: [string, object][] = [
      ['requeue', {}],
      ['promote', {}],
      ['cancel', {}],
      ['disable', {}],
      ['enable', {}],
      ['update', { priority: 3 }],
      ['reschedule', { runAt: 'now' }],
      ['change-schedule', { interval: '1 hour' }],
    ];
    for (const [action, body] of cases) {
      const answer = await page.post(`api/jobs/${id}/${action}`, body);
      expect({ action, ...answer }).toMatchObject({ action, status: 409 });
      expect((answer.body as { message: string }).message).toMatch(/ended|completed/);
      const missing = await page.post(`api/jobs/nobody/${action}`, body);
      expect({ action, ...missing }).toMatchObject({
        status: 404,
        body: { error: 'JobNotFoundError' },
      });
    }
    expect((await scheduler.get(id))!.toJSON()).toEqual(before);
    expect(await page.post(`api/jobs/${id}/constructor`)).toMatchObject({ status: 404 });
  });

  it('offers for each job what is then done, and refuses what it does not offer', async () => {
    const { dashboard, page, scheduler } = await start();
    const jobs: { readonly id: string }[] = [await scheduler.schedule('in 1 hour', 'other', 1)];
    jobs.push(await scheduler.every('1 hour', 'other', 1, { skipImmediate: true }));
    const long = await scheduler.now('long');
    await until(() => letGo.has(long.id));
    jobs.push(long);
    const bodies: Record<string, object> = {
      update: { priority: 1 },
      reschedule: { runAt: 'in 2 hours' },
      'change-schedule': { interval: '2 hours' },
    };
    const actions = ['promote', 'requeue', 'update', 'reschedule', 'change-schedule', 'run-again'];

    for (const { id } of jobs) {
      for (const action of actions) {
        const detail = await dashboard.get<JobDetail>(`api/jobs/${id}`);
        const { status } = await page.post(`api/jobs/${id}/${action}`, bodies[action] ?? {});
        const offered = (detail.actions as string[]).includes(action);
        // What is due already may be made due again, which changes nothing.
        if (action === 'promote' && status === 200) continue;
        expect({ action, state: detail.state, status }).toEqual({
          action,
          state: detail.state,
          status: offered ? 200 : 409,
        });
      }
    }
    letGo.get(long.id)!();
  });

  it('does the same for many jobs, and tells each that was refused and why', async () => {
    const { page, scheduler } = await start();
    const ids = await dead(scheduler, 45);
    const { id: waiting } = await scheduler.schedule('in 1 hour', 'good', 1);

    const answer = await page.change<BulkAnswer>('api/jobs/bulk', {
      action: 'requeue',
      ids: [...ids, waiting, 'nobody', ids[0]],
    });

    expect(answer.done).toBe(45);
    expect(answer.refused.map(({ id }) => id)).toEqual([waiting, 'nobody']);
    expect(answer.refused[0]!.why).toMatch(/scheduled/);
    expect(answer.refused[1]!.why).toMatch(/There is no job nobody/);
    expect((await scheduler.counts('bad')).queued).toBe(45);
    for (const [action, done] of [
      ['disable', 45],
      ['enable', 45],
      ['promote', 45],
      ['cancel', 45],
      ['remove', 0],
    ] as const) {
      expect(await page.change('api/jobs/bulk', { action, ids })).toMatchObject({ done });
    }
    expect((await scheduler.counts('bad')).total).toBe(0);
  });

  it('brings dead letters back by names, reason and age, up to a limit', async () => {
    const { page, scheduler } = await start();
    await dead(scheduler, 5);

    const none = { names: ['bad'], olderThan: '1 hour' };
    expect(await page.change<DeadAnswer>('api/dead/requeue', none)).toEqual({
      matched: 0,
      changed: 0,
      more: false,
    });
    expect(await page.change('api/dead/requeue', { reason: 'stalled' })).toMatchObject({
      changed: 0,
    });
    expect(await page.change('api/dead/requeue', { names: ['bad'], limit: 2 })).toMatchObject({
      changed: 2,
      more: true,
    });
    expect(await page.change('api/dead/requeue', { all: true })).toMatchObject({
      changed: 3,
      more: false,
    });
    expect(await scheduler.counts('bad')).toMatchObject({ dead: 0, queued: 5 });
  });

  it('removes dead letters for good by the same, and nothing else', async () => {
    const { page, scheduler } = await start();
    await dead(scheduler, 5);
    await scheduler.schedule('in 1 hour', 'bad');

    expect(await page.change('api/dead/purge', { reason: 'stalled' })).toMatchObject({
      changed: 0,
    });
    expect(await page.change('api/dead/purge', { olderThan: 3_600_000 })).toMatchObject({
      changed: 0,
    });
    const some = { reason: 'unrecoverable', limit: 2 };
    expect(await page.change('api/dead/purge', some)).toEqual({
      matched: 2,
      changed: 2,
      more: true,
    });
    expect(await page.change('api/dead/purge', { all: true })).toEqual({
      matched: 3,
      changed: 3,
      more: false,
    });
    expect(await scheduler.counts('bad')).toMatchObject({ dead: 0, scheduled: 1, total: 1 });
  });

  it('pauses and resumes names, and everything, in the name of the user', async () => {
    const { page, scheduler } = await start();

    const reason = { reason: 'a bad deploy' };
    expect(await page.change<Switched>('api/names/good/pause', reason)).toEqual({ changed: true });
    expect(await page.change('api/names/good/pause')).toEqual({ changed: false });
    expect(await page.change('api/names/good/pause', reason)).toEqual({ changed: false });
    await page.change('api/pause');
    expect(await scheduler.pauses()).toMatchObject({
      all: { by: 'ann' },
      names: { good: { by: 'ann', reason: 'a bad deploy' } },
    });

    expect(await page.change('api/resume')).toEqual({ changed: true });
    expect(await page.change('api/names/good/resume')).toEqual({ changed: true });
    expect(await page.change('api/names/good/resume')).toEqual({ changed: false });
    expect(await scheduler.pauses()).toEqual({ names: {} });
  });
});
