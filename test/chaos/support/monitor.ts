import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { monitor } from '../../support/monitor.js';

/** Every command that clients send, as Redis sees them; what scripts do inside is not counted. */
export class Monitor {
  /** Which client sent which command. */
  readonly seen: { client: string; command: string }[] = [];
  /** Ends it. */
  stop: () => void = () => {};
  private readonly marks = new Map<string, () => void>();

  private constructor(private readonly url: string) {}

  static async on(url: string): Promise<Monitor> {
    const made = new Monitor(url);
    const control = new Redis(url, { lazyConnect: true });
    made.stop = await monitor(control, ([command, mark], client) => {
      if (made.marks.has(mark!)) made.marks.get(mark!)!();
      else if (client !== 'lua') made.seen.push({ client, command: command!.toLowerCase() });
    });
    return made;
  }

  /** Waits until all that was sent before is seen: what Redis tells of a flood comes late. */
  async caughtUp(): Promise<void> {
    const mark = randomUUID();
    const seen = new Promise<void>((resolve) => this.marks.set(mark, resolve));
    const client = new Redis(this.url, { enableReadyCheck: false, disableClientInfo: true });
    await client.echo(mark);
    await seen;
    client.disconnect();
  }
}

/** How many of each command. */
export function tally(seen: readonly { command: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { command } of seen) counts[command] = (counts[command] ?? 0) + 1;
  return counts;
}
