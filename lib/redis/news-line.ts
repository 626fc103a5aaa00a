import type { Redis } from 'ioredis';
import type { JobNotification } from '../core/contracts/notification-channel.js';
import { BackendClosedError } from '../core/errors.js';
import { RedisConnection } from './redis-connection.js';
import { messageHead, newSender } from './news-codec.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { RedisStore } from './redis-store.js';

/** So many names of a partition are looked up after a time in which news was missed: those that are due first. */
const MOST_NAMES = 1_000;
const PAGE = 250;

/**
 * What a channel says its news over: the command connection of its backend, or one of its own beside
 * another storage, where nobody ever opens the backend. One that was open and is closed is opened again,
 * for as long as the channel is: Agenda's own engine, when it starts anew, connects nothing but its channel.
 */
export class NewsLine {
  readonly head: string;
  readonly sender: string;
  private readonly own: RedisConnection;
  private reopened: RedisConnection | undefined;
  private isOpen = false;

  constructor(
    readonly options: ResolvedRedisOptions,
    private readonly store?: RedisStore,
  ) {
    this.own = new RedisConnection(options, async () => undefined);
    this.sender = store?.sender ?? newSender();
    this.head = messageHead(options.keyPrefix, this.own.database, this.sender);
  }

  get database(): number {
    return this.own.database;
  }

  /** @throws ConnectionError when Redis cannot be reached at the start */
  open(): Promise<void> {
    const main = this.store?.connection;
    if (main?.isClosed) this.reopened = main;
    this.isOpen = true;
    this.watchReady(this.onReady);
    return (this.reopened ?? this.connection).open();
  }

  async close(): Promise<void> {
    const { reopened } = this;
    this.reopened = undefined;
    this.isOpen = false;
    this.watchReady(undefined);
    await Promise.all([reopened?.close(), this.own.close()]);
  }

  /** Called, while the line is open, whenever the connection has become able to send. */
  onReady: (() => void) | undefined;

  /** Whether the store has told this news itself, when it was saved. */
  hasTold({ jobId, nextRunAt }: JobNotification): boolean {
    return this.store?.announced.take(jobId, nextRunAt) ?? false;
  }

  async publish(channel: string, message: string): Promise<void> {
    const { connection } = this;
    // What comes after the end opens nothing that nobody would close.
    if (!this.isOpen) throw new BackendClosedError();
    if (connection === this.own) await connection.open();
    await connection.publish(channel, message);
  }

  /** Whether there is an open backend to ask for jobs. */
  get knowsJobs(): boolean {
    return this.store?.connection.isWanted ?? false;
  }

  /** Names of the backend's jobs, and from when on they are claimable. */
  async *claimableNames(): AsyncGenerator<[name: string, at: number]> {
    for (const partition of this.store?.partitions ?? []) yield* this.claimableOf(partition);
  }

  private async *claimableOf({
    connection,
    keys: { due },
  }: RedisStore): AsyncGenerator<[name: string, at: number]> {
    for (let from = 0; connection.isWanted && from < MOST_NAMES; from += PAGE) {
      const reply = await connection.commandAt(
        due,
        'ZRANGEBYSCORE',
        due,
        '-inf',
        '+inf',
        'WITHSCORES',
        'LIMIT',
        String(from),
        String(PAGE),
      );
      // Pairs, or one list, as the protocol of the connection has it.
      const parts = (reply as unknown[]).flat() as (string | number)[];
      for (let i = 0; i < parts.length; i += 2) yield [String(parts[i]), Number(parts[i + 1])];
      if (parts.length < 2 * PAGE) return;
    }
  }

  /** The masters of a Cluster, as far as they are known now. */
  get masters(): readonly Redis[] {
    const { connection } = this;
    return connection.isCluster ? connection.masters : [];
  }

  private watchReady(watcher: (() => void) | undefined): void {
    for (const connection of [this.own, this.store?.connection]) connection?.watchReady(watcher);
  }

  private get connection(): RedisConnection {
    return this.store?.connection.isWanted ? this.store.connection : this.own;
  }
}
