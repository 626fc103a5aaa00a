import type { RedisStore } from './redis-store.js';

/** What was found on the way, and where to go on; nowhere after the last page. */
export interface Found<Place> {
  readonly ids: readonly string[];
  readonly next: Place | undefined;
}

/** In which partition a walk is, and where there; without a place at its beginning. Of a single one only where. */
export type WalkPlace<Place> = Place | InPartition<Place>;

interface InPartition<Place> {
  readonly partition: number;
  readonly place?: Place;
}

type PageIn<Place> = (
  partition: RedisStore,
  place: Place | undefined,
  limit: number,
) => Promise<Found<Place>>;

/**
 * A page of a walk that goes through one partition after the other. It ends where a page of one of them does
 * that is not its last: short pages stay short.
 */
export async function walkPartitions<Place>(
  { partitions }: RedisStore,
  { place, limit }: { readonly place: WalkPlace<Place> | undefined; readonly limit: number },
  pageIn: PageIn<Place>,
): Promise<Found<WalkPlace<Place>>> {
  if (partitions.length === 1) return pageIn(partitions[0]!, place as Place | undefined, limit);
  let { partition, place: within } = (place as InPartition<Place> | undefined) ?? { partition: 0 };
  const ids: string[] = [];
  for (;;) {
    const found = await pageIn(partitions[partition]!, within, limit - ids.length);
    ids.push(...found.ids);
    if (found.next !== undefined) return { ids, next: { partition, place: found.next } };
    partition++;
    within = undefined;
    if (partition === partitions.length) return { ids, next: undefined };
    if (ids.length === limit) return { ids, next: { partition } };
  }
}
