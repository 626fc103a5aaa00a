import { Keys, partitionPrefix } from './keys.js';
import { RedisConnection } from './redis-connection.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';

/** Injects the time of every call; for tests only. */
export type TimeSource = () => number;

/**
 * One namespace in one Redis: its keys, its connection and its clock. What the broker, the manager
 * and the repository have in common.
 */
export class RedisStore {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  /** The head of every message on the shared channel: whose news this is. */
  readonly messageHead: string;
  /** Server time minus our monotonic clock. */
  private offset = Date.now() - performance.now();

  constructor(
    readonly options: ResolvedRedisOptions,
    /** Runs on each connect, before anything else. */
    prepare: (store: RedisStore) => Promise<void>,
    private readonly time: TimeSource | undefined,
  ) {
    this.connection = new RedisConnection(options, () => prepare(this));
    this.keys = new Keys(partitionPrefix(options.keyPrefix, this.connection.isCluster));
    this.messageHead = `{"prefix":${JSON.stringify(options.keyPrefix)},"database":${this.connection.database}`;
  }

  /** Milliseconds since the epoch by the server's clock, as of the newest answer. */
  now(): number {
    return this.time?.() ?? Math.floor(performance.now() + this.offset);
  }

  /** Runs a script on the partition. Its first answer is always the server's time. */
  async run(
    script: Script,
    args: readonly string[] | ((repeat: boolean) => readonly string[]),
  ): Promise<Reply> {
    return this.send(script, args, (keys, parts) => this.connection.run(script, keys, parts));
  }

  /** As `run`, while the connection is being opened. */
  async runEarly(script: Script, args: readonly string[]): Promise<Reply> {
    return this.send(script, args, (keys, parts) => this.connection.attempt(script, keys, parts));
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
    let sentAt = 0;
    const reply = (await run([this.keys.jobs, this.keys.meta], (repeat) => {
      // Asked for each try; the one that is answered is the last.
      sentAt = performance.now();
      return [
        this.keys.prefix,
        this.time === undefined ? '' : String(this.time()),
        ...given(repeat),
      ];
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
