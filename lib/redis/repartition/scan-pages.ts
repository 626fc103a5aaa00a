import type { RedisConnection } from '../redis-connection.js';

/** By the type of a key, the command that reads what stands in it in pages. */
export const SCAN = { hash: 'HSCAN', set: 'SSCAN', zset: 'ZSCAN' } as const;
export type PagedType = keyof typeof SCAN;

/**
 * What stands in a key, in pages that never hold Redis up, in no order; an entry may come twice. Pairs come one
 * after the other, whatever the protocol of the connection makes of them.
 *
 * @param count - about how many entries a page has; as a function, the next one
 */
export async function* scanPages(
  connection: RedisConnection,
  command: (typeof SCAN)[PagedType],
  key: string,
  count: number | (() => number),
): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const most = String(typeof count === 'number' ? count : count());
    const answer = await connection.commandAt(key, command, key, cursor, 'COUNT', most);
    const [next, found] = answer as [string, unknown[]];
    yield found.flat().map(String);
    cursor = next;
  } while (cursor !== '0');
}

/** What comes one after the other, as pairs. */
export function pairsOf(flat: readonly string[]): [first: string, second: string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
}
