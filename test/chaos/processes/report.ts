import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { FACTS_KEY, type Fact } from './settings.js';

/** The clock of the machine, also where `Date` was shifted. */
export const trueNow = (): number =>
  (globalThis as { trueNow?: () => number }).trueNow?.() ?? Date.now();

/** One line for the test that started this process. */
export function say(what: string, details: object = {}): void {
  console.log(JSON.stringify({ what, ...details }));
}

/** Whatever a process should never have, its test hears of. */
export function reportTroubles(): void {
  // Told of both, just before they end the process.
  process.on('uncaughtExceptionMonitor', (error, origin) => trouble(origin, error));
  process.on('warning', (warning) => {
    if (!isExpected(warning)) trouble('warning', warning);
  });
}

/** The Redis of most tests keeps nothing on disk, and replicas are taken away where a test asks them. */
const isExpected = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'persistence-off' || code === 'durability';

function trouble(kind: string, reason: unknown): void {
  say('trouble', { kind, reason: reason instanceof Error ? reason.stack : String(reason) });
}

/** How late timers were, at worst, since the call. */
export function watchEventLoop(): () => { p99: number; max: number } {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
  };
}

/** Writes down what happens, where it survives the death of this process. */
export class Witness {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  async tell(fact: Omit<Fact, 'at' | 'pid'> & { at?: number }): Promise<void> {
    const full: Fact = { at: trueNow(), pid: process.pid, ...fact };
    await this.redis.rpush(FACTS_KEY, JSON.stringify(full));
  }

  /** Resolves when everything told before is on record. */
  async settled(): Promise<void> {
    await this.redis.ping();
  }

  async close(): Promise<void> {
    await this.redis.quit();
  }
}
