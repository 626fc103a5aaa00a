import { jest } from '@jest/globals';
import { JobTimeoutError } from '../../../lib/core/errors.js';
import type { Job } from '../../../lib/core/job/job.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents } from './support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});

afterEach(async () => {
  jest.useRealTimers();
  await closeBenches();
});

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

/** How long a handler may take to end when its time is up. */
const GRACE = 5_000;

const untilAborted = (job: Job): Promise<unknown> =>
  new Promise((resolve) => job.signal.addEventListener('abort', resolve));

it('is over exactly at its timeout: the signal fires then, with the reason', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('slow', untilAborted, { timeout: '10s' });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('slow');
  const { signal } = (await started).job;

  await pass(9_999);
  expect(signal.aborted).toBe(false);
  await pass(1);

  expect(signal.reason).toBeInstanceOf(JobTimeoutError);
  expect(signal.reason).toMatchObject({ jobId: id, timeoutMs: 10_000 });
});

it('counts as a failure: the job is tried again after its backoff, and dead in the end', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('slow', untilAborted, { timeout: '1s', attempts: 2, backoff: '1m' });
  const retrying = nextEvents(engine, 'retrying', 1);
  const dead = nextEvent(engine, 'dead');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('slow');

  await pass(1_000);
  expect((await retrying)[0]).toMatchObject({
    delayMs: 60_000,
    error: expect.any(JobTimeoutError),
  });
  await pass(60_000 + 1_000);

  expect(await dead).toMatchObject({
    error: expect.any(JobTimeoutError),
    failure: { reason: 'exhausted', name: 'JobTimeoutError' },
  });
  expect(await engine.scheduler.get(id)).toMatchObject({ failCount: 2, nextRunAt: null });
});

describe('a handler that goes on when its time is up', () => {
  /** One that is stuck in its first job; what it does when it is let go. */
  async function stuckHandler(late: (job: Job) => Promise<unknown>, attempts = 1) {
    const { engine } = await makeBench({ defaultConcurrency: 1 });
    const letGo = gate();
    let runs = 0;
    engine.handlers.define(
      'slow',
      async (job) => {
        if (++runs > 1) return 'in time';
        await letGo.opened;
        return late(job);
      },
      { timeout: '1s', attempts, backoff: '1h' },
    );
    const stuck = nextEvent(engine, 'stuck');
    await engine.workerHost.start();
    const { id } = await engine.scheduler.now('slow', 'old');
    return { engine, id, letGo, stuck, runs: () => runs };
  }

  it('is reported as stuck after the grace, and its attempt is settled as failed', async () => {
    const { engine, id, letGo, stuck } = await stuckHandler(async () => 'late');

    await pass(1_000 + GRACE - 1);
    expect((await engine.scheduler.get(id))!.state).toBe('running');
    await pass(1);

    expect(await stuck).toMatchObject({ job: { id }, error: expect.any(JobTimeoutError) });
    expect((await engine.scheduler.get(id))!.state).toBe('failed');
    letGo.open();
  });

  it('keeps its slot until it really returns, whatever waits', async () => {
    const { engine, letGo, runs } = await stuckHandler(async () => 'late');
    const next = await engine.scheduler.now('slow', 'next');
    await pass(10 * GRACE);

    expect([engine.workerHost.status().running, runs()]).toEqual([1, 1]);
    expect((await engine.scheduler.get(next.id))!.state).toBe('queued');
    letGo.open();
    await pass(0);

    expect(runs()).toBe(2);
    expect((await engine.scheduler.get(next.id))!.result).toBe('in time');
  });

  it('can commit nothing: neither a result, nor progress, nor a word of its own', async () => {
    const refused: unknown[] = [];
    const refuse = async (act: () => unknown): Promise<void> => {
      try {
        await act();
        refused.push('nothing was refused');
      } catch (error) {
        refused.push((error as Error).name);
      }
    };
    const { engine, id, letGo } = await stuckHandler(async (job) => {
      await refuse(() => job.touch(50));
      await refuse(() => job.snooze('1h'));
      await refuse(() => job.discard('no'));
      return 'late';
    });
    await pass(1_000 + GRACE);
    const before = (await engine.scheduler.get(id))!.toJSON();

    letGo.open();
    await pass(0);

    expect(refused).toEqual(['JobCancelledError', 'JobNotRunningError', 'JobNotRunningError']);
    expect((await engine.scheduler.get(id))!.toJSON()).toEqual(before);
    expect(before).toMatchObject({ result: undefined, progress: undefined, failCount: 1 });
  });

  it.each([
    ['a dead letter', 1],
    ['a job that waits for its retry', 2],
  ])('moves nothing by saving its job: %s', async (_what, attempts) => {
    const { engine, id, letGo, runs } = await stuckHandler((job) => job.save(), attempts);
    await pass(1_000 + GRACE);
    const before = (await engine.scheduler.get(id))!.toJSON();

    letGo.open();
    await pass(1_000);

    expect((await engine.scheduler.get(id))!.toJSON()).toEqual(before);
    expect([before.state, before.failCount, runs()]).toEqual(['failed', 1, 1]);
  });
});
