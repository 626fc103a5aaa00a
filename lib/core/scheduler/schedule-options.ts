import { InvalidOptionError, InvalidScheduleError } from '../errors.js';
import { type DateInput, parseDate } from '../schedule/date.js';
import type { DateOptions, JobOptions, ScheduleOptions } from './job-options.js';
import type { Due } from '../job/due.js';
import { DATE_KEYS } from './recurring.js';

/** When a schedule call means, in milliseconds since the epoch. @throws InvalidScheduleError */
function instantOf(when: DateInput, now: number, timezone?: string): number {
  return parseDate(when, timezone === undefined ? { now } : { now, timezone });
}

/** A text that moves with the present is a delay; everything else is an instant. */
export function dueAt(when: DateInput, now: number, timezone?: string): Due {
  const at = instantOf(when, now, timezone);
  if (typeof when !== 'string' || at < now) return { at };
  const moves = instantOf(when, now + 1, timezone) === at + 1;
  return moves ? { delayMs: at - now } : { at };
}

/**
 * The priority, which is all that a job with limited dates can have of its own.
 *
 * @throws InvalidOptionError naming another option
 */
export function onlyPriority(own: JobOptions = {}): JobOptions['priority'] {
  const { priority, ...rest } = own;
  const first = Object.keys(rest)[0];
  if (first === undefined) return priority;
  const value = rest[first as keyof typeof rest];
  throw new InvalidOptionError(first, value, 'left out where dates are limited');
}

/**
 * Splits what a schedule call takes into limits of its dates and options of the job.
 *
 * @throws InvalidOptionError for what is about a time that has passed
 */
export function apart(options: ScheduleOptions): {
  dates: DateOptions;
  own: JobOptions | undefined;
  past: 'now' | 'reject';
} {
  const dates: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  checkIsObject(options);
  const { past = 'now', ...others } = options;
  if (past !== 'now' && past !== 'reject') {
    throw new InvalidOptionError('past', past, "'now' or 'reject'");
  }
  for (const [key, value] of Object.entries(others)) {
    if (value === undefined) continue;
    const isDate = (DATE_KEYS as readonly string[]).includes(key);
    (isDate ? dates : own)[key] = value;
  }
  return { dates, own: Object.keys(own).length > 0 ? (own as JobOptions) : undefined, past };
}

/** @throws InvalidScheduleError for a time that has passed, by the clock of the backend */
export function refusePast(when: DateInput, due: Due, now: number): void {
  if ('delayMs' in due || due.at >= now) return;
  throw new InvalidScheduleError(when, "it has passed, and `past: 'reject'` refuses that");
}

function checkIsObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError('options', options, 'an object');
  }
}
