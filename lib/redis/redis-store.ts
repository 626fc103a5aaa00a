import { placeOf, placeOfId } from '../core/job/placement.js';
import type { ClaimOrder } from '../core/options/claim-order.js';
import { AnnouncedSaves } from './announced-saves.js';
import { BackendWarnings } from './backend-warnings.js';
import { ConfirmedWrites } from './confirmed-writes.js';
import { DurableConnection, durableOptions } from './durable-connection.js';
import { homePrefix, Keys, orderLetters, partitionPrefix } from './keys.js';
import { LastingConnection } from './lasting-connection.js';
import { NamesTogether } from './names-together.js';
import { messageHead, newSender } from './news-codec.js';
import { RedisConnection } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';

/** Injects the time of every call; for tests only. */
export type TimeSource = () => number;

/** The place of what jobs share, for tests that want to know where these lie: it counts for ids, too. */
export type PlaceOf = (shared: string) => number;

/** Stores that share a connection. */
interface Kin {
  readonly placeOf?: PlaceOf | undefined;
  /** The store that this one outlasts. */
  readonly main?: RedisStore;
  /** The store of which this one is a partition. */
  readonly whole?: RedisStore;
  /** Which one. */
  readonly number?: number;
}

/**
 * One namespace in one Redis: its keys, its connection and its clock. What the broker, the manager
 * and the repository have in common. Its jobs live in its partitions, each of them a store with keys and a clock
 * of its own; where there is one only, that is the store itself. Of several, the store keeps what is nobody's
 * alone: what is fixed, and the list of hosts.
 */
export class RedisStore {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly partitions: readonly RedisStore[];
  /** The head of every message on the shared channel: whose news this is, and who tells it. */
  readonly messageHead: string;
  /** Tells the messages of this object from those of others. */
  readonly sender: string;
  /** What its scripts have told of saves, so that nobody has to repeat it. */
  readonly announced: AnnouncedSaves;
  /** Which names are held together, as far as is known here. */
  readonly together: NamesTogether;
  /** The place of what jobs share. */
  readonly placeOf: PlaceOf;
  readonly warnings: BackendWarnings;
  /** Under the option `durability` alone. */
  private readonly confirmed: ConfirmedWrites | undefined;
  private readonly durable: RedisConnection | undefined;
  /** The order of claims as scripts read it: a letter for each of its two keys. */
  private letters: string | undefined;
  /** Server time minus our monotonic clock. */
  private offset = Date.now() - performance.now();

  constructor(
    readonly options: ResolvedRedisOptions,
    /** Runs on each connect, before anything else. */
    private readonly prepare: (store: RedisStore) => Promise<void>,
    private readonly time: TimeSource | undefined,
    { main, whole, number, placeOf: pinned }: Kin = {},
  ) {
    const prepareThis = (): Promise<void> => prepare(this);
    this.connection =
      whole?.connection ??
      (main
        ? new LastingConnection(main.connection, options, prepareThis)
        : new RedisConnection(options, prepareThis));
    const kin = whole ?? main;
    this.sender = kin?.sender ?? newSender();
    this.announced = kin?.announced ?? new AnnouncedSaves();
    this.together = kin?.together ?? new NamesTogether();
    this.placeOf = pinned ?? kin?.placeOf ?? placeOf;
    this.warnings = kin?.warnings ?? new BackendWarnings();
    this.confirmed = kin?.confirmed ?? this.confirmedWrites();
    this.durable =
      whole?.durable ?? (this.confirmed && this.durableConnection(this.confirmed, main?.durable));
    const { keyPrefix, partitions } = options;
    const { isCluster, database } = this.connection;
    this.keys = new Keys(
      number === undefined
        ? homePrefix(keyPrefix, isCluster, partitions)
        : partitionPrefix(keyPrefix, number, partitions),
    );
    this.messageHead = messageHead(keyPrefix, database, this.sender, number);
    this.partitions =
      partitions === 1 || whole
        ? [this]
        : Array.from({ length: partitions }, (_, i) => this.partition(i));
  }

