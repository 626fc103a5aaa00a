import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

/** Jobs that have some tags, and where to go on; nowhere after the last of them. */
export interface TagPage {
  readonly ids: readonly string[];
  /** An insertion number. */
  readonly next: number | undefined;
}

/**
 * Looks at so many jobs of the tag that fewest have, in the order of insertion, and answers those that
 * have the others, too.
 *
 * @param behind - insertion number of the last one that was looked at; 0 to begin
 */
export async function pageTags(
  store: RedisStore,
  tags: readonly string[],
  behind: number,
  count: number,
): Promise<TagPage> {
  const args = [String(behind), String(count), ...tags];
  const [, next, ...ids] = await store.run(scripts.pageTags, args);
  return { ids, next: next === '' ? undefined : Number(next) };
}
