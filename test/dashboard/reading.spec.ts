import { Injectable } from '@nestjs/common';
import type { Job } from '../../lib/core/index.js';
import type {
  Hosts,
  JobDetail,
  JobPage,
  LogPage,
  NameDetail,
  Overview,
  SchedulePreview,
  Schedules,
  Session,
} from '../../lib/dashboard/index.js';
import { ManualClock, MemoryBackend } from '../../lib/memory/index.js';
import { JobHandler } from '../../lib/nest/index.js';
import { until } from '../nest/support.js';
import { closeDashboards, PLATFORMS, startDashboard, type DashboardSetup } from './support.js';

afterEach(closeDashboards);

@Injectable()
class Mail {
  @JobHandler('mail')
  send(job: Job<{ to: string }>): string {
    job.log(`to ${job.data.to}`);
    return 'sent';
  }

  @JobHandler('bill', { attempts: 1 })
  bill(): never {
    throw new TypeError('no paper');
  }

  @JobHandler('endless')
  endless(job: Job): Promise<void> {
    return new Promise((resolve) => job.signal.addEventListener('abort', () => resolve()));
  }
}

const start = (setup: DashboardSetup = {}) =>
  startDashboard({ metadata: { providers: [Mail] }, ...setup });

/** Nothing runs here. */
const startQuiet = (setup: DashboardSetup = {}) => startDashboard(setup);

