import { type Amount, type Reading, type TimeUnit, readAmounts } from '../amounts.js';
import type { DateContext } from './date-form.js';
import type { Zone } from './zone.js';

const FORMS: readonly { readonly form: RegExp; readonly direction: 1 | -1 }[] = [
  { form: /^in\s+(.+)$/, direction: 1 },
  { form: /^(.+)\s+from\s+now$/, direction: 1 },
  { form: /^(.+)\s+later$/, direction: 1 },
  { form: /^(.+)\s+ago$/, direction: -1 },
  { form: /^(\d.*)$/, direction: 1 },
  { form: /^(.+\s.+)$/, direction: 1 },
];

/** Reads 'now', 'in 10 minutes', '2 days from now', 'two hours later', '5 weeks ago', '10 minutes'. */
export function readRelativeDate(
  text: string,
  { now, zone }: DateContext,
): Reading<number> | undefined {
  if (text === 'now') return { value: now };
  for (const { form, direction } of FORMS) {
    const amount = form.exec(text)?.[1];
    if (amount === undefined) continue;
    const reading = readAmounts(amount);
    if ('reason' in reading) return reading;
    // 'every minute' needs no number; a date does.
    if (/^[a-z]+$/.test(amount)) return { reason: `'${amount}' has no number` };
    return { value: step(now, reading.value, direction, zone) };
  }
  return undefined;
}

/**
 * Moves an instant: days and longer in the calendar of the zone, which keeps the clock on the wall
 * and the end of a month (31 January + 1 month is 28 or 29 February); hours and shorter in real time.
 */
function step(instant: number, amounts: readonly Amount[], direction: 1 | -1, zone: Zone): number {
  const total = totals(amounts);
  const [years, restOfYear] = split(total.year);
  const [months, restOfMonth] = split(total.month + restOfYear * 12);
  const [days, restOfDay] = split(total.week * 7 + total.day + restOfMonth * 30);
  const milliseconds = Math.round(
    total.millisecond +
      total.second * 1_000 +
      total.minute * 60_000 +
      (total.hour + restOfDay * 24) * 3_600_000,
  );
  const signed = { years: years * direction, months: months * direction, days: days * direction };
  return zone.at(instant).add(signed).epochMilliseconds + milliseconds * direction;
}

function totals(amounts: readonly Amount[]): Record<TimeUnit, number> {
  const total = {
    millisecond: 0,
    second: 0,
    minute: 0,
    hour: 0,
    day: 0,
    week: 0,
    month: 0,
    year: 0,
  };
  for (const { count, unit } of amounts) total[unit] += count;
  return total;
}

/** The whole part, and the rest without the dust of binary fractions. */
function split(count: number): [whole: number, rest: number] {
  const clean = Number(count.toFixed(9));
  const whole = Math.trunc(clean);
  return [whole, Number((clean - whole).toFixed(9))];
}
