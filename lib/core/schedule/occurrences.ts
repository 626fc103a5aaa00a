import type { CronRule } from './cron.js';

/** The planned times of a recurring job, before its date limits. */
export interface Occurrences {
  /** Whether they belong to the calendar, so that others lie between a skipped one and its new day. */
  readonly onCalendar: boolean;
  first(now: number, skipImmediate: boolean): number | null;
  /**
   * The first one strictly after an instant.
   *
   * @param anchor - one of them, from which an interval is counted
   */
  after(instant: number, anchor: number): number | null;
}

/** Every so many milliseconds. */
export class IntervalOccurrences implements Occurrences {
  readonly onCalendar = false;

  constructor(private readonly intervalMs: number) {}

  first(now: number, skipImmediate: boolean): number {
    return skipImmediate ? now + this.intervalMs : now;
  }

  after(instant: number, anchor: number): number {
    const passed = Math.max(0, Math.floor((instant - anchor) / this.intervalMs));
    return anchor + (passed + 1) * this.intervalMs;
  }
}

/** When a cron rule fires; a daily clock time is one too. */
export class CronOccurrences implements Occurrences {
  readonly onCalendar = true;

  constructor(private readonly rule: CronRule) {}

  first(now: number): number | null {
    return this.rule.after(now);
  }

  after(instant: number): number | null {
    return this.rule.after(instant);
  }
}

/** The last occurrence in (after, until]; `null` when there is none. */
export function lastOccurrence(
  occurrences: Occurrences,
  { after, until, anchor }: { after: number; until: number; anchor: number },
): number | null {
  // Looks back in growing steps: near `until` for a frequent rule, far for a rare one.
  for (let reach = 1_000; ; reach *= 8) {
    const from = Math.max(after, until - reach);
    let last: number | null = null;
    let next = occurrences.after(from, anchor);
    while (next !== null && next <= until) {
      last = next;
      next = occurrences.after(next, anchor);
    }
    if (last !== null || from === after) return last;
  }
}
