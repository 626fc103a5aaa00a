import type { JobEvents } from '../events/job-events.js';
import { Timer } from '../worker/timer.js';

/** By which the end of a run is told, whatever it came to. */
const ENDS = [
  'completed',
  'failed',
  'snoozed',
  'throttled',
  'interrupted',
  'cancelled',
  'lost',
] as const;

/** Wakes who waits for jobs to end, as soon as one has ended in this process. */
export class LocalEnds {
  private wake: () => void = () => {};
  private readonly heard = (): void => this.wake();

  /** @param name - left out: of every name */
  constructor(
    private readonly events: JobEvents,
    private readonly name?: string,
  ) {
    for (const event of this.heardEvents()) events.onHere(event, this.heard);
  }

  /** Resolves at the next end, after so many milliseconds, or when the signal fires. */
  next(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = new Timer(() => this.wake());
      this.wake = () => {
        timer.stop();
        signal?.removeEventListener('abort', this.heard);
        resolve();
      };
      timer.startIn(ms);
      signal?.addEventListener('abort', this.heard);
    });
  }

  forget(): void {
    for (const event of this.heardEvents()) this.events.off(event, this.heard);
  }

  private heardEvents() {
    return ENDS.map((event) =>
      this.name === undefined ? event : (`${event}:${this.name}` as const),
    );
  }
}
