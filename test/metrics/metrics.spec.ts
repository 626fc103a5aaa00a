import { Test } from '@nestjs/testing';
import { Controller, Get, Injectable, type INestApplication } from '@nestjs/common';
import { register, Registry } from 'prom-client';
import {
  Engine,
  InvalidOptionError,
  JobScheduler,
  type AgendaBackend,
  type EngineOptions,
  type Job,
} from '../../lib/core/index.js';
import { ManualClock, MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaMetrics,
  AgendaRedisMetricsModule,
  type PrometheusOptions,
} from '../../lib/metrics/index.js';
import { AgendaRedisModule, getInstanceToken, JobHandler } from '../../lib/nest/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { gate } from '../core/engine/support.js';
import { RecordingLogger, until } from '../nest/support.js';
import { startPrivateRedis } from '../support/redis-server.mjs';

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

interface BenchOptions {
  backend?: AgendaBackend;
  engine?: EngineOptions;
  metrics?: PrometheusOptions;
}

/** A real engine, its metrics, and what a scrape of them answers: `name{labels}` → value. */
async function makeBench({ backend, engine: options, metrics }: BenchOptions = {}) {
  const engine = new Engine(backend ?? new MemoryBackend(), options, { onUnheardError: () => {} });
  const registry = new Registry();
  const { scheduler, workerHost, handlers } = engine;
  const agendaMetrics = new AgendaMetrics({ scheduler, workerHost, registry, ...metrics });
  closings.push(
    () => engine.close(),
    () => agendaMetrics.close(),
  );
  await engine.connect();
  const scrape = async () => samplesOf(await (metrics?.registry ?? registry).metrics());
  return { engine, scheduler, workerHost, handlers, registry, agendaMetrics, scrape };
}

/** The samples of the text format. */
function samplesOf(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = lines.map((line) => /^(\S+?(?:\{.*\})?) (\S+)$/.exec(line)!);
  return Object.fromEntries(samples.map(([, name, value]) => [name!, Number(value)]));
}

describe('counters', () => {
  it('tell by name what happened to the jobs of this process', async () => {
    const { handlers, scheduler, workerHost, scrape } = await makeBench();
    handlers.define('good', () => 'fine');
    const bad = (): never => {
      throw new Error('no');
    };
    handlers.define('bad', bad, { attempts: 2, backoff: 1 });
    handlers.define('later', (job) => job.snooze('1 hour'));
    handlers.define('patient', (job: Job) => {
      return new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    });
    await workerHost.start();

    await scheduler.enqueueMany([{ name: 'good' }, { name: 'good' }]);
    await scheduler.now('bad');
    await scheduler.now('later');
    const { id } = await scheduler.now('patient');
    await until(async () => (await scheduler.counts('patient')).running === 1);
    await scheduler.cancel(id);
    await until(async () => (await scrape())['agenda_redis_jobs_dead_total{name="bad"}'] === 1);
    await until(
      async () => (await scrape())['agenda_redis_jobs_cancelled_total{name="patient"}'] === 1,
    );

    expect(await scrape()).toMatchObject({
      'agenda_redis_jobs_added_total{name="good"}': 2,
      'agenda_redis_jobs_started_total{name="good"}': 2,
      'agenda_redis_jobs_completed_total{name="good"}': 2,
      'agenda_redis_jobs_added_total{name="bad"}': 1,
      'agenda_redis_jobs_started_total{name="bad"}': 2,
      'agenda_redis_jobs_failed_total{name="bad"}': 2,
      'agenda_redis_jobs_retried_total{name="bad"}': 1,
      'agenda_redis_jobs_dead_total{name="bad"}': 1,
      'agenda_redis_jobs_snoozed_total{name="later"}': 1,
      'agenda_redis_jobs_cancelled_total{name="patient"}': 1,
      'agenda_redis_job_run_seconds_count{name="good"}': 2,
      'agenda_redis_job_run_seconds_count{name="bad"}': 2,
      'agenda_redis_job_wait_seconds_count{name="good"}': 2,
    });
  });

  it('tell of runs that other processes have lost', async () => {
    const backend = new MemoryBackend();
    const engine = { lease: 300 };
    const { handlers, scheduler, workerHost, scrape } = await makeBench({ backend, engine });
    await scheduler.now('mail');
    const claim = { claimId: 'a'.repeat(32), host: 'lost', leaseMs: 1, slots: 1 };
    await backend.broker.settleAndClaim([], { ...claim, names: [{ name: 'mail', slots: 1 }] });
    handlers.define('mail', () => 'sent');

    await workerHost.start();

    await until(
      async () => (await scrape())['agenda_redis_jobs_completed_total{name="mail"}'] === 1,
    );
    expect(await scrape()).toMatchObject({ 'agenda_redis_jobs_stalled_total{name="mail"}': 1 });
  });
});

