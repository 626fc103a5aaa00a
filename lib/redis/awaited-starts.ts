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

  /** A row was handed out with this token; nothing is awaited of one that is due. */
  await(token: string, name: string, at: Date | null): void {
    if (at !== null && at.getTime() > Date.now()) this.wait(token, name, at);
  }

  /** It has begun, or is no longer held. */
  end(token: string): void {
    clearTimeout(this.timers.get(token));
    this.timers.delete(token);
  }

  private wait(token: string, name: string, at: Date): void {
    const waitMs = at.getTime() - Date.now() + GRACE_MS;
    if (waitMs > LONGEST_TIMEOUT) return;
    const look = (): void => {
      // Our own timer may be early, too.
      if (Date.now() < at.getTime()) return this.wait(token, name, at);
      this.timers.delete(token);
      this.call(name, at);
    };
    this.timers.set(token, setTimeout(look, waitMs).unref());
  }
}
