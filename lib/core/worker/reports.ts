import { AsyncResource } from 'node:async_hooks';
import { MAX_CALL_BYTES, MAX_REWRITES } from '../contracts/job-broker.js';
import { errorOf } from '../job/thrown.js';
import type { Attempt } from './attempt.js';
import { isSpoiledBy } from './spoiled.js';
import { Timer } from './timer.js';
import { type Told, Untold } from './untold.js';

/*
 * What handlers tell of their runs: how far they have come, and lines.
 *
 * It goes with a renewal of their leases, so that the store refuses what comes from a run that is not its
 * own any more. All handlers of a host go together, every quarter of a second: of a progress the newest, of lines
 * all that would be kept. An attempt that ends waits for what it has told to be stored: nothing comes
 * after its end. Most attempts tell nothing, and wait for nothing.
 */

export interface ReportsHooks {
  tell(told: readonly AttemptReport[]): Promise<void>;
  /** The store knows it, unless the lease is lost. */
  told(report: AttemptReport): void;
  failed(error: Error): void;
  recovered(): void;
  report(error: Error): void;
}

export type AttemptReport = Told & { readonly attempt: Attempt };

const TELL_EVERY_MS = 250;
const RETRY_AFTER_MS = 500;

export class Reports {
  /** Attempts that have told something the store does not know. */
  private readonly waiting = new Set<Attempt>();
  /** Attempts that have ended, and what is to be done when all is told. */
  private readonly ending = new Map<Attempt, () => void>();
  // A handler that tells something must not lend its context to what the store answers to all of them.
  private readonly timer = new Timer(AsyncResource.bind(() => void this.round()));
  private isTelling = false;
  /** The store did not answer last time. */
  private isTroubled = false;
  private nextAt = 0;
  private whenTold: (() => void)[] = [];

  constructor(private readonly hooks: ReportsHooks) {}

  progress(attempt: Attempt, value: unknown, text: string): void {
    this.untoldOf(attempt).tell(value, text);
    this.plan();
  }

  log(attempt: Attempt, line: string): void {
    this.untoldOf(attempt).log(line);
    this.plan();
  }

  /** Whether the store does not know yet all that the attempt has told. */
  isUntold(attempt: Attempt): boolean {
    return attempt.untold !== undefined && this.waiting.has(attempt);
  }

  /** The attempt has ended: calls back as soon as all that it has told is stored. */
  afterAll(attempt: Attempt, settle: () => void): void {
    this.ending.set(attempt, settle);
    this.plan();
  }

  /** Nothing of this attempt counts any more. */
  forget(attempt: Attempt): void {
    this.waiting.delete(attempt);
  }

  /** How many attempts have ended and wait. */
  get held(): number {
    return this.ending.size;
  }

  /** Resolves when no attempt that has ended waits. */
  untilTold(): Promise<void> {
    if (this.ending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenTold.push(resolve));
  }

  /** What is not told by now is lost. */
  stop(): void {
    this.timer.stop();
    this.waiting.clear();
    this.letGo();
  }

  private untoldOf(attempt: Attempt): Untold {
    this.waiting.add(attempt);
    return (attempt.untold ??= new Untold());
  }

  private plan(): void {
    if (this.isTelling || this.waiting.size === 0) return;
    const wait = Math.max(0, this.nextAt - performance.now());
    this.timer.startWithin(this.ending.size > 0 && !this.isTroubled ? 0 : wait);
  }

  private async round(): Promise<void> {
    const isDue = performance.now() >= this.nextAt;
    // Those that have ended do not wait for the others' time.
    const due = [...this.waiting].filter((attempt) => isDue || this.ending.has(attempt));
    this.isTelling = true;
    if (isDue) this.nextAt = performance.now() + TELL_EVERY_MS;
    for (const batch of batches(due)) {
      // The host may have left meanwhile.
      const told = batch.filter((attempt) => this.waiting.has(attempt));
      if (told.length > 0) await this.tell(told);
      this.letGo();
      if (this.isTroubled) break;
    }
    this.isTelling = false;
    this.plan();
  }

  private async tell(attempts: readonly Attempt[]): Promise<void> {
    const reports = attempts.map((attempt) => ({ attempt, ...attempt.untold!.take() }));
    try {
      await this.hooks.tell(reports);
      this.isTroubled = false;
      this.hooks.recovered();
      for (const report of reports) this.arrived(report);
    } catch (thrown) {
      this.failed(reports, errorOf(thrown));
    }
  }

  private arrived(report: AttemptReport): void {
    if (report.attempt.untold!.isEmpty) this.waiting.delete(report.attempt);
    this.hooks.told(report);
  }

  private failed(reports: readonly AttemptReport[], cause: Error): void {
    if (isSpoiledBy(cause)) return this.drop(reports, cause);
    this.hooks.failed(cause);
    for (const { attempt, ...told } of reports) attempt.untold!.putBack(told);
    this.isTroubled = true;
    this.nextAt = performance.now() + RETRY_AFTER_MS;
  }

  private drop(reports: readonly AttemptReport[], cause: Error): void {
    for (const { attempt } of reports) {
      if (attempt.untold!.isEmpty) this.waiting.delete(attempt);
    }
    const ids = reports.map(({ attempt }) => attempt.record.id).join(', ');
    const message = `Progress or lines of these jobs cannot be stored: ${ids}. ${cause.message}`;
    this.hooks.report(new Error(message, { cause }));
  }

  private letGo(): void {
    for (const [attempt, settle] of this.ending) {
      if (this.waiting.has(attempt)) continue;
      this.ending.delete(attempt);
      settle();
    }
    if (this.ending.size === 0) for (const resolve of this.whenTold.splice(0)) resolve();
  }
}

/** As many together as the store can take in one call. */
function* batches(attempts: readonly Attempt[]): Generator<readonly Attempt[]> {
  let batch: Attempt[] = [];
  let bytes = 0;
  for (const attempt of attempts) {
    const more = attempt.untold!.bytes;
    if (batch.length === MAX_REWRITES || (batch.length > 0 && bytes + more > MAX_CALL_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(attempt);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}
