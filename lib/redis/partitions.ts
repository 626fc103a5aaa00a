import type { RedisStore } from './redis-store.js';

/*
 * Calls that concern several partitions: one call for each of them, sent side by side, so that together they
 * take as long as the slowest. Each is whole or not at all; together they are not. When one fails the others
 * have ended, too, before its error is told.
 */

/**
 * Asks each partition for its share of the items.
 *
 * @param ask answers item by item
 * @returns the answers in the order of the items
 */
export function byPartition<Item, Answer>(
  store: RedisStore,
  items: readonly Item[],
  idOf: (item: Item) => string,
  ask: (partition: RedisStore, share: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const { partitions } = store;
  if (partitions.length === 1) return ask(partitions[0]!, items);
  return byPartitionOf(items, (item) => store.partitionOf(idOf(item)), ask);
}

/** As `byPartition`, where items tell their partitions themselves. */
export async function byPartitionOf<Item, Answer>(
  items: readonly Item[],
  partitionOf: (item: Item) => RedisStore,
  ask: (partition: RedisStore, share: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers = new Array<Answer>(items.length);
  const calls = Array.from(sharesOf(items, partitionOf), async ([partition, share]) => {
    const its = share.map((i) => items[i]!);
    const given = await ask(partition, its);
    share.forEach((i, at) => (answers[i] = given[at]!));
  });
  await allOf(calls);
  return answers;
}

/** Asks each partition that has a share of the items. @returns an answer for each share */
export async function byShare<Item, Answer>(
  store: RedisStore,
  items: readonly Item[],
  idOf: (item: Item) => string,
  ask: (partition: RedisStore, share: readonly Item[]) => Promise<Answer>,
): Promise<Answer[]> {
  const { partitions } = store;
  if (partitions.length === 1) return items.length === 0 ? [] : [await ask(partitions[0]!, items)];
  const shares = sharesOf(items, (item) => store.partitionOf(idOf(item)));
  const calls = Array.from(shares, ([partition, share]) => {
    const its = share.map((i) => items[i]!);
    return ask(partition, its);
  });
  return allOf(calls);
}

/** Asks all partitions the same. @returns their answers, in the order of the partitions */
export function inAll<Answer>(
  { partitions }: RedisStore,
  ask: (partition: RedisStore, number: number) => Promise<Answer>,
): Promise<Answer[]> {
  return allOf(partitions.map(ask));
}

/** As `Promise.all`, but when one rejects nothing goes on behind the caller's back. */
export async function allOf<Answer>(calls: readonly Promise<Answer>[]): Promise<Answer[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

/** Partition → which of the items are its share. */
function sharesOf<Item>(
  items: readonly Item[],
  partitionOf: (item: Item) => RedisStore,
): Map<RedisStore, number[]> {
  const shares = new Map<RedisStore, number[]>();
  items.forEach((item, i) => {
    const partition = partitionOf(item);
    const share = shares.get(partition);
    if (share) share.push(i);
    else shares.set(partition, [i]);
  });
  return shares;
}
