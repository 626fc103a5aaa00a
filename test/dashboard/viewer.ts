import type { LiveEvents } from '../../lib/dashboard/index.js';
import { until } from '../nest/support.js';
import { atEnd, type RunningDashboard } from './support.js';

type Told = {
  [Event in keyof LiveEvents]: { readonly event: Event; readonly data: LiveEvents[Event] };
}[keyof LiveEvents];

/** A page that is open, as far as live updates are concerned. */
export class Viewer {
  readonly told: Told[] = [];
  /** Resolves when the stream is over, whoever ended it. */
  readonly ended: Promise<void>;
  private readonly leaving = new AbortController();

  private constructor(
    readonly response: Response,
    leaving: AbortController,
  ) {
    this.leaving = leaving;
    this.ended = this.read();
  }

  static async open(dashboard: RunningDashboard): Promise<Viewer> {
    const leaving = new AbortController();
    const response = await dashboard.fetch('api/live', { signal: leaving.signal });
    const viewer = new Viewer(response, leaving);
    atEnd(() => viewer.leave());
    return viewer;
  }

  /** All of one kind so far. */
  all<Event extends keyof LiveEvents>(event: Event): LiveEvents[Event][] {
    return this.told.flatMap((one) => (one.event === event ? [one.data as LiveEvents[Event]] : []));
  }

  /** The first of a kind that fits. */
  async sees<Event extends keyof LiveEvents>(
    event: Event,
    fits: (data: LiveEvents[Event]) => boolean = () => true,
  ): Promise<LiveEvents[Event]> {
    await until(() => this.all(event).some(fits));
    return this.all(event).find(fits)!;
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.ended;
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const part of this.response.body!) {
        text += decoder.decode(part as Uint8Array, { stream: true });
        const messages = text.split('\n\n');
        text = messages.pop()!;
        for (const message of messages) this.take(message);
      }
    } catch {
      // Left, or cut off.
    }
  }

  private take(message: string): void {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(message) ?? [];
    if (event !== undefined) this.told.push({ event, data: JSON.parse(data!) } as Told);
  }
}
