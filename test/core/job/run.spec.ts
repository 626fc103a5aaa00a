import {
  JobCancelledError,
  JobNotFoundError,
  LeaseLostError,
  MissingHandlerError,
  ShutdownError,
} from '../../../lib/core/errors.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent } from '../engine/support.js';
import { HOUR, NOW, standStill } from './support.js';

afterEach(closeBenches);

it('runs a job here and now, whatever its time, in a process whose host is not started', async () => {
  const { engine } = await standStill();
  engine.handlers.define('mail', (job) => `to ${job.data.to}, attempt ${job.attempt}`);
  const job = await engine.scheduler.schedule('in 1 hour', 'mail', { to: 'ada' });

  await job.run();

  expect(job.result).toBe('to ada, attempt 1');
  expect(job.attrs).toMatchObject({ lastRunAt: new Date(NOW), lastFinishedAt: new Date(NOW) });
  expect((await engine.scheduler.get(job.id))!.state).toBe('completed');
  expect(engine.workerHost.status().state).toBe('stopped');
});

it('does not reject when the handler fails, and the failure is stored', async () => {
  const { engine } = await standStill();
  engine.handlers.define('mail', () => Promise.reject(new Error('no route')));
  const job = await engine.scheduler.schedule('in 1 hour', 'mail');

  await job.run();

  expect(job.attrs).toMatchObject({ failCount: 1, failReason: 'no route', nextRunAt: null });
  expect((await engine.scheduler.get(job.id))!.state).toBe('failed');
});

it('keeps the next planned run of a recurring job', async () => {
  const { engine } = await standStill();
  engine.handlers.define('poll', () => undefined);
  const job = await engine.scheduler.every('1h', 'poll', undefined, { skipImmediate: true });

  await job.run();

  expect(job.nextRunAt).toEqual(new Date(NOW + HOUR));
  expect((await engine.scheduler.get(job.id))!.nextRunAt).toEqual(new Date(NOW + HOUR));
});

it('runs disabled jobs and those that have ended, with attempts that count anew', async () => {
  const { engine } = await standStill();
  const attempts: number[] = [];
  engine.handlers.define('mail', (job) => {
    attempts.push(job.attempt);
    if (attempts.length === 1) throw new Error('first');
  });
  const job = await engine.scheduler.create('mail').disable().save();

  await job.run();
  await job.run();
  await job.run();

  expect(attempts).toEqual([1, 1, 1]);
  expect(job.attrs).toMatchObject({ failCount: 0, disabled: true });
});

it('goes beside the limits of the host', async () => {
  const { engine } = await makeBench({ maxConcurrency: 1 });
  const ends = gate();
  engine.handlers.define('mail', (job) => (job.data === 'long' ? ends.opened : undefined));
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('mail', 'long');
  await started;

  const job = await engine.scheduler.schedule('in 1 hour', 'mail', 'short');
  await job.run();

  expect((await engine.scheduler.get(job.id))!.state).toBe('completed');
  expect(engine.workerHost.status().running).toBe(1);
  ends.open();
});

