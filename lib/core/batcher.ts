// Imported: fake timers of a test, which stand in for the global one, must not hold calls back.
import { nextTick } from 'node:process';
import { MAX_BATCH, MAX_CALL_BYTES } from './contracts/job-broker.js';
import { ConnectionError } from './errors.js';

/*
 * Single items that come together travel together.
 *
 * With no call under way the items of this tick of the event loop make one call; with one under way
 * the next forms behind it. Items arrive in the order they were given. Each item gets its own answer; a call that
 * fails fails all of its items. When the backend cannot be reached, all that wait behind the call fail with it: each
 * would else wait its own time, one after the other.
 *
 * Where two calls may be under way, plenty of items go as two, so that the store works on one while this process is
 * busy with the other. They follow each other on one connection; only a call that has to be repeated may be overtaken
 * by the one behind it.
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
  /** How many calls may be under way. @default 1 */
  readonly mostUnderWay?: 1 | 2;
  /** What to say to an item that was not sent, since the one before it found no connection. */
  readonly unsent: string;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | PromiseLike<Answer>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a call must carry to be worth its price beside another one. */
const WORTH_A_CALL = 25;

export class Batcher<Item, Answer> {
  private queue: Waiting<Item, Answer>[] = [];
  private isPlanned = false;
  private underWay = 0;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly hooks: BatcherHooks<Item, Answer>) {}

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      this.plan();
    });
  }

  /** How many items wait to be sent. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Resolves when every item has its answer. */
  idle(): Promise<void> {
    if (this.queue.length === 0 && this.underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** Those that are answered now, or come in this tick, go along. */
  private plan(): void {
    if (this.isPlanned || !this.maySend) return;
    this.isPlanned = true;
    nextTick(this.sendAll);
  }

  private get maySend(): boolean {
    if (this.underWay === 0) return this.queue.length > 0;
    return this.underWay < (this.hooks.mostUnderWay ?? 1) && this.queue.length >= WORTH_A_CALL;
  }

  private readonly sendAll = (): void => {
    this.isPlanned = false;
    while (this.maySend) this.send();
  };

  private send(): void {
    const batch = this.nextBatch();
    this.underWay += 1;
    this.ask(batch).then(
      (answers) => {
        for (let i = 0; i < batch.length; i++) batch[i]!.resolve(answers[i]!);
        this.ended();
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
        if (error instanceof ConnectionError) this.rejectUnsent(error);
        this.ended();
      },
    );
  }

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

  private ended(): void {
    this.underWay -= 1;
    if (this.queue.length > 0) this.plan();
    else if (this.underWay === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  private nextBatch(): Waiting<Item, Answer>[] {
    const count = this.batchSize();
    const batch = this.queue;
    this.queue = batch.splice(count);
    return batch;
  }

  /** How many of the first fit into one call; at least one. */
  private batchSize(): number {
    const most = Math.min(this.share, this.hooks.most?.() ?? MAX_BATCH);
    let bytes = 0;
    for (let i = 0; i < most; i++) {
      if (i > 0 && !this.mayFollow(i)) return i;
      bytes += this.hooks.bytesOf(this.queue[i]!.item);
      if (bytes > MAX_CALL_BYTES && i > 0) return i;
    }
    return most;
  }

  /** Half of what waits, where that leaves two calls that are worth their price; else all. */
  private get share(): number {
    const { length } = this.queue;
    const mayBeTwo = this.underWay === 0 && this.hooks.mostUnderWay === 2;
    return mayBeTwo && length >= 2 * WORTH_A_CALL ? Math.ceil(length / 2) : length;
  }

  private mayFollow(i: number): boolean {
    return this.hooks.goTogether?.(this.queue[i - 1]!.item, this.queue[i]!.item) ?? true;
  }
}
