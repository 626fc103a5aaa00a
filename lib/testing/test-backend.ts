import { randomBytes } from 'node:crypto';
import type { AgendaBackend } from '../core/index.js';
import { MemoryBackend, type ManualClock } from '../memory/index.js';
import { RedisBackend, type RedisBackendOptions } from '../redis/index.js';
import { redisOptionsOf, type TestStoreOptions } from './testing-options.js';

/** Called when the application opens its store, before any worker of it can start, and when it has left. */
export interface TestBackendHooks {
  opens(): void;
  closed(): void;
}

/**
 * The store of one test: in memory, or in a Redis, where it is removed in the end. Making it opens nothing.
 *
 * @throws InvalidOptionError
 */
export function makeTestBackend(
  options: TestStoreOptions,
  clock: ManualClock,
  hooks: TestBackendHooks,
): AgendaBackend {
  const redis = redisOptionsOf(options);
  if (redis) return new TestRedisBackend(redis, clock, hooks);
  const { maxDataBytes, sort } = options;
  const given = { ...(maxDataBytes !== undefined && { maxDataBytes }), ...(sort && { sort }) };
  return new TestMemoryBackend({ clock, ...given }, hooks);
}

class TestMemoryBackend extends MemoryBackend {
  constructor(
    options: ConstructorParameters<typeof MemoryBackend>[0],
    private readonly hooks: TestBackendHooks,
  ) {
    super(options);
  }

  override connect(): Promise<void> {
    this.hooks.opens();
    return super.connect();
  }

  override async disconnect(): Promise<void> {
    this.hooks.closed();
    await super.disconnect();
  }
}

class TestRedisBackend extends RedisBackend {
  constructor(
    options: RedisBackendOptions,
    clock: ManualClock,
    private readonly hooks: TestBackendHooks,
  ) {
    const own = `agenda-test:${randomBytes(8).toString('hex')}:`;
    super({ ...options, keyPrefix: own, channelName: `${own}news` }, { now: () => clock.now() });
  }

  override connect(): Promise<void> {
    this.hooks.opens();
    return super.connect();
  }

  override async disconnect(): Promise<void> {
    this.hooks.closed();
    try {
      await this.removeEverything();
    } finally {
      await super.disconnect();
    }
  }
}
