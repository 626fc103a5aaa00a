import { PostgresBackend } from '@agendajs/postgres-backend';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AgendaRedisModule,
  type AgendaRedisOptions,
  type Job,
  JobHandler,
  JobScheduler,
  NotificationChannel,
  RedisBackend,
  RedisNotificationChannel,
} from '../../lib/index.js';
import { until } from '../nest/support.js';
import { startPrivatePostgres, type PrivatePostgres } from '../support/postgres-server.mjs';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

/** Without news a worker finds a job after a third of its lease, 10 s. */
const SOONER_THAN_LOOKING = 5_000;

let postgres: PrivatePostgres;
let redis: PrivateRedis;
let apps: TestingModule[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPrivatePostgres(), startPrivateRedis()]);
}, 120_000);

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

afterAll(async () => {
  await Promise.all([postgres?.stop(), redis?.stop()]);
});

@Injectable()
class MailJobs {
  readonly seen: unknown[] = [];

  @JobHandler('send-welcome')
  welcome(job: Job<{ to: string }>): void {
    this.seen.push(job.data.to);
  }
}

async function start(options: AgendaRedisOptions, ...providers: [typeof MailJobs] | []) {
  const ours = new RedisBackend({ connectionString: redis.url });
  const module = AgendaRedisModule.forRoot({
    backend: new PostgresBackend({ connectionString: postgres.url, disableNotifications: true }),
    notificationChannel: ours.notificationChannel,
    processEvery: '1 hour',
    ...options,
  });
  const app = await Test.createTestingModule({ imports: [module], providers }).compile();
  apps.push(app);
  await app.init();
  return { app, ours };
}

it('runs jobs of PostgreSQL at once, by news over our Redis channel', async () => {
  const worker = await start({}, MailJobs);
  const producer = await start({ worker: false });
  const { seen } = worker.app.get(MailJobs);
  const addedAt = performance.now();

  const job = await producer.app.get(JobScheduler).now('send-welcome', { to: 'Ada' });
  await until(() => seen.length > 0);

  expect(performance.now() - addedAt).toBeLessThan(SOONER_THAN_LOOKING);
  expect(seen).toEqual(['Ada']);
  await until(async () => {
    const stored = await producer.app.get(JobScheduler).get(job.id);
    return stored?.state === 'completed';
  });
});

it('lets the channel be injected', async () => {
  const { app, ours } = await start({ worker: false });

  expect(app.get(RedisNotificationChannel)).toBe(ours.notificationChannel);
  expect(app.get(NotificationChannel).state).toBe('connected');
});
