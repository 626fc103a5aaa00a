import { AnswerTimeout } from './redis-errors.js';

/** Calls that wait for an answer: none waits longer than its time, or than the connection lives. */
export class PendingCalls {
  private readonly waiting = new Set<(error: Error) => void>();

  /**
   * The work's outcome, or `AnswerTimeout` when it takes longer; the work itself is not stopped.
   *
   * @param ms `Infinity` for as long as the connection lives
   */
  within<T>(work: Promise<T>, ms: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.waiting.delete(abandon);
      };
      const abandon = (error: Error): void => {
        settle();
        reject(error);
      };
      // After a blocked event loop timers run before sockets are read: an answer that has come gets its turn.
      const overdue = (): void => void setImmediate(() => abandon(new AnswerTimeout(ms)));
      const timer = ms === Infinity ? undefined : setTimeout(overdue, ms);
      this.waiting.add(abandon);
      work.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => abandon(error as Error),
      );
    });
  }

  /** Rejects all that still wait. */
  abandon(error: Error): void {
    for (const abandon of [...this.waiting]) abandon(error);
  }
}

/** How long an answer may take of a Redis that is well. */
export const ANSWER_WITHIN_MS = 3_000;

/**
 * How long an answer may take before a connection counts as half open: a short time, so that a dead
 * one is soon renewed; but twice as long after each wait in vain, or a Redis that is merely slow would
 * only be reconnected to and never be heard. Answers in time bring it down to twice what they took.
 */
export class Patience {
  private ms = ANSWER_WITHIN_MS;
  private readonly mostMs: number;

  constructor(
    private readonly calls: PendingCalls,
    mostMs: number,
  ) {
    this.mostMs = Math.max(mostMs, ANSWER_WITHIN_MS);
  }

  /**
   * The answer, or `AnswerTimeout`.
   *
   * @param restMs what the caller has left; a Redis that is well gets its time all the same
   * @param extraMs for how long a Redis that is well may be silent on purpose
   */
  async wait<T>(answer: Promise<T>, restMs = Infinity, extraMs = 0): Promise<T> {
    const allowedMs = Math.min(this.ms, Math.max(restMs, ANSWER_WITHIN_MS)) + extraMs;
    const sentAt = performance.now();
    try {
      const value = await this.calls.within(answer, allowedMs);
      const tookMs = performance.now() - sentAt - extraMs;
      this.ms = Math.min(Math.max(2 * tookMs, ANSWER_WITHIN_MS), this.mostMs);
      return value;
    } catch (error) {
      // Calls that waited side by side count once.
      if (error instanceof AnswerTimeout) {
        this.ms = Math.max(this.ms, Math.min(2 * (allowedMs - extraMs), this.mostMs));
      }
      throw error;
    }
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
