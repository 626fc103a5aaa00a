import {
  ConnectionError,
  InvalidOptionError,
  JobCancelledError,
  JobNotFoundError,
  JobTimeoutError,
  LeaseLostError,
} from '../../../lib/core/errors.js';
import type { Renewed } from '../../../lib/core/contracts/job-broker.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from '../engine/support.js';
import { standStill } from './support.js';

afterEach(closeBenches);

type RenewCall = [readonly Renewed[], number];

/** A handler that waits for whatever a test does with its job. */
async function whileRunning<T>(
  work: (job: Job, bench: Awaited<ReturnType<typeof makeBench>>) => Promise<T>,
): Promise<T> {
  const bench = await makeBench();
  const ends = gate();
  bench.engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(bench.engine, 'started');
  await bench.engine.workerHost.start();
  await bench.engine.scheduler.now('mail');
  const { job } = await started;
  const result = await work(job, bench);
  ends.open();
  return result;
}

describe('touch', () => {
  it('keeps and tells how far the handler has come; without a number that stays', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', async (job) => {
      await job.touch(50);
      await job.touch();
    });
    const progressed = nextEvents(engine, 'progressed', 1);
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('mail');
    await completed;

    expect((await progressed).map(({ progress }) => progress)).toEqual([50]);
    const stored = await engine.scheduler.get(id);
    expect([stored!.progress(), stored!.attrs.progress]).toEqual([50, 50]);
  });

  it('shows it in the store while the job runs', () =>
    whileRunning(async (job, { engine }) => {
      await job.touch(0.5);

      expect([job.progress(), job.attrs.progress]).toEqual([0.5, 0.5]);
      expect((await engine.scheduler.get(job.id))!.attrs.progress).toBe(0.5);
    }));

  it('renews the lease', () =>
    whileRunning(async (job, { broker }) => {
      await job.touch();

      const [[leases, forMs]] = broker.argsOf('renew') as [RenewCall];
      expect(leases).toMatchObject([{ id: job.id }]);
      expect(leases[0]).not.toHaveProperty('progress');
      expect(forMs).toBe(30_000);
    }));

  it.each([Number.NaN, Infinity, '50', null])('refuses %p', (progress) =>
    whileRunning(async (job, { broker }) => {
      await expect(job.touch(progress as number)).rejects.toThrow(InvalidOptionError);
      expect(broker.argsOf('renew')).toEqual([]);
    }),
  );

  it('throws on a cancelled run, naming the job and the reason', () =>
    whileRunning(async (job) => {
      job.cancel(new Error('enough'));

      await expect(job.touch(10)).rejects.toThrow(JobCancelledError);
      await expect(job.touch(10)).rejects.toThrow(`Job ${job.id} ("mail") was cancelled: enough.`);
    }));

  it('throws when somebody else cancelled the job, with their reason', () =>
    whileRunning(async (job, { engine }) => {
      await engine.scheduler.cancel(job.id, { reason: 'from elsewhere' });

      await expect(job.touch()).rejects.toThrow(JobCancelledError);
      await expect(job.touch()).rejects.toThrow(/"mail".*from elsewhere/);
    }));

  it('throws when the lease is lost', () =>
    whileRunning(async (job, { broker }) => {
      await job.touch();
      const [[[lease]]] = broker.argsOf('renew') as [RenewCall];
      const { token } = lease!;
      const lost = [{ id: job.id, token, refusal: 'lease-mismatch' }];
      broker.answerNext('renew', async () => ({ now: broker.now(), lost }));

      await expect(job.touch(5)).rejects.toThrow(LeaseLostError);
      expect(job.signal.reason).toBeInstanceOf(LeaseLostError);
    }));

  it('throws when the store cannot be reached, and the handler may go on', () =>
    whileRunning(async (job, { broker }) => {
      broker.failNext('renew', 'lost request');

      await expect(job.touch(5)).rejects.toThrow(ConnectionError);
      expect(job.signal.aborted).toBe(false);
      await job.touch(6);
      expect(job.attrs.progress).toBe(6);
    }));

  it('is for a run alone', async () => {
    const { engine } = await standStill();
    const job = await engine.scheduler.now('mail');

    await expect(job.touch(5)).rejects.toThrow(LeaseLostError);
    job.cancel('never mind');
    await expect(job.touch(5)).rejects.toThrow(JobCancelledError);
  });
});

describe('cancel', () => {
  it('fires the signal, and says why', () =>
    whileRunning(async (job) => {
      expect(job.getCanceledMessage()).toBeUndefined();

      job.cancel('enough');
      job.cancel('once more');

      expect(job.signal.reason).toMatchObject({ name: 'JobCancelledError', reason: 'enough' });
      expect(job.getCanceledMessage()).toBe('enough');
    }));

  it('says something also without a reason', () =>
    whileRunning(async (job) => {
      job.cancel();

      expect(job.getCanceledMessage()).toMatch(/was cancelled/);
    }));

  it('leaves the outcome to the handler: to throw is to fail, to return is to succeed', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', async (job) => {
      job.cancel('enough');
      if (job.data === 'obey') await job.touch();
      return 'done anyway';
    });
    const failed = nextEvent(engine, 'failed');
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await engine.scheduler.now('mail', 'obey');
    await engine.scheduler.now('mail', 'ignore');

    expect((await failed).error.message).toMatch(/enough/);
    expect((await failed).job.data).toBe('obey');
    expect((await completed).result).toBe('done anyway');
  });
});

