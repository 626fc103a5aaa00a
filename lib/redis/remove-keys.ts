import type { RedisConnection } from './redis-connection.js';

const PAGE = '1000';

/** Removes all keys that begin so, in steps that never hold Redis up. On Cluster they share a hash tag, and a server. */
export async function removeKeys(connection: RedisConnection, prefix: string): Promise<void> {
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
    if (keys.length > 0) await connection.commandAt(prefix, 'UNLINK', ...keys);
    cursor = next;
  } while (cursor !== '0');
}
