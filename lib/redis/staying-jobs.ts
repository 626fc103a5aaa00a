/** Of so many indexes it is remembered; of more, the rest is looked at with every pass. */
const MOST_INDEXES = 100;
/**
 * Each so many passes all are looked at again: a job that was left alone may have been let go since, and an older
 * end may have come in before it (an imported row). Either is seen within ten passes.
 */
const PASSES = 10;

/**
 * Jobs that pruning must leave gather at the old end of an index. Here it is remembered where the last of
 * them lies, so that a pass begins behind them.
 */
export class StayingJobs {
  /** Place and name of an index → its name, its place, and score and id of the job. */
  private readonly last = new Map<string, readonly [string, string, string]>();
  private passes = 0;

  beginPass(): void {
    if (++this.passes % PASSES === 0) this.last.clear();
  }

  /** @param told - as the script tells it: name, place, job, for each index */
  learn(told: readonly string[]): void {
    for (let i = 0; i < told.length; i += 3) {
      const [name, place, job] = told.slice(i, i + 3) as [string, string, string];
      const index = `${place}:${name}`;
      this.last.delete(index);
      this.last.set(index, [name, place, job]);
    }
    // The newest stay: a pass that is under way must find its place again.
    for (const index of this.last.keys()) {
      if (this.last.size <= MOST_INDEXES) return;
      this.last.delete(index);
    }
  }

  /** As the script wants it. */
  toArgs(): string[] {
    return [...this.last.values()].flat();
  }
}