  /** The same store, for what may be asked after this one was closed. */
  lasting(): RedisStore {
    return new RedisStore(this.options, this.prepare, this.time, { main: this });
  }

  /** The partition that has the job with this id. */
  partitionOf(id: string): RedisStore {
    return this.partitions[this.numberOf(id)]!;
  }

  /** Which partition that is. */
  numberOf(id: string): number {
    const count = this.partitions.length;
    return count === 1 ? 0 : this.placeOfId(id) % count;
  }

  /** Which partition has the jobs that share this. */
  numberOfShared(shared: string): number {
    return this.placeOf(shared) % this.partitions.length;
  }

  /** The place of the job with this id. */
  placeOfId(id: string): number {
    return this.placeOf === placeOf ? placeOfId(id) : this.placeOf(id);
  }

  private partition(number: number): RedisStore {
    return new RedisStore(this.options, this.prepare, this.time, { whole: this, number });
  }

  /** By what claims order the due jobs of a name; fixed from here on. */
  get order(): ClaimOrder {
    return this.options.sort.fix();
  }

  /** For calls that may have nothing to ask. @throws BackendClosedError */
  expectOpen(): void {
    this.connection.expectOpen();
  }

  /**
   * Milliseconds since the epoch by the server's clock, as of the newest answer. Of several partitions the first
   * one has the clock of the whole.
   */
  now(): number {
    const clock = this.partitions[0]!;
    return this.time?.() ?? Math.floor(performance.now() + clock.offset);
  }

  /** Runs a script on the partition. Its first answer is always the server's time. */
  async run(
    script: Script,
    args: readonly string[] | ((repeat: boolean) => readonly string[]),
  ): Promise<Reply> {
    const connection = this.confirmed?.covers(script, this.keys.meta)
      ? this.durable!
      : this.connection;
    return this.send(script, args, (keys, parts) => connection.run(script, keys, parts));
  }

  /** As `run`, while the connection is being opened. */
  async runEarly(script: Script, args: readonly string[]): Promise<Reply> {
    return this.send(script, args, (keys, parts) => this.connection.attempt(script, keys, parts));
  }

  private confirmedWrites(): ConfirmedWrites | undefined {
    const { channelName, durability, retryForMs } = this.options;
    if (!durability) return undefined;
    const channel = this.connection.isCluster ? undefined : `${channelName}:durability`;
    return new ConfirmedWrites(durability, channel, retryForMs, this.warnings);
  }

  private durableConnection(
    confirmed: ConfirmedWrites,
    main: RedisConnection | undefined,
  ): RedisConnection {
    const { connection, options } = this;
    if (!main) return new DurableConnection(connection, options, confirmed);
    const prepare = (): Promise<void> => connection.ensureOpen();
    return new LastingConnection(main, durableOptions(options), prepare, confirmed);
  }

  private async send(
    script: Script,
    args: readonly string[] | ((repeat: boolean) => readonly string[]),
    run: (
      keys: readonly string[],
      args: (repeat: boolean) => readonly string[],
    ) => Promise<unknown>,
  ): Promise<Reply> {
    const given = typeof args === 'function' ? args : () => args;
    const order = (this.letters ??= orderLetters(this.order));
    let sentAt = 0;
    const reply = (await run([this.keys.jobs, this.keys.meta], (repeat) => {
      // Asked for each try; the one that is answered is the last.
      sentAt = performance.now();
      return [this.keys.prefix, `${order}${this.time?.() ?? ''}`, ...given(repeat)];
    })) as Reply;
    this.setClock(Number(reply[0]), sentAt, performance.now());
    return reply;
  }

  /**
   * The server looked at its clock between sending and receiving, and rounded down to a whole ms. That
   * bounds the offset; within the bounds the old one is as good as any, and does not jitter.
   */
  private setClock(time: number, sentAt: number, receivedAt: number): void {
    this.offset = Math.min(Math.max(this.offset, time - receivedAt), time + 1 - sentAt);
  }
}

/** Scripts answer texts, and lists of texts where their headers say so; the first is the time. */
export type Reply = [now: string, ...rest: string[]] & unknown[];
