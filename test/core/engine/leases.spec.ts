import type { AgendaBackend } from '../../../lib/core/contracts/agenda-backend.js';
import type { JobBroker } from '../../../lib/core/contracts/job-broker.js';
import { JobCancelledError, LeaseLostError } from '../../../lib/core/errors.js';
import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { FaultyBroker } from '../../support/faulty-broker.js';
import { closeBenches, gate, makeBench, nextEvent, until } from './support.js';

afterEach(closeBenches);

const SHORT = { lease: 150 } as const;

it('fires the signal of a running job that is cancelled, with the reason, and stores nothing of it', async () => {
  const { engine } = await makeBench();
  const ends = gate<string>();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const cancelled = nextEvent(engine, 'cancelled');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  const { job } = await started;

  expect(await engine.scheduler.cancel(id, { reason: 'changed my mind' })).toBe(1);

  expect((await cancelled).reason).toBe('changed my mind');
  expect(job.signal.reason).toBeInstanceOf(JobCancelledError);
  expect(engine.workerHost.status().running).toBe(1);
  ends.open('too late');
  await until(() => engine.workerHost.status().running === 0);
  expect(engine.workerHost.status().unsettled).toBe(0);
  expect(await engine.scheduler.get(id)).toBeUndefined();
});

it('hears of a cancelled job by the next renewal when the news is lost', async () => {
  const memory = new MemoryBackend();
  const deaf = {
    name: 'deaf',
    repository: memory.repository,
    broker: memory.broker,
    manager: memory.manager,
    connect: () => memory.connect(),
    disconnect: () => memory.disconnect(),
  };
  const { engine } = await makeBench({ lease: 3000 }, deaf);
  const cancelled = nextEvent(engine, 'cancelled');
  const started = nextEvent(engine, 'started');
  engine.handlers.define(
    'long',
    (job) =>
      new Promise((resolve) => {
        job.signal.addEventListener('abort', resolve);
      }),
  );
  await engine.scheduler.now('long');
  await engine.workerHost.start();
  const { job } = await started;

  await engine.scheduler.cancel({ ids: [job.id] }, { reason: 'quietly' });

  expect((await cancelled).reason).toBe('quietly');
});

it('keeps the lease of a handler that outlives it', async () => {
  const { engine, broker } = await makeBench(SHORT);
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');

  await until(() => broker.calls.filter(({ call }) => call === 'renew').length > 3);
  ends.open();
  await completed;

  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'completed', attempt: 1 });
});

it('renews nothing when nothing runs', async () => {
  const { engine, broker } = await makeBench({ lease: 100 });
  engine.handlers.define('quick', () => undefined);
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  await engine.scheduler.now('quick');
  await completed;

  await until(() => broker.calls.filter(({ call }) => call === 'rescue').length > 3);

  expect(broker.calls.filter(({ call }) => call === 'renew')).toEqual([]);
});

it('drops the result of an attempt whose job was taken over, and says so', async () => {
  const clock = new ManualClock();
  const { engine, broker, backend } = await makeBench(SHORT, new MemoryBackend({ clock }));
  const ends = gate<string>();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const lost = nextEvent(engine, 'lost');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  const { job } = await started;

  // Another host rescues and claims it, as if this process had been frozen.
  const wakeUp = broker.failAll('lost request', 'renew', 'rescue', 'settleAndClaim');
  const inner = new MemoryView(backend);
  // Nobody was heard of for a lease, so rescuing is held off for one more.
  for (const ms of [151, 100, 51]) {
    clock.advance(ms);
    await inner.rescue();
  }
  expect(await inner.claim()).toEqual([id]);
  wakeUp();

  expect(await lost).toMatchObject({ refusal: 'lease-mismatch', repeated: false });
  expect(job.signal.reason).toBeInstanceOf(LeaseLostError);
  ends.open('zombie');
  await until(() => engine.workerHost.status().running === 0);
  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'running', result: undefined });
});

it('asks the handler to end when it cannot renew in time, and still stores a result that nobody has overtaken', async () => {
  const { engine, broker } = await makeBench(SHORT);
  engine.handlers.define(
    'long',
    (job) =>
      new Promise((resolve) => {
        job.signal.addEventListener('abort', () =>
          resolve((job.signal.reason as LeaseLostError).reason),
        );
      }),
  );
  const started = nextEvent(engine, 'started');
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  const { job } = await started;
  const comeBack = broker.failAll('lost request', 'renew', 'rescue', 'settleAndClaim');

  await until(() => job.signal.aborted);
  await until(() => Date.now() > job.lockedAt!.getTime() + 160);
  comeBack();

  expect((await completed).result).toBe('expired');
  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'completed', attempt: 1 });
});

