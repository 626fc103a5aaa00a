import { closeBenches, gate, makeBench, nextEvent, until } from './support.js';

afterEach(closeBenches);

it('lasts from the end of the start to the first moment of a stop, however long that takes', async () => {
  const { engine } = await makeBench({ shutdown: { timeout: '1h' } });
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const { workerHost } = engine;
  const isReady = () => workerHost.status().ready;

  expect(isReady()).toBe(false);
  const starting = workerHost.start();
  expect(isReady()).toBe(false);
  await starting;
  expect(isReady()).toBe(true);
  await engine.scheduler.now('long');
  await started;
  const stopped = workerHost.stop();

  expect(workerHost.status()).toMatchObject({ ready: false, state: 'stopping', running: 1 });
  ends.open();
  await stopped;
  expect(isReady()).toBe(false);
  await workerHost.start();
  expect(isReady()).toBe(true);
});

it('is unknown to a process that only adds jobs', async () => {
  const { engine } = await makeBench({ worker: false });

  await engine.workerHost.start();

  expect(engine.workerHost.status().ready).toBe(false);
});

it('ends when the store is away, and is back when any call is answered', async () => {
  const { engine, broker } = await makeBench({ lease: '300 ms' });
  const ends = gate();
  engine.handlers.define('long', () => ends.opened);
  const started = nextEvent(engine, 'started');
  const { workerHost } = engine;
  await workerHost.start();
  await engine.scheduler.now('long');
  await started;

  const comeBack = broker.failAll('lost request', 'settleAndClaim', 'renew', 'rescue');
  await until(() => !workerHost.status().ready);
  expect(workerHost.status()).toMatchObject({ state: 'running', storeIsAway: true });
  // Renewals have failed, and with the end of the job there is nothing left to renew.
  await until(() => broker.argsOf('renew').length > 1);
  ends.open();
  await until(() => workerHost.status().unsettled === 1);
  comeBack();
  await until(() => workerHost.status().unsettled === 0);

  expect(workerHost.status()).toMatchObject({ ready: true, storeIsAway: false });
});

it('ends when a claim has no answer for longer than two polls', async () => {
  const { engine, broker } = await makeBench({ processEvery: 10 });
  engine.handlers.define('mail', () => undefined);
  const { workerHost } = engine;
  await workerHost.start();
  await until(() => broker.argsOf('settleAndClaim').length > 1);

  const letGo = broker.hold('settleAndClaim');
  await until(() => !workerHost.status().ready);
  expect(workerHost.status()).toMatchObject({ state: 'running', storeIsAway: false });
  letGo();

  await until(() => workerHost.status().ready);
});