describe.each(PLATFORMS)('on %s', (platform) => {
  it('names and ids are what they are, whatever stands in them', async () => {
    const dashboard = await startQuiet({ platform });
    const name = 'a/b?c=d&e #%41 <img src=x>';
    await dashboard.scheduler.now(name, {}, { id: 'id/1?x' });

    const detail = await dashboard.get<JobDetail>(`api/jobs/${encodeURIComponent('id/1?x')}`);
    const found = await dashboard.get<NameDetail>(`api/names/${encodeURIComponent(name)}`);

    expect(detail).toMatchObject({ id: 'id/1?x', name });
    expect(found).toMatchObject({ name, counts: { queued: 1 } });
  });

  it('answers are never kept, and are what they say they are', async () => {
    const dashboard = await startQuiet({ platform });

    const response = await dashboard.fetch('api/overview');

    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  const refused: [path: string, status: number, message: RegExp][] = [
    ['api/overview?x=1', 400, /query\.x/],
    ['api/jobs?stat=dead', 400, /did you mean `state`/],
    ['api/jobs?state=sleeping', 400, /one of .*scheduled, queued/],
    ['api/jobs?state=dead&state=queued', 400, /given once/],
    ['api/jobs?limit=201', 400, /a whole number from 1 to 200/],
    ['api/jobs?limit=0', 400, /a whole number from 1 to 200/],
    ['api/jobs?limit=1e2', 400, /a whole number from 1 to 200/],
    ['api/jobs?data={', 400, /JSON/],
    ['api/jobs?cursor=nonsense', 400, /cursor/],
    ['api/jobs?id=1&state=dead', 400, /left out beside an `id`/],
    ['api/jobs/unknown', 404, /There is no job unknown/],
    ['api/jobs/unknown/logs', 404, /There is no job unknown/],
    ['api/schedules?cursor=nonsense', 400, /cursor/],
    ['api/schedules/preview', 400, /query\.interval/],
    ['api/schedules/preview?interval=now+and+then', 400, /Cannot schedule .*now and then/],
    ['api/schedules/preview?interval=1+day&timezone=Mars', 400, /Mars/],
    ['api/hosts?all', 400, /query\.all/],
    ['api/names/%00', 400, /control characters/],
  ];
  it.each(refused)('%s is refused with %i', async (path, statusCode, message) => {
    const dashboard = await startQuiet({ platform });

    const { status, body } = await dashboard.answer(path);

    expect({ status, body }).toEqual({
      status: statusCode,
      body: { statusCode, error: expect.any(String), message: expect.stringMatching(message) },
    });
  });
});

it('says on Fastify how ids are found that are longer than it allows', async () => {
  const id = 'é'.repeat(128);
  const path = `api/jobs/${encodeURIComponent(id)}`;
  const usual = await startQuiet({ platform: 'fastify' });
  await usual.scheduler.now('mail', {}, { id });
  const told = await startQuiet({
    platform: 'fastify',
    fastify: { routerOptions: { maxParamLength: 768 } },
  });
  await told.scheduler.now('mail', {}, { id });

  expect(await usual.answer(path)).toMatchObject({
    status: 404,
    body: { message: expect.stringContaining('maxParamLength: 768') },
  });
  expect(await told.answer(path)).toMatchObject({ status: 200, body: { id } });
});

it('opens a session: a token, which a cookie repeats that scripts cannot read', async () => {
  const dashboard = await startQuiet({ dashboard: { public: true, readOnly: true } });

  const response = await dashboard.fetch('api/session');
  const session = (await response.json()) as Session;

  expect(session).toMatchObject({ readOnly: true, instance: 'default', user: null, mask: '•••' });
  expect(response.headers.get('set-cookie')).toContain(
    `agenda-dashboard=${session.token}; HttpOnly`,
  );
});

describe('the overview', () => {
  it('counts, and tells what the last hour was like', async () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 23, 10, 30));
    const dashboard = await start({ backend: new MemoryBackend({ clock }) });
    const { scheduler } = dashboard;
    await scheduler.now('mail', { to: 'ada' });
    await scheduler.now('bill');
    await scheduler.schedule('in 2 hours', 'report');
    await scheduler.pause('report', { reason: 'paper is out' });
    await until(async () => (await scheduler.counts('bill')).dead === 1);
    await until(async () => (await scheduler.counts('mail')).completed === 1);

    const overview = await dashboard.get<Overview>('api/overview');

    expect(overview.at).toBe('2026-11-23T10:30:00.000Z');
    expect(overview.totals).toMatchObject({ total: 3, completed: 1, dead: 1, scheduled: 1 });
    expect(overview.pause).toBeNull();
    expect(overview.hosts).toBe(1);
    expect(overview.names.map(({ name }) => name)).toEqual(['bill', 'mail', 'report']);
    expect(overview.names[2]!.pause).toEqual({
      at: '2026-11-23T10:30:00.000Z',
      reason: 'paper is out',
      by: null,
    });
    expect(overview.throughput).toHaveLength(60);
    expect(overview.throughput[0]!.at).toBe('2026-11-23T09:31:00.000Z');
    expect(overview.throughput.at(-1)).toMatchObject({
      at: '2026-11-23T10:30:00.000Z',
      enqueued: 3,
      completed: 1,
      failed: 1,
      dead: 1,
      waitMeanMs: 0,
    });
    expect(overview.throughput[0]).toMatchObject({ enqueued: 0, waitMeanMs: null, runMaxMs: null });
    const { completed, failed } = overview.names[0]!;
    expect([completed.length, completed.at(-1), failed.at(-1)]).toEqual([60, 0, 1]);
  });

  it('shows a name that is paused before it has any job, and a pause of everything', async () => {
    const dashboard = await startQuiet();
    await dashboard.scheduler.pause('constructor');
    await dashboard.scheduler.pause({ reason: 'release' });

    const overview = await dashboard.get<Overview>('api/overview');

    expect(overview.pause).toMatchObject({ reason: 'release' });
    expect(overview.names).toMatchObject([
      { name: 'constructor', counts: { total: 0 }, pause: { reason: null } },
    ]);
  });

  it('shows a name whose jobs are removed when they are done', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    await scheduler.now('mail', { to: 'ada' }, { removeOnComplete: true });
    await until(async () => (await scheduler.metrics()).mail?.total.completed === 1);

    const overview = await dashboard.get<Overview>('api/overview');

    expect(overview.names).toMatchObject([{ name: 'mail', counts: { total: 0 } }]);
  });
});

