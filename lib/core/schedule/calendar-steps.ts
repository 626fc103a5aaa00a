import type { Amount, TimeUnit } from '../amounts.js';

/**
 * A way through time: days and longer in the calendar of a zone, which keeps the clock on the wall
 * and the end of a month (31 January + 1 month is 28 or 29 February); the rest in real time.
 */
export interface CalendarSteps {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

/**
 * The steps that amounts make. Half a year is 6 months; of a month the half is 15 days, of a day
 * 12 hours.
 *
 * @param direction - -1 into the past
 */
export function stepsOf(amounts: readonly Amount[], direction: 1 | -1): CalendarSteps {
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
  return {
    years: years * direction,
    months: months * direction,
    days: days * direction,
    milliseconds: milliseconds * direction,
  };
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
