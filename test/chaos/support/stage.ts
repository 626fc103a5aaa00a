import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Engine } from '../../../lib/core/engine.js';
import type { JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { RedisBackend } from '../../../lib/redis/index.js';
import { compilePackage, type CompiledPackage } from '../../support/compiled-package.js';
import {
  type PrivateRedis,
  type PrivateRedisOptions,
  startPrivateRedis,
} from '../../support/redis-server.mjs';
import type { Place, ProducerSettings, Work, WorkerSettings } from '../processes/settings.js';
import { Child } from './child.js';
import { FactBook } from './fact-book.js';
import { violations } from './invariants.js';

/** More jobs and more rounds. */
export const isLong = process.env.CHAOS_LONG === '1';

const WITHIN_MS = 60_000;

/** How the clock of a process lies. */
export interface WrongClock {
  /** It is ahead by so much. */
  shiftMs?: number;
  /** Every tenth of a second it is put forward by so much, or back when negative. */
  stepMs?: number;
}

/**
 * What a fault test plays on: a Redis that may be hurt, one that is never (the witness), and any
 * number of processes. It outlives nothing: `close` ends all of them.
 */
export class Stage {
  readonly children: Child[] = [];
  readonly keyPrefix = 'chaos:';
  private readonly engine: Engine;

  private constructor(
    private readonly compiled: CompiledPackage,
    readonly redis: PrivateRedis,
    private readonly witness: PrivateRedis,
    /** For the tests to look, and to hurt. */
    readonly client: Redis,
    readonly backend: RedisBackend,
    readonly facts: FactBook,
  ) {
    this.engine = new Engine(backend, { worker: false });
  }

  static async open(options: PrivateRedisOptions = {}): Promise<Stage> {
    const [compiled, redis, witness] = await Promise.all([
      compilePackage('test/chaos/processes'),
      startPrivateRedis(options),
      startPrivateRedis(),
    ]);
    const client = new Redis(redis.url);
    // It is hurt like everybody.
    client.on('error', () => {});
    const backend = new RedisBackend({
      connectionString: redis.url,
      keyPrefix: 'chaos:',
    });
    return new Stage(compiled, redis, witness, client, backend, new FactBook(witness.url));
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
    await this.engine.close();
    await this.backend.disconnect();
    this.client.disconnect();
    this.facts.close();
    await Promise.all([this.redis.stop(), this.witness.stop(), this.compiled.remove()]);
  }

  /** A worker that is at work. */
  async worker(settings: Partial<WorkerSettings> = {}, clock?: WrongClock): Promise<Child> {
    const child = this.beginWorker(settings, clock);
    await child.says('ready');
    return child;
  }

  /** A worker that is on its way. */
  beginWorker(settings: Partial<WorkerSettings> = {}, clock?: WrongClock): Child {
    const all: WorkerSettings = {
      ...this.place,
      names: ['work'],
      handler: { concurrency: 20 },
      engine: {},
      ...settings,
    };
    return this.begin('worker', all, clock);
  }

  /** A producer that has begun. */
  async producer(settings: Partial<ProducerSettings> = {}, clock?: WrongClock): Promise<Child> {
    const child = this.beginProducer(settings, clock);
    await child.says('ready');
    return child;
  }

  /** A producer that is on its way. */
  beginProducer(settings: Partial<ProducerSettings> = {}, clock?: WrongClock): Child {
    const all: ProducerSettings = {
      ...this.place,
      name: 'work',
      data: {},
      burst: 1,
      everyMs: 10,
      ...settings,
    };
    return this.begin('producer', all, clock);
  }

  /** Adds jobs from the test itself, at once; their ids. */
  async add(count: number, data: Work, name = 'work', options: JobOptions = {}): Promise<string[]> {
    const { scheduler } = this.engine;
    const adds = Array.from({ length: count }, () => scheduler.now(name, data, options));
    return (await Promise.all(adds)).map(({ id }) => id);
  }

  /** Cancels a job from the test itself. */
  async cancel(id: string, reason: string): Promise<void> {
    await this.engine.scheduler.cancel(id, { reason });
  }

  /** Runs a producer to its end; the ids of the jobs it added. */
  async added(settings: Partial<ProducerSettings>): Promise<string[]> {
    const producer = await this.producer(settings);
    await producer.ended;
    const added = await this.facts.of('added');
    return added.filter(({ pid }) => pid === producer.pid).map(({ id }) => id);
  }

  /** Waits for a fact; the bound is for tests that fail. */
  async until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    withinMs = WITHIN_MS,
  ): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await holds())) {
      if (performance.now() > deadline) {
        const counts = await this.backend.manager.counts().then(Object.fromEntries, String);
        const seen = JSON.stringify({ counts, troubles: this.troubles() });
        throw new Error(`Waited ${withinMs} ms in vain: ${what}. ${seen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Until this many jobs of a name are done. */
  async untilCompleted(count: number, name = 'work'): Promise<void> {
    await this.until(`${count} jobs are completed`, async () => {
      const { completed } = await this.counts(name);
      return completed >= count;
    });
  }

  async counts(name = 'work') {
    return (await this.backend.manager.counts([name])).get(name)!;
  }

  /** Lets workers end in good order, so that nobody writes any more. */
  async endWorkers(workers: readonly Child[]): Promise<void> {
    for (const worker of workers) worker.terminate();
    await Promise.all(workers.map(({ ended }) => ended));
  }

  /** What no process may ever have, and no test of a fault excuses. */
  troubles(): string[] {
    return this.children.flatMap((child) => child.troubles());
  }

  /** What is wrong in the store; nobody may write meanwhile. */
  violations(): Promise<string[]> {
    return violations(this.client, this.keyPrefix, this.backend.manager);
  }

  private get place(): Place {
    const { keyPrefix, redis, witness } = this;
    return { redisUrl: redis.url, witnessUrl: witness.url, keyPrefix };
  }

  private begin(role: 'worker' | 'producer', settings: Place, clock?: WrongClock): Child {
    const file = (name: string) => join(this.compiled.dir, `test/chaos/processes/${name}.js`);
    const environment = {
      SETTINGS: JSON.stringify(settings),
      CLOCK_SHIFT_MS: `${clock?.shiftMs ?? 0}`,
      CLOCK_STEP_MS: `${clock?.stepMs ?? 0}`,
    };
    const wrongClock = clock ? ['--import', file('wrong-clock')] : [];
    const child = new Child(file(role), environment, wrongClock);
    this.children.push(child);
    return child;
  }
}

/** Figures for people; the tests assert them all the same. */
export function print(title: string, figures: object): void {
  process.stdout.write(`  ${title}: ${JSON.stringify(figures)}\n`);
}
