// Imported: fake timers of a test, which stand in for the global one, must not hold calls back.
import { nextTick } from 'node:process';
import { MAX_BATCH, MAX_CALL_BYTES } from './contracts/job-broker.js';
import { ConnectionError } from './errors.js';

/*
 * Single items that come together travel together.
 *
 * With no call under way the items of this tick of the event loop make one call; with one under way
 * the next forms behind it. Calls follow each other, so items arrive in the order they were given.
 * Each item gets its own answer; a call that fails fails all of its items. When the backend
 * cannot be reached, all that wait behind the call fail with it: each would else wait its own time,
 * one after the other.
 */

export interface BatcherHooks<Item, Answer> {
  /** Sends a batch; answers item by item. An answer that is a promise has its own outcome. */
  send(batch: readonly Item[]): Promise<readonly (Answer | PromiseLike<Answer>)[]>;
  /** No less than its bytes in a call. */
  bytesOf(item: Item): number;
  /** The most items of a call. @default 100 */
  most?(): number;
  /** Whether two that follow each other may go in one batch. @default always */
  goTogether?(item: Item, next: Item): boolean;
  /** What to say to an item that was not sent, since the one before it found no connection. */
  readonly unsent: string;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | PromiseLike<Answer>) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<Item, Answer> {
  private queue: Waiting<Item, Answer>[] = [];
  private isPlanned = false;
  private isSending = false;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly hooks: BatcherHooks<Item, Answer>) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      if (this.isPlanned || this.isSending) return;
      this.isPlanned = true;
      nextTick(this.send);
    });
  }

  /** How many items wait to be sent. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Resolves when every item has its answer. */
  idle(): Promise<void> {
    if (this.queue.length === 0 && !this.isSending) return Promise.resolve();
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
    const error = new ConnectionError(`${this.hooks.unsent} ${cause.message}`, true, { cause });
    for (const { reject } of this.queue.splice(0)) reject(error);
  }

  /** A hook that throws instead of rejecting is no different. */
  private async ask(
    batch: readonly Waiting<Item, Answer>[],
  ): Promise<readonly (Answer | PromiseLike<Answer>)[]> {
    return this.hooks.send(batch.map(({ item }) => item));
  }

  private goOn(): void {
    this.isSending = false;
    if (this.queue.length > 0) {
      // Those that were just answered may add again: they go along.
      this.isPlanned = true;
      nextTick(this.send);
      return;
    }
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private nextBatch(): Waiting<Item, Answer>[] {
    const count = this.batchSize();
    const batch = this.queue;
    this.queue = batch.splice(count);
    return batch;
  }

  /** How many of the first fit into one call; at least one. */
  private batchSize(): number {
    const most = Math.min(this.queue.length, this.hooks.most?.() ?? MAX_BATCH);
    let bytes = 0;
    for (let i = 0; i < most; i++) {
      if (i > 0 && !this.mayFollow(i)) return i;
      bytes += this.hooks.bytesOf(this.queue[i]!.item);
      if (bytes > MAX_CALL_BYTES && i > 0) return i;
    }
    return most;
  }

  private mayFollow(i: number): boolean {
    return this.hooks.goTogether?.(this.queue[i - 1]!.item, this.queue[i]!.item) ?? true;
  }
}
