import { MAX_BATCH, type NameSettings } from '../core/contracts/job-broker.js';
import { scripts } from './all-scripts.js';
import { awayWord, holdOverAll, holdTogether } from './hold-names.js';
import { inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';
import { inPages } from './walk-jobs.js';

/**
 * Stores what any host must know of names, in every partition.
 *
 * @throws ScatteredJobsError for a name with limits over all processes whose jobs live in several partitions
 */
export async function registerNames(
  store: RedisStore,
  settings: readonly NameSettings[],
): Promise<void> {
  for (const page of inPages(settings, MAX_BATCH)) {
    const limited = page.filter(({ limits }) => holdOverAll(limits));
    await holdTogether(
      store,
      limited.map(({ name }) => name),
    );
    await inAll(store, (partition, number) => {
      const parts = page.flatMap(({ name, ...rest }) => [
        name,
        JSON.stringify(rest),
        awayWord(store, name, rest.limits, number),
      ]);
      const { options, messageHead } = partition;
      return partition.run(scripts.registerNames, [options.channelName, messageHead, ...parts]);
    });
  }
}
