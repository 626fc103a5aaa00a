import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { Due } from '../job/due.js';
import type { JobOptions } from './job-options.js';
import { dueAt } from './schedule-options.js';

/**
 * When a job expires, if it does.
 *
 * @throws InvalidOptionError also for both options, and for an expiry before the job is due
 * @throws InvalidScheduleError for a time that is not understood
 */
export function expiryOf(
  { expiresIn, expiresAt }: JobOptions,
  due: Due,
  now: number,
): Due | undefined {
  if (expiresIn === undefined && expiresAt === undefined) return undefined;
  if (expiresIn !== undefined && expiresAt !== undefined) {
    throw new InvalidOptionError('expiresAt', expiresAt, 'left out where there is `expiresIn`');
  }
  const expires =
    expiresIn === undefined
      ? dueAt(expiresAt!, now)
      : { delayMs: durationOption('expiresIn', expiresIn) };
  if (!isBehind(expires, due, now)) {
    const option = expiresIn === undefined ? 'expiresAt' : 'expiresIn';
    const expected = 'later than the job is due (it would never start)';
    throw new InvalidOptionError(option, expiresIn ?? expiresAt, expected);
  }
  return expires;
}

/** What is due now may have expired already: whoever asks for that gets a dead letter, and no error that depends on a clock. */
function isBehind(expires: Due, due: Due, now: number): boolean {
  const at = (time: Due) => ('at' in time ? time.at : now + time.delayMs);
  return at(due) <= now || at(expires) > at(due);
}
