import { IncompatibleStoreError } from '../core/errors.js';
import { parseClaimSort, PRIORITY_FIRST, type ClaimSort } from '../core/options/claim-order.js';
import { scripts } from './all-scripts.js';
import { MOST_PARTITIONS, resolveRedisOptions, type RedisBackendOptions } from './redis-options.js';
import { RedisStore } from './redis-store.js';

/** What was fixed in a store when it was made, as options for whoever joins it. */
export type StoredSettings = Pick<
  Required<RedisBackendOptions>,
  'partitions' | 'sort' | 'retryFor'
>;

const FIELDS = ['partitions', 'sort', 'goneMs'];

/**
 * Asks a store what is fixed in it: so a process that is no part of the application can join it without being
 * told, and without changing any of it. Writes nothing.
 *
 * @param options - how to reach it
 * @returns with `retryFor` no longer than what the store reckons with already
 * @throws InvalidOptionError, ConnectionError; IncompatibleStoreError when there is no store, or it does not say that
 */
export async function storedSettings(options: RedisBackendOptions): Promise<StoredSettings> {
  const resolved = resolveRedisOptions({ ...options, partitions: 1 });
  const store = new RedisStore(resolved, async () => undefined, undefined);
  try {
    await store.connection.open();
    const [, ...found] = await store.runEarly(scripts.lookAtStore, FIELDS);
    return settingsIn(found as string[], store, resolved.retryForMs);
  } finally {
    await store.connection.close();
  }
}

function settingsIn(found: readonly string[], store: RedisStore, wishedMs: number): StoredSettings {
  if (found[0] === 'foreign' || found[0] === 'moving') return UNFIT;
  const { connection, keys } = store;
  const place = `under the prefix "${keys.prefix}" at ${connection.address}`;
  if (!found.some((value) => value !== '')) {
    throw new IncompatibleStoreError(
      `There is no store ${place}. Give the keyPrefix and the database of the application, or start it first.`,
    );
  }
  const [partitions = '', sort = '', goneMs] = found;
  const damaged = [
    ...(isPartitions(partitions) ? [] : [told('partitions', partitions)]),
    ...(isSort(sort) ? [] : [told('sort', sort)]),
  ];
  if (damaged.length > 0) {
    throw new IncompatibleStoreError(
      `${keys.meta} of the store ${place} ${damaged.join(' and ')}. A process of the application writes what is missing ` +
        'when it starts; remove first, by hand, what is wrong (HDEL).',
    );
  }
  return {
    partitions: Number(partitions),
    sort: sortIn(sort),
    retryFor: Math.min(wishedMs, Number(goneMs) || wishedMs),
  };
}

const isPartitions = (text: string): boolean =>
  /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_PARTITIONS;

function isSort(text: string): boolean {
  try {
    return parseClaimSort(sortOf(text)).text === text;
  } catch {
    return false;
  }
}

const told = (field: string, text: string): string =>
  text === '' ? `does not say its ${field}` : `says ${JSON.stringify(text)} of its ${field}`;

/** Of what cannot be joined: whoever opens it is told why. */
const UNFIT: StoredSettings = { partitions: 1, sort: PRIORITY_FIRST, retryFor: 1_000 };

/** `priority:-1,nextRunAt:1`, as a store says it, as an option. @throws IncompatibleStoreError */
export function sortIn(text: string): ClaimSort {
  if (isSort(text)) return sortOf(text);
  throw new IncompatibleStoreError(
    `The store says ${JSON.stringify(text)} of its sort, which this version cannot read.`,
  );
}

function sortOf(text: string): ClaimSort {
  const parts = text.split(',').map((part) => part.split(':'));
  return Object.fromEntries(parts.map(([key, direction]) => [key, Number(direction)]));
}
