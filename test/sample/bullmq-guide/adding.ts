/* oxlint-disable jest/no-standalone-expect -- each trial is run by a test of its row */
import type { Job } from '../../../lib/core/index.js';
import { nextEvent, until } from '../../core/engine/support.js';
import { evaluate } from '../support/guide.js';
import { data, type Stage, stage, type Trial } from './stage.js';

const HOUR = 3_600_000;

/** Adds a job, and looks at it as it is stored. */
const adds =
  (check: (job: Job, stage: Stage) => unknown, more: Record<string, unknown> = {}): Trial =>
  async (here) => {
    const at = await stage();
    const added = (await evaluate(here, { ...at.scope, ...more })) as Job;
    await check((await at.scheduler.get(added.id))!, at);
  };

const waits = ({ nextRunAt, createdAt }: Job): number => Number(nextRunAt) - Number(createdAt);

/** The same call twice is one job. */
const addsOnce: Trial = async (here) => {
  const { scope, scheduler } = await stage();
  const first = (await evaluate(here, scope)) as Job;
  const second = (await evaluate(here, scope)) as Job;
  expect([first.created, second.created]).toEqual([true, false]);
  expect(second.id).toBe(first.id);
  expect((await scheduler.total()).total).toBe(1);
};

export const adding: Record<string, Trial> = {
  "`await queue.add('email', data)`": adds((job) =>
    expect(job).toMatchObject({ name: 'email', data, state: 'queued' }),
  ),
  "`await queue.add('email', data, { delay: 3_600_000 })`": adds((job) =>
    expect([HOUR, HOUR + 1]).toContain(waits(job)),
  ),
  '`{ delay: Math.max(0, date - Date.now()) }`': (here) => {
    const date = new Date(Date.now() + HOUR);
    return adds((job) => expect(job.nextRunAt).toEqual(date), { date })(here);
  },
  '`{ priority: 1 }`': adds((job) => expect(job.attrs.priority).toBe(10)),
  '`{ lifo: true }`': async (here) => {
    const ran: unknown[] = [];
    const { scope, scheduler, start } = await stage((job) => ran.push(job.data), {
      concurrency: 1,
    });
    await scheduler.now('email', 'the first to come');
    await evaluate(here, scope);
    await start();
    await until(() => ran.length === 2);
    expect(ran).toEqual([data, 'the first to come']);
  },
  "`{ attempts: 3, backoff: { type: 'exponential', delay: 1000 } }`": async (here) => {
    const { engine, scope, start } = await stage(() => Promise.reject(new Error('no')));
    const retrying = nextEvent(engine, 'retrying');
    await start();
    await evaluate(here, scope);
    expect((await retrying).delayMs).toBe(1_000);
  },
  "`{ jobId: 'invoice-7' }`": addsOnce,
  "`{ deduplication: { id: 'ann' } }`": async (here) => {
    await addsOnce(here);
    const { scope, scheduler, start } = await stage();
    await start();
    const first = (await evaluate(here, scope)) as Job;
    await scheduler.waitFor(first.id);
    expect(await evaluate(here, scope)).toMatchObject({ created: true });
  },
  "`{ deduplication: { id: 'ann', ttl: 5000 } }`": addsOnce,
  "`{ deduplication: { id: 'ann', ttl: 5000, extend: true, replace: true } }`": async (here) => {
    await addsOnce(here);
    const { scope, scheduler } = await stage();
    const { id } = (await evaluate(here, scope)) as Job;
    await evaluate(here, { ...scope, data: 'newer' });
    expect(await scheduler.get(id)).toMatchObject({ data: 'newer', state: 'scheduled' });
  },
  "`{ deduplication: { id: 'ann', keepLastIfActive: true } }`": async (here) => {
    const ran: unknown[] = [];
    let end = () => {};
    const { scope, scheduler, start } = await stage(async (job) => {
      ran.push(job.data);
      if (ran.length === 1) await new Promise<void>((resolve) => (end = resolve));
    });
    await start();
    await evaluate(here, scope);
    await until(() => ran.length === 1);
    await evaluate(here, { ...scope, data: 'newer' });
    await evaluate(here, { ...scope, data: 'newest' });
    end();
    await until(() => ran.length === 2);
    expect(ran).toEqual([data, 'newest']);
    expect((await scheduler.total()).total).toBe(1);
  },
  '`{ removeOnComplete: true, removeOnFail: true }`': async (here) => {
    let fails = false;
    const { engine, scope, scheduler, start } = await stage(() => {
      if (fails) throw new Error('no');
    });
    await start();
    for (const event of ['completed', 'dead'] as const) {
      const ended = nextEvent(engine, event);
      await evaluate(here, scope);
      await ended;
      expect((await scheduler.total()).total).toBe(0);
      fails = true;
    }
  },
  '`{ removeOnComplete: { age: 3600 } }`': adds(async ({ id }, { engine }) => {
    const record = await engine.parts.manager.get(id);
    expect(record!.overrides).toMatchObject({ retention: { completed: HOUR } });
  }),
  '`await queue.addBulk(jobs)`': async (here) => {
    const { scope, scheduler } = await stage();
    const jobs = [{ name: 'email', data: 1 }, { name: 'other' }];
    expect(await evaluate(here, { ...scope, jobs })).toMatchObject({ created: 2 });
    expect((await scheduler.total()).queued).toBe(2);
  },
  "`await queue.upsertJobScheduler('report', { pattern: '0 9 * * *', tz })`": adds((job) => {
    expect(job).toMatchObject({ name: 'report', repeatInterval: '0 9 * * *', data });
    const hour = { hour: 'numeric', timeZone: 'Europe/Paris' } as const;
    expect(new Intl.DateTimeFormat('en-GB', hour).format(job.nextRunAt!)).toBe('09');
  }),
  "`await queue.upsertJobScheduler('poll', { every: 300_000 })`": adds((job) =>
    expect(job).toMatchObject({ name: 'poll', repeatInterval: '5 minutes', state: 'repeating' }),
  ),
  "`await queue.removeJobScheduler('poll')`": async (here) => {
    const { scope, scheduler } = await stage();
    await scheduler.every('5 minutes', 'poll');
    expect(await evaluate(here, scope)).toBe(1);
    expect((await scheduler.total()).total).toBe(0);
  },
  '— (no expiry)': adds(async ({ id }, { engine }) => {
    const record = (await engine.parts.manager.get(id))!;
    // Half a millisecond is rounded up.
    expect([600_000, 600_001]).toContain(record.expiresAt! - record.createdAt);
  }),
  '— (no tags)': adds(async ({ id }, { scheduler }) => {
    const { jobs } = await scheduler.find({ tags: ['customer:7'] });
    expect(jobs.map((job) => job.id)).toEqual([id]);
  }),
};