it('shows of a backend that keeps less what it keeps, and says what it cannot', async () => {
  const memory = new MemoryBackend();
  await memory.connect();
  const backend = {
    name: 'plain',
    repository: memory.repository,
    connect: () => Promise.resolve(),
    disconnect: () => memory.disconnect(),
  };
  const dashboard = await startQuiet({ backend });
  await dashboard.scheduler.schedule('in 1 hour', 'mail');

  const overview = await dashboard.get<Overview>('api/overview');
  const name = await dashboard.get<NameDetail>('api/names/mail');
  const hosts = await dashboard.get<Hosts>('api/hosts');
  const jobs = await dashboard.answer('api/jobs');

  expect(overview).toMatchObject({ hosts: 0, names: [{ name: 'mail', counts: { scheduled: 1 } }] });
  expect(name).toMatchObject({ limits: { handler: null, byHand: null }, wait: null });
  expect(hosts).toEqual({ hosts: [], leases: [], more: false });
  expect(jobs).toMatchObject({ status: 501, body: { error: 'UnsupportedOperationError' } });
});

describe('a name', () => {
  it('comes with its limits and with how long its jobs waited and ran', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    await scheduler.now('mail', { to: 'ada' });
    await scheduler.limits('mail').set({ globalConcurrency: 3 });
    await until(async () => (await scheduler.counts('mail')).completed === 1);

    const detail = await dashboard.get<NameDetail>('api/names/mail');

    expect(detail.limits).toEqual({ handler: null, byHand: { globalConcurrency: 3 } });
    expect(detail.run!.p50Ms).toBe(detail.run!.maxMs);
    expect(detail.throughput.at(-1)).toMatchObject({ completed: 1 });
  });

  it('that nobody has heard of is all zeros', async () => {
    const dashboard = await startQuiet();

    expect(await dashboard.get('api/names/nobody')).toMatchObject({
      name: 'nobody',
      counts: { total: 0 },
      wait: null,
      run: null,
      limits: { handler: null, byHand: null },
    });
  });
});

describe('the list of jobs', () => {
  it('comes in pages, each job once', async () => {
    const dashboard = await startQuiet();
    const names = ['a', 'b'];
    for (let i = 0; i < 5; i++) await dashboard.scheduler.now(names[i % 2]!, { i });

    const ids: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages++) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: JobPage = await dashboard.get(`api/jobs?state=queued&limit=2${from}`);
      ids.push(...page.jobs.map(({ id }) => id));
      ({ cursor } = page);
    }

    expect(cursor).toBeNull();
    expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
  });

  it('is narrowed by names, data, tags and id', async () => {
    const dashboard = await startQuiet();
    const { scheduler } = dashboard;
    await scheduler.now('a', { user: { id: 1 } }, { id: 'a1', tags: ['eu', 'gold'] });
    await scheduler.now('b', { user: { id: 2 } }, { id: 'b2', tags: ['eu'] });
    await scheduler.now('c', { user: { id: 1 } }, { id: 'c3', tags: ['why?now'] });
    const idsOf = async (query: string) =>
      (await dashboard.get<JobPage>(`api/jobs?${query}`)).jobs.map(({ id }) => id).sort();

    expect(await idsOf('name=a&name=b')).toEqual(['a1', 'b2']);
    expect(await idsOf(`data=${encodeURIComponent('{"user":{"id":1}}')}`)).toEqual(['a1', 'c3']);
    expect(await idsOf('tag=eu&tag=gold')).toEqual(['a1']);
    expect(await idsOf('tag=why?now')).toEqual(['c3']);
    expect(await idsOf('id=c3')).toEqual(['c3']);
    expect(await idsOf('id=d4')).toEqual([]);
  });

  it('shows the beginning of their data, and nothing that is redacted', async () => {
    const dashboard = await startQuiet({ dashboard: { public: true, redact: ['Password'] } });
    await dashboard.scheduler.now('a', { password: 'hunter2', text: 'x'.repeat(500) });

    const { jobs } = await dashboard.get<JobPage>('api/jobs');
    const refused = await dashboard.answer(
      `api/jobs?data=${encodeURIComponent('{"password":"hunter2"}')}`,
    );

    expect(jobs[0]!.dataPreview).toHaveLength(200);
    expect(jobs[0]!.dataPreview).toMatch(/^\{"password":"•••","text":"xxx/);
    expect(refused).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/hidden|not shown/) },
    });
    expect(JSON.stringify(refused.body)).not.toContain('hunter2');
  });

  it('tells a dead letter and a disabled job from others', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    const dead = await scheduler.now('bill');
    const later = await scheduler.schedule('in 1 hour', 'mail', { to: 'ada' });
    await scheduler.disable(later.id);
    await until(async () => (await scheduler.counts('bill')).dead === 1);

    const { jobs } = await dashboard.get<JobPage>('api/jobs');
    const states = Object.fromEntries(jobs.map(({ id, state }) => [id, state]));

    expect(states).toEqual({ [dead.id]: 'dead', [later.id]: 'paused' });
  });
});

