import type { Redis } from 'ioredis';
import { commandStats } from './command-stats.js';
import { type Cost, Meter } from './meter.js';

/** What goes over the wire and what is done for it, since the server started. */
export interface Traffic {
  /** What clients sent, each script as one. */
  readonly calls: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What this cost, and what it sent. */
export async function measured(redis: Redis, act: () => Promise<unknown>): Promise<Cost & Traffic> {
  const meter = new Meter([redis]);
  const before = await trafficOf(redis);
  meter.start();
  await act();
  meter.stop();
  const traffic = between(before, await trafficOf(redis));
  return { ...(await meter.cost()), ...traffic };
}

async function trafficOf(redis: Redis): Promise<Traffic> {
  const [stats, commands] = await Promise.all([redis.info('stats'), commandStats(redis)]);
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1]);
  const scripts = ['eval', 'evalsha'].map((name) => commands.get(name)?.calls ?? 0);
  return {
    calls: scripts.reduce((sum, calls) => sum + calls, 0),
    bytesIn: field('total_net_input_bytes'),
    bytesOut: field('total_net_output_bytes'),
  };
}

const between = (from: Traffic, to: Traffic): Traffic => ({
  calls: to.calls - from.calls,
  bytesIn: to.bytesIn - from.bytesIn,
  bytesOut: to.bytesOut - from.bytesOut,
});
