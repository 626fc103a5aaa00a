import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JobScheduler, WorkerHost, type Job } from '../../lib/core/index.js';
import { AgendaRedisModule, JobHandler, type AgendaRedisOptions } from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

const connectionString = process.env.TEST_REDIS_URL!;
const apps = new Apps();
let keyPrefix: string;
let runs: { readonly job: Job; readonly end: () => void }[];
beforeEach(() => {
  keyPrefix = `test:${randomUUID()}:`;
  runs = [];
});
afterEach(() => {
  runs.forEach(({ end }) => end());
  return apps.closeAll();
});

@Injectable()
class Jobs {
  @JobHandler('mail', { concurrency: 10 })
  mail(job: Job): Promise<void> {
    return new Promise((end) => runs.push({ job, end }));
  }

  @JobHandler('call', { rateLimit: { max: 5, per: '300 ms' }, concurrency: 20 })
  call(): void {}
}

const start = (options: AgendaRedisOptions = {}) =>
  apps.start({
    imports: [AgendaRedisModule.forRoot({ connectionString, keyPrefix, ...options })],
    providers: [Jobs],
  });

/** Whatever else would be claimed is claimed by now. */
const whileNothingComes = () => new Promise((resolve) => setTimeout(resolve, 150));

describe('two applications on one Redis', () => {
  it('both stop taking jobs of a paused name, and both go on at once', async () => {
    const [one, other] = [await start({ name: 'one' }), await start()];
    const scheduler = one.get(JobScheduler);
    await other.get(JobScheduler).pause('mail', { reason: 'maintenance' });

    await scheduler.enqueueMany(Array.from({ length: 15 }, () => ({ name: 'mail' })));
    await whileNothingComes();
    expect(runs).toHaveLength(0);
    expect(await scheduler.counts('mail')).toMatchObject({ queued: 15 });
    expect(await scheduler.pauses()).toMatchObject({ names: { mail: { reason: 'maintenance' } } });

    const resumedAt = performance.now();
    await scheduler.resume('mail');
    await until(() => runs.length === 15);
    // Long before anybody would look without being told.
    expect(performance.now() - resumedAt).toBeLessThan(4_000);
    for (const app of [one, other]) {
      expect(app.get(WorkerHost).status().running).toBeGreaterThan(0);
    }
  });

  it('all stop when everything is paused, and a drain waits for both', async () => {
    const [one] = [await start(), await start()];
    const scheduler = one.get(JobScheduler);
    await scheduler.enqueueMany(Array.from({ length: 15 }, () => ({ name: 'mail' })));
    await until(() => runs.length === 15);

    const drained = scheduler.pause({ drain: true });
    await scheduler.now('mail');
    for (const { end } of runs.slice(1)) end();
    await whileNothingComes();
    expect(await scheduler.counts('mail')).toMatchObject({ running: 1, queued: 1 });
    runs[0]!.end();

    expect(await drained).toEqual({ running: 0 });
    await scheduler.resume();
    await until(() => runs.length === 16);
  });

  it('a pause outlives them', async () => {
    const first = await start();
    await first.get(JobScheduler).pause('mail');
    await first.close();

    const second = await start();
    await second.get(JobScheduler).now('mail');
    await whileNothingComes();

    expect(await second.get(JobScheduler).isPaused('mail')).toBe(true);
    expect(runs).toHaveLength(0);
  });

  it('start together no more jobs in any stretch of time than the limit of their name allows', async () => {
    const [one] = [await start(), await start()];
    const scheduler = one.get(JobScheduler);

    const { jobs } = await scheduler.enqueueMany(
      Array.from({ length: 20 }, () => ({ name: 'call' })),
    );
    await until(async () => (await scheduler.counts('call')).completed === 20);

    const starts: number[] = [];
    for (const { id } of jobs) starts.push((await scheduler.get(id))!.lastRunAt!.getTime());
    starts.sort((a, b) => a - b);
    for (let i = 5; i < starts.length; i++) {
      expect(starts[i]! - starts[i - 5]!).toBeGreaterThanOrEqual(300);
    }
  });

  it('take a changed limit at once', async () => {
    const [one] = [await start(), await start()];
    const scheduler = one.get(JobScheduler);
    await scheduler.limits('mail').set({ globalConcurrency: 1 });
    await scheduler.enqueueMany(Array.from({ length: 6 }, () => ({ name: 'mail' })));
    await until(() => runs.length === 1);
    await whileNothingComes();
    expect(runs).toHaveLength(1);

    await scheduler.limits('mail').remove();

    await until(() => runs.length === 6);
  });
});
