/** So long after its time a row that was handed out ahead of it should have begun to run, in ms. */
const GRACE_MS = 5;
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Agenda's own engine waits for the time of a row with a timer. Where that fires a moment too early, the
 * engine finds the row not yet due, and looks at it again with its next poll only: seconds too late.
 * So whoever has not begun in time is called once more.
 */
export class AwaitedStarts {
  private readonly timers = new Map<string, NodeJS.Timeout>();

  /** @param call - told the name of a row that has not begun, and its time */
  constructor(private readonly call: (name: string, at: Date) => void) {}

  /** A row was handed out; nothing is awaited of one that is due. */
  await(id: string, name: string, at: Date | null): void {
    const waitMs = at === null ? 0 : at.getTime() - Date.now();
    if (at === null || waitMs <= 0 || waitMs + GRACE_MS > LONGEST_TIMEOUT) return;
    this.end(id);
    const call = (): void => {
      this.timers.delete(id);
      this.call(name, at);
    };
    this.timers.set(id, setTimeout(call, waitMs + GRACE_MS).unref());
  }

  /** It has begun, or is no longer held. */
  end(id: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }
}