describe('a job', () => {
  it('that is dead shows why, its attempts, and what can be done about it', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    const { id } = await scheduler.now('bill', { to: 'ada' }, { tags: ['eu'] });
    await until(async () => (await scheduler.counts('bill')).dead === 1);

    const detail = await dashboard.get<JobDetail>(`api/jobs/${id}`);

    expect(detail).toMatchObject({
      state: 'dead',
      attempt: 1,
      failReason: 'no paper',
      deadReason: 'exhausted',
      data: { to: 'ada' },
      result: null,
      lease: null,
      tags: ['eu'],
      failure: { name: 'TypeError', message: 'no paper', reason: 'exhausted' },
      actions: ['requeue', 'remove', 'run-again'],
    });
    expect(detail.failure!.stack).toContain('TypeError: no paper');
    expect(detail.attempts).toMatchObject([{ kind: 'dead', attempt: 1 }]);
  });

  it('that runs shows who has it, and one that is done its result and its lines', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    const running = await scheduler.now('endless');
    const done = await scheduler.now('mail', { to: 'ada' });
    await until(async () => (await scheduler.counts('mail')).completed === 1);
    await until(async () => (await scheduler.counts('endless')).running === 1);

    const first = await dashboard.get<JobDetail>(`api/jobs/${running.id}`);
    const second = await dashboard.get<JobDetail>(`api/jobs/${done.id}`);
    const log = await dashboard.get<LogPage>(`api/jobs/${done.id}/logs`);
    const hosts = await dashboard.get<Hosts>('api/hosts');

    expect(first).toMatchObject({
      state: 'running',
      attempt: 1,
      lease: { fence: expect.any(Number) },
    });
    expect(first.actions).toContain('cancel');
    expect(first.actions).not.toContain('remove');
    expect(second).toMatchObject({
      state: 'completed',
      result: 'sent',
      attempts: [{ attempt: 1 }],
    });
    expect(log).toMatchObject({ lines: ['to ada'], more: false, cursor: expect.any(String) });
    expect(hosts.hosts).toMatchObject([{ host: first.lease!.host, paused: false, running: 1 }]);
    expect(hosts).toMatchObject({ leases: [{ id: running.id, name: 'endless' }], more: false });
    expect(hosts.leases[0]!.host).toBe(first.lease!.host);
  });

  it('offers nothing where everything is read-only', async () => {
    const dashboard = await startQuiet({ dashboard: { public: true, readOnly: true } });
    const { id } = await dashboard.scheduler.now('mail');

    expect(await dashboard.get(`api/jobs/${id}`)).toMatchObject({ actions: [] });
  });

  it('hides what is redacted, at any depth of all that belongs to it', async () => {
    const dashboard = await startQuiet({ dashboard: { public: true, redact: ['token'] } });
    const { id } = await dashboard.scheduler.now(
      'a',
      { list: [{ TOKEN: 's1' }] },
      { context: { token: 's2', tenant: 'acme' } },
    );

    const { data, context } = await dashboard.get<JobDetail>(`api/jobs/${id}`);

    expect({ data, context }).toEqual({
      data: { list: [{ TOKEN: '•••' }] },
      context: { token: '•••', tenant: 'acme' },
    });
  });
});

