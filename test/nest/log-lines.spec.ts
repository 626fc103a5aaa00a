import { inspect } from 'node:util';
import { ConsoleLogger, Injectable } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { ConnectionError, JobScheduler, type Job } from '../../lib/core/index.js';
import { JobEvents } from '../../lib/core/events/job-events.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, JobHandler, type AgendaRedisOptions } from '../../lib/nest/index.js';
import { ErrorThinning } from '../../lib/nest/error-thinning.js';
import { JobEventLogger } from '../../lib/nest/job-event-logger.js';
import { withoutSecrets } from '../../lib/nest/without-secrets.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { Apps, until } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

@Injectable()
class Jobs {
  @JobHandler('good')
  good(): string {
    return 'fine';
  }

  @JobHandler('bad', { backoff: 1 })
  bad(): never {
    throw new Error('cannot reach amqp://mail:hush@relay');
  }

  @JobHandler('patient')
  async patient(job: Job): Promise<void> {
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
  }
}

const start = (options: AgendaRedisOptions) =>
  apps.start({ imports: [AgendaRedisModule.forRoot(options)], providers: [Jobs] });

describe('a line about a job', () => {
  it('has its name, id and attempt, and a context of its name', async () => {
    const { logger } = apps;
    const app = await start({ backend: new MemoryBackend() });
    const scheduler = app.get(JobScheduler);

    const bad = await scheduler.now('bad', { card: '4111' }, { attempts: 2 });
    const patient = await scheduler.now('patient');
    await until(async () => (await scheduler.counts('patient')).running === 1);
    await scheduler.cancel(patient.id, { reason: 'no longer needed' });
    const about = (name: string) => logger.lines.filter((line) => line.includes(`:${name}]`));
    await until(() => about('bad').length === 2 && about('patient').length === 1);

    expect(about('bad')).toEqual([
      expect.stringMatching(
        `^warn \\[AgendaRedis:bad\\] Attempt 1 of job bad \\(${bad.id}\\) failed, next at .*: cannot reach amqp://mail:\\*\\*\\*@relay$`,
      ),
      `error [AgendaRedis:bad] Job bad (${bad.id}) is a dead letter after attempt 2 (exhausted): cannot reach amqp://mail:***@relay`,
    ]);
    expect(about('patient')).toEqual([
      `log [AgendaRedis:patient] Attempt 1 of job patient (${patient.id}) was cancelled: no longer needed`,
    ]);
    expect(logger.lines.join('\n')).not.toMatch(/4111|hush/);
  });

  it('has them where its process was lost, or its lease, or goes on too long, or is handed back', async () => {
    const { logger } = apps;
    const app = await start({ backend: new MemoryBackend(), worker: false });
    const job = await app.get(JobScheduler).now('good');
    const events = new JobEvents();
    new JobEventLogger('reports').attach(events);
    const lost = { id: 'a', name: 'good', host: 'host-1', attempt: 3, rescueCount: 2 };

    events.emit('stalled', 'good', { ...lost, outcome: 'requeued' });
    events.emit('lost', 'good', { job, refusal: 'lease-mismatch', repeated: false });
    events.emit('lost', 'good', { job, refusal: 'lease-mismatch', repeated: true });
    events.emit('stuck', 'good', { job, error: new Error('timed out') });
    events.emit('interrupted', 'good', { job });

    const attempt = `Attempt ${job.attempt} of job good (${job.id})`;
    expect(logger.lines.filter((line) => line.includes('[AgendaRedis(reports)'))).toEqual([
      'warn [AgendaRedis(reports):good] Attempt 3 of job good (a) lost its process host-1: requeued',
      `warn [AgendaRedis(reports):good] ${attempt} is no longer ours (lease-mismatch): its result is not stored`,
      `warn [AgendaRedis(reports):good] ${attempt} goes on although it is over (timed out): it keeps its slot`,
      `log [AgendaRedis(reports):good] ${attempt} was handed back at shutdown; it does not count`,
    ]);
  });

  it("goes to the logger of the application, also to Nest's own that writes JSON", async () => {
    const app = await start({ backend: new MemoryBackend() });
    const written: string[] = [];
    const keep = (text: unknown): boolean => written.push(String(text)) > 0;
    const streams = [
      jest.spyOn(process.stdout, 'write').mockImplementation(keep),
      jest.spyOn(process.stderr, 'write').mockImplementation(keep),
    ];

    try {
      app.useLogger(new ConsoleLogger({ json: true, colors: false }));
      const { id } = await app.get(JobScheduler).now('bad');
      await until(() => written.some((line) => line.includes('dead letter')));

      const line = JSON.parse(written.find((text) => text.includes('dead letter'))!);
      expect(line).toMatchObject({
        level: 'error',
        context: 'AgendaRedis:bad',
        message: expect.stringContaining(`Job bad (${id}) is a dead letter after attempt 1`),
        stack: expect.stringContaining('amqp://mail:***@relay'),
      });
    } finally {
      for (const stream of streams) stream.mockRestore();
      app.useLogger(apps.logger);
    }
  });
});

