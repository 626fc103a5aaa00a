import { Redis } from 'ioredis';
import { Engine, type EngineParts } from '../../lib/core/engine.js';
import { JobCancelledError } from '../../lib/core/errors.js';
import type { Job } from '../../lib/core/job/job.js';
import type { EngineOptions } from '../../lib/core/options/engine-options.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { type PrivateRedis, startPrivateRedis } from '../support/redis-server.mjs';
import { newPrefix, until } from './support.js';

const cleanups: (() => unknown)[] = [];
let redis: PrivateRedis;
let control: Redis;
beforeAll(async () => {
  redis = await startPrivateRedis();
  control = new Redis(redis.url);
});
afterAll(async () => {
  control.disconnect();
  await redis.stop();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** As long as a test needs it not to come. */
const NEVER_MS = 3_600_000;

async function engineAt(
  keyPrefix: string,
  options: EngineOptions = {},
  parts: EngineParts = { lookEveryMs: NEVER_MS },
): Promise<Engine> {
  const backend = new RedisBackend({ connectionString: redis.url, keyPrefix });
  const engine = new Engine(backend, options, { onUnheardError: () => {}, ...parts });
  cleanups.push(() => engine.close());
  await engine.connect();
  return engine;
}

/** One process that waits and one that works, on one store. */
async function twoProcesses(
  handler: (job: Job<never>) => unknown,
  parts?: EngineParts,
): Promise<{ keyPrefix: string; waiting: Engine; working: Engine }> {
  const keyPrefix = newPrefix();
  const waiting = await engineAt(keyPrefix, { worker: false }, parts);
  const working = await engineAt(keyPrefix, {}, parts);
  working.handlers.define('mail', handler, { concurrency: 20 });
  await working.workerHost.start();
  return { keyPrefix, waiting, working };
}

it('brings what another process has returned, to each who waits', async () => {
  const { waiting } = await twoProcesses((job) => ({ double: (job.data as number) * 2 }));

  const results = await Promise.all(
    Array.from({ length: 200 }, (_, n) => waiting.scheduler.runAndWait('mail', n)),
  );

  expect(results).toEqual(results.map((_, n) => ({ double: n * 2 })));
});

it('ends with the reason of a cancel in a third process', async () => {
  const { keyPrefix, waiting, working } = await twoProcesses(
    ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
  );
  const third = await engineAt(keyPrefix, { worker: false });
  const started = new Promise((resolve) => working.scheduler.once('started', resolve));
  const { id } = await waiting.scheduler.now('mail');
  await started;
  const end = waiting.scheduler.waitFor(id).catch((error: unknown) => error);
  await until(() => waiting.events.wantsRemote);

  await third.scheduler.cancel(id, { reason: 'not any more' });

  expect(await end).toBeInstanceOf(JobCancelledError);
  expect(await end).toMatchObject({ reason: 'not any more' });
});

it('finds the end when the connection for news was cut off at that time', async () => {
  let end = () => {};
  const { waiting, working } = await twoProcesses(
    () => new Promise((resolve) => (end = () => resolve('unheard'))),
  );
  const { id } = await waiting.scheduler.now('mail');
  const result = waiting.scheduler.waitFor(id);
  const completed = new Promise((resolve) => working.scheduler.once('completed', resolve));
  await until(async () => (await waiting.scheduler.get(id))!.state === 'running');
  const back = new Promise((resolve) => waiting.events.onHere('reconnected', resolve));

  // What is published from here on reaches nobody until the client is back.
  working.parts.notificationChannel!.publishStates = () => Promise.resolve();
  await control.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  end();
  await completed;
  await back;

  expect(await result).toBe('unheard');
});

it('finds the end of a job that is buried since its processes were lost', async () => {
  const keyPrefix = newPrefix();
  const parts = { lookEveryMs: 20 };
  const waiting = await engineAt(keyPrefix, { worker: false }, parts);
  const { broker } = waiting.parts;
  const { id } = await waiting.scheduler.now('mail');
  const result = waiting.scheduler.waitFor(id).catch((error: unknown) => error);
  await broker.register([{ name: 'mail', maxRescues: 0 }]);
  await broker.settleAndClaim([], {
    claimId: 'ab12',
    host: 'lost',
    leaseMs: 50,
    slots: 1,
    names: [{ name: 'mail', slots: 1 }],
  });

  await until(async () => (await broker.rescue(10, 50)).jobs.length === 1);

  expect(await result).toMatchObject({ name: 'JobFailedError', reason: 'stalled', attempts: 1 });
});
