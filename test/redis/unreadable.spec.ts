import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/engine.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { newPrefix } from './support.js';

const url = process.env.TEST_REDIS_URL!;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function openEngine() {
  const keyPrefix = newPrefix();
  const redis = new Redis(url);
  cleanups.push(() => redis.disconnect());
  const engine = new Engine(new RedisBackend({ connectionString: url, keyPrefix }));
  cleanups.push(() => engine.close());
  await engine.connect();
  return { engine, redis, keyPrefix };
}

it.each([
  ['data', 'jobs', (text: string) => text.replace('"to"', '"to')],
  ['history', 'jobs:state', () => '[null,1,2,1,1,3,0,0,null,{"name":'],
])('buries a job whose %s cannot be read, and runs the others', async (_, key, spoil) => {
  const { engine, redis, keyPrefix } = await openEngine();
  const ran: unknown[] = [];
  engine.handlers.define('mail', (job) => void ran.push(job.data));
  const { scheduler } = engine;
  const bad = await scheduler.now('mail', { to: 'bad' });
  const others = [await scheduler.now('mail', 1), await scheduler.now('mail', 2)];
  const text = (await redis.hget(`${keyPrefix}${key}`, bad.id)) ?? '';
  await redis.hset(`${keyPrefix}${key}`, bad.id, spoil(text));
  const dead = new Promise<{ id: string; name: string; failure: unknown }>((resolve) => {
    engine.events.on('dead', resolve);
  });

  await engine.workerHost.start();

  expect(await dead).toMatchObject({
    id: bad.id,
    name: 'mail',
    failure: { reason: 'invalid-data', message: expect.stringContaining('cannot be read') },
  });
  await engine.workerHost.stop();
  expect(new Set(ran)).toEqual(new Set([1, 2]));
  for (const { id } of others) expect((await scheduler.get(id))?.state).toBe('completed');
  expect(await scheduler.counts('mail')).toMatchObject({ failed: 1, completed: 2, running: 0 });
});
