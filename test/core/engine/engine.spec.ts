import {
  BackendClosedError,
  ConnectionError,
  InvalidOptionError,
} from '../../../lib/core/errors.js';
import { Engine } from '../../../lib/core/engine.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, until } from './support.js';

afterEach(closeBenches);

it('opens its backend when the worker host is started first, and closes it', async () => {
  const backend = new MemoryBackend();
  const told: string[] = [];
  const [open, close] = [backend.connect.bind(backend), backend.disconnect.bind(backend)];
  backend.connect = () => (told.push('open'), open());
  backend.disconnect = () => (told.push('close'), close());
  const engine = new Engine(backend);

  await engine.workerHost.start();
  expect(told).toEqual(['open']);
  await engine.close();

  expect(told).toEqual(['open', 'close']);
});

it('lets a start that comes beside a close begin anew after it', async () => {
  const engine = new Engine(new MemoryBackend());
  await engine.connect();

  const closing = engine.close();
  const starting = engine.workerHost.start();
  await closing;
  await starting;

  expect(engine.workerHost.status().state).toBe('running');
  await engine.close();
  expect(engine.workerHost.status().state).toBe('stopped');
});

it('gives a start up that still waits for its backend when the worker host is stopped', async () => {
  const memory = new MemoryBackend();
  const backend = gate();
  const engine = new Engine({
    name: 'late',
    repository: memory.repository,
    broker: memory.broker,
    manager: memory.manager,
    connect: () => backend.opened,
    disconnect: () => memory.disconnect(),
  });
  const starting = engine.workerHost.start().catch((error: unknown) => error);

  await engine.workerHost.stop();

  expect(await starting).toBeInstanceOf(BackendClosedError);
  expect(engine.workerHost.status().state).toBe('stopped');
  backend.open();
  await engine.connect();
  await engine.workerHost.start();
  expect(engine.workerHost.status().state).toBe('running');
  await engine.close();
});

it('checks its options when it is made', () => {
  expect(() => new Engine(new MemoryBackend(), { maxConcurency: 5 } as never)).toThrow(
    InvalidOptionError,
  );
});

it('closes in order: running jobs end first, then adds under way, then the backend', async () => {
  const { engine, broker } = await makeBench();
  const ends = gate();
  engine.handlers.define('mail', () => ends.opened);
  const started = nextEvent(engine, 'started');
  await engine.workerHost.start();
  const { id } = await engine.scheduler.now('mail');
  await started;
  const letGo = broker.hold('enqueue');
  const adding = engine.scheduler.now('late');

  const closing = engine.close();
  expect(engine.close()).toBe(closing);
  ends.open();
  letGo();
  await closing;

  expect((await adding).created).toBe(true);
  await expect(engine.scheduler.now('mail')).rejects.toThrow(BackendClosedError);
  await engine.connect();
  expect((await engine.scheduler.get(id))?.state).toBe('completed');
});

it('can be closed without having been opened', async () => {
  const engine = new Engine(new MemoryBackend());

  await engine.close();

  await expect(engine.close()).resolves.toBeUndefined();
});

it('can be opened again after an attempt that failed', async () => {
  const memory = new MemoryBackend();
  let attempts = 0;
  const engine = new Engine({
    name: 'late',
    repository: memory.repository,
    broker: memory.broker,
    manager: memory.manager,
    connect: async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('not yet');
      await memory.connect();
    },
    disconnect: () => memory.disconnect(),
  });

  await expect(engine.connect()).rejects.toThrow('not yet');
  await engine.connect();
  await engine.connect();

  expect(attempts).toBe(2);
  await engine.close();
});

it('goes on without news when the channel cannot be opened', async () => {
  const memory = new MemoryBackend();
  const errors: string[] = [];
  memory.notificationChannel.connect = () => Promise.reject(new Error('no news'));
  const engine = new Engine(memory, {}, { onUnheardError: (error) => errors.push(error.message) });

  await engine.connect();

  expect((await engine.scheduler.now('mail')).created).toBe(true);
  expect(errors).toEqual(['no news']);
  await engine.close();
});

it('rejects what waits behind an add that could not be sent, instead of letting each wait its time', async () => {
  const { engine, broker } = await makeBench();
  const away = gate();
  broker.answerNext('enqueue', async () => {
    await away.opened;
    throw new ConnectionError('The store is away.', false);
  });
  const adds = [engine.scheduler.now('mail')];
  await until(() => broker.argsOf('enqueue').length === 1);
  for (let n = 0; n < 24; n++) adds.push(engine.scheduler.now('mail', n));
  await new Promise(setImmediate);

  away.open();
  const ends = await Promise.allSettled(adds);

  expect(broker.argsOf('enqueue')).toHaveLength(1);
  const reasons = ends.map((end) => (end as PromiseRejectedResult).reason as ConnectionError);
  expect(reasons.every((reason) => reason instanceof ConnectionError)).toBe(true);
  // Of the first nobody knows; the others were never sent.
  expect(reasons.map(({ outcomeKnown }) => outcomeKnown).indexOf(true)).toBe(1);
  expect(reasons.filter(({ outcomeKnown }) => !outcomeKnown)).toHaveLength(1);
  expect((await engine.scheduler.now('mail')).created).toBe(true);
});

it('closes in bounded time although adds have no answer, and rejects them', async () => {
  const memory = new MemoryBackend();
  const { engine, broker, backend } = await makeBench({}, memory);
  let hangUp: (error: Error) => void = () => {};
  broker.answerNext('enqueue', () => new Promise((_, reject) => (hangUp = reject)));
  backend.disconnect = async () => {
    hangUp(new BackendClosedError());
    await memory.disconnect();
  };
  const end = engine.scheduler.now('mail').catch((error: unknown) => error);
  const startedAt = performance.now();

  await engine.close();

  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(await end).toBeInstanceOf(BackendClosedError);
});

it('can be closed while it still waits for its backend', async () => {
  const memory = new MemoryBackend();
  const comes = gate();
  let giveUp: (error: Error) => void = () => {};
  const engine = new Engine({
    name: 'late',
    repository: memory.repository,
    broker: memory.broker,
    manager: memory.manager,
    connect: () => Promise.race([comes.opened, new Promise<void>((_, no) => (giveUp = no))]),
    disconnect: async () => giveUp(new BackendClosedError()),
  });
  const connecting = engine.connect().catch((error: unknown) => error);

  await engine.close();

  expect(await connecting).toBeInstanceOf(BackendClosedError);
});
