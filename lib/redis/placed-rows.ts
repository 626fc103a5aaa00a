import type { StoredRow } from '../core/contracts/job-parameters.js';
import { IncompatibleStoreError, InvalidOptionError } from '../core/errors.js';
import { leadingField, type AskedRow } from '../core/job/job-row.js';
import { newIdAmong, sharedByName, sharedByRow } from '../core/job/placement.js';
import { freshTogether, meetTogether } from './learn-together.js';
import type { RedisStore } from './redis-store.js';
import { saveRow, type SavedBeside } from './row-saves.js';

/** So often a new row goes to another partition, while others change what is held together. */
const MOST_TRIES = 4;

/**
 * Saves a row in the partition of its job; a new one in that of what it shares with others (see `placed-adds.ts`).
 *
 * @throws InvalidOptionError for a new row that would need two places at once
 * @returns as `saveRow`
 */
export async function saveRowInPlace(
  store: RedisStore,
  row: AskedRow,
  beside: SavedBeside,
): Promise<StoredRow | undefined> {
  const { together } = store;
  const { id, name } = row;
  const shared = sharedByRow(name, { key: beside.key, field: leadingField(row) });
  if (store.partitions.length > 1 && id === undefined) {
    await freshTogether(store, [row], () => shared.length > 0);
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const isTogether = together.has(name);
    if (!isTogether && id === undefined) expectOnePlace(store, shared, beside.key);
    const itsId = id ?? newIdAmong(isTogether ? sharedByName(name) : shared[0]);
    const saved = await saveRow(store.partitionOf(itsId), row, itsId, beside);
    if (saved !== 'away') return saved;
    await meetTogether(store, [name]);
  }
  throw new IncompatibleStoreError(
    `Every partition at ${store.connection.address} says that jobs of "${name}" live in another one. ` +
      'Set its limits anew.',
  );
}

function expectOnePlace(
  store: RedisStore,
  shared: readonly string[],
  key: string | undefined,
): void {
  const [place, ...others] = shared.map(store.placeOf);
  if (store.partitions.length === 1 || others.every((other) => other === place)) return;
  const expected =
    'left out for a recurring job, and beside `unique`, in a store with several `partitions`, ' +
    'since each says where the job lives';
  throw new InvalidOptionError('key', key, expected);
}
