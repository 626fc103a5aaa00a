import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type ClaimedJob,
  Engine,
  JobCancelledError,
  type EngineOptions,
  type Job,
  UnsupportedOperationError,
} from '../../../lib/core/index.js';
import { RepositoryBroker } from '../../../lib/core/foreign/repository-broker.js';
import { gate, nextEvent, nextEvents } from '../../core/engine/support.js';
import { ChildApp } from '../../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../../support/compiled-package.js';
import { until } from '../../nest/support.js';
import { withFaults } from './faulty-repository.js';
import { officialBackend, type StoreAddress } from './stores.js';

/** A worker that nobody tells looks after a third of its lease, 10 s. */
const SOONER_THAN_LOOKING = 5_000;

/** What the engine promises on a backend that brings storage and news, and nothing of ours. */
export function promises(kind: StoreAddress['kind'], url: () => string): void {
  let address: StoreAddress;
  let engines: Engine[] = [];
  let errors: Error[] = [];

  beforeEach(() => {
    const space = `test_${randomBytes(6).toString('hex')}`;
    address = { kind, url: url(), space };
  });

  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    const reported = errors.splice(0);
    expect(reported).toEqual([]);
  });

  /** Looks for jobs only once an hour, so what happens in a test happens without looking. */
  async function open(options: EngineOptions = {}): Promise<Engine> {
    const engine = new Engine(
      officialBackend(address),
      { processEvery: '1 hour', shutdown: { timeout: '2s', grace: 20 }, ...options },
      { onUnheardError: (error) => errors.push(error) },
    );
    engines.push(engine);
    await engine.connect();
    return engine;
  }

  describe('adding', () => {
    it('starts at once what another process adds', async () => {
      const worker = await open();
      const seen: unknown[] = [];
      worker.handlers.define('mail', (job) => void seen.push(job.data));
      await worker.workerHost.start();
      const producer = await open({ worker: false, name: 'producer' });
      const completed = nextEvent(worker, 'completed');
      const addedAt = performance.now();

      const job = await producer.scheduler.now('mail', { to: 'Ada' });
      await completed;

      expect(performance.now() - addedAt).toBeLessThan(SOONER_THAN_LOOKING);
      expect(seen).toEqual([{ to: 'Ada' }]);
      expect((await producer.scheduler.get(job.id))?.state).toBe('completed');
    });

    it('starts at its time what another process schedules, though nobody looks', async () => {
      const worker = await open();
      worker.handlers.define('mail', () => Date.now());
      await worker.workerHost.start();
      const producer = await open({ worker: false });
      const completed = nextEvents(worker, 'completed', 2);

      const soon = await producer.scheduler.schedule('in 300 ms', 'mail');
      const later = await worker.scheduler.schedule('in 500 ms', 'mail');

      for (const { job, result } of await completed) {
        const due = (job.id === soon.id ? soon : later).nextRunAt!.getTime();
        expect(result).toBeGreaterThanOrEqual(due);
        expect(result).toBeLessThan(due + SOONER_THAN_LOOKING);
      }
    });

    it('refuses options that the store cannot keep, by name, and stores nothing', async () => {
      const { scheduler } = await open();

      const uncarried = [
        { id: 'mine' },
        { idempotencyKey: 'order-7' },
        { dedupe: { key: 'order-7', mode: 'latest' as const } },
        { attempts: 3 },
        { backoff: '1s' },
        { timeout: 5 },
        { first: true },
        { tags: ['red'] },
        { expiresIn: 5 },
        { removeOnFail: true },
      ];
      for (const options of uncarried) {
        const refused = scheduler.now('mail', {}, options);
        await expect(refused).rejects.toThrow(UnsupportedOperationError);
        await expect(refused).rejects.toThrow(new RegExp(Object.keys(options)[0]!));
      }
      await expect(scheduler.every('1 hour', 'mail', {}, { key: 'a' })).rejects.toThrow(/key/);
      await expect(scheduler.every('1 hour', 'mail', {}, { catchUp: 'skip' })).rejects.toThrow(
        /catchUp/,
      );

      expect((await scheduler.counts('mail')).total).toBe(0);
    });

    it('refuses to look for tags, which it would overlook', async () => {
      const { scheduler } = await open();
      const kept = await scheduler.schedule('in 1 hour', 'mail', 1);
      const filter = { name: 'mail', tags: ['red'] };

      for (const call of [
        () => scheduler.cancel(filter),
        () => scheduler.cancel(filter, { reason: 'not wanted' }),
        () => scheduler.disable(filter),
        () => scheduler.enable(filter),
      ]) {
        await expect(call()).rejects.toThrow(/cannot `find jobs by tags`/);
      }
      expect(await scheduler.get(kept.id)).toBeDefined();
    });

    it('refuses a bad job alone, also among others added at once', async () => {
      const { scheduler } = await open();

      const adds = await Promise.allSettled([
        scheduler.now('mail', 1),
        scheduler.now('mail', 2, { id: 'mine' }),
        scheduler.now('mail', 3),
      ]);

      expect(adds.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await scheduler.counts('mail')).queued).toBe(2);
    });
  });

  describe('running', () => {
    it('gives each job to one of two processes', async () => {
      const runs: unknown[] = [];
      const workers = [await open(), await open()];
      const perWorker = workers.map(() => 0);
      workers.forEach((worker, i) => {
        const run = async (job: Job) => {
          runs.push(job.data);
          perWorker[i]! += 1;
          await new Promise((resolve) => setTimeout(resolve, 5));
        };
        worker.handlers.define('mail', run, { concurrency: 5 });
      });
      const { scheduler } = workers[0]!;
      for (let n = 0; n < 40; n++) await scheduler.now('mail', { n });

      await Promise.all(workers.map((worker) => worker.workerHost.start()));
      await until(async () => (await scheduler.counts('mail')).completed === 40);

      const expected = Array.from({ length: 40 }, (_, n) => ({ n }));
      expect(runs.toSorted((a, b) => (a as { n: number }).n - (b as { n: number }).n)).toEqual(
        expected,
      );
      expect(Math.min(...perWorker)).toBeGreaterThan(0);
    });

    it('shows others that a job runs, since when and where', async () => {
      const worker = await open({ name: 'billing' });
      let finish = (): void => {};
      worker.handlers.define('mail', () => new Promise<void>((resolve) => (finish = resolve)));
      await worker.workerHost.start();
      const started = nextEvent(worker, 'started');
      const { id } = await worker.scheduler.now('mail');
      await started;
      const other = await open({ worker: false });

      const seen = (await other.scheduler.get(id))!;

      expect(seen.state).toBe('running');
      expect(seen.lastRunAt).toEqual(seen.lockedAt);
      expect(seen.attrs.lastModifiedBy).toBe('billing');
      finish();
    });

    it('keeps a job that runs longer than its lease, and runs it once', async () => {
      const workers = [await open({ lease: 700 }), await open({ lease: 700 })];
      let runs = 0;
      for (const worker of workers) {
        worker.handlers.define('slow', async () => {
          runs += 1;
          await new Promise((resolve) => setTimeout(resolve, 1_500));
        });
        await worker.workerHost.start();
      }

      const { id } = await workers[0]!.scheduler.now('slow');
      await until(async () => (await workers[1]!.scheduler.get(id))?.state === 'completed');

      expect(runs).toBe(1);
    });

    it('keeps numbers of what handlers tell, refuses the rest, and tells who waits when they have ended', async () => {
      const [worker, other] = [await open(), await open()];
      const refused: unknown[] = [];
      const attempt = (tell: () => void) => {
        try {
          tell();
        } catch (error) {
          refused.push(error);
        }
      };
      worker.handlers.define('mail', (job) => {
        attempt(() => job.progress({ page: 1 }));
        attempt(() => job.log('a line'));
        job.progress(40);
        return 'sent';
      });
      await worker.workerHost.start();

      const { id } = await other.scheduler.now('mail');

      expect(await worker.scheduler.waitFor(id)).toBe('sent');
      expect(await other.scheduler.waitFor(id)).toBeUndefined();
      expect((await other.scheduler.get(id))?.attrs.progress).toBe(40);
      const { name } = worker.parts;
      expect(refused).toEqual([
        new UnsupportedOperationError('progress', name),
        new UnsupportedOperationError('log', name),
      ]);
    });

    it('shows others how far a job has come', async () => {
      const worker = await open();
      let finish = (): void => {};
      const touched = new Promise<string>((resolve) => {
        worker.handlers.define('mail', async (job) => {
          await job.touch(40);
          resolve(job.id);
          await new Promise<void>((end) => (finish = end));
        });
      });
      await worker.workerHost.start();
      await worker.scheduler.now('mail');
      const id = await touched;

      expect((await worker.scheduler.get(id))?.attrs.progress).toBe(40);
      finish();
    });

    it('runs a job by hand, whatever its time', async () => {
      const worker = await open();
      let runs = 0;
      worker.handlers.define('mail', () => void (runs += 1));
      const job = await worker.scheduler.schedule('in 1 hour', 'mail');

      await job.run();

      expect(runs).toBe(1);
      expect(await worker.scheduler.get(job.id)).toMatchObject({
        state: 'completed',
        nextRunAt: null,
      });
    });

    it('removes what succeeded, where that is wished for', async () => {
      const worker = await open({ removeOnComplete: true });
      worker.handlers.define('mail', () => undefined);
      await worker.workerHost.start();
      const completed = nextEvent(worker, 'completed');

      const { id } = await worker.scheduler.now('mail');
      await completed;

      expect(await worker.scheduler.get(id)).toBeUndefined();
    });

    it('runs a job again when it was saved for later while it ran', async () => {
      const worker = await open();
      const times: number[] = [];
      worker.handlers.define('mail', async (job) => {
        times.push(Date.now());
        if (times.length > 1) return;
        const row = (await worker.parts.repository.getJobById(job.id))!;
        await worker.parts.repository.saveJob({ ...row, nextRunAt: new Date(Date.now() + 200) });
      });
      await worker.workerHost.start();
      const completed = nextEvents(worker, 'completed', 2);

      await worker.scheduler.now('mail');
      await completed;

      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(200);
    });
  });

  describe('failing', () => {
    it('tries again after the backoff, as often as it may', async () => {
      const worker = await open();
      const attempts: [number, number][] = [];
      worker.handlers.define(
        'flaky',
        (job) => {
          attempts.push([job.attempt, Date.now()]);
          if (job.attempt < 3) throw new Error(`no ${job.attempt}`);
        },
        { attempts: 3, backoff: 100 },
      );
      await worker.workerHost.start();
      const completed = nextEvent(worker, 'completed');

      const { id } = await worker.scheduler.now('flaky');
      await completed;

      expect(attempts.map(([attempt]) => attempt)).toEqual([1, 2, 3]);
      expect(attempts[1]![1] - attempts[0]![1]).toBeGreaterThanOrEqual(100);
      expect(attempts[2]![1] - attempts[0]![1]).toBeLessThan(SOONER_THAN_LOOKING);
      const job = (await worker.scheduler.get(id))!;
      expect(job).toMatchObject({ state: 'completed', failCount: 0, failReason: 'no 2' });
    });

    it('keeps a job that is out of attempts as failed, without a time', async () => {
      const worker = await open();
      worker.handlers.define(
        'broken',
        () => {
          throw new Error('no \0 way');
        },
        { attempts: 2 },
      );
      await worker.workerHost.start();
      const dead = nextEvent(worker, 'dead');

      const { id } = await worker.scheduler.now('broken');
      await dead;

      const job = (await worker.scheduler.get(id))!;
      expect(job).toMatchObject({ state: 'failed', failCount: 2, nextRunAt: null });
      expect(job.failReason).toMatch(/^no . way$/);
    });
  });

  describe('recurring', () => {
    it('is one job however many processes ask for it, and keeps its pace', async () => {
      const workers = [await open(), await open()];
      const planned: number[] = [];
      const lateness: number[] = [];
      for (const worker of workers) {
        worker.handlers.define('beat', ({ nextRunAt }) => {
          const at = nextRunAt?.getTime() ?? 0;
          planned.push(at);
          lateness.push(Date.now() - at);
        });
        await worker.workerHost.start();
      }

      for (const { scheduler } of workers) await scheduler.every(250, 'beat');
      await until(() => planned.length >= 5);

      expect((await workers[0]!.scheduler.counts('beat')).total).toBe(1);
      expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
      // A busy machine may pass over an occurrence; none comes twice, and none off its grid.
      for (const [i, at] of planned.slice(1).entries()) {
        expect(at).toBeGreaterThan(planned[i]!);
        expect((at - planned[0]!) % 250).toBe(0);
      }
    });

    it('moves nothing when a process starts again with the same rule', async () => {
      const { scheduler, parts } = await open({ worker: false });
      const yearly = '0 0 1 1 *';
      const { id } = await scheduler.every(yearly, 'report', { n: 1 });
      const row = (await parts.repository.getJobById(id))!;
      // As if nobody had been there when it was due.
      const missed = new Date(Date.now() - 60_000);
      await parts.repository.saveJob({ ...row, nextRunAt: missed, disabled: true });

      const again = await scheduler.every(yearly, 'report', { n: 2 });
      expect(again).toMatchObject({ id, nextRunAt: missed, disabled: true, data: { n: 2 } });

      const changed = await scheduler.every('0 0 1 2 *', 'report');
      expect(changed.nextRunAt!.getTime()).toBeGreaterThan(Date.now());
    });

    it('begins each occurrence with all of its attempts', async () => {
      const worker = await open();
      const attempts: number[] = [];
      worker.handlers.define(
        'beat',
        (job) => {
          attempts.push(job.attempt);
          throw new Error('no');
        },
        { attempts: 2 },
      );
      await worker.workerHost.start();

      await worker.scheduler.every(200, 'beat');
      await until(() => attempts.length >= 4);

      expect(attempts.slice(0, 4)).toEqual([1, 2, 1, 2]);
    });
  });

  describe('ending', () => {
    it('fires the signal of a running job that is cancelled, with the reason', async () => {
      const worker = await open();
      const reasons: unknown[] = [];
      worker.handlers.define('slow', async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        reasons.push(signal.reason);
      });
      await worker.workerHost.start();
      const started = nextEvent(worker, 'started');
      const { id } = await worker.scheduler.now('slow');
      await started;

      expect(await worker.scheduler.cancel(id, { reason: 'not wanted' })).toBe(1);
      await until(() => reasons.length === 1);

      expect(reasons[0]).toBeInstanceOf(JobCancelledError);
      expect(reasons[0]).toMatchObject({ reason: 'not wanted' });
      expect(await worker.scheduler.get(id)).toBeUndefined();
      expect((await worker.scheduler.counts('slow')).total).toBe(0);
    });

    it('fires it too when another process removes the job', async () => {
      const worker = await open({ lease: 1_500 });
      const ended = new Promise<unknown>((resolve) => {
        worker.handlers.define('slow', async ({ signal }) => {
          await new Promise<void>((abort) => signal.addEventListener('abort', () => abort()));
          resolve(signal.reason);
        });
      });
      await worker.workerHost.start();
      const started = nextEvent(worker, 'started');
      const { id } = await worker.scheduler.now('slow');
      await started;

      expect(await (await open({ worker: false })).scheduler.cancel(id)).toBe(1);

      expect(await ended).toBeInstanceOf(JobCancelledError);
    });

    it('hands back what a stop interrupts, uncounted, for another process to run', async () => {
      const [first, second] = [await open({ shutdown: { timeout: 50, grace: 20 } }), await open()];
      const attempts: number[] = [];
      first.handlers.define('slow', () => new Promise(() => undefined));
      second.handlers.define('slow', (job) => void attempts.push(job.attempt));
      await first.workerHost.start();
      const started = nextEvent(first, 'started');
      const { id } = await first.scheduler.now('slow');
      await started;

      await first.workerHost.stop();
      const left = (await second.scheduler.get(id))!;
      expect(left).toMatchObject({ state: 'queued', failCount: 0 });
      await second.workerHost.start();
      await until(() => attempts.length === 1);

      expect(attempts).toEqual([1]);
    });

    it('lets running jobs end before it drains', async () => {
      const worker = await open();
      worker.handlers.define('slow', () => new Promise((resolve) => setTimeout(resolve, 200)));
      await worker.workerHost.start();
      const started = nextEvent(worker, 'started');
      const { id } = await worker.scheduler.now('slow');
      await started;

      const report = await worker.workerHost.drain();

      expect(report).toMatchObject({ completed: 1, running: 0, unsettled: 0, timedOut: false });
      expect((await worker.scheduler.get(id))?.state).toBe('completed');
    });
  });

  describe('crashes', () => {
    const leaseMs = 1_200;
    let compiled: CompiledPackage;
    let child: ChildApp | undefined;

    beforeAll(async () => {
      compiled = await compilePackage('test/foreign/processes', 'test/foreign/support');
    }, 30_000);

    afterEach(() => child?.kill());

    afterAll(() => compiled.remove());

    it('gives the job of a killed process to another one, in little more than a lease', async () => {
      const file = join(compiled.dir, 'test/foreign/processes/worker.js');
      child = new ChildApp(file, { STORE: JSON.stringify(address), LEASE_MS: `${leaseMs}` });
      await child.prints(/ready/);
      const survivor = await open({ lease: leaseMs });
      const rerun = new Promise<Job>((resolve) => {
        survivor.handlers.define('endless', (job) => resolve(job));
      });
      const { id } = await survivor.scheduler.now('endless');
      await child.prints(new RegExp(`began ${id}`));
      await survivor.workerHost.start();

      child.signal('SIGKILL');
      const killedAt = performance.now();

      expect((await rerun).id).toBe(id);
      expect(performance.now() - killedAt).toBeLessThan((leaseMs * 4) / 3 + 2_000);
    });

    const claim = (broker: RepositoryBroker, claimId: string) =>
      broker.settleAndClaim([], {
        claimId,
        host: claimId,
        leaseMs: 100,
        slots: 1,
        names: [{ name: 'mail', slots: 1 }],
      });

    /** Agenda's Redis backend hands nothing out in the very millisecond it is due. */
    const addDue = (engine: Engine) => engine.scheduler.schedule(Date.now() - 10, 'mail');

    it('does not lock a row again whose end is on its way', async () => {
      const engine = await open({ worker: false });
      const store = withFaults(engine.backend.repository);
      const broker = new RepositoryBroker(store.repository, kind);
      const { id } = await addDue(engine);
      const [{ lease }] = (await claim(broker, 'a')).jobs as [ClaimedJob];
      const late = gate();
      store.failNext('saveJobState', late.opened);

      const renewals = [broker.renew([lease], 100)];
      const settled = broker.settleAndClaim([{ kind: 'completed', lease, afterExpiry: true }], {
        claimId: 'b',
        host: 'a',
        leaseMs: 100,
        slots: 0,
        names: [],
      });
      renewals.push(broker.renew([lease], 100));
      setTimeout(() => late.open(), 50);

      expect((await settled).answers).toEqual(['ok']);
      for (const { lost } of await Promise.all(renewals)) expect(lost).toEqual([]);
      expect((await engine.scheduler.get(id))?.state).toBe('completed');
    });

    it('refuses what a process writes whose job was taken over', async () => {
      const engine = await open({ worker: false });
      const { repository } = engine.backend;
      const [lost, heir] = [
        new RepositoryBroker(repository, kind),
        new RepositoryBroker(repository, kind),
      ];
      await addDue(engine);
      const [first] = (await claim(lost, 'a')).jobs;
      expect((await claim(heir, 'b')).jobs).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 120));
      const [second] = (await claim(heir, 'c')).jobs;

      const { lost: gone } = await lost.renew([first!.lease], 100, { afterExpiry: true });
      const settled = await lost.settleAndClaim(
        [{ kind: 'completed', lease: first!.lease, afterExpiry: true }],
        { claimId: 'd', host: 'a', leaseMs: 100, slots: 0, names: [] },
      );

      expect(second!.lease.fence).toBeGreaterThan(first!.lease.fence);
      expect(gone).toMatchObject([{ refusal: 'lease-mismatch' }]);
      expect(settled.answers).toEqual(['lease-mismatch']);
      const row = await repository.getJobById(second!.record.id);
      expect(row?.lockedAt?.getTime()).toBe(second!.record.lockedAt);
    });
  });

  it('finds and counts jobs', async () => {
    const { scheduler, parts } = await open();
    await scheduler.schedule('in 1 hour', 'mail', { n: 1 });
    await scheduler.schedule('in 2 hours', 'mail', { n: 2 });
    await scheduler.now('other');

    const { jobs, total } = await parts.manager.query({ name: 'mail', sort: { nextRunAt: 1 } });

    expect(total).toBe(2);
    expect(jobs.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await scheduler.counts('mail')).toMatchObject({ scheduled: 2, total: 2 });
    expect(await scheduler.counts()).toMatchObject({ other: { queued: 1 }, mail: { total: 2 } });
  });

  it('tells dead letters from the jobs that wait for their retry', async () => {
    const worker = await open();
    const { scheduler } = worker;
    worker.handlers.define('mail', () => Promise.reject(new Error('no')), {
      attempts: 2,
      backoff: ({ jobData }) => (jobData === 'again' ? '1 hour' : false),
    });
    await worker.workerHost.start();
    for (const data of ['again', 'never', 'never']) await scheduler.now('mail', data);

    await until(async () => (await scheduler.counts('mail')).failed === 3);

    expect(await scheduler.counts('mail')).toMatchObject({ failed: 3, dead: 2, total: 3 });
  });

  it('removes one job, and tells whether it was there', async () => {
    const { scheduler } = await open();
    const { id } = await scheduler.now('mail');

    expect(await scheduler.remove(id, { reason: 'no longer wanted' })).toBe(true);
    expect(await scheduler.remove(id)).toBe(false);
  });

  it('says which verbs the store does not know', async () => {
    const { scheduler, parts } = await open();

    const calls: [verb: string, call: () => Promise<unknown>][] = [
      ['find', () => scheduler.find({ state: 'failed' })],
      ['inspect', () => scheduler.inspect('a')],
      ['history', () => scheduler.history('a')],
      ['requeue', () => scheduler.requeue('a')],
      ['requeue', () => scheduler.requeue({ name: 'mail' })],
      ['requeue', () => scheduler.requeue({ reason: 'stalled' }, { dryRun: true })],
      ['clean', () => scheduler.clean({ state: 'failed', olderThan: 0, limit: 1 })],
      ['update', () => scheduler.update('a', { priority: 1 })],
      ['reschedule', () => scheduler.reschedule('a', 'tomorrow')],
      ['promote', () => scheduler.promote('a')],
      ['promote', () => scheduler.promote({ name: 'mail' })],
      ['clear', () => scheduler.clear('mail')],
      ['obliterate', () => scheduler.obliterate('mail', { confirm: 'mail' })],
      ['hosts', () => scheduler.hosts()],
      ['logs', () => scheduler.logs('a')],
      ['runAndWait', () => scheduler.runAndWait('mail')],
    ];

    for (const [verb, call] of calls) {
      await expect(call()).rejects.toEqual(new UnsupportedOperationError(verb, parts.name));
    }
  });
}
