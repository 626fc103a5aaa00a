import { Redis } from 'ioredis';
import { monitor } from '../../support/monitor.js';

/** Every command that clients send, as Redis sees them; what scripts do inside is not counted. */
export class Monitor {
  private constructor(
    /** Ends it. */
    readonly stop: () => void,
    /** Which client sent which command. */
    readonly seen: { client: string; command: string }[],
  ) {}

  static async on(url: string): Promise<Monitor> {
    const seen: { client: string; command: string }[] = [];
    const control = new Redis(url, { lazyConnect: true });
    const stop = await monitor(control, (args, client) => {
      if (client !== 'lua') seen.push({ client, command: args[0]!.toLowerCase() });
    });
    return new Monitor(stop, seen);
  }
}

/** How many of each command. */
export function tally(seen: readonly { command: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { command } of seen) counts[command] = (counts[command] ?? 0) + 1;
  return counts;
}
