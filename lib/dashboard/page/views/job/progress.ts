/**
 * How far a handler has come, from 0 to 1, as far as what it tells can be understood: a number from 0 to 100, or an
 * object with `percent`, or with `done` and `of` or `total`. Null for all else.
 */
export function shareOf(progress: unknown): number | null {
  if (typeof progress === 'number') return percent(progress);
  if (typeof progress !== 'object' || progress === null) return null;
  const told = progress as Readonly<Record<string, unknown>>;
  if (typeof told['percent'] === 'number') return percent(told['percent']);
  const done = told['done'];
  const of = told['of'] ?? told['total'];
  if (typeof done !== 'number' || typeof of !== 'number' || of <= 0) return null;
  return within(done / of);
}

const percent = (value: number): number | null => within(value / 100);

const within = (share: number): number | null => (share >= 0 && share <= 1 ? share : null);
