/** For so long what was read of the names is relied on, in ms: who adds a job of one of them then reads anew. */
const FRESH_MS = 10_000;

/**
 * The names that are held together (see `placement.ts`), as this process knows them: what it read last, and has
 * learned since. The store has the last word: it takes no jobs of such a name in any other partition.
 */
export class NamesTogether {
  private names: ReadonlySet<string> = new Set();
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  has(name: string): boolean {
    return this.names.size > 0 && this.names.has(name);
  }

  get isFresh(): boolean {
    return performance.now() < this.readAt + FRESH_MS;
  }

  /** Reads, unless that is under way. */
  once(read: () => Promise<void>): Promise<void> {
    this.reading ??= read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** What was read, and when it was asked for. */
  learn(names: readonly string[], readAt: number): void {
    this.names = new Set(names);
    this.readAt = readAt;
  }

  add(names: readonly string[]): void {
    this.names = new Set([...this.names, ...names]);
  }

  remove(name: string): void {
    this.names = new Set([...this.names].filter((other) => other !== name));
  }
}
