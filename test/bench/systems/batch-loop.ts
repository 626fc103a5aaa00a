/** Settles jobs and claims others in one call. */
export type Step<Job> = (
  finished: readonly Job[],
  slots: number,
) => Promise<{ readonly jobs: readonly Job[]; readonly dueInMs: number | null }>;

/** The most jobs one call settles, and the most it claims. */
const MAX_BATCH = 100;

/**
 * The simplest worker that can keep up: one call at a time, which brings what has ended and takes as
 * many jobs as there are free slots. It sleeps until news, an end, or the time the store told.
 */
export class BatchLoop<Job> {
  private readonly finished: Job[] = [];
  private running = 0;
  private turning = false;
  private again = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private whenIdle: (() => void) | undefined;

  constructor(
    private readonly concurrency: number,
    private readonly step: Step<Job>,
    private readonly handle: (job: Job) => Promise<void> | undefined,
  ) {}

  /** Looks for work once what is going on in this tick has ended, so that ends travel together. */
  wake(): void {
    this.again = true;
    if (this.turning) return;
    this.turning = true;
    setImmediate(() => void this.turn());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.wake();
    await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }

  private async turn(): Promise<void> {
    while (this.again) {
      this.again = false;
      const settled = this.finished.splice(0, MAX_BATCH);
      const free = this.stopped ? 0 : Math.min(this.concurrency - this.running, MAX_BATCH);
      if (settled.length === 0 && free === 0) break;
      const { jobs, dueInMs } = await this.step(settled, free);
      for (const job of jobs) void this.run(job);
      const isFull = free > 0 && jobs.length === free;
      if ((isFull && this.running < this.concurrency) || this.finished.length > 0)
        this.again = true;
      if (dueInMs !== null) this.sleep(dueInMs);
      // No-op handlers have ended once the microtasks have run.
      await new Promise(setImmediate);
    }
    this.turning = false;
    if (this.running === 0 && this.finished.length === 0) this.whenIdle?.();
  }

  private async run(job: Job): Promise<void> {
    this.running++;
    await this.handle(job);
    this.running--;
    this.finished.push(job);
    this.wake();
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.wake(), ms);
  }
}
