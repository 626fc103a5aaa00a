import { JobTimeoutError } from '../../../lib/core/errors.js';
import { Executor } from '../../../lib/core/worker/executor.js';
import { Attempt, type AttemptKeeper } from '../../../lib/core/worker/attempt.js';
import { planOf } from '../../../lib/core/handlers/handler-plan.js';
import type { JobRecord } from '../../../lib/core/job/job-record.js';
import type { Job, JobHome } from '../../../lib/core/job/job.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

it('gives the handler its data, its attempt and a signal, and keeps what it returns', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('add', async (job) => {
    expect(job.signal.aborted).toBe(false);
    return { sum: job.data.a + job.data.b, attempt: job.attempt, fenced: job.fence! > 0 };
  });
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();

  const { id } = await engine.scheduler.now('add', { a: 1, b: 2 });

  expect((await completed).result).toEqual({ sum: 3, attempt: 1, fenced: true });
  const stored = await engine.scheduler.get(id);
  expect(stored?.state).toBe('completed');
  expect(stored?.result).toEqual({ sum: 3, attempt: 1, fenced: true });
});

it('cuts messages and stacks to 4 KiB, without cutting a character in two', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('long', () => {
    throw new Error('ä'.repeat(5_000) + '!');
  });
  const dead = nextEvent(engine, 'dead');
  await engine.workerHost.start();

  await engine.scheduler.now('long');

  const { failure } = await dead;
  expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(4096);
  expect(failure.message).toMatch(/^ä+$/);
  expect(Buffer.byteLength(failure.stack!)).toBeLessThanOrEqual(4096);
});

it('retries a failed job and counts its attempts, then keeps it as a dead letter', async () => {
  const { engine } = await makeBench();
  const attempts: number[] = [];
  engine.handlers.define(
    'flaky',
    (job) => {
      attempts.push(job.attempt);
      throw new Error(`failure ${job.attempt}`);
    },
    { attempts: 3, backoff: 1 },
  );
  const dead = nextEvent(engine, 'dead');
  await engine.workerHost.start();

  const { id } = await engine.scheduler.now('flaky');
  await dead;

  expect(attempts).toEqual([1, 2, 3]);
  expect(await engine.scheduler.get(id)).toMatchObject({
    state: 'failed',
    nextRunAt: null,
    failCount: 3,
    failReason: 'failure 3',
  });
});

it.each([
  ['one run more when its attempts go on', false, [1, 2, 3, 4]],
  ['all its attempts when they count anew', true, [1, 2, 3, 1, 2, 3]],
])('gives an exhausted job that is brought back %s', async (_, resetAttempts, runs) => {
  const { engine, backend } = await makeBench();
  const attempts: number[] = [];
  engine.handlers.define(
    'flaky',
    (job) => {
      attempts.push(job.attempt);
      throw new Error('no');
    },
    { attempts: 3, backoff: 1 },
  );
  const dead = nextEvent(engine, 'dead');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('flaky');
  await dead;

  const deadAgain = nextEvent(engine, 'dead');
  await backend.manager!.requeue([id], { due: { delayMs: 0 }, resetAttempts });
  await deadAgain;

  expect(attempts).toEqual(runs);
});

it('gives each attempt a greater fence than all before, also when the job is made anew', async () => {
  const { engine } = await makeBench();
  const fences: number[] = [];
  engine.handlers.define(
    'fenced',
    (job) => {
      fences.push(job.fence!);
      if (job.attempt === 1) throw new Error('once more');
    },
    { attempts: 2, removeOnComplete: true },
  );
  await engine.workerHost.start();

  for (let n = 0; n < 2; n++) {
    const completed = nextEvent(engine, 'completed');
    const job = await engine.scheduler.now('fenced', undefined, { id: 'same' });
    expect(job).toMatchObject({ created: true, fence: undefined });
    await completed;
  }

  expect(fences).toHaveLength(4);
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
});

it('fires the signal when the time is up, and counts that as a failure whatever the handler does then', async () => {
  const { engine } = await makeBench();
  engine.handlers.define(
    'slow',
    (job) => new Promise<void>((resolve) => job.signal.addEventListener('abort', () => resolve())),
    { timeout: 5 },
  );
  const failed = nextEvent(engine, 'failed');
  await engine.workerHost.start();

  await engine.scheduler.now('slow');

  expect((await failed).error).toBeInstanceOf(JobTimeoutError);
});

it('lets the timeout of the job win over that of its handler', async () => {
  const { engine } = await makeBench();
  engine.handlers.define(
    'slow',
    (job) =>
      new Promise((_, reject) => {
        job.signal.addEventListener('abort', () => reject(job.signal.reason));
      }),
    { timeout: '1h' },
  );
  const failed = nextEvent(engine, 'failed');
  await engine.workerHost.start();

  await engine.scheduler.now('slow', undefined, { timeout: 3 });

  expect((await failed).error.message).toContain('3 ms');
});

/** Those who look after an attempt, where nobody has to. */
const nobody: AttemptKeeper = {
  home: {} as JobHome,
  touch: () => Promise.resolve(),
  report: () => {},
  log: () => {},
};

it.each([
  ['its timeout', undefined],
  ['that it was cancelled, and its timeout', 'enough'],
])(
  'settles an attempt whose handler ignores %s, and says that it is stuck',
  async (_what, cancel) => {
    const handlerEnds = gate();
    const log: string[] = [];
    const executor = new Executor(
      {
        ended: (_attempt, outcome) => log.push(`ended ${outcome.kind}`),
        returned: (_attempt, late) => log.push(`returned ${late ? 'late' : 'in time'}`),
        stuck: () => {
          log.push('stuck');
          handlerEnds.open();
        },
        report: () => {},
        omitted: () => {},
      },
      2,
    );
    const record = { id: 'a', name: 'x', overrides: { timeout: 2 } } as JobRecord;
    const run = (job: Job) => {
      if (cancel !== undefined) job.cancel(cancel);
      return handlerEnds.opened;
    };
    const handler = { name: 'x', origin: '', plan: planOf('', []), run };
    const lease = { id: 'a', name: 'x', token: 't', fence: 1, expiresAt: 0 };

    executor.run(new Attempt({ record, lease }, handler, nobody, Infinity));
    await handlerEnds.opened;
    await Promise.resolve();

    expect(log).toEqual(['ended failed', 'stuck', 'returned late']);
  },
);

it('goes on when the store fails at one settlement: that one is dropped with an error, all others are stored', async () => {
  const { engine, broker, errors } = await makeBench({ defaultConcurrency: 50 });
  engine.handlers.define('mail', (job) => job.data);
  const settleAndClaim = broker.inner.settleAndClaim.bind(broker.inner);
  broker.inner.settleAndClaim = async (settlements, claim) => {
    if (settlements.some((settlement) => 'result' in settlement && settlement.result === '"bad"')) {
      throw new Error('ERR user_script:12: attempt to index a nil value');
    }
    return settleAndClaim(settlements, claim);
  };
  const { scheduler } = engine;
  const bad = await scheduler.now('mail', 'bad');
  for (let n = 0; n < 30; n++) await scheduler.now('mail', n);
  const stored = nextEvents(engine, 'completed', 30);

  await engine.workerHost.start();
  await stored;
  await until(() => errors.some(({ message }) => message.includes(bad.id)));

  expect(engine.workerHost.status()).toMatchObject({ running: 0, unsettled: 0 });
  expect(await scheduler.counts('mail')).toMatchObject({ completed: 30, running: 1 });
});
