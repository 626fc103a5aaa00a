import { join } from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { Engine } from '../../../lib/core/engine.js';
import { randomToken } from '../../../lib/core/job/job-id.js';
import type { JobOptions } from '../../../lib/core/scheduler/job-options.js';
import { RedisBackend, type RedisBackendOptions } from '../../../lib/redis/index.js';
import { partitionPrefixes } from '../../support/store-prefixes.js';
import { compilePackage, type CompiledPackage } from '../../support/compiled-package.js';
import { keysWith, newClient, partitions, storeOptions } from '../../support/redis-endpoint.js';
import {
  type PrivateRedis,
  type PrivateRedisOptions,
  startPrivateRedis,
} from '../../support/redis-server.mjs';
import type { Place, ProducerSettings, Work, WorkerSettings } from '../processes/settings.js';
import { Child } from './child.js';
import { FactBook } from './fact-book.js';
import { violationsIn } from './invariants.js';

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

/** What a stage is built on. */
export interface Ground {
  /** Where the jobs are. */
  readonly store: RedisBackendOptions;
  stop(): Promise<unknown>;
}

/**
 * What a fault test plays on: a Redis that may be hurt, one that is never (the witness), and any
 * number of processes. It outlives nothing: `close` ends all of them.
 */
export class Stage {
  readonly children: Child[] = [];
  /** Where the jobs are. */
  readonly store: RedisBackendOptions & { readonly keyPrefix: string };
  /** For the tests to look, and to hurt. */
  readonly client: Redis | Cluster;
  readonly backend: RedisBackend;
  readonly facts: FactBook;
  private readonly engine: Engine;

  private constructor(
    private readonly compiled: CompiledPackage,
    private readonly ground: Ground,
    private readonly witness: PrivateRedis,
    private readonly privateRedis?: PrivateRedis,
  ) {
    this.store = { keyPrefix: `chaos-${randomToken()}:`, ...ground.store };
    this.client = newClient(ground.store);
    // It is hurt like everybody.
    this.client.on('error', () => {});
    this.backend = new RedisBackend(this.store);
    this.facts = new FactBook(witness.url);
    this.engine = new Engine(this.backend, { worker: false });
  }

  /** On a server of its own with these options; or on those of the run, where they are a Cluster or behind Sentinel. */
  static async open(options?: PrivateRedisOptions): Promise<Stage> {
    if (!options && !storeOptions.connectionString) {
      return Stage.on({ store: storeOptions, stop: async () => undefined });
    }
    const redis = await startPrivateRedis(options);
    const store = { connectionString: redis.url, partitions };
    return Stage.on({ store, stop: () => redis.stop() }, redis);
  }

  static async on(ground: Ground, redis?: PrivateRedis): Promise<Stage> {
    const [compiled, witness] = await Promise.all([
      compilePackage('test/chaos/processes'),
      startPrivateRedis(),
    ]);
    return new Stage(compiled, ground, witness, redis);
  }

  /** The server of its own. */
  get redis(): PrivateRedis {
    if (!this.privateRedis) throw new Error('This stage has no server of its own.');
    return this.privateRedis;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
    await this.engine.close();
    await this.backend.disconnect();
    if (!this.privateRedis) await this.removeKeys();
    this.client.disconnect();
    this.facts.close();
    await Promise.all([this.ground.stop(), this.witness.stop(), this.compiled.remove()]);
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
      names: ['work'],
      handler: { concurrency: 20 },
      engine: {},
      ...settings,
      ...this.placeWith(settings.redis),
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
      name: 'work',
      data: {},
      burst: 1,
      everyMs: 10,
      ...settings,
      ...this.placeWith(settings.redis),
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

  async untilAllCompleted(): Promise<void> {
    await this.until('all jobs are done', async () => {
      const { completed, total } = await this.counts();
      return completed === total;
    });
  }

  async counts(name = 'work') {
    return (await this.backend.manager.counts([name])).get(name)!;
  }

  /** Lets processes end in good order, so that nobody of them writes any more. */
  async endAll(processes: readonly Child[]): Promise<void> {
    for (const one of processes) one.terminate();
    await Promise.all(processes.map(({ ended }) => ended));
  }

  /** What no process may ever have, and no test of a fault excuses. */
  troubles(): string[] {
    return this.children.flatMap((child) => child.troubles());
  }

  /** What is wrong in the store; nobody may write meanwhile. */
  violations(): Promise<string[]> {
    return violationsIn(this.client, partitionPrefixes(this.store), this.backend.manager);
  }

  /** Every key of the store. */
  keys(): Promise<string[]> {
    return keysWith(this.store.keyPrefix, this.client);
  }

  private async removeKeys(): Promise<void> {
    for (const key of await this.keys()) await this.client.unlink(key);
  }

  private placeWith(redis: RedisBackendOptions | undefined): Place {
    return { redis: { ...this.store, ...redis }, witnessUrl: this.witness.url };
  }

  private begin(role: 'worker' | 'producer', settings: Place, clock?: WrongClock): Child {
    const file = (name: string) => join(this.compiled.dir, `test/chaos/processes/${name}.js`);
    const environment = {
      SETTINGS: JSON.stringify(settings),
      CLOCK_SHIFT_MS: `${clock?.shiftMs ?? 0}`,
      CLOCK_STEP_MS: `${clock?.stepMs ?? 0}`,
    };
    const wrongClock = clock ? ['--import', file('wrong-clock')] : [];
    // A test that asks replicas takes them away: then ends of jobs stay unconfirmed.
    const quiet = this.store.durability ? ['--disable-warning=durability'] : [];
    const child = new Child(file(role), environment, [...wrongClock, ...quiet]);
    this.children.push(child);
    return child;
  }
}

/** Figures for people; the tests assert them all the same. */
export function print(title: string, figures: object): void {
  process.stdout.write(`  ${title}: ${JSON.stringify(figures)}\n`);
}