describe('a silent handler', () => {
  it('fails when it has been silent for its lockLifetime, as under a timeout', async () => {
    const { engine } = await makeBench({ defaultConcurrency: 1 });
    let alive = 0;
    let most = 0;
    engine.handlers.define(
      'mail',
      async (job) => {
        most = Math.max(most, (alive += 1));
        await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
        alive -= 1;
      },
      { lockLifetime: 20, attempts: 2 },
    );
    const retrying = nextEvent(engine, 'retrying');
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    await engine.scheduler.now('mail');

    const { error } = await retrying;
    expect(error).toBeInstanceOf(JobTimeoutError);
    expect(error.message).toMatch(/silent for longer than its lockLifetime of 20 ms/);
    expect((await dead).failure.message).toBe(error.message.replace(/\d+ ms/, '20 ms'));
    expect(most).toBe(1);
  });

  it('goes on as long as it says something', async () => {
    const { engine } = await makeBench({ defaultLockLifetime: 400 });
    engine.handlers.define('mail', async (job) => {
      for (let n = 0; n < 4; n++) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await job.touch(n);
      }
      return 'done';
    });
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();

    await engine.scheduler.now('mail');

    expect((await completed).result).toBe('done');
  });

  it('is not limited unless asked for', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => undefined);

    expect(engine.handlers.planFor('mail').lockLifetimeMs).toBeUndefined();
  });
});

describe('isRunning', () => {
  it('knows it of a run without asking, and asks the store otherwise', () =>
    whileRunning(async (job, { engine }) => {
      const seen = (await engine.scheduler.get(job.id))!;
      const waiting = await engine.scheduler.schedule('in 1 hour', 'mail');

      expect(await job.isRunning()).toBe(true);
      expect(await seen.isRunning()).toBe(true);
      expect(await waiting.isRunning()).toBe(false);
      expect(seen.attrs.lockedAt).toBeInstanceOf(Date);
    }));

  it('is over when the run is', async () => {
    const { engine } = await makeBench();
    engine.handlers.define('mail', () => undefined);
    const completed = nextEvent(engine, 'completed');
    await engine.workerHost.start();
    const added = await engine.scheduler.now('mail');

    const { job } = await completed;

    expect(await job.isRunning()).toBe(false);
    expect(await added.isRunning()).toBe(false);
  });

  it('rejects for a job that is not there', async () => {
    const { engine } = await standStill();
    const job = await engine.scheduler.now('mail');
    await job.remove();

    await expect(job.isRunning()).rejects.toThrow(JobNotFoundError);
    await expect(job.isExpired()).rejects.toThrow(JobNotFoundError);
    await expect(engine.scheduler.create('mail').isRunning()).rejects.toThrow(JobNotFoundError);
  });
});

describe('isExpired', () => {
  it('is false of a run in order, and of a job that waits', () =>
    whileRunning(async (job, { engine }) => {
      const waiting = await engine.scheduler.schedule('in 1 hour', 'mail');

      expect(await job.isExpired()).toBe(false);
      expect(await (await engine.scheduler.get(job.id))!.isExpired()).toBe(false);
      expect(await waiting.isDead()).toBe(false);
    }));

  it('is true when the lease is over', async () => {
    const { engine, broker, clock } = await standStill();
    const job = await engine.scheduler.now('mail');
    await broker.claimOne({ id: job.id, claimId: 'a', host: 'lost', leaseMs: 1_000 });

    clock.advance(999);
    expect(await job.isExpired()).toBe(false);
    clock.advance(1);
    expect(await job.isExpired()).toBe(true);
    expect(await job.isDead()).toBe(true);
  });

  it('is true when the job was locked longer ago than its handler here may be silent', async () => {
    const { engine, broker, clock } = await standStill();
    engine.handlers.define('mail', () => undefined, { lockLifetime: 100 });
    const job = await engine.scheduler.now('mail');
    await broker.claimOne({ id: job.id, claimId: 'a', host: 'slow', leaseMs: 1_000 });

    clock.advance(100);
    expect(await job.isExpired()).toBe(false);
    clock.advance(1);
    expect(await job.isExpired()).toBe(true);
  });

  it('is true in a run that was silent for too long', async () => {
    const { engine } = await makeBench();
    const ends = gate();
    engine.handlers.define('mail', () => ends.opened, { lockLifetime: 5 });
    const started = nextEvent(engine, 'started');
    await engine.workerHost.start();
    await engine.scheduler.now('mail');
    const { job } = await started;

    await until(() => job.signal.aborted);

    expect(await job.isExpired()).toBe(true);
    ends.open();
  });
});
