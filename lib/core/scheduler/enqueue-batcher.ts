import {
  type Enqueued,
  type JobBroker,
  MAX_BATCH,
  MAX_CALL_BYTES,
} from '../contracts/job-broker.js';
import { ConnectionError } from '../errors.js';
import type { NewJob } from '../job/job-record.js';

/*
 * Single adds that come together travel together.
 *
 * With no call under way the adds of this tick of the event loop make one call; with one under way
 * the next forms behind it. Calls follow each other, so jobs are inserted in the order they were
 * asked for. Each add gets its own answer; a call that fails fails all of its adds. When the backend
 * cannot be reached, all that wait behind the call fail with it: each would else wait its own time,
 * one after the other.
 */

interface Waiting {
  readonly job: NewJob;
  readonly resolve: (answer: Enqueued) => void;
  readonly reject: (error: unknown) => void;
}

// What a record has beside its data.
const FRAME_BYTES = 512;

export class EnqueueBatcher {
  private waiting: Waiting[] = [];
  private isPlanned = false;
  private isSending = false;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly broker: () => JobBroker) {}

  add(job: NewJob): Promise<Enqueued> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      if (this.isPlanned || this.isSending) return;
      this.isPlanned = true;
      process.nextTick(this.send);
    });
  }

  /** Resolves when every add has its answer. */
  idle(): Promise<void> {
    if (this.waiting.length === 0 && !this.isSending) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  private readonly send = (): void => {
    this.isPlanned = false;
    this.isSending = true;
    const batch = this.nextBatch();
    this.ask(batch).then(
      (answers) => {
        for (let i = 0; i < batch.length; i++) batch[i]!.resolve(answers[i]!);
        this.goOn();
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
        if (error instanceof ConnectionError) this.rejectUnsent(error);
        this.goOn();
      },
    );
  };

  private rejectUnsent(cause: ConnectionError): void {
    const message = `The job was not added: another add before it found no connection. ${cause.message}`;
    const error = new ConnectionError(message, true, { cause });
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  /** A broker that throws instead of rejecting is no different. */
  private async ask(batch: readonly Waiting[]): Promise<Enqueued[]> {
    return this.broker().enqueue(batch.map(({ job }) => job));
  }

  private goOn(): void {
    this.isSending = false;
    if (this.waiting.length > 0) {
      // Those that were just answered may add again: they go along.
      this.isPlanned = true;
      process.nextTick(this.send);
      return;
    }
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private nextBatch(): Waiting[] {
    const count = batchSize(this.waiting);
    const batch = this.waiting;
    this.waiting = batch.splice(count);
    return batch;
  }
}

/** How many of the first fit into one call; at least one. */
function batchSize(waiting: readonly Waiting[]): number {
  const most = Math.min(waiting.length, MAX_BATCH);
  let bytes = 0;
  for (let i = 0; i < most; i++) {
    bytes += bytesOf(waiting[i]!.job);
    if (bytes > MAX_CALL_BYTES && i > 0) return i;
  }
  return most;
}

/** No less than the bytes of its record. */
export function bytesOf({ data }: NewJob): number {
  if (data === undefined) return FRAME_BYTES;
  // Measuring costs more than it saves where little is at stake.
  return FRAME_BYTES + (data.length < 1024 ? data.length * 3 : Buffer.byteLength(data));
}
