import { randomUUID } from 'node:crypto';
import { Engine } from '../../../lib/core/engine.js';
import type { HandlerOptions, Job, JobScheduler } from '../../../lib/core/index.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { RedisBackend } from '../../../lib/redis/index.js';

/** Tries the code of one row of the guide. */
export type Trial = (here: string) => Promise<unknown>;

export const url = process.env.TEST_REDIS_URL!;
export const ownPrefix = (): string => `test:${randomUUID()}:`;
export const data = { host: 'shop.example' };

/** What is to be closed after each trial. */
export const cleanups: (() => Promise<unknown>)[] = [];

export interface Stage {
  readonly engine: Engine;
  readonly scheduler: JobScheduler;
  /** What the code of a row may speak of. */
  readonly scope: Record<string, unknown>;
  /** What it told. */
  readonly seen: unknown[];
  readonly start: () => Promise<void>;
}

/** An engine whose jobs named `email` are run so. */
export async function stage(
  handle: (job: Job) => unknown = () => 'sent',
  options: HandlerOptions = {},
  engineOptions: EngineOptions = {},
): Promise<Stage> {
  const backend = new RedisBackend({ connectionString: url, keyPrefix: ownPrefix() });
  const engine = new Engine(backend, engineOptions);
  cleanups.push(() => engine.close());
  // The Redis of the tests keeps nothing on disk.
  engine.events.on('warning', () => undefined);
  engine.handlers.define('email', handle, options);
  await engine.connect();
  const seen: unknown[] = [];
  const { scheduler, workerHost } = engine;
  return {
    engine,
    scheduler,
    seen,
    scope: { scheduler, workerHost, data, seen: (...facts: unknown[]) => seen.push(facts) },
    start: () => workerHost.start(),
  };
}
