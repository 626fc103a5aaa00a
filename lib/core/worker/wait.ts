import { Timer } from './timer.js';

/** How a wait came to its end. */
export type WaitEnd = 'done' | 'timeout' | 'aborted';

/** Waits for something, but not longer than that; leaves neither a timer nor a listener. */
export async function waitFor(
  something: Promise<unknown>,
  ms: number,
  signal?: AbortSignal,
): Promise<WaitEnd> {
  if (signal?.aborted) return 'aborted';
  return new Promise((resolve) => {
    const end = (how: WaitEnd) => {
      timer.stop();
      signal?.removeEventListener('abort', abort);
      resolve(how);
    };
    const abort = () => end('aborted');
    const timer = new Timer(() => end('timeout'));
    timer.startIn(ms);
    signal?.addEventListener('abort', abort);
    void something.then(() => end('done'));
  });
}
