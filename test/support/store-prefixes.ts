import { homePrefix, partitionPrefix } from '../../lib/redis/keys.js';
import type { RedisBackendOptions } from '../../lib/redis/index.js';

type Store = Pick<RedisBackendOptions, 'keyPrefix' | 'partitions' | 'cluster'>;

/** What the keys of each partition begin with. */
export function partitionPrefixes(store: Store): string[] {
  const { keyPrefix = 'agenda:', partitions = 1 } = store;
  return partitions === 1
    ? [homeOf(store)]
    : Array.from({ length: partitions }, (_, number) =>
        partitionPrefix(keyPrefix, number, partitions),
      );
}

/** What the keys of a store begin with that are nobody's alone. */
export function homeOf({ keyPrefix = 'agenda:', partitions = 1, cluster }: Store): string {
  return homePrefix(keyPrefix, cluster !== undefined, partitions);
}
