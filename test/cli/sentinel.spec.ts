import { jest } from '@jest/globals';
import { RedisBackend } from '../../lib/redis/index.js';
import { Engine } from '../../lib/core/engine.js';
import { startPrivateSentinels, type PrivateSentinels } from '../support/redis-sentinel.mjs';
import { commandIn } from './support.js';

jest.setTimeout(60_000);

let servers: PrivateSentinels;

beforeAll(async () => void (servers = await startPrivateSentinels()));
afterAll(() => servers?.stop());

it('finds the master by its Sentinels', async () => {
  const sentinels = servers.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const backend = new RedisBackend({ redisOptions: { sentinels, name: servers.name } });
  const engine = new Engine(backend, { worker: false });
  engine.events.on('warning', () => undefined);
  await engine.connect();
  await engine.scheduler.now('mail', {});
  await engine.close();

  const { code, out } = await commandIn(
    { environment: { REDIS_URL: `redis://${servers.name}` } },
    ...['counts', '--json'],
    ...sentinels.flatMap(({ host, port }) => ['--sentinel', `${host}:${port}`]),
  );

  expect(code).toBe(0);
  expect(JSON.parse(out).total).toMatchObject({ queued: 1 });
});
