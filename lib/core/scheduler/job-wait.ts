import { WaitTimeoutError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import { Timer } from '../worker/timer.js';
import { endOf, type JobEnd, lastEndOf } from './job-end.js';
import type { ReadWaitOptions } from './wait-options.js';

/** Somebody waits for the end of a job. It ends once: by that, by time, or by a signal. */
export class JobWait {
  readonly end: Promise<unknown>;
  /** What the store said of the job last; `undefined` before the first look at it. */
  seen: JobRecord | undefined;
  /** When a run of it had ended last at the first look. */
  private since: number | null = null;
  private resolve!: (result: unknown) => void;
  private reject!: (reason: unknown) => void;
  private readonly timer = new Timer(() => this.timedOut());
  private readonly aborted = (): void => this.fail(this.options.signal!.reason);

  /** @param over - called when it has ended */
  constructor(
    readonly id: string,
    private readonly options: ReadWaitOptions,
    private readonly over: (wait: JobWait) => void,
  ) {
    this.end = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const { startedAt, timeoutMs, signal } = options;
    if (timeoutMs < Infinity) this.timer.startIn(startedAt + timeoutMs - performance.now());
    signal?.addEventListener('abort', this.aborted);
  }

  /** The store says this of the job. */
  look(job: JobRecord): void {
    if (!this.seen) this.since = lastEndOf(job);
    this.seen = job;
    const end = endOf(job, this.since);
    if (end) this.come(end);
  }

  come(end: JobEnd): void {
    if (end.kind === 'error') return this.fail(end.error);
    this.leave();
    this.resolve(end.result);
  }

  fail(reason: unknown): void {
    this.leave();
    this.reject(reason);
  }

  private timedOut(): void {
    this.fail(new WaitTimeoutError(this.id, this.options.timeoutMs));
  }

  private leave(): void {
    this.timer.stop();
    this.options.signal?.removeEventListener('abort', this.aborted);
    this.over(this);
  }
}