describe('an error that comes again and again', () => {
  const away = (ms: number) => new ConnectionError(`No answer for ${ms} ms.`, true);

  it('is written at most once in 30 seconds, and then with how often it came', () => {
    let now = 0;
    const thinning = new ErrorThinning(() => now);

    expect(thinning.admit(new Error('odd'))).toBe(0);
    expect(thinning.admit(new Error('odd'))).toBeUndefined();
    expect(thinning.admit(new Error('other'))).toBe(0);
    now = 29_999;
    expect(thinning.admit(new Error('odd'))).toBeUndefined();
    now = 30_000;
    expect(thinning.admit(new Error('odd'))).toBe(2);
  });

  it('is one for all that find the store away, whatever each of them says', () => {
    const thinning = new ErrorThinning(() => 0);

    expect(thinning.admit(away(10))).toBe(0);
    expect(thinning.admit(away(20))).toBeUndefined();
    expect(thinning.storeIsBack()).toBe(1);
  });

  it('is over with one line, unless nobody was told of it', () => {
    let now = 0;
    const thinning = new ErrorThinning(() => now);

    expect(thinning.storeIsBack()).toBeUndefined();
    thinning.admit(away(10));
    expect(thinning.storeIsBack()).toBe(0);
    now = 29_999;
    thinning.admit(away(20));
    expect(thinning.storeIsBack()).toBeUndefined();
    now = 30_000;
    expect(thinning.admit(away(30))).toBe(1);
    expect(thinning.storeIsBack()).toBe(0);
  });
});

describe('with a Redis of its own', () => {
  let redis: PrivateRedis;
  beforeEach(async () => (redis = await startPrivateRedis()));
  afterEach(async () => {
    await apps.closeAll();
    await redis.stop();
  });

  it('writes one line when Redis goes away, however many calls find out, and one when it is back', async () => {
    const { logger } = apps;
    const connection = { connectionString: redis.url, processEvery: 50, retryFor: 200 };
    const app = await start(connection);
    const scheduler = app.get(JobScheduler);
    const errors = () => logger.ours.filter((line) => line.startsWith('error'));
    const refused: string[] = [];
    const failures: Error[] = [];
    scheduler.on('error', (error: Error) => failures.push(error));

    await redis.kill();
    await until(() => errors().length > 0);
    for (let i = 0; i < 3; i++) {
      await scheduler.now('good').catch((error: Error) => refused.push(error.message));
    }
    const outage = errors();
    await redis.restart();
    await until(() => logger.ours.some((line) => line.includes('can be reached again')));
    await scheduler.now('good');
    await until(async () => (await scheduler.counts('good')).completed === 1);

    expect(refused).toHaveLength(3);
    expect(outage).toEqual([expect.stringContaining(`Redis at 127.0.0.1:${redis.port}`)]);
    expect(errors()).toEqual(outage);
    expect(logger.ours.filter((line) => line.includes('can be reached again'))).toHaveLength(1);
  });

  describe('that asks for a password', () => {
    beforeEach(async () => {
      const admin = new Redis(redis.url);
      await admin.config('SET', 'requirepass', 'the-right-one');
      admin.disconnect();
    });
    const everything = (error?: unknown) =>
      inspect([error, apps.logger.lines], { depth: 20, showHidden: true });

    it.each<[string, (port: number) => AgendaRedisOptions]>([
      ['a URL', (port) => ({ connectionString: `redis://default:hush@127.0.0.1:${port}` })],
      ['options', (port) => ({ redisOptions: { port, password: 'hush' } })],
      ['a user', (port) => ({ redisOptions: { port, username: 'default', password: 'hush' } })],
      [
        'a Cluster',
        (port) => ({
          cluster: { nodes: [{ port }], options: { redisOptions: { password: 'hush' } } },
          connectTimeout: 500,
        }),
      ],
    ])('a wrong one from %s is shown nowhere in the error that ends the start', async (_, way) => {
      const refusal: unknown = await start(way(redis.port)).catch((error: unknown) => error);

      expect(refusal).toBeInstanceOf(ConnectionError);
      expect(everything(refusal)).not.toContain('hush');
    });

    it('a wrong one is shown in no line while it is tried again and again', async () => {
      const { logger } = apps;
      const options = { redisOptions: { port: redis.port, password: 'hush' }, waitForRedis: true };

      await start(options);
      await until(() => logger.ours.some((line) => line.startsWith('error')));

      expect(everything()).toContain('Check user, password and ACL rules');
      expect(everything()).not.toContain('hush');
    });
  });
});

it.each([
  ['redis://user:hush@cache:6379 is away', 'redis://user:***@cache:6379 is away'],
  ['redis://:hush@cache is away', 'redis://:***@cache is away'],
  ['rediss://u:hu@sh@cache:6379/0', 'rediss://u:***@cache:6379/0'],
  ["{ host: 'cache', password: 'hush' }", "{ host: 'cache', password: '***' }"],
  ['{"sentinelPassword":"hush","db":0}', '{"sentinelPassword":"***","db":0}'],
  ["{ password: 'hu,s h&;}', db: 0 }", "{ password: '***', db: 0 }"],
  ['{ password: "hu\'sh" }', '{ password: "***" }'],
  ['{"password":"hu\\"sh","db":0}', '{"password":"***","db":0}'],
  ['"{\\"password\\":\\"hu,sh\\",\\"db\\":0}"', '"{\\"password\\":\\"***\\",\\"db\\":0}"'],
  ['REDIS_PASSWORD=hush ./start', 'REDIS_PASSWORD=*** ./start'],
  [
    'ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `me` `hush`',
    'ERR unknown command `HELLO`, with args beginning with: ***',
  ],
  ['http://cache:6379/path is fine: so@is this', 'http://cache:6379/path is fine: so@is this'],
])('hides what is secret in: %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
});

it.each(['a.', 'a-b://', "password: '", 'password="\\', '://a:'])(
  'looks through a long text of %j in no time',
  (part) => {
    const text = part.repeat(50_000);
    const before = performance.now();

    withoutSecrets(text);

    // In time that grew with the square of the length it would be many seconds.
    expect(performance.now() - before).toBeLessThan(1_000);
  },
);
