import { Logger } from '@nestjs/common';
import {
  ConnectionError,
  Engine,
  type EngineOptions,
  InvalidOptionError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { hostOptionsOf } from '../../lib/nest/agenda-redis.options.js';
import { JobEventLogger } from '../../lib/nest/job-event-logger.js';
import { InstanceHost } from '../../lib/nest/lifecycle/instance-host.js';
import { RecordingLogger, until } from './support.js';

/*
 * The start of an application that does not wait for its backend: what fails is tried again.
 */

let backend: MemoryBackend;
let logger: RecordingLogger;
let engine: Engine;
let host: InstanceHost;
let ran: number;

function makeHost(
  options: EngineOptions = {},
  interval: string | number = '1 hour',
  waitForRedis = true,
): void {
  engine = new Engine(backend, options);
  const waiting = hostOptionsOf({ waitForRedis, handlers: {} });
  host = new InstanceHost('default', engine, new JobEventLogger('default'), waiting);
  host.handle({
    name: 'report',
    options: {},
    call: () => void (ran += 1),
    place: 'Reports.report',
    rules: [{ interval, options: { skipImmediate: true } }],
  });
}

beforeEach(() => {
  ran = 0;
  backend = new MemoryBackend();
  logger = new RecordingLogger();
  Logger.overrideLogger(logger);
});
afterEach(async () => {
  await host.close();
  Logger.overrideLogger(false);
});

/** The first calls fail as if the connection were lost for a moment. */
function hiccups<Args extends unknown[], T>(
  times: number,
  act: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  let left = times;
  return async (...args) => {
    if (left-- > 0) throw new ConnectionError('hiccup', true);
    return act(...args);
  };
}

it.each<[string, () => void]>([
  [
    'connecting',
    () => (backend.connect = hiccups(2, () => MemoryBackend.prototype.connect.call(backend))),
  ],
  [
    'registering a schedule',
    () => {
      const { repository } = backend;
      repository.saveJob = hiccups(1, repository.saveJob.bind(repository));
    },
  ],
  [
    'starting the worker',
    () => {
      const { broker } = backend;
      broker.register = hiccups(1, broker.register.bind(broker));
    },
  ],
])('is repeated after %s has failed', async (_, spoil) => {
  spoil();
  makeHost();

  await host.connect();
  await host.start();
  await until(() => engine.workerHost.status().state === 'running');
  await engine.scheduler.now('report');
  await until(() => ran === 1);

  expect((await engine.scheduler.counts('report')).repeating).toBe(1);
  const written = (words: string) => logger.ours.filter((line) => line.includes(words));
  expect(written('Handles "report"')).toHaveLength(1);
  expect(written('hiccup').length).toBeLessThanOrEqual(1);
});

it('is not repeated for a mistake of the application, which is told once', async () => {
  makeHost({}, '1 hour');
  backend.repository.saveJob = async () => {
    saves += 1;
    throw new InvalidOptionError('data', 1, 'smaller');
  };
  let saves = 0;

  await host.connect();
  await host.start();
  await until(() => logger.ours.some((line) => line.includes('smaller')));
  await new Promise((resolve) => setTimeout(resolve, 150));

  expect(saves).toBe(1);
});

it('is not repeated once the application ends', async () => {
  let attempts = 0;
  backend.connect = async () => {
    attempts += 1;
    throw new ConnectionError('away', true);
  };
  makeHost();
  await host.connect();
  await host.start();
  await until(() => attempts > 2);

  await host.drain();
  await host.close();
  const before = attempts;
  await new Promise((resolve) => setTimeout(resolve, 300));

  expect(attempts).toBe(before);
  expect(engine.workerHost.status().state).toBe('stopped');
});

it('does not open its backend anew for its worker when the application ends during the start', async () => {
  makeHost({}, '1 hour', false);
  const { manager } = backend;
  const counts = manager.counts.bind(manager);
  let hasEnded = false;
  manager.counts = async (...names) => {
    await host.drain();
    await host.close();
    hasEnded = true;
    return counts(...names);
  };

  await host.connect();
  await host.start();

  expect(hasEnded).toBe(true);
  expect(engine.workerHost.status().state).toBe('stopped');
});
