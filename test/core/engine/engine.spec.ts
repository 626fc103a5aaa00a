import {
  BackendClosedError,
  InvalidOptionError,
  UnsupportedOperationError,
} from '../../../lib/core/errors.js';
import { Engine } from '../../../lib/core/engine.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent } from './support.js';

afterEach(closeBenches);

it('refuses a backend that can only store, and says what is missing', async () => {
  const { repository } = new MemoryBackend();
  const engine = new Engine({
    name: 'Foreign',
    repository,
    connect: async () => {},
    disconnect: async () => {},
  });

  await expect(engine.connect()).rejects.toThrow(UnsupportedOperationError);
  await expect(engine.connect()).rejects.toThrow(/Foreign.*JobBroker/);
  await expect(engine.workerHost.start()).rejects.toThrow(UnsupportedOperationError);
  await expect(engine.scheduler.now('mail')).rejects.toThrow(UnsupportedOperationError);
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