it('measures waits and runs in seconds', async () => {
  const clock = new ManualClock();
  const { handlers, scheduler, workerHost, scrape } = await makeBench({
    backend: new MemoryBackend({ clock }),
    metrics: { buckets: [1, 10] },
  });
  handlers.define('mail', () => 'sent');
  await scheduler.now('mail');
  clock.advance(2_500);
  await workerHost.start();
  await until(async () => (await scrape())['agenda_redis_jobs_completed_total{name="mail"}'] === 1);

  const samples = await scrape();
  expect(samples).toMatchObject({
    'agenda_redis_job_wait_seconds_bucket{le="1",name="mail"}': 0,
    'agenda_redis_job_wait_seconds_bucket{le="10",name="mail"}': 1,
    'agenda_redis_job_wait_seconds_bucket{le="+Inf",name="mail"}': 1,
    'agenda_redis_job_wait_seconds_sum{name="mail"}': 2.5,
    'agenda_redis_job_run_seconds_bucket{le="1",name="mail"}': 1,
  });
  expect(samples['agenda_redis_job_run_seconds_sum{name="mail"}']).toBeLessThan(1);
});

describe('gauges', () => {
  it('tell what runs, waits and is dead in the store, and what is free here', async () => {
    const clock = new ManualClock();
    const { handlers, scheduler, workerHost, scrape } = await makeBench({
      backend: new MemoryBackend({ clock }),
      engine: { maxConcurrency: 5 },
    });
    const end = gate();
    handlers.define('long', () => end.opened);
    handlers.define('bad', () => {
      throw new Error('no');
    });
    await workerHost.start();
    await scheduler.now('long');
    await scheduler.now('bad');
    await scheduler.schedule('in 1 hour', 'long');
    await scheduler.now('other');
    await until(async () => (await scheduler.counts('bad')).dead === 1);
    await until(async () => (await scheduler.counts('long')).running === 1);
    clock.advance(1_500);

    expect(await scrape()).toMatchObject({
      agenda_redis_up: 1,
      agenda_redis_worker_ready: 1,
      agenda_redis_worker_free_slots: 4,
      'agenda_redis_worker_running_jobs{name="long"}': 1,
      'agenda_redis_worker_running_jobs{name="bad"}': 0,
      'agenda_redis_jobs_running{name="long"}': 1,
      'agenda_redis_jobs_scheduled{name="long"}': 1,
      'agenda_redis_jobs_queued{name="other"}': 1,
      'agenda_redis_dead_letters{name="bad"}': 1,
      'agenda_redis_queue_latency_seconds{name="other"}': 1.5,
      'agenda_redis_queue_latency_seconds{name="long"}': 0,
    });
    end.open();
  });

  it('ask the store once for all of them, and once for scrapes that come within a second', async () => {
    const backend = new MemoryBackend();
    let asked = 0;
    const { manager } = backend;
    const counts = manager.counts.bind(manager);
    manager.counts = (names) => ((asked += 1), counts(names));
    const { scheduler, scrape } = await makeBench({ backend });
    await scheduler.now('mail');

    await Promise.all([scrape(), scrape()]);
    await scrape();

    expect(asked).toBe(1);
  });

  it('are those of a backend that cannot tell latencies, without them', async () => {
    const memory = new MemoryBackend();
    const { scheduler, scrape } = await makeBench({
      backend: {
        name: 'plain',
        repository: memory.repository,
        connect: () => memory.connect(),
        disconnect: () => memory.disconnect(),
      },
      engine: { worker: false },
    });
    await scheduler.now('mail');

    const samples = await scrape();
    expect(samples).toMatchObject({
      agenda_redis_up: 1,
      agenda_redis_worker_free_slots: 0,
      'agenda_redis_jobs_queued{name="mail"}': 1,
    });
    expect(Object.keys(samples).join()).not.toContain('latency');
  });
});

it.each([true, false])(
  'answers a scrape also when Redis is away, and says so (by name: %s)',
  async (byName) => {
    const redis = await startPrivateRedis();
    closings.push(() => redis.stop());
    const backend = new RedisBackend({ connectionString: redis.url, retryFor: '1 minute' });
    const { scheduler, scrape } = await makeBench({
      backend,
      engine: { worker: false },
      metrics: { byName },
    });
    await scheduler.now('mail');
    const queued = byName ? 'agenda_redis_jobs_queued{name="mail"}' : 'agenda_redis_jobs_queued';
    await redis.kill('SIGSTOP');

    const askedAt = performance.now();
    const samples = await scrape();
    const tookMs = performance.now() - askedAt;
    await redis.kill('SIGCONT');

    expect(samples).toMatchObject({ agenda_redis_up: 0 });
    expect(samples).not.toHaveProperty([queued]);
    expect(tookMs).toBeLessThan(4_000);
    await until(async () => (await scrape()).agenda_redis_up === 1);
    expect(await scrape()).toMatchObject({ [queued]: 1 });
  },
);

