import type { Reading } from '../amounts.js';

/** A time of day on the 24-hour clock. */
export interface ClockTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export const CLOCK_EXAMPLES: readonly string[] = ['15:30', '3:30pm', '9am', '09:05:10', 'noon'];

const CLOCK = /^(?:(at)\s+)?(\d{1,2})(?:[:.](\d{2})(?::(\d{2}))?)?\s*(am|pm)?$/;

/**
 * Reads '3:30pm', '15:30', '09:05:10', '9am', 'at 9', 'noon', 'midnight'. A bare number is not a
 * time of day.
 */
export function readClockTime(text: string): Reading<ClockTime> {
  const written = text.trim().toLowerCase();
  if (/^(?:at\s+)?noon$/.test(written)) return { value: { hour: 12, minute: 0, second: 0 } };
  if (/^(?:at\s+)?midnight$/.test(written)) return { value: { hour: 0, minute: 0, second: 0 } };

  const match = CLOCK.exec(written);
  if (!match) return { reason: 'it is not a time of day' };
  const [, at, hourText, minuteText, secondText, half] = match;
  if (!at && !minuteText && !half) return { reason: 'a number alone is not a time of day' };
  const hour = Number(hourText);
  const minute = Number(minuteText ?? 0);
  const second = Number(secondText ?? 0);
  if (half ? hour < 1 || hour > 12 : hour > 23)
    return { reason: half ? 'with am or pm the hour is 1 to 12' : 'the hour is 0 to 23' };
  if (minute > 59 || second > 59) return { reason: 'minutes and seconds are 0 to 59' };
  return { value: { hour: half ? (hour % 12) + (half === 'pm' ? 12 : 0) : hour, minute, second } };
}
