import { describe, expect, it } from '@jest/globals';
import type { JobDetail, NameOverview, Overview } from '../../../lib/dashboard/api/index.js';
import { whatNext } from '../../../lib/dashboard/page/views/job/what-next.js';
import { aJob, at } from './a-job.js';

const MINUTE = 60_000;
const none = {
  scheduled: 0,
  queued: 0,
  running: 0,
  completed: 0,
  failed: 0,
  repeating: 0,
  dead: 0,
  paused: 0,
  total: 0,
};

const overview = (facts: Partial<Overview> = {}): Overview => ({
  at: at(0),
  totals: none,
  latencyMs: 0,
  pause: null,
  hosts: 1,
  names: [],
  throughput: [],
  ...facts,
});

const nameOverview = (facts: Partial<NameOverview>): NameOverview => ({
  name: 'mail',
  counts: none,
  latencyMs: 0,
  pause: null,
  completed: [],
  failed: [],
  ...facts,
});

const said = (job: Partial<JobDetail>, now: number, about: Overview | null = overview()) =>
  whatNext(aJob(job), about, Date.parse(at(now)));

describe('what happens next', () => {
  it('counts down to the time of a job that waits for it', () => {
    expect(said({ nextRunAt: at(5 * MINUTE) }, 0).text).toMatch(/^Runs in 5 min, at \d\d:\d\d\.$/);
    expect(said({ nextRunAt: at(MINUTE) }, MINUTE - 1).text).toBe('Runs now.');
  });

  it('says that a due job waits for a free slot, and for how long', () => {
    const job = { nextRunAt: at(0), state: 'queued' } as const;
    expect(said(job, 3 * MINUTE).text).toBe('Waits for a free slot, for 3 min now.');
    expect(said(job, 3 * MINUTE, null).text).toBe('Waits for a free slot, for 3 min now.');
  });

  it('says what a due job waits for instead: the end of a pause, or a host', () => {
    const job = { nextRunAt: at(0), state: 'queued' } as const;
    const pause = { at: at(0), reason: 'deploy', by: null };
    expect(said(job, MINUTE, overview({ pause })).text).toContain('Everything is paused (deploy)');
    const names = [nameOverview({ pause: { ...pause, reason: null } })];
    expect(said(job, MINUTE, overview({ names })).text).toContain('“mail” is paused: it waits');
    expect(said(job, MINUTE, overview({ hosts: 0 }))).toMatchObject({
      text: 'Due for 1 min. No worker host is alive: nobody takes it.',
      tone: 'bad',
    });
  });

  it('tells who runs it, since when, and when its lease runs out', () => {
    const lease = { host: 'web-1', lockedAt: at(0), expiresAt: at(30_000), fence: 1 };
    const job = { state: 'running', attempt: 2, lease } as const;
    expect(said(job, 10_000).text).toBe(
      'Attempt 2 has been running for 10 s on web-1. Its lease runs out in 20 s unless it is renewed.',
    );
    expect(said(job, 29_999).tone).toBe('accent');
    expect(said(job, 30_000)).toMatchObject({
      text: expect.stringContaining('another host takes it over'),
      tone: 'warning',
    });
    const unrenewed = { ...job, lease: { ...lease, expiresAt: null } };
    expect(said(unrenewed, 10_000).text).toContain('Nobody renews its lock.');
  });

  it('says of what a dead letter died, and that it stays dead', () => {
    const job = { state: 'dead', deadReason: 'exhausted', failedAt: at(0) } as const;
    expect(said(job, 2 * MINUTE)).toEqual({
      text: 'Dead for 2 min: out of attempts. It does not run again unless it is requeued.',
      tone: 'bad',
    });
  });

  it('tells a retry from a first run, and a recurring job from one that runs once', () => {
    const retry = { state: 'failed', failCount: 1, attempt: 1, nextRunAt: at(10_000) } as const;
    expect(said(retry, 0).text).toMatch(/^Attempt 1 failed\. It is tried again in 10 s/);
    const recurring = {
      state: 'repeating',
      repeat: '0 2 * * *',
      repeatTimezone: 'Europe/Paris',
    } as const;
    expect(said({ ...recurring, nextRunAt: at(10_000) }, 0).text).toMatch(
      /goes on by its rule “0 2 \* \* \*” \(Europe\/Paris\)\.$/,
    );
    expect(said({ ...recurring, state: 'failed', nextRunAt: at(10_000) }, 0)).toMatchObject({
      text: expect.stringMatching(/^Its newest run failed\. Runs next in 10 s/),
      tone: 'warning',
    });
    expect(said({ ...recurring, state: 'completed' }, 0).text).toContain('no further run');
  });

  it('says that a disabled job waits until it is enabled', () => {
    const job = { disabled: true, state: 'paused', nextRunAt: at(MINUTE) } as const;
    expect(said(job, 0).text).toBe(
      'Disabled: it waits until it is enabled. It would run in 1 min.',
    );
    expect(said(job, MINUTE).text).toContain('It would be due.');
  });
});