it('counts a failure by the end of trust as no failure', async () => {
  const { engine, broker } = await makeBench(SHORT);
  let runs = 0;
  engine.handlers.define('long', (job) => {
    runs += 1;
    if (runs > 1) return 'second run';
    return new Promise((_, reject) => {
      job.signal.addEventListener('abort', () => reject(job.signal.reason));
    });
  });
  const completed = nextEvent(engine, 'completed');
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  const { job } = await started;
  const comeBack = broker.failAll('lost request', 'renew', 'rescue', 'settleAndClaim');
  await until(() => job.signal.aborted);
  comeBack();

  await completed;

  expect(await engine.scheduler.get(id)).toMatchObject({ failCount: 0, result: 'second run' });
});

it('renews beside a claim that has no answer', async () => {
  const { engine, broker } = await makeBench(SHORT);
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  const { job } = await started;
  const answer = broker.hold('settleAndClaim');
  const claims = broker.argsOf('settleAndClaim').length;
  await engine.scheduler.now('long');
  await until(() => broker.argsOf('settleAndClaim').length > claims);
  const before = broker.argsOf('renew').length;

  await until(() => broker.argsOf('renew').length >= before + 4);

  expect(job.signal.aborted).toBe(false);
  answer();
  ends.open();
});

it('rescues no job, not even its own, before it has renewed its leases after an outage', async () => {
  const { engine, broker } = await makeBench(SHORT);
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  const { job } = await started;
  const comeBack = broker.failAll('lost request', 'renew');
  await until(() => job.signal.aborted);
  const outage = broker.calls.length;

  await until(() => broker.calls.slice(outage).length >= 10);
  expect(broker.calls.slice(outage).map(({ call }) => call)).not.toContain('rescue');
  comeBack();
  const back = broker.calls.length;
  await until(() => broker.calls.slice(back).some(({ call }) => call === 'rescue'));
  ends.open();

  await completed;
  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'completed', attempt: 1 });
});

it('gives the job of a lost process to this one, within the lease and a tick', async () => {
  const memory = new MemoryBackend();
  const { engine } = await makeBench(SHORT, memory);
  await memory.connect();
  const dying = new MemoryView(memory);
  engine.handlers.define('long', (job) => job.attempt);
  await engine.scheduler.now('long');
  expect(await dying.claim()).toHaveLength(1);
  const stalled = nextEvent(engine, 'stalled');
  const completed = nextEvent(engine, 'completed');

  await engine.workerHost.start();

  expect(await stalled).toMatchObject({ name: 'long', host: 'other', outcome: 'requeued' });
  expect((await completed).result).toBe(2);
});

it('tells of a dead letter when a job has lost its process too often', async () => {
  const memory = new MemoryBackend();
  const { engine } = await makeBench({ ...SHORT, maxRescues: 0 }, memory);
  const dying = new MemoryView(memory);
  engine.handlers.define('long', () => undefined, { concurrency: 1 });
  engine.workerHost.pause();
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  expect(await dying.claim()).toHaveLength(1);

  expect(await nextEvent(engine, 'dead')).toMatchObject({ id, failure: { reason: 'stalled' } });
});

it('runs nothing of a claim whose answer came later than its lease, and hands the jobs back uncounted', async () => {
  const { engine, broker } = await makeBench(SHORT);
  let runs = 0;
  engine.handlers.define('quick', () => (runs += 1));
  const { id } = await engine.scheduler.now('quick');
  const renewed = broker.failAll('lost request', 'renew', 'rescue');
  const late = gate();
  broker.answerNext('settleAndClaim', async () => {
    const { settlements, claim } = claimOf(broker);
    const answer = await broker.inner.settleAndClaim(settlements, claim);
    await late.opened;
    return answer;
  });
  await engine.workerHost.start();
  await until(() => broker.argsOf('settleAndClaim').length > 0);
  const sentAt = performance.now();
  await until(() => performance.now() - sentAt > 150);

  engine.workerHost.pause();
  late.open();
  await until(() => broker.argsOf('settleAndClaim').flat(2).some(isRelease));
  await until(() => engine.workerHost.status().unsettled === 0);

  expect(runs).toBe(0);
  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
  renewed();
  const completed = nextEvent(engine, 'completed');
  engine.workerHost.resume();
  await completed;
  expect(runs).toBe(1);
});

const isRelease = (part: unknown): boolean => (part as { kind?: unknown }).kind === 'release';

function claimOf(broker: FaultyBroker) {
  const [settlements, claim] = broker.argsOf('settleAndClaim').at(-1)!;
  return { settlements, claim };
}

/** Another host on the same backend, by hand. */
class MemoryView {
  constructor(private readonly backend: AgendaBackend) {}

  private get broker(): JobBroker {
    const { broker } = this.backend;
    return broker instanceof FaultyBroker ? broker.inner : broker!;
  }

  async claim(): Promise<string[]> {
    const { jobs } = await this.broker.settleAndClaim([], {
      claimId: 'a'.repeat(32),
      host: 'other',
      leaseMs: 150,
      slots: 1,
      names: [{ name: 'long', slots: 1 }],
    });
    return jobs.map(({ record }) => record.id);
  }

  async rescue(): Promise<void> {
    await this.broker.rescue(10, 150);
  }
}
