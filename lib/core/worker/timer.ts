/** Longer waits are more than a timer of Node can hold: they would end at once. */
const LONGEST_WAIT = 2_147_483_647;

/** A timer that can be moved. At most one wait is under way; `stop` leaves none. */
export class Timer {
  private handle: NodeJS.Timeout | undefined;
  private firesAt = Infinity;

  constructor(private readonly fire: () => void) {}

  /** Waits so many milliseconds from now on, instead of what it waited for before. */
  startIn(ms: number): void {
    this.stop();
    this.firesAt = performance.now() + ms;
    this.arm();
  }

  /** The same, unless it fires sooner anyway. */
  startWithin(ms: number): void {
    if (performance.now() + ms < this.firesAt) this.startIn(ms);
  }

  stop(): void {
    if (this.handle) clearTimeout(this.handle);
    this.handle = undefined;
    this.firesAt = Infinity;
  }

  get isWaiting(): boolean {
    return this.handle !== undefined;
  }

  /** When it fires, by `performance.now()`; Infinity when it does not wait. */
  get at(): number {
    return this.firesAt;
  }

  private arm(): void {
    const left = Math.max(0, this.firesAt - performance.now());
    this.handle = setTimeout(
      () => {
        if (left > LONGEST_WAIT) return this.arm();
        this.handle = undefined;
        this.firesAt = Infinity;
        this.fire();
      },
      Math.min(Math.ceil(left), LONGEST_WAIT),
    );
  }
}
