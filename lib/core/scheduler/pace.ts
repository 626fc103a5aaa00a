import { setTimeout as sleep } from 'node:timers/promises';

const SECOND = 1_000;

/** At most so many jobs in any second, however it begins. */
export class Pace {
  private readonly sent: { readonly at: number; readonly count: number }[] = [];
  private inLastSecond = 0;

  constructor(private readonly perSecond: number) {}

  /** Waits until some may go; at most `wanted`. */
  async allowance(wanted: number, signal?: AbortSignal): Promise<number> {
    for (;;) {
      this.forget();
      const free = this.perSecond - this.inLastSecond;
      if (free > 0) return Math.min(free, wanted);
      const wait = this.sent[0]!.at + SECOND - performance.now();
      // Timers may be a little early.
      await sleep(Math.max(1, Math.ceil(wait)), undefined, { signal });
    }
  }

  note(count: number): void {
    this.sent.push({ at: performance.now(), count });
    this.inLastSecond += count;
  }

  private forget(): void {
    const limit = performance.now() - SECOND;
    while (this.sent.length > 0 && this.sent[0]!.at <= limit) {
      this.inLastSecond -= this.sent.shift()!.count;
    }
  }
}
