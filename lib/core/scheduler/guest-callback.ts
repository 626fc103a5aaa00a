import { errorOf } from '../job/thrown.js';

/** Calls what a user has given to be told of something. Callbacks are guests: what they throw stops nothing. */
export function callGuest<Args extends unknown[]>(
  callback: ((...args: Args) => unknown) | undefined,
  report: (error: Error) => void,
  ...args: Args
): void {
  if (!callback) return;
  const reportThrown = (thrown: unknown) => report(errorOf(thrown));
  try {
    Promise.resolve(callback(...args)).catch(reportThrown);
  } catch (thrown) {
    reportThrown(thrown);
  }
}
