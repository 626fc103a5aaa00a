import type { RedisConnection } from './redis-connection.js';

const PAGE = '1000';

/**
 * All keys that begin with the prefix, in pages that never hold Redis up, in no order; one may come twice. On
 * Cluster they share a hash tag, and a server.
 */
export async function* keysUnder(
  connection: RedisConnection,
  prefix: string,
): AsyncGenerator<string[]> {
  const pattern = `${prefix.replace(/[\\[\]*?^-]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const page = await connection.commandAt(
      prefix,
      'SCAN',
      cursor,
      'MATCH',
      pattern,
      'COUNT',
      PAGE,
    );
    const [next, keys] = page as [string, string[]];
    yield keys;
    cursor = next;
  } while (cursor !== '0');
}
