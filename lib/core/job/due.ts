/** When a job runs: so many milliseconds from now (0 is at once), or at an instant in ms. */
export type Due = { readonly delayMs: number } | { readonly at: number };

/** The same as an instant, in whole milliseconds, rounded up: a job never starts early. */
export const dueInstant = (due: Due, now: number): number =>
  Math.ceil('at' in due ? due.at : now + due.delayMs);
