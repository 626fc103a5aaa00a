import { scripts } from '../all-scripts.js';
import { keysUnder } from '../keys-under.js';
import type { RedisStore } from '../redis-store.js';
import { inPages } from '../walk-jobs.js';
import type { Layouts } from './layout.js';
import { readHash, writeHash } from './read-hash.js';
import { ownKeys } from './walk-keys.js';

const SIDE_BY_SIDE = 16;
const NAMES_AT_ONCE = 100;

/** All of an old partition but what belongs to the store as a whole. */
export async function removeOld(home: RedisStore, { keys }: RedisStore): Promise<void> {
  const { connection } = home;
  for await (const page of ownKeys(connection, keys.prefix)) {
    const gone = page
      .filter(({ move }) => move.how !== 'stay')
      .map(({ rest }) => `${keys.prefix}${rest}`)
      .filter((key) => key !== home.keys.meta);
    if (gone.length > 0) await connection.commandAt(keys.prefix, 'UNLINK', ...gone);
  }
}

export async function renameStaged(layouts: Layouts, number: number): Promise<void> {
  const { connection, source } = layouts;
  const staging = layouts.stagingOf(number);
  const { prefix } = layouts.target.partitions[number]!.keys;
  // The meta of a store with one partition is merged into what it is already.
  const isRenamed = (key: string): boolean => nameOf(key) !== source.keys.meta;
  const nameOf = (key: string): string => `${prefix}${key.slice(staging.length)}`;
  for await (const page of keysUnder(connection, staging)) {
    for (const some of inPages(page.filter(isRenamed), SIDE_BY_SIDE)) {
      await Promise.all(some.map((key) => rename(layouts, key, nameOf(key))));
    }
  }
}

/** One that an earlier try has renamed is no longer there. */
async function rename({ connection }: Layouts, key: string, name: string): Promise<void> {
  try {
    await connection.commandAt(key, 'RENAME', key, name);
  } catch (error) {
    if (!/no such key/i.test(String(error))) throw error;
  }
}

/** What the store as a whole knows: of jobs only where it has one partition, which it is itself. */
const OF_THE_WHOLE: ReadonlySet<string> = new Set([
  'layout',
  'sort',
  'partitions',
  'goneMs',
  'moving',
]);

export async function reduceHome(layouts: Layouts): Promise<void> {
  const { connection, source, target } = layouts;
  const { meta } = source.keys;
  const staged = `${layouts.stagingOf(0)}meta`;
  const isOne = target.partitions.length === 1;
  const wanted = isOne ? await readHash(connection, staged) : new Map<string, string>();
  // An earlier try has come so far.
  if (isOne && wanted.size === 0) return;
  const stored = await readHash(connection, meta);
  const surplus = [...stored.keys()].filter((field) => !OF_THE_WHOLE.has(field));
  if (surplus.length > 0) await connection.commandAt(meta, 'HDEL', meta, ...surplus);
  await writeHash(
    connection,
    meta,
    [...wanted].filter(([field]) => field !== 'partitions'),
  );
  if (isOne) await connection.commandAt(staged, 'UNLINK', staged);
}

export async function openNames(partition: RedisStore): Promise<void> {
  const names = await partition.connection.scanSet(partition.keys.names);
  for (const some of inPages(names, NAMES_AT_ONCE)) await partition.run(scripts.openNames, some);
}
