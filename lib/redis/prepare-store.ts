import { IncompatibleStoreError, isError } from '../core/errors.js';
import { LAYOUT } from './keys.js';
import type { RedisStore } from './redis-store.js';
import { scripts } from './all-scripts.js';

const OLDEST_VERSION = 6;

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

/** A server that hides its facts is taken as it is. */
async function checkServer(store: RedisStore): Promise<void> {
  const facts = await serverFacts(store);
  const major = Number.parseInt(facts.get('redis_version') ?? '', 10);
  if (major < OLDEST_VERSION) {
    throw new IncompatibleStoreError(
      `Redis at ${store.connection.address} is version ${facts.get('redis_version')}; ${OLDEST_VERSION}.0 is the oldest that works.`,
    );
  }
  const policy = facts.get('maxmemory_policy');
  if (policy?.startsWith('allkeys-') && !store.options.allowEviction) {
    throw new IncompatibleStoreError(
      `Redis at ${store.connection.address} evicts any key when its memory is full (maxmemory-policy ${policy}): jobs would be lost. ` +
        'Set maxmemory-policy noeviction, or say allowEviction: true.',
    );
  }
}

async function serverFacts(store: RedisStore): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  for (const section of ['server', 'memory']) {
    const text = await store.connection.command('INFO', section).catch((error: unknown) => {
      if (isError(error) && /NOPERM|unknown command/i.test(error.message)) return '';
      throw error;
    });
    for (const line of String(text).split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return facts;
}
