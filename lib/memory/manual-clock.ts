/** What tells a backend the time: milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/**
 * A clock that stands still until it is moved: with it a test lets days pass in no time. Given to a
 * backend it is the only clock of every call.
 */
export class ManualClock implements Clock {
  private at: number;
  private readonly listeners = new Set<(from: number, to: number) => void>();

  /** @param start - where it stands at first; the present when left out */
  constructor(start: number | Date = Date.now()) {
    this.at = Math.floor(Number(start));
  }

  now(): number {
    return this.at;
  }

  advance(ms: number): void {
    this.set(this.at + ms);
  }

  set(to: number | Date): void {
    const from = this.at;
    this.at = Math.floor(Number(to));
    for (const listener of [...this.listeners]) listener(from, this.at);
  }

  /** Called after every move. Returns what ends it. */
  onMove(listener: (from: number, to: number) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