describe('options', () => {
  it('leave the name out, for applications that make up names', async () => {
    const clock = new ManualClock();
    const { scheduler, scrape } = await makeBench({
      backend: new MemoryBackend({ clock }),
      engine: { worker: false },
      metrics: { byName: false, prefix: 'shop_' },
    });
    await scheduler.now('mail-1');
    clock.advance(2_000);
    await scheduler.now('mail-2');

    const samples = await scrape();
    expect(samples).toMatchObject({
      shop_jobs_added_total: 2,
      shop_jobs_queued: 2,
      shop_queue_latency_seconds: 2,
    });
    expect(Object.keys(samples).join()).not.toContain('name=');
  });

  it.each<[string, object]>([
    ['registry', { registry: {} }],
    ['prefix', { prefix: '1st_' }],
    ['prefix', { prefix: 'shop-' }],
    ['buckets', { buckets: [1, 1] }],
    ['buckets', { buckets: [] }],
    ['buckets', { buckets: [0, 1] }],
    ['byName', { byName: 'no' }],
    ['bucket', { bucket: [1] }],
  ])('that cannot be meant are refused: %s', async (option, wrong) => {
    const registry = new Registry();
    const { scheduler, workerHost } = new Engine(new MemoryBackend());
    const make = () => new AgendaMetrics({ scheduler, workerHost, registry, ...wrong });

    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(option);
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('refuse a prefix whose names are taken, and add nothing then', async () => {
    const { registry, scheduler, workerHost } = await makeBench();
    const before = registry.getMetricsAsArray().length;

    expect(() => new AgendaMetrics({ scheduler, workerHost, registry })).toThrow(
      InvalidOptionError,
    );
    expect(registry.getMetricsAsArray()).toHaveLength(before);
  });
});

it('has names that follow the conventions, and a help for each', async () => {
  const { registry } = await makeBench();

  for (const { name, help, type } of await registry.getMetricsAsJSON()) {
    expect(name).toMatch(/^agenda_redis_[a-z_]+$/);
    expect(help).not.toBe('');
    expect(name.endsWith('_total')).toBe(String(type) === 'counter');
  }
});

it('counts no more once it is closed, and is out of the registry', async () => {
  const { agendaMetrics, registry, scheduler } = await makeBench();

  agendaMetrics.close();
  agendaMetrics.close();
  await scheduler.now('mail');

  expect(registry.getMetricsAsArray()).toEqual([]);
});

describe('in an application', () => {
  @Injectable()
  class Jobs {
    @JobHandler('mail')
    mail(): void {}
  }

  @Controller()
  class Scrapes {
    @Get('metrics')
    metrics(): Promise<string> {
      return register.metrics();
    }
  }

  it('is one import, for each instance, and leaves the registry as it was', async () => {
    const module = await Test.createTestingModule({
      imports: [
        AgendaRedisModule.forRoot({ backend: new MemoryBackend() }),
        AgendaRedisModule.forRoot({ backend: new MemoryBackend(), instance: 'night-shift' }),
        AgendaRedisMetricsModule.forRoot(),
        AgendaRedisMetricsModule.forRoot({ instance: 'night-shift' }),
      ],
      controllers: [Scrapes],
      providers: [Jobs],
    })
      .setLogger(new RecordingLogger())
      .compile();
    const app: INestApplication = module.createNestApplication();
    closings.push(() => app.close());
    await app.listen(0, '127.0.0.1');
    const scrape = async () =>
      samplesOf(await (await fetch(`${await app.getUrl()}/metrics`)).text());

    await app.get(JobScheduler).now('mail');
    await app.get<JobScheduler>(getInstanceToken(JobScheduler, 'night-shift')).now('report');
    await until(
      async () => (await scrape())['agenda_redis_jobs_completed_total{name="mail"}'] === 1,
    );

    expect(await scrape()).toMatchObject({
      agenda_redis_worker_ready: 1,
      'agenda_redis_night_shift_jobs_added_total{name="report"}': 1,
    });
    await app.close();
    expect(register.getMetricsAsArray()).toEqual([]);
  });
});
