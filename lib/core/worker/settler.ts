import {
  MAX_BATCH,
  MAX_CALL_BYTES,
  MAX_REWRITES,
  type SettleAnswer,
  type Settlement,
} from '../contracts/job-broker.js';
import type { Attempt } from './attempt.js';

/*
 * The outbox: attempts that are decided and not yet answered by the store. They go out in the order
 * they ended, in batches, each with the next claim, and leave only with an answer. A refusal is an
 * answer: the store has judged, and asking again would change nothing.
 *
 * A call that makes the store fail would do so for ever, and hold up everything behind it. After one
 * the outbox is sifted: smaller batches, each half the size of the one that failed and twice that of
 * one that passed, and without claims, which may be the reason too. A settlement that fails all alone
 * is dropped; its job runs again when its lease has expired.
 */

/** An attempt with its settlement. */
export type Settled = Attempt & { settlement: Settlement };

export interface SettlerHooks {
  /** The store has written the settlement down. */
  accepted(attempt: Settled): void;
  refused(attempt: Settled, refusal: Exclude<SettleAnswer, 'ok'>, repeated: boolean): void;
  /** The store fails whenever it is sent: nobody will ever know how this attempt ended. */
  dropped(attempt: Settled, error: Error): void;
}

export class Settler {
  private outbox: Settled[] = [];
  private underWay = 0;
  /** While it sifts: how many may go together. */
  private sieve: number | undefined;
  /** Attempts whose first sending had an unknown outcome. */
  private readonly sentBefore = new Set<Settled>();

  constructor(private readonly hooks: SettlerHooks) {}

  /** Takes a decided attempt into the outbox. */
  put(attempt: Settled): void {
    this.outbox.push(attempt);
  }

  /** The next batch to send. Whoever takes it brings it back, answered or not. */
  take(): readonly Settled[] {
    const count = this.batchSize();
    if (count === 0) return NONE;
    const batch = this.outbox;
    this.outbox = batch.length > count ? batch.splice(count) : [];
    this.underWay += batch.length;
    return batch;
  }

  /** Puts a batch back to the front: whether the store has seen it is unknown. */
  putBack(batch: readonly Settled[]): void {
    this.underWay -= batch.length;
    for (const attempt of batch) this.sentBefore.add(attempt);
    this.outbox = [...batch, ...this.outbox];
  }

  /** Takes back a batch that spoiled its call, if not the call's claim did: see {@link isSpoiledBy}. */
  spoiled(batch: readonly Settled[], error: Error, hadClaim: boolean): void {
    if (batch.length === 0) return;
    this.sieve = Math.ceil(batch.length / 2);
    if (batch.length > 1 || hadClaim) return this.putBack(batch);
    this.underWay -= 1;
    this.sentBefore.delete(batch[0]!);
    this.endSifting();
    this.hooks.dropped(batch[0]!, error);
  }

  answered(batch: readonly Settled[], answers: readonly SettleAnswer[], repeated: boolean): void {
    this.underWay -= batch.length;
    if (this.sieve !== undefined && batch.length > 0) {
      this.sieve *= 2;
      this.endSifting();
    }
    for (let i = 0; i < batch.length; i++) {
      const attempt = batch[i]!;
      const answer = answers[i] ?? 'ok';
      const wasSentBefore = this.sentBefore.size > 0 && this.sentBefore.delete(attempt);
      if (answer === 'ok') this.hooks.accepted(attempt);
      else this.hooks.refused(attempt, answer, repeated || wasSentBefore);
    }
  }

  /** Whether settlements must go without a claim, until it is known which of them the store cannot take. */
  get isSifting(): boolean {
    return this.sieve !== undefined;
  }

  /** The jobs of the first that wait, to be told to people. */
  firstIds(count: number): string[] {
    return this.outbox.slice(0, count).map(({ record }) => record.id);
  }

  /** How many settlements wait to be sent. */
  get waiting(): number {
    return this.outbox.length;
  }

  /** Attempts that the store has not answered for. */
  get unanswered(): number {
    return this.outbox.length + this.underWay;
  }

  private endSifting(): void {
    if (this.unanswered === 0 || this.sieve! >= MAX_BATCH) this.sieve = undefined;
  }

  private batchSize(): number {
    const most = Math.min(this.outbox.length, this.sieve ?? MAX_BATCH);
    let bytes = 0;
    let rewrites = 0;
    for (let i = 0; i < most; i++) {
      const { settlement } = this.outbox[i]!;
      bytes += sizeOf(settlement);
      if (isRewrite(settlement)) rewrites += 1;
      if ((bytes > MAX_CALL_BYTES && i > 0) || rewrites > MAX_REWRITES) return i;
    }
    return most;
  }
}

const NONE: readonly Settled[] = [];

/** Whether the store has more to do than to put the job among the completed ones. */
const isRewrite = (settlement: Settlement): boolean =>
  settlement.kind !== 'completed' || settlement.nextRunAt !== undefined;

// What a settlement has beside its texts.
const FRAME_BYTES = 256;
// Beside a failure goes its short form, for the history.
const BRIEF_BYTES = 2 * 1024;

/** No less than its bytes: a character of UTF-16 is at most three of UTF-8. */
function sizeOf(settlement: Settlement): number {
  switch (settlement.kind) {
    case 'completed':
      return FRAME_BYTES + (settlement.result?.length ?? 0) * 3;
    case 'retry':
    case 'bury': {
      const { message, stack } = settlement.failure;
      return FRAME_BYTES + BRIEF_BYTES + (message.length + (stack?.length ?? 0)) * 3;
    }
    case 'release':
    case 'snooze':
    case 'throttle':
    case 'skip':
      return FRAME_BYTES;
  }
}