it('is refused where the job runs already', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  let runs = 0;
  engine.handlers.define('mail', () => {
    runs += 1;
    return ends.opened;
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const job = await engine.scheduler.now('mail');
  await started;

  await expect(job.run()).rejects.toThrow(LeaseLostError);
  await expect(job.run()).rejects.toMatchObject({ jobId: job.id, reason: 'lease-mismatch' });
  expect(runs).toBe(1);
  ends.open();
});

it('needs a job that is stored, and a handler that is here', async () => {
  const { engine } = await standStill();
  const draft = engine.scheduler.create('mail');
  await expect(draft.run()).rejects.toThrow(JobNotFoundError);

  await draft.save();
  await expect(draft.run()).rejects.toThrow(MissingHandlerError);

  engine.handlers.define('mail', () => undefined);
  await draft.remove();
  await expect(draft.run()).rejects.toThrow(JobNotFoundError);
});

it.each(['started', 'stopped'])(
  'rejects at once when the job is cancelled meanwhile, on a %s host',
  async (state) => {
    const { engine, broker } = await makeBench({ lease: '1h' });
    engine.handlers.define(
      'mail',
      (job) => new Promise((resolve) => job.signal.addEventListener('abort', resolve)),
    );
    if (state === 'started') await engine.workerHost.start();
    const started = nextEvent(engine, 'started');
    const job = await engine.scheduler.schedule('in 1 hour', 'mail');
    const running = job.run();
    const refusal = running.catch((error: unknown) => error);
    await started;

    await engine.scheduler.cancel(job.id, { reason: 'enough' });

    expect(await refusal).toBeInstanceOf(JobCancelledError);
    expect(broker.argsOf('renew')).toHaveLength(1);
  },
);

it('keeps its lease for as long as the handler takes', async () => {
  const { engine, broker } = await makeBench({ lease: 100 });
  engine.handlers.define('mail', async () => {
    await new Promise((resolve) => setTimeout(resolve, 250));
  });
  const job = await engine.scheduler.schedule('in 1 hour', 'mail');

  await job.run();

  expect(broker.argsOf('renew').length).toBeGreaterThan(1);
  expect((await engine.scheduler.get(job.id))!.toJSON()).toMatchObject({
    state: 'completed',
    attempt: 1,
  });
});

it('stores its end although a reply is lost', async () => {
  const { engine, broker } = await standStill();
  let runs = 0;
  engine.handlers.define('mail', () => (runs += 1));
  broker.failNext('settleAndClaim', 'lost reply');
  const job = await engine.scheduler.schedule('in 1 hour', 'mail');

  await job.run();

  expect(runs).toBe(1);
  expect((await engine.scheduler.get(job.id))!.state).toBe('completed');
});

it('ends with the engine: the signal fires, and a job that does not end is handed back', async () => {
  const { engine } = await makeBench({ shutdown: { timeout: 1, grace: 1 } });
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const job = await engine.scheduler.schedule('in 1 hour', 'mail');
  const running = job.run();
  const refusal = running.catch((error: unknown) => error);
  const { job: seen } = await started;

  await engine.workerHost.stop();

  expect(await refusal).toBeInstanceOf(ShutdownError);
  expect(seen.signal.reason).toBeInstanceOf(ShutdownError);
  expect(await engine.scheduler.get(job.id)).toMatchObject({ state: 'queued', attempt: 0 });
  ends.open();
});

it('listens for cancelled jobs from the first run to the last only', async () => {
  const memory = new MemoryBackend();
  const { engine } = await makeBench({}, memory);
  const channel = memory.notificationChannel;
  let listening = 0;
  const subscribe = channel.subscribeCancel.bind(channel);
  channel.subscribeCancel = (handler) => {
    const forget = subscribe(handler);
    listening += 1;
    return () => {
      listening -= 1;
      return forget();
    };
  };
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const [one, other] = [await engine.scheduler.now('mail'), await engine.scheduler.now('mail')];

  const runs = [one.run(), other.run()];
  expect(listening).toBe(1);
  ends.open();
  await Promise.all(runs);

  expect(listening).toBe(0);
});

it('does not begin a handler whose claim is under way when the host stops: the stop waits until the job is back', async () => {
  const { engine, broker } = await makeBench();
  let runs = 0;
  engine.handlers.define('mail', () => (runs += 1));
  const job = await engine.scheduler.now('mail');
  const letGo = broker.hold('claimOne');
  const refusal = job.run().catch((error: unknown) => error);

  const stopped = engine.workerHost.stop();
  letGo();
  await stopped;

  expect(await engine.scheduler.get(job.id)).toMatchObject({ state: 'queued', attempt: 0 });
  expect(await refusal).toBeInstanceOf(ShutdownError);
  expect(runs).toBe(0);
});

it('hands the job back also when its claim is answered after the stop, and leaves no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const { engine, broker } = await makeBench();
  let runs = 0;
  engine.handlers.define('mail', () => (runs += 1));
  const job = await engine.scheduler.now('mail');
  const letGo = broker.hold('claimOne');
  const refusal = job.run().catch((error: unknown) => error);

  await engine.workerHost.stop();
  letGo();

  expect(await refusal).toBeInstanceOf(ShutdownError);
  expect(await engine.scheduler.get(job.id)).toMatchObject({ state: 'queued', attempt: 0 });
  expect(runs).toBe(0);
  expect(timers()).toBe(before);
});

it('says so when a job that came after the end cannot be handed back', async () => {
  const { engine, broker, errors } = await makeBench();
  engine.handlers.define('mail', () => undefined);
  const job = await engine.scheduler.now('mail');
  const letGo = broker.hold('claimOne');
  broker.failNext('settleAndClaim', 'lost request');
  const refusal = job.run().catch((error: unknown) => error);

  const stopped = engine.workerHost.stop();
  letGo();
  await stopped;

  expect(await refusal).toBeInstanceOf(ShutdownError);
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringContaining(`Job ${job.id} ("mail") was claimed while the worker ended`),
  ]);
});

it('is refused when the answer to its claim comes later than the lease lasts, and the job goes back', async () => {
  const { engine, broker } = await makeBench({ lease: 100 });
  let runs = 0;
  engine.handlers.define('mail', () => (runs += 1));
  const job = await engine.scheduler.now('mail');
  const claimOne = broker.claimOne.bind(broker);
  broker.claimOne = async (request) => {
    const answer = await claimOne(request);
    await new Promise((resolve) => setTimeout(resolve, 120));
    return answer;
  };

  const refusal: unknown = await job.run().catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(LeaseLostError);
  expect(refusal).toMatchObject({ jobId: job.id, reason: 'expired' });
  expect(runs).toBe(0);
  expect(await engine.scheduler.get(job.id)).toMatchObject({ state: 'queued', attempt: 0 });
});
