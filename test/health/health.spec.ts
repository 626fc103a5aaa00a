import type { AddressInfo } from 'node:net';
import { Controller, Get, Injectable, type INestApplication } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  defineJob,
  InvalidOptionError,
  JobScheduler,
  UnsupportedOperationError,
  WorkerHost,
  type AgendaBackend,
} from '../../lib/core/index.js';
import { AgendaRedisHealth, type HealthLimits } from '../../lib/health/index.js';
import { ManualClock, MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, JobHandler, type AgendaRedisOptions } from '../../lib/nest/index.js';
import { RecordingLogger, until } from '../nest/support.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

let limits: HealthLimits;
let release: () => void;
const apps: INestApplication[] = [];
beforeEach(() => {
  limits = { maxLatency: '1 minute', maxDeadLetters: 1, timeout: '2 seconds' };
  release = () => {};
});
afterEach(async () => {
  release();
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

@Injectable()
class Jobs {
  @JobHandler('good')
  good(): void {}

  @JobHandler('bad')
  bad(): never {
    throw new Error('no');
  }

  @JobHandler('long')
  async long(): Promise<void> {
    await new Promise<void>((resolve) => (release = resolve));
  }
}

@Controller('health')
class Probes {
  constructor(
    private readonly health: HealthCheckService,
    private readonly agenda: AgendaRedisHealth,
  ) {}

  @Get()
  @HealthCheck()
  jobs() {
    return this.health.check([() => this.agenda.isHealthy('jobs', limits)]);
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.agenda.isReady('jobs', { timeout: '2 seconds' })]);
  }

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.agenda.isAlive('jobs')]);
  }
}

interface Answer {
  code: number;
  status: string;
  jobs: Record<string, unknown>;
}

