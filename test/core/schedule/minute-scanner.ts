/*
 * A slow second opinion about cron: walks through every minute of a stretch of time and looks at
 * the clock on the wall, which it asks from `Intl`. It shares no code with the library and knows no
 * spans, no offsets and no calendar arithmetic. Understands `*`, numbers, lists, ranges and steps.
 */

/** The clock on the wall, minute by minute. */
export interface Minutes {
  readonly from: number;
  /** Wall time of each minute: the same date and clock in UTC, in minutes since the epoch. */
  readonly wall: Int32Array;
}

const MINUTE = 60_000;

// Looked up once: in Jest's sandbox a global costs as much as the rest of the loop.
const { floor } = Math;

export function scanMinutes(zone: string, from: number, until: number): Minutes {
  const wallOf = wallClock(zone);
  const wall = new Int32Array((until - from) / MINUTE);
  let end = wallOf(from);
  for (let hour = 0; hour < wall.length; hour += 60) {
    const start = end;
    end = wallOf(from + (hour + 60) * MINUTE);
    const regular = end - start === 60;
    // Asking for every minute would take minutes; where an hour is an hour, counting will do.
    for (let index = hour; index < hour + 60; index += 1)
      wall[index] = regular ? start + index - hour : wallOf(from + index * MINUTE);
  }
  return { from, wall };
}

/** Every time a rule of five fields fires, by the three sentences about clocks that change. */
export function scanRule(rule: string, { from, wall }: Minutes): number[] {
  const parts = rule.split(' ') as [string, string, string, string, string];
  const minutes = allowedValues(parts[0], 0, 59);
  const hours = allowedValues(parts[1], 0, 23);
  const days = allowedValues(parts[2], 1, 31);
  const months = allowedValues(parts[3], 1, 12);
  const weekdays = allowedValues(parts[4], 0, 6);
  const either = parts[2] !== '*' && parts[4] !== '*';
  const everyHour = hours.every(Boolean);
  const fires = (time: number): boolean => {
    // Minutes and hours before the costly look at the calendar.
    if (!minutes[time % 60] || !hours[floor(time / 60) % 24]) return false;
    const date = new Date(time * MINUTE);
    if (!months[date.getUTCMonth() + 1]) return false;
    const [onDay, onWeekday] = [days[date.getUTCDate()], weekdays[date.getUTCDay()]];
    return Boolean(either ? onDay || onWeekday : onDay && onWeekday);
  };

  const times = new Set<number>();
  let expected = wall[0]!;
  let seenUntil = -Infinity;
  for (let index = 0; index < wall.length; index += 1) {
    const time = from + index * MINUTE;
    const now = wall[index]!;
    for (let leftOut = expected; leftOut < now; leftOut += 1)
      if (fires(leftOut)) times.add(time + (leftOut - expected) * MINUTE);
    const isRepeated = now <= seenUntil;
    if ((everyHour || !isRepeated) && fires(now)) times.add(time);
    if (!isRepeated) seenUntil = now;
    expected = now + 1;
  }
  return [...times].sort((a, b) => a - b);
}

function wallClock(zone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (time) => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value);
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute) / MINUTE;
  };
}

/** For each number up to `max` whether the field allows it. */
function allowedValues(text: string, min: number, max: number): boolean[] {
  const allowed = Array.from({ length: max + 1 }, (_, value) => value < min);
  for (const item of text.split(',')) {
    const [range, step = '1'] = item.split('/') as [string, string?];
    const [first, last = first] = range === '*' ? [min, max] : range.split('-').map(Number);
    for (let value = first!; value <= last!; value += Number(step)) allowed[value] = true;
  }
  return allowed;
}
