import { Redis } from 'ioredis';

/** Every command that clients send, as Redis sees them; what scripts do inside is not counted. */
export class Monitor {
  private constructor(
    private readonly redis: Redis,
    /** Which client sent which command. */
    readonly seen: { client: string; command: string }[],
  ) {}

  static async on(url: string): Promise<Monitor> {
    const seen: { client: string; command: string }[] = [];
    const control = new Redis(url);
    const redis = await control.monitor();
    control.disconnect();
    redis.on('monitor', (_time: string, args: string[], client: string) => {
      if (client !== 'lua') seen.push({ client, command: args[0]!.toLowerCase() });
    });
    return new Monitor(redis, seen);
  }

  stop(): void {
    this.redis.disconnect();
  }
}

/** How many of each command. */
export function tally(seen: readonly { command: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { command } of seen) counts[command] = (counts[command] ?? 0) + 1;
  return counts;
}
