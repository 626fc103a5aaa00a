import type { Redis } from 'ioredis';

export interface CommandCost {
  readonly calls: number;
  readonly microseconds: number;
}

/** What a server does for its own sake, or is asked by the benchmark. */
const NO_WORK =
  /^(info|config|cluster|ping|replconf|psync|hello|auth|client|command|select|slowlog)\b/;

/** What each command cost since the reset; those inside scripts count for themselves, and in the script's time. */
export async function commandStats(redis: Redis): Promise<Map<string, CommandCost>> {
  const lines = (await redis.info('commandstats')).matchAll(
    /^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm,
  );
  return new Map(
    [...lines]
      .map(([, name, calls, usec]) => [name!, { calls: +calls!, microseconds: +usec! }] as const)
      .filter(([name]) => !NO_WORK.test(name)),
  );
}

/** What goes over the wire and what is done for it, since the server started. */
export interface Traffic {
  /** What clients sent, each script as one. */
  readonly calls: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export async function trafficOf(redis: Redis): Promise<Traffic> {
  const [stats, commands] = await Promise.all([redis.info('stats'), commandStats(redis)]);
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1]);
  const scripts = ['eval', 'evalsha'].map((name) => commands.get(name)?.calls ?? 0);
  return {
    calls: scripts.reduce((sum, calls) => sum + calls, 0),
    bytesIn: field('total_net_input_bytes'),
    bytesOut: field('total_net_output_bytes'),
  };
}

export const trafficBetween = (from: Traffic, to: Traffic): Traffic => ({
  calls: to.calls - from.calls,
  bytesIn: to.bytesIn - from.bytesIn,
  bytesOut: to.bytesOut - from.bytesOut,
});
