import type { DateLimits } from './date-limits.js';
import { lastOccurrence, type Occurrences } from './occurrences.js';

/*
 * The rule of a recurring job, and what it says about the next run.
 *
 * A run stands for the occurrence it was planned for and for all that passed before it started.
 * Those that pass while it runs are *missed*; `catchUp` says what becomes of them. Every answer is
 * a planned time, never "now": an interval stays on the grid of its first run and does not drift,
 * and a planned time in the past means: at once.
 */

/** How late a cron or daily occurrence may start under `catchUp: 'skip'` before it counts as missed. */
const GRACE_MS = 60_000;

export class RepeatRule {
  /** @internal use `compileRepeatRule` */
  constructor(
    /**
     * The rule as a canonical text: equal for rules that plan the same times, whatever their
     * spelling. `catchUp` is not in it, since it moves no planned time.
     */
    readonly identity: string,
    private readonly occurrences: Occurrences,
    private readonly limits: DateLimits,
    private readonly catchUp: 'latest' | 'skip',
  ) {}

  /**
   * The first run of a new rule: now for an interval (after one interval with `skipImmediate`),
   * else the next occurrence.
   *
   * @returns ms since the epoch; `null` when the rule has ended
   */
  first(now: number, { skipImmediate = false }: { skipImmediate?: boolean } = {}): number | null {
    return this.allowed(this.occurrences.first(now, skipImmediate));
  }

  /**
   * The planned time that follows a run, to be asked when the run is settled.
   *
   * @param planned - the occurrence the run was for; not the time of a retry, which would move an
   * interval off its grid
   * @param started - when its first attempt really began
   * @param now - the present
   * @returns ms since the epoch, in the past when a missed occurrence is due at once; `null` when
   * the rule has ended
   */
  next({
    planned,
    started,
    now,
  }: {
    planned: number;
    started: number;
    now: number;
  }): number | null {
    const covered = Math.max(planned, started);
    if (this.catchUp === 'skip') return this.ahead(Math.max(covered, now - 1), planned);
    return this.latestMissed(covered, now, planned) ?? this.ahead(covered, planned);
  }

  /**
   * The planned time that a worker should keep to which finds the job due, to be asked when it is
   * claimed: when nobody could run the job for a while, its stored time is not the last that passed.
   *
   * With `'latest'` it is the latest occurrence up to now. With `'skip'` it is the stored time, or
   * the next one ahead when that was missed: another occurrence has passed since, or a cron or daily
   * time is later than `grace`.
   *
   * @param planned - the stored time
   * @param grace - in ms
   * @returns ms since the epoch; `null` when the rule has ended
   */
  due({
    planned,
    now,
    grace = GRACE_MS,
  }: {
    planned: number;
    now: number;
    grace?: number;
  }): number | null {
    const later = this.latestMissed(planned, now, planned);
    if (this.catchUp === 'latest') return later ?? planned;
    const tooLate = this.occurrences.onCalendar && now - planned > grace;
    return later === null && !tooLate ? planned : this.ahead(Math.max(planned, now - 1), planned);
  }

  private latestMissed(after: number, now: number, anchor: number): number | null {
    const until = Math.min(now, this.limits.end);
    const last = lastOccurrence(this.occurrences, { after, until, anchor });
    return last !== null && this.limits.allows(last) ? last : null;
  }

  private ahead(after: number, anchor: number): number | null {
    return this.allowed(this.occurrences.after(after, anchor));
  }

  private allowed(occurrence: number | null): number | null {
    const date = occurrence === null ? null : this.limits.apply(occurrence);
    if (date === null || !this.occurrences.onCalendar || this.limits.skipDays.size === 0)
      return date;
    // Moved to another day, it must not pass by an occurrence which that day has anyway.
    const dayBegins = this.limits.startOfDay(date);
    if (dayBegins <= Math.max(occurrence!, this.limits.start)) return date;
    return Math.min(date, this.occurrences.after(dayBegins - 1, date) ?? date);
  }
}
