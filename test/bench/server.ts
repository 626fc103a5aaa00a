import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import type { PrivateRedis } from '../support/redis-server.mjs';
import { type CommandCost, commandStats } from './command-stats.js';

// It is no TypeScript, so the compiler leaves it where it is: under the folder that the launcher enters.
const SUPPORT = pathToFileURL(join(process.cwd(), 'test/support/redis-server.mjs')).href;
const { startPrivateRedis } = (await import(
  SUPPORT
)) as typeof import('../support/redis-server.mjs');

/** A call worth noting in the slow log, in µs. */
const SLOW_US = 100;

/** The Redis of a run, which nobody else uses. */
export class BenchServer {
  private constructor(
    private readonly server: PrivateRedis,
    private readonly redis: Redis,
    readonly version: string,
  ) {}

  static async start({ aof }: { aof: boolean }): Promise<BenchServer> {
    const server = await startPrivateRedis({ appendonly: aof, appendfsync: 'everysec' });
    const redis = new Redis(server.url);
    const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
    return new BenchServer(server, redis, version);
  }

  get url(): string {
    return this.server.url;
  }

  async flush(): Promise<void> {
    await this.redis.flushall('SYNC');
  }

  async usedMemory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.redis.info('memory'))?.[1]);
  }

  async watchSlowCalls(): Promise<void> {
    await this.redis.config('SET', 'slowlog-log-slower-than', SLOW_US);
    await this.redis.config('SET', 'slowlog-max-len', 100_000);
    await this.redis.call('SLOWLOG', 'RESET');
  }

  /** In ms; what is shorter than the slow log notes counts as nothing. */
  async slowestCallMs(): Promise<number> {
    const entries = (await this.redis.call('SLOWLOG', 'GET', '-1')) as [number, number, number][];
    return Math.max(0, ...entries.map(([, , microseconds]) => microseconds)) / 1_000;
  }

  async resetCommandStats(): Promise<void> {
    await this.redis.config('RESETSTAT');
  }

  commandStats(): Promise<Map<string, CommandCost>> {
    return commandStats(this.redis);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.server.stop();
  }
}
