import { InvalidOptionError, ShutdownError } from '../../../lib/core/errors.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, nextEvents, until } from './support.js';

afterEach(closeBenches);

const NOTHING = { completed: 0, running: 0, timedOut: false, aborted: false, unsettled: 0 };

it('waits for running handlers, claims nothing more, and settles what they did', async () => {
  const { engine, broker } = await makeBench({ defaultConcurrency: 1 });
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const [first, second] = [await engine.scheduler.now('long'), await engine.scheduler.now('long')];
  await started;

  const drained = engine.workerHost.drain();
  expect(engine.workerHost.status()).toMatchObject({ state: 'stopping', running: 1 });
  ends.open();

  expect(await drained).toEqual({ ...NOTHING, completed: 1 });
  expect((await engine.scheduler.get(first.id))?.state).toBe('completed');
  expect((await engine.scheduler.get(second.id))?.state).toBe('queued');
  expect(engine.workerHost.status()).toMatchObject({ state: 'stopped', running: 0, unsettled: 0 });
  const callsThen = broker.calls.length;
  await engine.scheduler.now('long');
  expect(broker.calls.slice(callsThen).map(({ call }) => call)).toEqual(['enqueue']);
});

it('leaves no job locked, and counts the runs of this process alone', async () => {
  const memory = new MemoryBackend();
  const { engine } = await makeBench({ defaultConcurrency: 1 }, memory);
  const peer = await makeBench({}, memory);
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  peer.engine.handlers.define('peer', () => undefined);
  const started = nextEvent(engine, 'started');
  await Promise.all([engine.workerHost.start(), peer.engine.workerHost.start()]);
  for (let n = 0; n < 5; n++) await engine.scheduler.now('long');
  await started;
  const peerCompleted = nextEvents(peer.engine, 'completed', 2);

  const drained = engine.workerHost.drain();
  await peer.engine.scheduler.schedule('now', ['peer', 'peer']);
  await peerCompleted;
  ends.open();

  expect(await drained).toEqual({ ...NOTHING, completed: 1 });
  expect(await engine.scheduler.counts('long')).toMatchObject({ running: 0, queued: 4 });
});

it.each([0, '1 ms', { timeout: 1 }])('drains for as long as it is told: %j', async (limit) => {
  const { engine } = await makeBench();
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await started;

  const report = await engine.workerHost.drain(limit);

  expect(report).toMatchObject({ completed: 0, running: 1, timedOut: true, aborted: false });
  ends.open();
});

it('fires the signals when the time is up, and hands back the jobs of handlers that fail by it', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('loyal', async (job) => {
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    throw job.signal.reason;
  });
  const started = nextEvent(engine, 'started');
  const interrupted = nextEvent(engine, 'interrupted');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('loyal');
  const { job } = await started;

  const report = await engine.workerHost.drain({ timeout: 1 });

  expect(report).toMatchObject({ running: 1, timedOut: true, aborted: false });
  expect((await interrupted).job.id).toBe(id);
  expect(job.signal.reason).toBeInstanceOf(ShutdownError);
  expect(await engine.scheduler.get(id)).toMatchObject({
    state: 'queued',
    attempt: 0,
    failCount: 0,
  });
});

