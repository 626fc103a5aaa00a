import { scripts } from './all-scripts.js';
import { letGo } from './hold-names.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/** Each partition without jobs of the name forgets it. @returns whether none knows it any more */
export async function forgetName(store: RedisStore, name: string): Promise<boolean> {
  const answers = await inAll(store, (partition) => partition.run(scripts.forgetName, [name]));
  const isForgotten = answers.every(([, isGone]) => isGone === '1');
  if (isForgotten) await letGo(store, name);
  return isForgotten;
}
