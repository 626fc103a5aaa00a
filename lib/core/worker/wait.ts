import { Timer } from './timer.js';

/** Waits for something, but not longer than that; leaves no timer. */
export function waitFor(something: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = new Timer(resolve);
    timer.startIn(ms);
    void something.then(() => {
      timer.stop();
      resolve();
    });
  });
}
