import type { Redis } from 'ioredis';
import { CpuProfiler } from './cpu-profiler.js';

/** What a stretch of work took. */
export interface Cost {
  readonly ms: number;
  /** CPU of this process. */
  readonly nodeMs: number;
  /** CPU of the Redis server, or of all servers of a cluster that hold jobs. */
  readonly redisMs: number;
}

interface Reading {
  readonly at: number;
  readonly nodeMs: number;
  readonly redisMs: Promise<number>;
}

/** Reads the clocks without waiting: the answer of Redis comes by a connection of its own. */
export class Meter {
  private begin: Reading | undefined;
  private end: Reading | undefined;
  private readonly profiler: CpuProfiler | undefined;

  /** @param profileFile where a CPU profile of the stretch goes, if one is wanted */
  constructor(
    private readonly servers: readonly Redis[],
    profileFile?: string,
  ) {
    if (profileFile !== undefined) this.profiler = new CpuProfiler(profileFile);
  }

  start(): void {
    this.profiler?.start();
    this.begin = this.read();
  }

  stop(): void {
    this.end = this.read();
    this.profiler?.stop();
  }

  async cost(): Promise<Cost> {
    const { begin, end } = this;
    if (!begin || !end) throw new Error('The meter was not started or not stopped.');
    return {
      ms: end.at - begin.at,
      nodeMs: end.nodeMs - begin.nodeMs,
      redisMs: (await end.redisMs) - (await begin.redisMs),
    };
  }

  private read(): Reading {
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      nodeMs: (user + system) / 1_000,
      redisMs: this.redisMs(),
    };
  }

  private async redisMs(): Promise<number> {
    const infos = await Promise.all(this.servers.map((redis) => redis.info('cpu')));
    return infos.reduce((sum, info) => sum + redisCpuMs(info), 0);
  }
}

function redisCpuMs(info: string): number {
  const seconds = (field: string) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1_000;
}
