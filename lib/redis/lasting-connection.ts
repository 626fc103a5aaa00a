import { BackendClosedError } from '../core/errors.js';
import { RedisConnection, type ScanPage } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';
import type { ScriptCarrier } from './script-carrier.js';

/** So long after its last call it closes itself. */
const IDLE_MS = 200;

/**
 * A connection for what may be asked after the backend was closed: Agenda's own engine closes it
 * while jobs still run, asks on, and never opens it again. As long as the backend is open its
 * connection serves; afterwards one of our own, which opens on demand and soon closes itself, so
 * that the process can end. A call that the closing cut off is sent once more.
 */
export class LastingConnection extends RedisConnection {
  private underWay = 0;
  private nextClose: NodeJS.Timeout | undefined;

  constructor(
    private readonly main: RedisConnection,
    options: ResolvedRedisOptions,
    prepare: () => Promise<void>,
    carrier?: ScriptCarrier,
  ) {
    // A run that ends while Redis is away for a moment is worth the wait of any other call.
    super({ ...options, waitForRedis: true }, prepare, carrier);
  }

  /** It may always be asked. */
  override expectOpen(): void {}

  override ensureOpen(): Promise<void> {
    return this.lasting(
      (main) => main.ensureOpen(),
      () => super.ensureOpen(),
    );
  }

  override run(
    script: Script,
    keys: readonly string[],
    args: (repeat: boolean) => readonly string[],
  ): Promise<unknown> {
    const again = (): readonly string[] => args(true);
    return this.lasting(
      (main, isRepeat) => main.run(script, keys, isRepeat ? again : args),
      () => super.run(script, keys, again),
    );
  }

  override page(command: 'sscan' | 'zscan', key: string, cursor: string): Promise<ScanPage> {
    return this.lasting(
      (main) => main.page(command, key, cursor),
      () => super.page(command, key, cursor),
    );
  }

  /** What is under way ends first: it then closes by itself. */
  override async close(): Promise<void> {
    if (this.underWay > 0) return;
    clearTimeout(this.nextClose);
    await super.close();
  }

  private async lasting<T>(
    call: (main: RedisConnection, isRepeat: boolean) => Promise<T>,
    afterwards: () => Promise<T>,
  ): Promise<T> {
    const { main } = this;
    if (main.isClosed) return this.afterwards(afterwards);
    try {
      return await call(main, false);
    } catch (error) {
      if (!(error instanceof BackendClosedError)) throw error;
      return main.isClosed ? this.afterwards(afterwards) : call(main, true);
    }
  }

  private async afterwards<T>(call: () => Promise<T>): Promise<T> {
    clearTimeout(this.nextClose);
    this.underWay += 1;
    this.closed = false;
    try {
      return await call();
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.nextClose = setTimeout(() => void this.close(), IDLE_MS);
    }
  }
}
