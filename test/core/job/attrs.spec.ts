import { inspect } from 'node:util';
import { computeJobState } from '../../../lib/core/job/job-attrs.js';
import { closeBenches, makeBench, nextEvent } from '../engine/support.js';
import { NOW, standStill } from './support.js';

afterEach(closeBenches);

it('has the fields of a stored job under their names in Agenda, with Dates', async () => {
  const { engine } = await standStill({ name: 'shop' });

  const { attrs } = await engine.scheduler.every('1h', 'poll', { n: 1 }, { startDate: NOW });

  expect(attrs).toEqual({
    _id: expect.any(String),
    name: 'poll',
    priority: 0,
    nextRunAt: new Date(NOW),
    type: 'single',
    data: { n: 1 },
    disabled: false,
    fork: false,
    lastModifiedBy: 'shop',
    repeatInterval: '1h',
    startDate: new Date(NOW),
  });
});

it('shows what happened, also in the events of this very run', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', async (job) => {
    await job.touch(40);
    throw new Error('no route');
  });
  const failed = nextEvent(engine, 'failed');
  await engine.workerHost.start();

  await engine.scheduler.now('mail');
  const { job } = await failed;

  const { lastRunAt, lastFinishedAt, failedAt } = job.attrs;
  expect(job.attrs).toMatchObject({ failCount: 1, failReason: 'no route', progress: 40 });
  expect(lastFinishedAt!.getTime()).toBeGreaterThanOrEqual(lastRunAt!.getTime());
  expect(failedAt).toEqual(lastFinishedAt);
  expect(job.attrs.nextRunAt).toBeNull();
  const stored = (await engine.scheduler.get(job.id))!.attrs;
  const moments = { failedAt: expect.any(Date), lastFinishedAt: expect.any(Date) };
  expect(stored).toEqual({ ...job.attrs, ...moments });
});

it('copies its fields with Dates of their own, with or without what runs write', async () => {
  const { engine } = await standStill();
  const { id } = await engine.scheduler.now('mail', { n: 1 });
  const job = (await engine.scheduler.get(id))!.fail('no luck');

  const copy = job.toJson();
  copy.nextRunAt!.setTime(0);

  expect(copy).toMatchObject({ _id: id, failReason: 'no luck', failedAt: new Date(NOW) });
  expect(job.attrs.nextRunAt).toEqual(new Date(NOW));
  const asked = Object.keys(job.toJson(true));
  expect(asked).toEqual(expect.arrayContaining(['_id', 'name', 'data', 'nextRunAt', 'priority']));
  expect(asked).not.toEqual(expect.arrayContaining(['failReason']));
  expect(asked).not.toEqual(expect.arrayContaining(['failCount']));
});

it('becomes JSON with everything that is known', async () => {
  const { engine } = await standStill();
  const job = await engine.scheduler.now('mail', { n: 1 }, { priority: 'high' });

  expect(JSON.parse(JSON.stringify(job))).toMatchObject({
    id: job.id,
    data: { n: 1 },
    priority: 10,
    state: 'queued',
    attempt: 0,
    nextRunAt: '2026-03-04T10:00:00.000Z',
  });
});

it('shows itself on a console, and nothing of the engine behind it', async () => {
  const { engine } = await standStill();
  const job = await engine.scheduler.now('mail', { n: 1 });

  expect(inspect(job, { depth: Infinity })).toBe(inspect(job.toJSON()));
});

it('notes a failure in memory alone', async () => {
  const { engine } = await standStill();
  const job = await engine.scheduler.now('mail');

  job.fail('first').fail(new Error('second'));
  await job.save();

  expect(job.attrs).toMatchObject({
    failReason: 'second',
    failCount: 2,
    failedAt: new Date(NOW),
    lastFinishedAt: new Date(NOW),
  });
  expect((await engine.scheduler.get(job.id))!.attrs).not.toHaveProperty('failCount');
  expect((await engine.scheduler.get(job.id))!.attrs).not.toHaveProperty('failReason');
});

describe('the state of a row', () => {
  const at = (ms: number) => new Date(NOW + ms);

  it.each([
    ['running', { lockedAt: at(-1), failedAt: at(-2), nextRunAt: at(1) }],
    ['failed', { failedAt: at(-1), nextRunAt: null }],
    ['failed', { failedAt: at(-1), lastFinishedAt: at(-1), nextRunAt: at(5) }],
    ['completed', { failedAt: at(-2), lastFinishedAt: at(-1), nextRunAt: null }],
    ['repeating', { repeatInterval: '1h', nextRunAt: at(-1) }],
    ['scheduled', { nextRunAt: at(1) }],
    ['queued', { nextRunAt: at(0) }],
    ['completed', { nextRunAt: null }],
  ])('is %s by %j', (state, row) => {
    expect(computeJobState(row, NOW)).toBe(state);
    expect(computeJobState(row, new Date(NOW))).toBe(state);
  });
});
