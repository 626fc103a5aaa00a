import { setTimeout as wait } from 'node:timers/promises';
import { Engine } from '../../lib/core/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

let redis: PrivateRedis;
let engine: Engine;

beforeEach(async () => {
  redis = await startPrivateRedis();
  engine = new Engine(new RedisBackend({ connectionString: redis.url }), {
    processEvery: '5 seconds',
  });
});
afterEach(async () => {
  await engine.close();
  await redis.stop();
});

async function start(): Promise<void> {
  await engine.connect();
  await engine.workerHost.start();
}

it('runs a recurring job each second though it polls every five, and does not drift', async () => {
  const plans: number[] = [];
  const late: number[] = [];
  engine.handlers.define('tick', ({ nextRunAt }) => {
    plans.push(nextRunAt!.getTime());
    late.push(Date.now() - nextRunAt!.getTime());
  });
  await start();
  await engine.scheduler.every('1 second', 'tick');
  while (plans.length < 9) await wait(20);

  expect(plans).toEqual(plans.map((_, i) => plans[0]! + i * 1_000));
  // None was found by a look.
  expect(Math.max(...late)).toBeLessThan(1_000);
});

it('retries after 100 ms though it polls every five seconds', async () => {
  const starts: number[] = [];
  engine.handlers.define(
    'fails',
    () => {
      starts.push(performance.now());
      throw new Error('not yet');
    },
    { attempts: 4, backoff: 100 },
  );
  await start();
  await engine.scheduler.now('fails');
  await wait(1_500);

  expect(starts).toHaveLength(4);
  starts.slice(1).forEach((at, i) => expect(at - starts[i]!).toBeGreaterThanOrEqual(100));
});