describe('the calendar', () => {
  it('tells the next five runs in the time zone of the rule', async () => {
    const clock = new ManualClock(Date.UTC(2026, 2, 27, 10));
    const dashboard = await startQuiet({ backend: new MemoryBackend({ clock }) });
    await dashboard.scheduler.every('0 2 * * *', 'report', {}, { timezone: 'Europe/Berlin' });
    await dashboard.scheduler.schedule('in 1 hour', 'mail');

    const { schedules, cursor } = await dashboard.get<Schedules>('api/schedules');

    expect(cursor).toBeNull();
    expect(schedules).toMatchObject([
      { name: 'report', repeat: '0 2 * * *', repeatTimezone: 'Europe/Berlin', state: 'repeating' },
    ]);
    // On the 29th the clocks go from 2 to 3: the run of that night is at the first instant there is.
    expect(schedules[0]!.upcomingInZone).toEqual([
      'Sat 28 Mar 2026, 02:00 CET',
      expect.stringMatching(/^Sun 29 Mar 2026, 03:00 (CEST|GMT\+2)$/),
      expect.stringMatching(/^Mon 30 Mar 2026, 02:00 (CEST|GMT\+2)$/),
      expect.stringMatching(/^Tue 31 Mar 2026, 02:00 (CEST|GMT\+2)$/),
      expect.stringMatching(/^Wed 1 Apr 2026, 02:00 (CEST|GMT\+2)$/),
    ]);
    expect(schedules[0]!.upcoming[0]).toBe('2026-03-28T01:00:00.000Z');
  });

  it('has those that are disabled or run, too, in as many pages as it takes', async () => {
    const dashboard = await start();
    const { scheduler } = dashboard;
    const disabled = await scheduler.every('1 hour', 'report');
    await scheduler.disable(disabled.id);
    const running = await scheduler.every('1 hour', 'endless');
    await until(async () => (await scheduler.counts('endless')).running === 1);
    for (let i = 0; i < 150; i++) {
      await scheduler.every('1 day', 'many', {}, { key: `k${i}`, skipImmediate: true });
    }

    const first = await dashboard.get<Schedules>('api/schedules');
    const second = await dashboard.get<Schedules>(
      `api/schedules?cursor=${encodeURIComponent(first.cursor!)}`,
    );
    const all = [...first.schedules, ...second.schedules];

    expect(first.schedules).toHaveLength(100);
    expect(second.cursor).toBeNull();
    expect(new Set(all.map(({ id }) => id)).size).toBe(152);
    expect(all.find(({ id }) => id === disabled.id)).toMatchObject({
      state: 'paused',
      upcoming: [],
    });
    expect(all.find(({ id }) => id === running.id)!.upcoming).toHaveLength(5);
  });

  it('tells of a rule when it would run, before anybody has it', async () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 23, 10));
    const dashboard = await startQuiet({ backend: new MemoryBackend({ clock }) });
    const query = 'interval=30+9+*+*+mon&timezone=Asia/Kolkata';

    const preview = await dashboard.get<SchedulePreview>(`api/schedules/preview?${query}`);

    expect(preview.upcoming).toHaveLength(5);
    expect(preview.upcoming[0]).toBe('2026-11-30T04:00:00.000Z');
    expect(preview.upcomingInZone[0]).toMatch(/^Mon 30 Nov 2026, 09:30 (IST|GMT\+5:30)$/);
  });
});
