const formats = new Map<string, Intl.DateTimeFormat>();
const MOST_FORMATS = 100;

/** An instant as a clock of a time zone shows it: `Mon 23 Nov 2026, 02:00 CET`. Seconds only where there are any. */
export function wordsInZone(instant: Date, timezone: string | undefined): string {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  const { weekday, day, month, year, hour, minute, second, timeZoneName } = parts;
  const seconds = second === '00' ? '' : `:${second}`;
  return `${weekday} ${day} ${month} ${year}, ${hour}:${minute}${seconds} ${timeZoneName}`;
}

function formatOf(timeZone: string | undefined): Intl.DateTimeFormat {
  const key = timeZone ?? '';
  const known = formats.get(key);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone !== undefined && { timeZone }),
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(key, format);
  return format;
}
