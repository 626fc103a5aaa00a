/** The cursors of the pages before the present one, the first page's (an empty one) first. */
export type Trail = readonly string[];

/** Which pages are before the one at `cursor`: cursors lead on only, so the way back has to be kept. */
export function trailTo(trail: Trail, from: string, cursor: string): Trail {
  if (cursor === from) return trail;
  if (cursor === '') return [];
  const known = trail.indexOf(cursor);
  if (known >= 0) return trail.slice(0, known);
  return [...trail, from];
}
