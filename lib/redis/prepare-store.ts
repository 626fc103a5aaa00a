import { IncompatibleStoreError } from '../core/errors.js';
import { checkServer } from './check-server.js';
import { LAYOUT } from './keys.js';
import type { RedisStore } from './redis-store.js';
import { scripts } from './all-scripts.js';

const layout = { layout: String(LAYOUT) };

/** What is fixed in a store at its first connect; all later ones must agree. */
const fixed = ({ order }: RedisStore): Record<string, string> => ({
  ...layout,
  sort: order.text,
  partitions: '1',
});

/**
 * Looks at the server and at what lies under the prefix, before anything is written.
 *
 * @throws IncompatibleStoreError for a server that is too old or may evict jobs, and for a store of
 *   another layout or other fixed settings
 */
export async function prepareStore(store: RedisStore): Promise<void> {
  await checkServer(store);
  await fix(store, fixed(store));
}

/**
 * As above, for a log that stands alone: what is said of jobs is none of its business.
 *
 * @throws IncompatibleStoreError for a store of another layout
 */
export async function prepareLog(store: RedisStore): Promise<void> {
  await fix(store, layout);
}

async function fix(store: RedisStore, settings: Record<string, string>): Promise<void> {
  const fields = Object.entries(settings);
  const [, ...found] = await store.runEarly(scripts.openStore, [
    String(store.options.retryForMs),
    ...fields.flat(),
  ]);
  const where = `under the prefix "${store.keys.prefix}" at ${store.connection.address}`;
  if (found[0] === 'foreign') {
    throw new IncompatibleStoreError(
      `What lies ${where} is not ours: ${found[1]}. Choose another keyPrefix, or remove the old keys first.`,
    );
  }
  fields.forEach(([field, ours], i) => {
    const stored = found[i];
    if (stored === ours) return;
    throw new IncompatibleStoreError(
      `The store ${where} was made with ${field} "${stored}"; this process wants "${ours}". ` +
        (field === 'layout'
          ? 'Use the library version that wrote it, or another keyPrefix.'
          : 'It is fixed at the first connect: use the stored value, or another keyPrefix.'),
    );
  });
}
