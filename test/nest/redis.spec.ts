import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { ConnectionError, Engine, JobScheduler, type Job } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  getBackendToken,
  JobHandler,
  type AgendaRedisOptions,
} from '../../lib/nest/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { Apps, until } from './support.js';

const connectionString = process.env.TEST_REDIS_URL!;
const apps = new Apps();
let keyPrefix: string;
let ran: unknown[];
beforeEach(() => {
  keyPrefix = `test:${randomUUID()}:`;
  ran = [];
});
afterEach(() => apps.closeAll());

@Injectable()
class Jobs {
  @JobHandler('note')
  note(job: Job): void {
    ran.push(job.data);
  }
}

const start = (options: AgendaRedisOptions) =>
  apps.start({
    imports: [AgendaRedisModule.forRoot({ keyPrefix, ...options })],
    providers: [Jobs],
  });

it('shares its jobs with a script that has a plain engine', async () => {
  await start({ connectionString });
  const script = new Engine(new RedisBackend({ connectionString, keyPrefix }), { worker: false });
  await script.connect();
  await script.scheduler.now('note', 'from a script');
  await script.close();

  await until(() => ran.length === 1);
  expect(ran).toEqual(['from a script']);
});

it.each([
  ['a connection string', () => ({ connectionString })],
  [
    'options for ioredis',
    () => ({ redisOptions: new Redis(connectionString, { lazyConnect: true }).options }),
  ],
])('runs jobs over %s, and leaves no connection open', async (_, connection) => {
  const app = await start({ ...connection(), name: keyPrefix });
  await app.get(JobScheduler).now('note', 1);
  await until(() => ran.length === 1);
  expect(ran).toEqual([1]);

  await app.close();
  await expect(app.get(JobScheduler).now('note', 2)).rejects.toThrow(/closed/);
});

it('leaves a borrowed client open, and as it was', async () => {
  const redis = new Redis(connectionString);
  const before = { ...redis.options };
  try {
    const app = await start({ redis });
    await app.get(JobScheduler).now('note', 1);
    await until(() => ran.length === 1);
    await app.close();

    expect(await redis.ping()).toBe('PONG');
    expect(redis.options).toEqual(before);
    expect(redis.listenerCount('error')).toBe(0);
  } finally {
    redis.disconnect();
  }
});

it('keeps jobs for the next process, which runs them', async () => {
  const producer = await start({ connectionString, worker: false });
  await producer.get(JobScheduler).now('note', 'from the first');
  await producer.close();
  expect(ran).toEqual([]);

  await start({ connectionString });
  await until(() => ran.length === 1);

  expect(ran).toEqual(['from the first']);
});

it('opens nothing while modules are built, and nothing at all when the backend is overridden', async () => {
  let connections = 0;
  const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const imports = [AgendaRedisModule.forRoot({ connectionString: `redis://127.0.0.1:${port}` })];
  try {
    await apps.build({ imports });
    const app = await apps.start({ imports, providers: [Jobs] }, (builder) =>
      builder.overrideProvider(getBackendToken()).useValue(new MemoryBackend()),
    );
    await app.get(JobScheduler).now('note', 1);
    await until(() => ran.length === 1);

    expect(connections).toBe(0);
  } finally {
    server.close();
  }
});

describe('when Redis is away at the start', () => {
  it('refuses to start within the time given, naming host and port, never the password', async () => {
    const startedAt = performance.now();

    const start1 = start({
      connectionString: 'redis://user:secret@127.0.0.1:1/0',
      connectTimeout: '300ms',
    });

    await expect(start1).rejects.toThrow(ConnectionError);
    await expect(start1).rejects.toThrow(/127\.0\.0\.1:1\b/);
    await expect(start1).rejects.not.toThrow(/secret/);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('starts with waitForRedis, and works when Redis comes', async () => {
    const { port } = await freedRedis();
    const app = await start({
      connectionString: `redis://127.0.0.1:${port}`,
      waitForRedis: true,
    });

    const redis = await startPrivateRedis({ port });
    try {
      await app.get(JobScheduler).now('note', 'late');
      await until(() => ran.length === 1);
      await app.close();
    } finally {
      await redis.stop();
    }

    expect(ran).toEqual(['late']);
  });

  it('can be closed while it still waits', async () => {
    const { port } = await freedRedis();
    const { logger } = apps;
    const app = await start({
      connectionString: `redis://127.0.0.1:${port}`,
      waitForRedis: true,
    });

    await app.close();

    expect(logger.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

/** A port where a Redis was, and none is. */
async function freedRedis(): Promise<PrivateRedis> {
  const redis = await startPrivateRedis();
  await redis.stop();
  return redis;
}
