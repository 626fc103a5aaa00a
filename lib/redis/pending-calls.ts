import { AnswerTimeout } from './redis-errors.js';

/** Calls that wait for an answer: none waits longer than its time, or than the connection lives. */
export class PendingCalls {
  private readonly rejects = new Set<(error: Error) => void>();

  /** The work's outcome, or `AnswerTimeout` when it takes longer; the work itself is not stopped. */
  within<T>(work: Promise<T>, ms: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.rejects.delete(reject);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new AnswerTimeout(ms));
      }, ms);
      this.rejects.add(reject);
      work.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: unknown) => {
          settle();
          reject(error as Error);
        },
      );
    });
  }

  /** Rejects all that still wait. */
  abandon(error: Error): void {
    for (const reject of this.rejects) reject(error);
    this.rejects.clear();
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
