import type { RedisConnection } from './redis-connection.js';

const PAGE = '1000';

/** Removes all keys that begin so, on one server, in steps that never hold it up. */
export async function removeKeys(connection: RedisConnection, prefix: string): Promise<void> {
  const pattern = `${prefix.replace(/[\\[\]*?^-]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const page = await connection.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', PAGE);
    const [next, keys] = page as [string, string[]];
    if (keys.length > 0) await connection.command('UNLINK', ...keys);
    cursor = next;
  } while (cursor !== '0');
}
