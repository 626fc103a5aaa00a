/** So long after replicas were missing a call that would only warn asks for them again. */
const ASK_AGAIN_MS = 5_000;

/**
 * Whether the replicas of one partition are there, as far as they have been asked. While they are missing,
 * settlements would be held up for nothing, by their own calls and by those that must wait: they ask now and then.
 */
export class ReplicaOutlook {
  /** Calls that wait for replicas now. */
  private asking = 0;
  private areMissing = false;
  private askAgainAt = -Infinity;

  /** @param replicas - how many there should be */
  constructor(private readonly replicas: number) {}

  /** Whether a call that would only warn should ask. */
  get isWorthAsking(): boolean {
    if (!this.areMissing) return true;
    return this.asking === 0 && performance.now() >= this.askAgainAt;
  }

  /** Learns from an answer. Resolves and rejects as it does. */
  async noted(confirmed: Promise<number>): Promise<number> {
    this.asking += 1;
    try {
      const count = await confirmed;
      this.areMissing = count < this.replicas;
      this.askAgainAt = performance.now() + ASK_AGAIN_MS;
      return count;
    } finally {
      this.asking -= 1;
    }
  }
}
