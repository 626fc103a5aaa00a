import { Timer } from './timer.js';

/**
 * Waits for something, but not longer than that; leaves no timer.
 *
 * @returns its answer; `undefined` when it takes longer, and how it ends then is nobody's business
 */
export function waitFor<T>(something: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = new Timer(() => resolve(undefined));
    timer.startIn(ms);
    void something.finally(() => timer.stop()).then(resolve, reject);
  });
}
