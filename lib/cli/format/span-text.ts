const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A length of time in its two largest units: `350ms`, `4.2s`, `3m 05s`, `2d 04h`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const first = UNITS.findIndex(([, length]) => ms >= length);
  const [unit, length] = UNITS[first]!;
  const count = Math.floor(ms / length);
  const smaller = UNITS[first + 1];
  if (smaller === undefined) return `${count}${unit}`;
  const rest = Math.floor((ms % length) / smaller[1]);
  return `${count}${unit} ${String(rest).padStart(2, '0')}${smaller[0]}`;
}
