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
