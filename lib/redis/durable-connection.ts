import type { ConfirmedWrites } from './confirmed-writes.js';
import { blockingEndpoint } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';

/**
 * For writes that replicas confirm: nothing else is held up by the wait for them. Open whenever the main
 * connection is, it connects with its first call.
 */
export class DurableConnection extends RedisConnection {
  constructor(
    private readonly main: RedisConnection,
    options: ResolvedRedisOptions,
    confirmed: ConfirmedWrites,
  ) {
    super(durableOptions(options), async () => undefined, confirmed);
    main.closeWith(this);
  }

  override get isClosed(): boolean {
    return this.main.isClosed;
  }

  override async run(
    script: Script,
    keys: readonly string[],
    args: (repeat: boolean) => readonly string[],
  ): Promise<unknown> {
    // It looks at the store before anything is written.
    await this.main.ensureOpen();
    return super.run(script, keys, args);
  }
}

/** A client of our own, also beside a borrowed one. A first call is as patient as any other. */
export function durableOptions(options: ResolvedRedisOptions): ResolvedRedisOptions {
  return { ...options, endpoint: blockingEndpoint(options.endpoint), waitForRedis: true };
}
