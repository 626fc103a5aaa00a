import { scripts } from '../all-scripts.js';
import { LAYOUT } from '../keys.js';
import type { RedisStore } from '../redis-store.js';
import type { Finding } from './finding.js';

/** What is fixed in every store, and is the same in each of its partitions. */
const FIELDS = ['layout', 'partitions', 'sort'] as const;

type Settings = Readonly<Record<(typeof FIELDS)[number], string>>;

/**
 * Whether all partitions say the same of themselves, and this version can read them. What is missing is written as at
 * a first connect, if that is asked for.
 *
 * @returns whether the keys can be looked at
 */
export async function examineSettings(
  store: RedisStore,
  repairs: boolean,
  add: (finding: Finding) => void,
): Promise<boolean> {
  const right: Settings = {
    layout: String(LAYOUT),
    partitions: String(store.options.partitions),
    sort: store.order.text,
  };
  let isReadable = true;
  for (const [number, one] of [...new Set([store, ...store.partitions])].entries()) {
    const found = await examineOne(one, right, repairs);
    if (!found) continue;
    add({ ...found, ...(one !== store && { partition: number - 1 }) });
    isReadable &&= found.outcome !== 'left';
  }
  return isReadable;
}

async function examineOne(
  store: RedisStore,
  right: Settings,
  repairs: boolean,
): Promise<Finding | undefined> {
  const [, ...told] = (await store.run(scripts.lookAtStore, FIELDS)) as string[];
  const finding = { code: 'store-settings', level: 'fault', subject: store.keys.meta } as const;
  if (told[0] === 'moving') {
    const message = `The number of partitions is being changed (${told[1]}).`;
    const remedy = 'Wait for `repartition` to end; if it was killed, run the same command again.';
    return { ...finding, message, remedy, outcome: 'left' };
  }
  if (told[0] === 'foreign') {
    const message = `The key ${store.keys.meta} is ${told[1]}, and no store of this library.`;
    return { ...finding, message, remedy: 'Use another keyPrefix.', outcome: 'left' };
  }
  const wrong = FIELDS.filter((field, i) => told[i] && told[i] !== right[field]);
  if (wrong.length > 0) {
    const seen = wrong.map(
      (field) => `${field} is ${told[FIELDS.indexOf(field)]}, not ${right[field]}`,
    );
    const remedy =
      'Use the version of this library that wrote it; what is fixed in a store is the same in all its partitions.';
    return {
      ...finding,
      message: `${store.keys.meta}: ${seen.join('; ')}.`,
      remedy,
      outcome: 'left',
    };
  }
  const missing = FIELDS.filter((_, i) => !told[i]);
  if (missing.length === 0) return undefined;
  if (repairs) {
    const pairs = FIELDS.flatMap((field) => [field, right[field]]);
    await store.run(scripts.openStore, ['0', ...pairs]);
  }
  const message = `${store.keys.meta} does not say ${missing.join(', ')}.`;
  return { ...finding, message, outcome: repairs ? 'mended' : 'mendable' };
}
