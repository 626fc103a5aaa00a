const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const counts = new Intl.NumberFormat('en');
const shortCounts = new Intl.NumberFormat('en', {
  notation: 'compact',
  maximumFractionDigits: 1,
});
const fullTimes = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const clockTimes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `1,234,567` */
export function formatCount(count: number): string {
  return counts.format(count);
}

/** `1.2M`, for axes and small places. */
export function formatShortCount(count: number): string {
  return shortCounts.format(count);
}

/** A length of time with the precision that matters: `0 ms`, `740 ms`, `1.4 s`, `12 s`, `3 min 20 s`, `5 h 12 min`, `9 d`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms < 1) return ms === 0 ? '0 ms' : '< 1 ms';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1).replace(/\.0$/, '')} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(ms / HOUR);
  return hours < 10 * 24
    ? pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
    : `${Math.round(ms / DAY)} d`;
}

/** The same in one unit, for axes: `740 ms`, `1.5 min`, `36 h`. */
export function formatShortDuration(ms: number): string {
  if (ms < MINUTE) return formatDuration(ms);
  if (ms < 2 * HOUR) return `${formatShortCount(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${formatShortCount(ms / HOUR)} h`;
  return `${formatShortCount(ms / DAY)} d`;
}

/** A length of time as it is watched: in whole seconds, never below 0. */
export function formatSeconds(ms: number): string {
  return formatDuration(Math.max(Math.round(ms / SECOND), 0) * SECOND);
}

/** `now`, `12 s ago`, `in 3 min`, `5 h ago`, `in 2 d`. */
export function timeAgo(at: number, now: number): string {
  const ms = Math.abs(at - now);
  if (ms < SECOND) return 'now';
  const length = coarse(ms);
  return at < now ? `${length} ago` : `in ${length}`;
}

/** In full, in the time zone of the one who looks: `Mon 23 Nov 2026, 02:00:07 GMT+1`. */
export function absoluteTime(at: string): string {
  return fullTimes.format(new Date(at));
}

/** `14:05`, in the time zone of the one who looks. */
export function clockTime(at: string): string {
  return clockTimes.format(new Date(at));
}

function coarse(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
