import { METRICS_BATCH, METRICS_KEPT_MINUTES } from '../contracts/metrics-store.js';
import type { MetricsBatch, MetricsRow } from '../contracts/metrics-store.js';
import { BackendClosedError, BackendFullError } from '../errors.js';
import type { ErrorSink } from '../events/job-events.js';
import { errorOf } from '../job/thrown.js';
import { countTime, emptyRow, PLACE } from './figures.js';

/*
 * Counts what happens to jobs in this process, and hands it to the store every ten seconds.
 *
 * Counting is adding to numbers, so it costs jobs next to nothing. Metrics are best effort, jobs are not: a
 * process that is killed loses what it has counted since the last time, and a store that is away for
 * longer than metrics are kept never hears of it.
 */

const FLUSH_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

export interface RecorderTools {
  /** Tells this process from all others. */
  readonly writer: string;
  /** By the backend's clock. */
  now(): number;
  send(batch: MetricsBatch): Promise<void>;
  /** Takes the error of a store that does not take them, once. */
  readonly report: ErrorSink;
}

export class MetricsRecorder {
  private minute = 0;
  private rows = new Map<string, number[]>();
  /** Counted, and not sent. */
  private waiting: MetricsRow[] = [];
  /** Sent, and not answered: it is sent again as it is, so that nothing is counted twice. */
  private sent: MetricsBatch | undefined;
  private batches = 0;
  private flushing: Promise<void> | undefined;
  private isFailing = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tools: RecorderTools) {}

  enqueued(name: string): void {
    this.row(name)[PLACE.enqueued]! += 1;
  }

  /** @param waitMs - since it was due; `undefined` when it had no time */
  started(name: string, waitMs: number | undefined): void {
    const row = this.row(name);
    row[PLACE.started]! += 1;
    if (waitMs !== undefined) countTime(row, 'wait', Math.max(waitMs, 0));
  }

  completed(name: string, runMs: number): void {
    const row = this.row(name);
    row[PLACE.completed]! += 1;
    countTime(row, 'run', runMs);
  }

  failed(name: string, runMs: number, isRetried: boolean): void {
    const row = this.row(name);
    row[PLACE.failed]! += 1;
    if (isRetried) row[PLACE.retried]! += 1;
    countTime(row, 'run', runMs);
  }

  stalled(name: string): void {
    this.row(name)[PLACE.stalled]! += 1;
  }

  dead(name: string): void {
    this.row(name)[PLACE.dead]! += 1;
  }

  /** Sends what was counted. Resolves when it is stored, or cannot be for now; never rejects. */
  flush(): Promise<void> {
    // What was counted since that one began is sent behind it.
    if (this.flushing) return this.flushing.then(() => this.flush());
    this.flushing = this.sendAll().finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  /** As `flush`, for the last time. */
  async close(): Promise<void> {
    await this.flush();
    this.stopTimer();
  }

  private row(name: string): number[] {
    const minute = Math.floor(this.tools.now() / MINUTE_MS);
    if (minute !== this.minute) this.turnTo(minute);
    let row = this.rows.get(name);
    if (!row) {
      this.rows.set(name, (row = emptyRow()));
      this.planFlush();
    }
    return row;
  }

  private turnTo(minute: number): void {
    for (const [name, numbers] of this.rows) {
      this.waiting.push({ name, minute: this.minute, numbers });
    }
    this.rows.clear();
    this.minute = minute;
  }

  /** It keeps no process alive: who ends in order flushes, and who does not may lose it. */
  private planFlush(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, FLUSH_EVERY_MS).unref();
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async sendAll(): Promise<void> {
    this.stopTimer();
    this.turnTo(this.minute);
    this.forgetOld();
    try {
      for (let batch = this.nextBatch(); batch; batch = this.nextBatch()) {
        await this.tools.send(batch);
        this.sent = undefined;
      }
      this.isFailing = false;
    } catch (thrown) {
      // Closed on the way: what is left goes out after the next start, if there is one.
      if (thrown instanceof BackendClosedError) return;
      // A full store says so to whoever adds jobs; numbers wait for room.
      if (thrown instanceof BackendFullError) return this.planFlush();
      if (!this.isFailing) this.tools.report(errorOf(thrown));
      this.isFailing = true;
      this.planFlush();
    }
  }

  private nextBatch(): MetricsBatch | undefined {
    if (!this.sent && this.waiting.length > 0) {
      const rows = this.waiting.splice(0, METRICS_BATCH);
      this.sent = { writer: this.tools.writer, number: ++this.batches, rows };
    }
    return this.sent;
  }

  private forgetOld(): void {
    const first = this.minute - METRICS_KEPT_MINUTES;
    if (this.waiting.some(({ minute }) => minute <= first)) {
      this.waiting = this.waiting.filter(({ minute }) => minute > first);
    }
  }
}
