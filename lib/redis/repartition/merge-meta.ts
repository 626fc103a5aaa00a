import { LAYOUT } from '../keys.js';
import { inAll } from '../partitions.js';
import type { RedisStore } from '../redis-store.js';
import type { Layouts } from './layout.js';
import { readHash, writeHash } from './read-hash.js';

/** What tells of processes that listened, of the events that are told apart, and of this procedure. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['watchedUntil', 'heardUntil', 'idleUntil', 'moving', 'partitions'],
  ...['stream', 'eventSeq', 'eventBytes', 'eventsDropped', 'eventBytesDropped', 'oldestEventAt'],
]);

/** What the partitions know, all together: of numbers the highest counts. */
export async function metaOf(source: RedisStore): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const partition of source.partitions) {
    for (const [field, value] of await readHash(source.connection, partition.keys.meta)) {
      const before = all.get(field);
      if (before === undefined || Number(value) > Number(before)) all.set(field, value);
    }
  }
  return all;
}

/** Gives every new partition what all the old ones know. @param logSeq - how many numbers the log has used */
export async function copyMeta(layouts: Layouts, logSeq: number): Promise<void> {
  const known = [...(await metaOf(layouts.source))].filter(([field]) => !LEFT_OUT.has(field));
  const fields = new Map([...known, ['layout', String(LAYOUT)]]);
  fields.set('partitions', String(layouts.target.partitions.length));
  if (logSeq > 0) fields.set('logSeq', String(logSeq));
  await inAll(layouts.target, (_, number) =>
    writeHash(layouts.connection, `${layouts.stagingOf(number)}meta`, fields),
  );
}
