export type Call =
  | 'enqueue'
  /** Ends attempts, and asks for jobs on the way. */
  | 'settle'
  /** Asks for jobs, and nothing else. */
  | 'look'
  /** Of the looks, those that brought nothing. */
  | 'looked in vain'
  | 'renew'
  | 'rescue'
  | 'register'
  | 'prune'
  | 'beat';

/** How often the store was called, and for what. */
export class Calls {
  private readonly counts = new Map<Call, number>();

  count(call: Call): void {
    this.counts.set(call, this.of(call) + 1);
  }

  of(call: Call): number {
    return this.counts.get(call) ?? 0;
  }

  /** All but what producers do. */
  get byHosts(): number {
    const calls = [...this.counts].filter(
      ([call]) => call !== 'enqueue' && call !== 'looked in vain',
    );
    return calls.reduce((sum, [, count]) => sum + count, 0);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}