it('keeps the result of a handler that ends well within the grace', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('brave', async (job) => {
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    return 'saved';
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('brave');
  await started;

  await engine.workerHost.drain({ timeout: 0 });

  expect((await engine.scheduler.get(id))?.result).toBe('saved');
});

it('hands back the job of a handler that ignores its signal, and drops what it brings later', async () => {
  const { engine } = await makeBench({ defaultConcurrency: 1 });
  const ends = gate<string>();
  let runs = 0;
  engine.handlers.define('deaf', () => {
    runs += 1;
    return ends.opened;
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('deaf');
  await started;

  await engine.workerHost.drain({ timeout: 1 });
  expect((await engine.scheduler.get(id))?.state).toBe('queued');

  // Its handler still executes, so its slot is taken after another start too.
  await engine.workerHost.start();
  expect(engine.workerHost.status().running).toBe(1);
  const completed = nextEvent(engine, 'completed');
  ends.open('late');
  await completed;
  expect(runs).toBe(2);
});

it('cuts the waiting short when its signal fires; a fired one wins over all', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await started;

  const report = await engine.workerHost.drain({ timeout: '1h', signal: AbortSignal.abort() });

  expect(report).toMatchObject({ running: 1, timedOut: false, aborted: true });
  ends.open();
});

it.each([
  ['a shorter time', { timeout: 1 }, { timedOut: true, aborted: false }],
  ['a fired signal', { signal: AbortSignal.abort() }, { timedOut: false, aborted: true }],
])('is cut short by %s of a later call, which gets the same report', async (_, later, how) => {
  const { engine } = await makeBench({ shutdown: { timeout: '1h', grace: 1 } });
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await started;

  const first = engine.workerHost.drain();
  const stopped = engine.workerHost.stop();
  const report = await engine.workerHost.drain(later);

  expect(report).toEqual({ ...NOTHING, running: 1, ...how });
  expect(await first).toBe(report);
  await stopped;
  ends.open();
});

it('is not stretched by a later call', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await started;

  const first = engine.workerHost.drain({ timeout: 1 });

  expect(await engine.workerHost.drain({ timeout: '1h' })).toMatchObject({ timedOut: true });
  await first;
  ends.open();
});

it('cuts the waiting for runs by hand short too, where the host is not started', async () => {
  const { engine } = await makeBench({ shutdown: { timeout: '1h', grace: 1 } });
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const job = await engine.scheduler.now('long');
  const refusal = job.run().catch((error: unknown) => error);
  await started;

  const stopped = engine.workerHost.stop();
  await engine.workerHost.drain({ signal: AbortSignal.abort() });
  await stopped;

  expect(await refusal).toBeInstanceOf(ShutdownError);
  ends.open();
});

it('has nothing to report when it has ended before', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await started;
  const drained = engine.workerHost.drain();
  ends.open();
  expect(await drained).toEqual({ ...NOTHING, completed: 1 });

  expect(await engine.workerHost.drain()).toEqual(NOTHING);
});

it('releases at once what a claim under way brings after the stop began', async () => {
  const { engine, broker } = await makeBench();
  let runs = 0;
  engine.handlers.define('mail', () => (runs += 1));
  const { id } = await engine.scheduler.now('mail');
  const letGo = broker.hold('settleAndClaim');
  await engine.workerHost.start();
  await until(() => broker.argsOf('settleAndClaim').length === 1);

  const stopped = engine.workerHost.stop();
  await Promise.resolve();
  letGo();
  await stopped;

  expect(runs).toBe(0);
  expect(await engine.scheduler.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
});

it('ends in bounded time when the store is away, and says so, and settles after the next start', async () => {
  const { engine, broker, errors } = await makeBench({ shutdown: { flush: 50 } });
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail');
  await started;
  const comeBack = broker.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');

  ends.open();
  const report = await engine.workerHost.drain();

  expect(report).toMatchObject({ completed: 1, unsettled: 1 });
  expect(engine.workerHost.status()).toMatchObject({ state: 'stopped', unsettled: 1 });
  expect(errors).toHaveLength(2);
  expect(errors[1]!.message).toContain(`ends of 1 job are not stored: ${id}`);
  comeBack();
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  expect((await completed).job.id).toBe(id);
});

it.each([
  ['as long as it is told', '1h', { completed: 1, unsettled: 0 }],
  ['no longer than it is told', 1, { completed: 1, unsettled: 1 }],
] as const)('waits for answers of the store %s', async (_, flush, report) => {
  const { engine, broker } = await makeBench({ shutdown: { timeout: '1h', grace: 1, flush } });
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  await engine.scheduler.now('mail');
  await started;
  await until(() => engine.workerHost.snapshot().callsUnderWay === 0);
  const letGo = broker.hold('settleAndClaim');

  const drained = engine.workerHost.drain();
  ends.open();
  await until(() => engine.workerHost.snapshot().callsUnderWay === 1);
  if (flush !== 1) letGo();

  expect(await drained).toMatchObject(report);
  letGo();
});

it('starts once, stops once, and starts again', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', () => undefined);
  const heard: string[] = [];
  engine.events.on('online', () => heard.push('online')).on('offline', () => heard.push('offline'));
  const { workerHost } = engine;

  expect(workerHost.start()).toBe(workerHost.start());
  const stopped = workerHost.stop();
  expect(workerHost.stop()).toBe(stopped);
  await stopped;
  const completed = nextEvent(engine, 'completed');
  await workerHost.start();
  await engine.scheduler.now('mail');
  await completed;
  await workerHost.stop();

  expect(heard).toEqual(['online', 'offline', 'online', 'offline']);
});

