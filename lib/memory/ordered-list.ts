const CHUNK = 512;

/**
 * Items in order, each there once. The order must be total, and must not change while an item is in.
 * Kept in short chunks, so that adding, removing and taking the first stay fast with 100,000 items.
 */
export class OrderedList<T> implements Iterable<T> {
  private readonly chunks: T[][] = [];
  private count = 0;

  constructor(private readonly compare: (a: T, b: T) => number) {}

  get size(): number {
    return this.count;
  }

  first(): T | undefined {
    return this.chunks[0]?.[0];
  }

  last(): T | undefined {
    return this.chunks.at(-1)?.at(-1);
  }

  has(item: T): boolean {
    const chunk = this.chunks[this.chunkOf(item)];
    return chunk !== undefined && chunk[this.placeIn(chunk, item)] === item;
  }

  add(item: T): void {
    this.count++;
    if (this.chunks.length === 0) {
      this.chunks.push([item]);
      return;
    }
    const at = Math.min(this.chunkOf(item), this.chunks.length - 1);
    const chunk = this.chunks[at]!;
    chunk.splice(this.placeIn(chunk, item), 0, item);
    if (chunk.length > CHUNK) this.chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** False when the item is not there. */
  delete(item: T): boolean {
    const at = this.chunkOf(item);
    const chunk = this.chunks[at];
    if (!chunk) return false;
    const place = this.placeIn(chunk, item);
    if (chunk[place] !== item) return false;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count--;
    return true;
  }

  /** In order. Not to be used across a change of the list. */
  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.chunks) yield* chunk;
  }

  /** The first chunk that ends at or behind the item. */
  private chunkOf(item: T): number {
    return search(this.chunks, (chunk) => this.compare(chunk[chunk.length - 1]!, item) >= 0);
  }

  private placeIn(chunk: readonly T[], item: T): number {
    return search(chunk, (other) => this.compare(other, item) >= 0);
  }
}

/** The first index from which on the test holds. */
function search<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
