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

/** When the handler of the job was called, from the first time on, in ms. */
async function beats(name: string, act: () => void, forMs: number): Promise<number[]> {
  const starts: number[] = [];
  engine.handlers.define(
    name,
    () => {
      starts.push(performance.now());
      act();
    },
    { attempts: 4, backoff: 100 },
  );
  await engine.connect();
  await engine.workerHost.start();
  await (name === 'tick' ? engine.scheduler.every('1 second', name) : engine.scheduler.now(name));
  await wait(forMs);
  return starts.map((at) => Math.round(at - starts[0]!));
}

it('runs a recurring job each second though it polls every five, and does not drift', async () => {
  const starts = await beats('tick', () => undefined, 8_500);

  expect(starts).toHaveLength(9);
  expect(starts.at(-1)).toBeGreaterThan(7_900);
});

it('retries after 100 ms though it polls every five seconds', async () => {
  const fail = (): void => {
    throw new Error('not yet');
  };

  const starts = await beats('fails', fail, 1_500);

  expect(starts).toHaveLength(4);
  starts.slice(1).forEach((at, i) => expect(at - starts[i]!).toBeGreaterThanOrEqual(100));
});