it('starts after a stop that is under way', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('mail', () => undefined);
  await engine.workerHost.start();

  const stopped = engine.workerHost.stop();
  await Promise.resolve();
  await engine.workerHost.start();

  await stopped;
  expect(engine.workerHost.status().state).toBe('running');
});

it('has nothing to do when it never started', async () => {
  const { engine } = await makeBench();

  expect(await engine.workerHost.drain()).toEqual(NOTHING);
  await engine.workerHost.stop();
  await engine.workerHost.start();
  expect(engine.workerHost.status().state).toBe('running');
});

it('does nothing in a process that only adds jobs', async () => {
  const { engine, broker } = await makeBench({ worker: false });
  engine.handlers.define('mail', () => undefined);

  await engine.workerHost.start();

  expect(engine.workerHost.status().state).toBe('stopped');
  expect(broker.calls).toEqual([]);
});

it('starts and stops again and again in a process that only adds jobs', async () => {
  const { engine } = await makeBench({ worker: false });

  for (let n = 0; n < 3; n++) {
    await engine.workerHost.start();
    await engine.workerHost.stop();
  }

  expect(engine.workerHost.status().state).toBe('stopped');
});

it('can be started again after a start that failed', async () => {
  const { engine, broker } = await makeBench();
  engine.handlers.define('mail', () => undefined);
  broker.failNext('register', new Error('away'));

  await expect(engine.workerHost.start()).rejects.toThrow('away');
  expect(engine.workerHost.status().state).toBe('stopped');
  await engine.workerHost.start();

  expect(engine.workerHost.status().state).toBe('running');
});

it('lets a running job add others until the end', async () => {
  const { engine } = await makeBench();
  engine.handlers.define('parent', async () => {
    void stopping;
    await engine.scheduler.now('child');
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  let stopping: Promise<void> | undefined;
  const enqueued = nextEvents(engine, 'enqueued', 2);
  await engine.scheduler.now('parent');
  await started;

  stopping = engine.workerHost.stop();
  await stopping;

  expect((await enqueued).map(({ job }) => job.name)).toEqual(['parent', 'child']);
});

it.each([
  -1,
  'soon',
  null,
  { timeout: -1 },
  { timeout: 'soon' },
  { signal: {} },
  { timeOut: 1 },
  { closeConnection: true },
])('refuses to drain with %j', async (options) => {
  const { engine } = await makeBench();

  await expect(engine.workerHost.drain(options as never)).rejects.toThrow(InvalidOptionError);
});

it('leaves no timer behind, however many jobs have ended', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const { engine } = await makeBench();
  engine.handlers.define('mail', (job) => job.touch(1), { timeout: '1h', lockLifetime: '1h' });
  const completed = nextEvents(engine, 'completed', 100);
  await engine.workerHost.start();
  await engine.scheduler.enqueueMany(Array.from({ length: 100 }, () => ({ name: 'mail' })));
  await completed;

  await engine.close();

  expect(timers()).toBe(before);
});

it('stores the end of a run that it waits for, also when the connection is closed, and works again after that', async () => {
  const { engine } = await makeBench();
  const ends = gate();
  let runs = 0;
  engine.handlers.define('long', () => {
    runs += 1;
    return ends.opened;
  });
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('long');
  await started;

  const closed = engine.close();
  ends.open();
  await closed;
  await engine.connect();
  expect((await engine.scheduler.get(id))!.state).toBe('completed');
  const completed = nextEvent(engine, 'completed');
  await engine.workerHost.start();
  await engine.scheduler.now('long');
  await completed;

  expect(runs).toBe(2);
});
