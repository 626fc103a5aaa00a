import { IncompatibleStoreError } from '../../core/errors.js';
import { keysUnder } from '../keys-under.js';
import { knownKey, type KnownKey } from '../known-key.js';
import type { RedisConnection } from '../redis-connection.js';

/** The keys under a prefix that are ours; what else begins so belongs to another store. */
export async function* ownKeys(
  connection: RedisConnection,
  prefix: string,
): AsyncGenerator<readonly KnownKey[]> {
  for await (const keys of keysUnder(connection, prefix)) {
    yield keys
      .map((key) => knownKey(key.slice(prefix.length)))
      .filter((known) => known !== undefined);
  }
}

/**
 * Whether every key that looks like one of ours is one: another store may have a prefix that goes on
 * where ours ends.
 *
 * @throws IncompatibleStoreError
 */
export async function expectOwnKeys(connection: RedisConnection, prefix: string): Promise<void> {
  for await (const page of ownKeys(connection, prefix)) {
    const types = await Promise.all(
      page.map(({ rest }) => connection.commandAt(prefix, 'TYPE', `${prefix}${rest}`)),
    );
    const odd = page.find((known, i) => {
      return known.move.how !== 'stay' && ![known.type, 'none'].includes(String(types[i]));
    });
    if (!odd) continue;
    throw new IncompatibleStoreError(
      `The key ${prefix}${odd.rest} at ${connection.address} is not what its name says. Does another store have a ` +
        `keyPrefix that begins with "${prefix}"? Remove the key, or move that store, first.`,
    );
  }
}
