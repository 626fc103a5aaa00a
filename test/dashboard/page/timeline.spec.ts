import { describe, expect, it } from '@jest/globals';
import type { AttemptView, JobDetail } from '../../../lib/dashboard/api/index.js';
import { lanesOf } from '../../../lib/dashboard/page/views/job/timeline.js';
import { aJob, at } from './a-job.js';

const attempt = (number: number, from: number, start: number, to: number): AttemptView => ({
  kind: 'failed',
  attempt: number,
  plannedAt: at(from),
  startedAt: at(start),
  endedAt: at(to),
  waitMs: start - from,
  runMs: to - start,
  host: 'a',
  failure: null,
});

const lanes = (job: Partial<JobDetail>, now = 0) => lanesOf(aJob(job), Date.parse(at(now)));

describe('the timeline of attempts', () => {
  it('is empty for a job without any', () => {
    expect(lanes({ state: 'completed' })).toEqual([]);
  });

  it('shows waiting and running to scale', () => {
    const [lane] = lanes({ attempts: [attempt(1, 0, 250, 1_000)] });

    expect(lane).toMatchObject({ kind: 'failed', attempt: 1, mark: null, gapMs: null });
    expect(lane!.wait!.x).toBe(0);
    expect(lane!.run!.x).toBeCloseTo(lane!.wait!.width, 0);
    expect(lane!.run!.width / lane!.wait!.width).toBeCloseTo(3, 1);
  });

  it('shortens idle times and tells how long they were', () => {
    const [first, second] = lanes({
      attempts: [attempt(1, 0, 10, 100), attempt(2, 3_600_100, 3_600_110, 3_600_200)],
    });

    expect(first!.run!.width).toBeGreaterThan(300);
    expect(second!.run!.width).toBeGreaterThan(300);
    expect(second!.gapMs).toBe(3_600_000);
  });

  it('keeps the shortest run visible beside the longest wait, and everything within its width', () => {
    const [lane] = lanes({ attempts: [attempt(1, 0, 86_400_000, 86_400_001)] });

    expect(lane!.run!.width).toBeGreaterThanOrEqual(6);
    expect(lane!.run!.x + lane!.run!.width).toBeLessThanOrEqual(1_000);
  });

  it('lets the attempt under way grow with time', () => {
    const lease = { host: 'a', lockedAt: at(1_000), expiresAt: at(31_000), fence: 2 };
    const job = { attempt: 2, lease, attempts: [attempt(1, 0, 0, 500)] };

    const width = (now: number) => lanes(job, now).at(-1)!.run!.width;
    expect(lanes(job, 2_000).at(-1)).toMatchObject({ kind: 'running', attempt: 2 });
    expect(width(9_000)).toBeGreaterThan(width(2_000));
  });

  it('marks the run to come, and shows how long a due one has waited', () => {
    const job = { attempt: 1, nextRunAt: at(5_000), attempts: [attempt(1, 0, 0, 500)] };

    const ahead = lanes(job, 4_999).at(-1)!;
    expect(ahead).toMatchObject({
      kind: 'planned',
      attempt: 2,
      wait: null,
      run: null,
      gapMs: 4_500,
    });
    expect(ahead.mark).not.toBeNull();
    const due = lanes(job, 6_000).at(-1)!;
    expect(due).toMatchObject({ kind: 'planned', run: null, mark: null });
    expect(due.wait).not.toBeNull();
  });

  it('shows a requeue and a death without a run as marks', () => {
    const requeued: AttemptView = {
      ...attempt(1, 0, 0, 1_000),
      kind: 'requeued',
      plannedAt: null,
      startedAt: null,
    };
    expect(lanes({ attempts: [requeued] })).toMatchObject([
      { kind: 'requeued', run: null, mark: 0 },
    ]);
  });
});
