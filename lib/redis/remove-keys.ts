import { keysUnder } from './keys-under.js';
import type { RedisConnection } from './redis-connection.js';

/** Removes all keys that begin so, in steps that never hold Redis up. */
export async function removeKeys(connection: RedisConnection, prefix: string): Promise<void> {
  for await (const keys of keysUnder(connection, prefix)) {
    if (keys.length > 0) await connection.commandAt(prefix, 'UNLINK', ...keys);
  }
}
