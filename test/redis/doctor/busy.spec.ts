import { Engine } from '../../../lib/core/engine.js';
import { checkStore, RedisBackend } from '../../../lib/redis/index.js';
import { newPrefix, until } from '../support.js';
import { faultsIn } from './support.js';

/*
 * Hosts work at full speed, producers add, people cancel and pause: whatever a look meets, it is no fault, and a repair
 * has nothing to do.
 */

const ROUNDS = Number(process.env.RUNS) || 4;
const PER_ROUND = 100;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startHost(options: { keyPrefix: string; partitions: number }): Promise<Engine> {
  const backend = new RedisBackend({ connectionString: process.env.TEST_REDIS_URL!, ...options });
  const engine = new Engine(backend, {
    processEvery: 50,
    events: { durable: true },
    logging: true,
    removeOnComplete: false,
  });
  cleanups.push(() => engine.close());
  define(engine);
  await engine.connect();
  await engine.workerHost.start();
  return engine;
}

function define({ handlers }: Engine): void {
  handlers.define('plain', async () => 'done', { concurrency: 20 });
  handlers.define(
    'shaky',
    async (job) => {
      job.log('trying');
      job.progress({ step: job.attempt });
      if (Math.random() < 0.6) throw new Error('broken');
    },
    {
      concurrency: 20,
      attempts: 3,
      backoff: 3,
      retention: { completed: { age: 300 }, failed: { age: 300 } },
    },
  );
  handlers.define('keyed', async () => undefined, {
    concurrency: 20,
    keyConcurrency: 2,
    attempts: 2,
  });
  handlers.define('narrow', async () => undefined, { concurrency: 20, globalConcurrency: 3 });
  handlers.define('often', async () => undefined);
}

async function produce({ scheduler }: Engine, round: number): Promise<void> {
  const soon = (ms: number) => new Date(Date.now() + ms);
  await scheduler.every(20, 'often');
  const calls = Array.from({ length: PER_ROUND }, async (_, i) => {
    const key = `k${i % 5}`;
    await scheduler.now('plain', { i }, { tags: [`t${i % 3}`], expiresIn: 30_000 });
    const shaky = await scheduler.now('shaky', { i }, { priority: i % 3 });
    await scheduler.schedule(soon(i % 40), 'keyed', { i }, { key });
    await scheduler.now('narrow', { i }, { idempotencyKey: `${round}-${i % 50}` });
    if (i % 10 === 0) await scheduler.remove(shaky.id);
    if (i % 25 === 0) await scheduler.pause('keyed');
    if (i % 25 === 5) await scheduler.resume('keyed');
  });
  await Promise.all(calls);
  await scheduler.resume('keyed');
  const dead = await scheduler.find({ state: 'failed', limit: 5 });
  for (const { id } of dead.jobs) await scheduler.requeue(id).catch(() => undefined);
}

it.each([1, 8])(
  'finds nothing in a store of %i partitions that is hard at work',
  async (partitions) => {
    const keyPrefix = newPrefix();
    const engine = await startHost({ keyPrefix, partitions });
    const backend = engine.backend as RedisBackend;
    cleanups.push(() => backend.removeEverything());
    await startHost({ keyPrefix, partitions });

    const found: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const producing = produce(engine, round);
      found.push(...(await faultsIn(backend, round % 2 === 1)));
      await producing;
      found.push(...(await faultsIn(backend)));
    }
    expect(found).toEqual([]);

    await until(async () => {
      const counts = Object.values(await engine.scheduler.counts());
      return counts.every(({ queued, running }) => queued + running === 0);
    });
    const options = { connectionString: process.env.TEST_REDIS_URL!, keyPrefix };
    const report = await checkStore(options);
    expect(report.counts.filter(({ level }) => level === 'fault')).toEqual([]);
    expect(report).toMatchObject({ isSound: true, partitions, keyPrefix });
    expect(report.jobs).toBeGreaterThan(PER_ROUND);
  },
  120_000,
);
