import type { Due } from '../core/job/due.js';

/** A due time as scripts read it: `+ms` from their clock, or an instant. */
export function dueText(due: Due): string {
  return 'at' in due ? instant(due.at) : `+${Math.ceil(due.delayMs)}`;
}

/** A due time with a fraction rounds up: nothing starts early. */
export const instant = (at: number): string => String(Math.ceil(at));
