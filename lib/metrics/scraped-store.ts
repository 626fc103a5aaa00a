import type { JobScheduler, StateCounts } from '../core/index.js';
import { latenciesOf } from '../core/scheduler/latencies.js';
import { waitFor } from '../core/worker/wait.js';

/** The jobs in the store, as of one scrape. */
export interface StoredFigures {
  readonly counts: Readonly<Record<string, StateCounts>>;
  /** In ms, by name; `undefined` where the backend cannot tell. */
  readonly latencies: ReadonlyMap<string, number> | undefined;
}

/** All gauges of a scrape ask, and the scrapes of several servers come side by side. */
const KEPT_MS = 1_000;
/** Prometheus itself waits for ten seconds. */
const ANSWER_WITHIN_MS = 2_000;

/** Asks the store once for all gauges, and never longer than a scrape can wait. */
export class ScrapedStore {
  private askedAt = -Infinity;
  private figures: Promise<StoredFigures | undefined> | undefined;
  private underWay = false;

  constructor(private readonly scheduler: JobScheduler) {}

  /** @returns `undefined` when the store does not answer; never rejects */
  read(): Promise<StoredFigures | undefined> {
    const isOld = performance.now() - this.askedAt >= KEPT_MS;
    // A store that is away is not asked again by every scrape that it keeps waiting.
    if (!this.figures || (isOld && !this.underWay)) {
      this.askedAt = performance.now();
      this.underWay = true;
      this.figures = this.ask().finally(() => (this.underWay = false));
    }
    return waitFor(this.figures, ANSWER_WITHIN_MS);
  }

  private async ask(): Promise<StoredFigures | undefined> {
    const { scheduler } = this;
    try {
      const [counts, latencies] = await Promise.all([scheduler.counts(), latenciesOf(scheduler)]);
      return { counts, latencies };
    } catch {
      // The gauge `up` says so; the engine has told its listeners.
      return undefined;
    }
  }
}
