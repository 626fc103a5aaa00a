import { setTimeout as pause } from 'node:timers/promises';
import type { Tally } from './systems/system.js';

/** Agenda locks all jobs before it runs the first, which takes long on a busy machine. */
const STALLED_AFTER_MS = 60_000;

/** Counts how often each job was handled; the measurement is void unless that is once. */
export class DeliveryCheck {
  private readonly times: Uint8Array;
  private handled = 0;
  private finish!: () => void;
  private fail!: (error: Error) => void;
  private readonly watchdog: NodeJS.Timeout;
  private handledBefore = 0;
  readonly allHandled: Promise<void>;

  constructor(private readonly jobs: number) {
    this.times = new Uint8Array(jobs);
    this.allHandled = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    this.watchdog = setInterval(() => this.checkProgress(), STALLED_AFTER_MS);
  }

  /** How many jobs have been handled, this one included. */
  count(n: number): number {
    this.times[n]!++;
    this.handled++;
    if (this.handled === this.jobs) {
      clearInterval(this.watchdog);
      this.finish();
    }
    return this.handled;
  }

  /** Whether all jobs have been handled before so long has passed; counting ends with the answer. */
  async isDoneWithin(ms?: number): Promise<boolean> {
    if (ms === undefined) return this.allHandled.then(() => true);
    const patience = new AbortController();
    const outOfPatience = pause(ms, false, { signal: patience.signal }).catch(() => false);
    const isDone = await Promise.race([this.allHandled.then(() => true), outOfPatience]);
    patience.abort();
    clearInterval(this.watchdog);
    return isDone;
  }

  /** Of a run that was given up. */
  verifyNoneTwice(): void {
    const twice = this.times.findIndex((times) => times > 1);
    if (twice !== -1) throw new Error(`Job ${twice} was handled ${this.times[twice]} times.`);
  }

  /** To be called once the worker has closed. */
  verify(tally: Tally, kept: boolean, others = 0): void {
    const wrong = this.times.findIndex((times) => times !== 1);
    if (wrong !== -1) throw new Error(`Job ${wrong} was handled ${this.times[wrong]} times.`);
    const { unfinished, completed, failed } = tally;
    const expected = kept ? this.jobs : 0;
    const isSettled = unfinished === others && failed === 0;
    if (!isSettled || completed < expected || (!kept && completed > 0)) {
      throw new Error(`Expected ${expected} completed jobs, found ${JSON.stringify(tally)}.`);
    }
  }

  private checkProgress(): void {
    if (this.handled === this.handledBefore) {
      this.fail(new Error(`No more jobs came after ${this.handled} of ${this.jobs}.`));
    }
    this.handledBefore = this.handled;
  }
}
