import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { type DateInput, parseDate } from '../schedule/date.js';
import type { Due } from '../job/due.js';

/** When a job runs again: after a time, or then; at its old place in the line when neither is given. */
export interface ManualDue {
  /** 1 ms or more. */
  delay?: Duration;
  at?: DateInput;
}

/** @throws InvalidOptionError, InvalidScheduleError */
export function dueOf(when: ManualDue, now: number): Due {
  checkKnownKeys('', when, ['delay', 'at']);
  const { delay, at } = when;
  if (at === undefined) {
    return { delayMs: delay === undefined ? 0 : durationOption('delay', delay) };
  }
  if (delay !== undefined) {
    throw new InvalidOptionError('delay', delay, 'left out where `at` is given');
  }
  return { at: parseDate(at, { now }) };
}
