import {
  MAX_BATCH,
  MAX_CALL_BYTES,
  type SettleAnswer,
  type Settlement,
} from '../contracts/job-broker.js';
import type { Attempt } from './attempt.js';

/*
 * The outbox: attempts that are decided and not yet answered by the store. They go out in the order
 * they ended, in batches, each with the next claim, and leave only with an answer. A refusal is an
 * answer: the store has judged, and asking again would change nothing.
 */

/** An attempt with its settlement. */
export type Settled = Attempt & { settlement: Settlement };

export interface SettlerHooks {
  /** The store has written the settlement down. */
  accepted(attempt: Settled): void;
  refused(attempt: Settled, refusal: Exclude<SettleAnswer, 'ok'>, repeated: boolean): void;
}

export class Settler {
  private outbox: Settled[] = [];
  private underWay = 0;
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

  answered(batch: readonly Settled[], answers: readonly SettleAnswer[], repeated: boolean): void {
    this.underWay -= batch.length;
    for (let i = 0; i < batch.length; i++) {
      const attempt = batch[i]!;
      const answer = answers[i] ?? 'ok';
      const wasSentBefore = this.sentBefore.size > 0 && this.sentBefore.delete(attempt);
      if (answer === 'ok') this.hooks.accepted(attempt);
      else this.hooks.refused(attempt, answer, repeated || wasSentBefore);
    }
  }

  /** Whether something waits to be sent. */
  get hasMail(): boolean {
    return this.outbox.length > 0;
  }

  /** Attempts that the store has not answered for. */
  get unanswered(): number {
    return this.outbox.length + this.underWay;
  }

  private batchSize(): number {
    const most = Math.min(this.outbox.length, MAX_BATCH);
    let bytes = 0;
    for (let i = 0; i < most; i++) {
      bytes += sizeOf(this.outbox[i]!.settlement);
      if (bytes > MAX_CALL_BYTES && i > 0) return i;
    }
    return most;
  }
}

const NONE: readonly Settled[] = [];
// What a settlement has beside its texts.
const FRAME_BYTES = 256;

/** No less than its bytes: a character of UTF-16 is at most three of UTF-8. */
function sizeOf(settlement: Settlement): number {
  switch (settlement.kind) {
    case 'completed':
      return FRAME_BYTES + (settlement.result?.length ?? 0) * 3;
    case 'retry':
    case 'bury': {
      const { message, stack } = settlement.failure;
      return FRAME_BYTES + (message.length + (stack?.length ?? 0)) * 3;
    }
    case 'release':
    case 'skip':
      return FRAME_BYTES;
  }
}