/** A real application that listens, and what it answers. */
async function serve(options: AgendaRedisOptions) {
  const module = await Test.createTestingModule({
    imports: [AgendaRedisModule.forRoot(options), TerminusModule.forRoot({ logger: false })],
    controllers: [Probes],
    providers: [Jobs, AgendaRedisHealth],
  })
    .setLogger(new RecordingLogger())
    .compile();
  const app = module.createNestApplication();
  apps.push(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const ask = async (path = ''): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}/health${path}`);
    const { status, details } = (await response.json()) as {
      status: string;
      details: { jobs: Record<string, unknown> };
    };
    return { code: response.status, status, jobs: details.jobs };
  };
  return { app, ask, scheduler: app.get(JobScheduler), health: app.get(AgendaRedisHealth) };
}

describe('a healthy application', () => {
  it('answers 200 with its figures', async () => {
    const { ask, scheduler } = await serve({ backend: new MemoryBackend() });
    await scheduler.now('long');
    await until(async () => (await scheduler.counts('long')).running === 1);

    expect(await ask()).toEqual({
      code: 200,
      status: 'ok',
      jobs: {
        status: 'up',
        worker: 'running',
        running: 1,
        answerMs: expect.any(Number),
        latencyMs: 0,
        deadLetters: 0,
      },
    });
    expect(await ask('/ready')).toMatchObject({ code: 200, jobs: { worker: 'running' } });
    expect(await ask('/live')).toMatchObject({ code: 200, jobs: { status: 'up', running: 1 } });
  });

  it('needs no worker where it only adds jobs', async () => {
    const { ask } = await serve({ backend: new MemoryBackend(), worker: false });

    expect(await ask()).toMatchObject({ code: 200, jobs: { worker: 'none', running: 0 } });
    expect(await ask('/ready')).toMatchObject({ code: 200, jobs: { worker: 'none' } });
  });
});

describe('limits', () => {
  it('are passed by more dead letters than they say, and not by as many', async () => {
    const { ask, scheduler } = await serve({ backend: new MemoryBackend() });
    const die = async (count: number) => {
      await scheduler.now('bad');
      await until(async () => (await scheduler.counts('bad')).dead === count);
    };

    await die(1);
    expect(await ask()).toMatchObject({ code: 200, jobs: { deadLetters: 1 } });
    await die(2);
    expect(await ask()).toMatchObject({
      code: 503,
      status: 'error',
      jobs: {
        status: 'down',
        deadLetters: 2,
        reasons: ['There are 2 dead letters, more than 1.'],
      },
    });
    expect(await ask('/ready')).toMatchObject({ code: 200 });
    limits = { ...limits, names: ['good'] };
    expect(await ask()).toMatchObject({ code: 200, jobs: { deadLetters: 0 } });
  });

  it('are passed by a job that has been due for longer than they say', async () => {
    const clock = new ManualClock();
    const { ask, scheduler } = await serve({
      backend: new MemoryBackend({ clock }),
      worker: false,
    });
    await scheduler.now('good');

    clock.advance(60_000);
    expect(await ask()).toMatchObject({
      code: 200,
      jobs: { latencyMs: 60_000, latestName: 'good' },
    });
    clock.advance(1);
    expect(await ask()).toMatchObject({
      code: 503,
      jobs: {
        latencyMs: 60_001,
        reasons: ['A job "good" has been waiting for 60001 ms, more than 60000 ms.'],
      },
    });
    limits = { ...limits, names: [defineJob('bad')] };
    expect(await ask()).toMatchObject({ code: 200, jobs: { latencyMs: 0 } });
  });

  it.each<[string, object]>([
    ['maxLatency', { maxLatency: 'soon' }],
    ['maxDeadLetters', { maxDeadLetters: -1 }],
    ['timeout', { timeout: 0 }],
    ['names', { names: 'good' }],
    ['instance', { instance: 'reports' }],
    ['maxDeadLeters', { maxDeadLeters: 5 }],
  ])('that cannot be meant are refused: %s', async (option, wrong) => {
    const { health } = await serve({ backend: new MemoryBackend() });

    const refusal: unknown = await health.isHealthy('jobs', wrong).catch((error) => error);
    expect(refusal).toBeInstanceOf(InvalidOptionError);
    expect(String(refusal)).toContain(option);
  });
});

describe('a process that drains', () => {
  it('is alive and not ready, until its last job has ended', async () => {
    const { app, ask, scheduler, health } = await serve({ backend: new MemoryBackend() });
    await scheduler.now('long');
    await until(async () => (await scheduler.counts('long')).running === 1);

    const closed = app.close();
    await until(() => app.get(WorkerHost).status().state === 'stopping');

    const why = ['The worker is draining.'];
    expect(await ask('/ready')).toMatchObject({ code: 503, jobs: { running: 1, reasons: why } });
    expect(await ask()).toMatchObject({ code: 503, jobs: { worker: 'stopping', reasons: why } });
    expect(await ask('/live')).toMatchObject({ code: 200, jobs: { running: 1 } });
    release();
    await closed;
    expect(await health.readiness()).toEqual({
      ready: false,
      reasons: ['The worker is not started.'],
    });
  });
});

describe('when Redis goes away', () => {
  let redis: PrivateRedis;
  beforeEach(async () => (redis = await startPrivateRedis()));
  afterEach(async () => {
    release();
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await redis.stop();
  });

  it.each([
    ['works', true],
    ['only adds jobs', false],
  ])(
    'a process that %s is alive, not ready and not healthy, until it is back',
    async (_, worker) => {
      const { ask, health, scheduler } = await serve({
        connectionString: redis.url,
        processEvery: 50,
        retryFor: 100,
        worker,
      });
      await scheduler.now('good');
      expect(await ask()).toMatchObject({ code: 200 });
      expect(await health.readiness()).toEqual({ ready: true, reasons: [] });

      await redis.kill();
      limits = { ...limits, timeout: '150ms' };
      await until(async () => !(await health.readiness({ timeout: '150ms' })).ready);

      const askedAt = performance.now();
      const answer = await ask();
      expect(performance.now() - askedAt).toBeLessThan(1_500);
      expect(answer).toMatchObject({ code: 503, jobs: { status: 'down' } });
      expect(answer.jobs.reasons).toContain('The store gave no answer within 150 ms.');
      expect(answer.jobs).not.toHaveProperty('deadLetters');
      expect(await ask('/live')).toMatchObject({ code: 200 });

      await redis.restart();
      await until(async () => (await ask('/ready')).code === 200);
      await until(async () => (await ask()).code === 200);
    },
  );

  it('a server that accepts and says nothing is given no longer than the limit', async () => {
    const { health } = await serve({ connectionString: redis.url, worker: false });
    await redis.kill('SIGSTOP');

    const askedAt = performance.now();
    const { jobs } = await health.isHealthy('jobs', { timeout: '100ms' });
    const tookMs = performance.now() - askedAt;
    await redis.kill('SIGCONT');

    expect(jobs).toMatchObject({
      status: 'down',
      reasons: ['The store gave no answer within 100 ms.'],
    });
    expect(tookMs).toBeGreaterThanOrEqual(99);
    expect(tookMs).toBeLessThan(1_500);
  });

  it('a process that starts before it is not ready', async () => {
    await redis.kill();
    const { ask } = await serve({ connectionString: redis.url, waitForRedis: true });

    const answer = await ask('/ready');
    expect(answer).toMatchObject({ code: 503, jobs: { reasons: ['The worker is not started.'] } });
    await redis.restart();
    await until(async () => (await ask('/ready')).code === 200);
  });
});

it('asks each instance by its name', async () => {
  const module = await Test.createTestingModule({
    imports: [
      AgendaRedisModule.forRoot({ backend: new MemoryBackend() }),
      AgendaRedisModule.forRoot({
        backend: new MemoryBackend(),
        worker: false,
        instance: 'reports',
      }),
    ],
    providers: [AgendaRedisHealth],
  })
    .setLogger(new RecordingLogger())
    .compile();
  const app = await module.createNestApplication().init();
  apps.push(app);
  const health = app.get(AgendaRedisHealth);

  const { jobs, reports } = {
    ...(await health.isHealthy('jobs')),
    ...(await health.isHealthy('reports', { instance: 'reports' })),
  };

  expect(jobs).toMatchObject({ status: 'up', worker: 'running' });
  expect(reports).toMatchObject({ status: 'up', worker: 'none' });
});

it('tells of a foreign backend what it can, and refuses to judge what it cannot', async () => {
  const memory = new MemoryBackend();
  const backend: AgendaBackend = {
    name: 'plain',
    repository: memory.repository,
    connect: () => memory.connect(),
    disconnect: () => memory.disconnect(),
  };
  const { health } = await serve({ backend });

  const { jobs } = await health.isHealthy('jobs', { maxDeadLetters: 0 });

  expect(jobs).toMatchObject({ status: 'up', deadLetters: 0 });
  expect(jobs).not.toHaveProperty('latencyMs');
  await expect(health.isHealthy('jobs', { maxLatency: '1 minute' })).rejects.toThrow(
    UnsupportedOperationError,
  );
});
