import { IncompatibleStoreError } from '../../core/errors.js';
import { inAll } from '../partitions.js';
import type { RedisStore } from '../redis-store.js';
import { removeKeys } from '../remove-keys.js';
import { inPages } from '../walk-jobs.js';
import { copyEvents } from './copy-events.js';
import { copyKey } from './copy-keys.js';
import { copyLog } from './copy-log.js';
import type { Layouts } from './layout.js';
import { copyGates } from './merge-gates.js';
import { copyMeta } from './merge-meta.js';
import { StoreInUseError } from './store-in-use.js';
import { sum } from './sum.js';
import { ownKeys } from './walk-keys.js';

/** Keys that are copied side by side. */
const SIDE_BY_SIDE = 16;

/**
 * Makes the new partitions beside the old ones.
 *
 * @throws StoreInUseError when somebody writes meanwhile; the signal's reason
 */
export async function copyStore(
  layouts: Layouts,
  tell: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { source } = layouts;
  const before = await fingerprint(source);
  for (const [number, partition] of source.partitions.entries()) {
    let count = 0;
    for await (const page of ownKeys(source.connection, partition.keys.prefix)) {
      for (const some of inPages(page, SIDE_BY_SIDE)) {
        signal?.throwIfAborted();
        await Promise.all(some.map((known) => copyKey(layouts, partition, known)));
      }
      count += page.length;
    }
    tell(`Copied ${count} keys of partition ${number}.`);
  }
  await copyGates(layouts);
  await copyMeta(layouts, await copyLog(layouts));
  await copyEvents(layouts);
  await expectWhole(layouts, before);
}

/** Moves with whatever is written: jobs, leases, entries of the log, events. */
async function fingerprint(source: RedisStore): Promise<string> {
  const facts = await inAll(source, async ({ keys }) => {
    const { connection } = source;
    const [told, jobs, states] = await Promise.all([
      connection.commandAt(keys.meta, 'HMGET', keys.meta, 'seq', 'fence', 'logSeq', 'eventSeq'),
      connection.commandAt(keys.jobs, 'HLEN', keys.jobs),
      connection.commandAt(keys.state, 'HLEN', keys.state),
    ]);
    return [told, jobs, states];
  });
  return JSON.stringify(facts);
}

async function expectWhole(layouts: Layouts, before: string): Promise<void> {
  const { source, target } = layouts;
  if ((await fingerprint(source)) !== before) {
    throw new StoreInUseError(
      'Somebody has written to the store meanwhile. Stop all producers and workers, then begin anew.',
    );
  }
  const jobs = await sum(source, ({ keys }) => ['HLEN', keys.jobs]);
  const copied = await sum(target, (_, number) => ['HLEN', `${layouts.stagingOf(number)}jobs`]);
  if (jobs !== copied) {
    throw new IncompatibleStoreError(`Only ${copied} of ${jobs} jobs were copied.`);
  }
}

/** Throws away what an earlier run has copied. */
export async function wipe(layouts: Layouts): Promise<void> {
  const { connection, target } = layouts;
  await inAll(target, (_, number) => removeKeys(connection, layouts.stagingOf(number)));
}
