import { IncompatibleStoreError } from '../core/errors.js';
import { checkServer } from './check-server.js';
import { LAYOUT } from './keys.js';
import { learnTogether } from './learn-together.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';
import { scripts } from './all-scripts.js';
import { isForbidden } from './redis-errors.js';

/** What is fixed in a store at its first connect; all later ones must agree. */
type Settings = Readonly<Record<string, string>>;

const layoutOf = ({ options }: RedisStore): Settings => ({
  layout: String(LAYOUT),
  partitions: String(options.partitions),
});

/**
 * Looks at the server and at what lies under the prefix, before anything is written.
 *
 * @throws IncompatibleStoreError for a server that is too old or may evict jobs, and for a store of
 *   another layout or other fixed settings
 */
export async function prepareStore(store: RedisStore): Promise<void> {
  await checkServer(store);
  await fixInAll(store, { ...layoutOf(store), sort: store.order.text });
  await learnTogether(store, 'runEarly');
}

/**
 * As above, for a log that stands alone: what is said of jobs is none of its business.
 *
 * @throws IncompatibleStoreError for a store of another layout, or with another number of partitions
 */
export async function prepareLog(store: RedisStore): Promise<void> {
  await fixInAll(store, layoutOf(store));
}

/** The whole first: it has the same prefix whatever the number of its partitions, so it tells those apart. */
async function fixInAll(store: RedisStore, settings: Settings): Promise<void> {
  await fix(store, settings);
  if (store.partitions.length > 1) await inAll(store, (partition) => fix(partition, settings));
}

async function fix(store: RedisStore, settings: Settings): Promise<void> {
  const fields = Object.entries(settings);
  const found = await openOrLook(store, settings);
  const where = `under the prefix "${store.keys.prefix}" at ${store.connection.address}`;
  if (found.length === 0) {
    throw new IncompatibleStoreError(
      `There is no store ${where}, and this user of Redis may not make one. Start a process that may write first, ` +
        'or give this one its keyPrefix.',
    );
  }
  if (found[0] === 'foreign') {
    throw new IncompatibleStoreError(
      `What lies ${where} is not ours: ${found[1]}. Choose another keyPrefix, or remove the old keys first.`,
    );
  }
  if (found[0] === 'moving') throw isMoving(where, found[1]!);
  fields.forEach(([field, ours], i) => {
    const stored = found[i];
    if (stored === ours) return;
    throw new IncompatibleStoreError(
      `The store ${where} was made with ${field} "${stored}"; this process wants "${ours}". ` +
        (REMEDIES.get(field) ??
          'It is fixed at the first connect: use the stored value, or another keyPrefix.'),
    );
  });
}

function isMoving(where: string, change: string): IncompatibleStoreError {
  const { from, to } = JSON.parse(change) as { readonly from: number; readonly to: number };
  return new IncompatibleStoreError(
    `The store ${where} is being changed from ${from} to ${to} partitions (npx nestjs-agenda-redis repartition): ` +
      'start again when that has ended. If it was killed, the same command goes on with it.',
  );
}

/** What is in force; a user that may only read changes nothing. Nothing where there is no store and none can be made. */
async function openOrLook(store: RedisStore, settings: Settings): Promise<string[]> {
  const { openStore, lookAtStore } = scripts;
  const given = [String(store.options.retryForMs), ...Object.entries(settings).flat()];
  const [, ...found] = await store.runEarly(openStore, given).catch((error: unknown) => {
    if (isForbidden(error)) return store.runEarly(lookAtStore, Object.keys(settings));
    throw error;
  });
  return found;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['layout', 'Use the library version that wrote it, or another keyPrefix.'],
  [
    'partitions',
    'It is fixed at the first connect: use the stored value, or another keyPrefix, or stop all workers and ' +
      'producers and change it by `npx nestjs-agenda-redis repartition`.',
  ],
]);
