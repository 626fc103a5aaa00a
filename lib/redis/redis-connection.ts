import type { Redis } from 'ioredis';
import { BackendClosedError, ConnectionError, isError } from '../core/errors.js';
import { disconnected, newClient, type Client } from './redis-client.js';
import {
  AnswerTimeout,
  isPassing,
  isRoleChange,
  isUnknownScript,
  isUnreachable,
  translated,
} from './redis-errors.js';
import { PendingCalls, pause } from './pending-calls.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';

/** How long an answer may take before an own connection counts as half open and is renewed. */
const ANSWER_WITHIN_MS = 3_000;
const PAUSE_MS = 20;

/**
 * The command connection, and how scripts go over it.
 *
 * Every script can be repeated, so a call goes on trying until it has an answer or its time is over:
 * through a lost connection, a restart, a change of roles. `repeat` tells the script's arguments that
 * an earlier try may have been carried out. A borrowed client is used as it is; ours is renewed when
 * an answer is overdue.
 */
export class RedisConnection {
  private readonly pending = new PendingCalls();
  private client: Client | null = null;
  private opening: Promise<void> | null = null;
  private isOpen = false;
  private closed = false;

  constructor(
    private readonly options: ResolvedRedisOptions,
    /** Runs once per connect, before any call goes out. */
    private readonly prepare: () => Promise<void>,
  ) {}

  get owned(): boolean {
    return this.options.endpoint.kind !== 'borrowed';
  }

  get address(): string {
    return this.options.endpoint.address;
  }

  get isCluster(): boolean {
    const { endpoint } = this.options;
    return (
      endpoint.kind === 'cluster' || (endpoint.kind === 'borrowed' && endpoint.client.isCluster)
    );
  }

  /** The number of the logical database; 0 on Cluster. */
  get database(): number {
    const { endpoint } = this.options;
    if (endpoint.kind === 'cluster') return 0;
    const options =
      endpoint.kind === 'server' ? endpoint.options : (endpoint.client as Redis).options;
    return options?.db ?? 0;
  }

  /** Connects, once, however often it is called; after `close()` it opens anew. */
  open(): Promise<void> {
    this.closed = false;
    this.opening ??= this.connect().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  /** Ends the connection if it is ours. Calls under way are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    this.isOpen = false;
    const { client } = this;
    this.client = null;
    this.opening = null;
    if (client && this.owned) await disconnected(client);
    this.pending.abandon(new BackendClosedError());
  }

  /**
   * Runs a script, repeatedly if need be.
   *
   * @param args called for each try; told whether an earlier one may have been carried out
   * @throws BackendClosedError, BackendFullError, ConnectionError when the time is over
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: (repeat: boolean) => readonly string[],
  ): Promise<unknown> {
    if (this.closed) throw new BackendClosedError();
    if (!this.isOpen) await this.opened();
    return this.attempt(script, keys, args);
  }

  /** As `run`, but for use by `prepare`, while the connection is opening. */
  async attempt(
    script: Script,
    keys: readonly string[],
    args: (repeat: boolean) => readonly string[],
  ): Promise<unknown> {
    return this.persist((client, repeat) => this.send(client, script, keys, args(repeat)));
  }

  /** A plain command, for looking at the server while opening. */
  command(...args: [string, ...string[]]): Promise<unknown> {
    return this.persist((client) => (client as Redis).call(...args));
  }

  /** Publishes once; news is not worth a second try. */
  async publish(channel: string, message: string): Promise<void> {
    if (this.closed || this.client === null) throw new BackendClosedError();
    await this.pending.within(this.client.publish(channel, message), ANSWER_WITHIN_MS);
  }

  /** Every member of a set, read in steps that never hold Redis up. */
  async scanSet(key: string): Promise<string[]> {
    if (this.closed) throw new BackendClosedError();
    if (!this.isOpen) await this.opened();
    const members = new Set<string>();
    let cursor = '0';
    do {
      const [next, page] = await this.persist((client) => client.sscan(key, cursor, 'COUNT', 500));
      for (const member of page) members.add(member);
      cursor = next;
    } while (cursor !== '0');
    return [...members];
  }

  /** Every member of a sorted set, in pages; safe against removals on the way. */
  async *scanIndex(key: string): AsyncGenerator<string[]> {
    if (this.closed) throw new BackendClosedError();
    if (!this.isOpen) await this.opened();
    let cursor = '0';
    do {
      const [next, page] = await this.persist((client) => client.zscan(key, cursor, 'COUNT', 500));
      cursor = next;
      yield page.filter((_, i) => i % 2 === 0);
    } while (cursor !== '0');
  }

  /** Tries until there is an answer, an error that lasts, or no time left. */
  private async persist<T>(work: (client: Client, repeat: boolean) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.options.retryForMs;
    let maybeSent = false;
    for (;;) {
      const { client } = this;
      if (client === null) throw new BackendClosedError();
      const ready = client.status === 'ready';
      try {
        return await this.pending.within(work(client, maybeSent), ANSWER_WITHIN_MS);
      } catch (error) {
        if (this.closed) throw new BackendClosedError();
        if (!isPassing(error)) throw translated(error, this.address);
        maybeSent ||= ready;
        if (this.owned && (isRoleChange(error) || error instanceof AnswerTimeout)) {
          client.disconnect(true);
        }
        if (performance.now() > deadline) throw this.gaveUp(error, maybeSent);
        await pause(PAUSE_MS);
      }
    }
  }

  private async opened(): Promise<void> {
    const opening = this.open();
    const limit = this.options.waitForRedis ? this.options.retryForMs : 0;
    if (limit === 0) return opening;
    // Redis may be very late; a call is not.
    await this.pending.within(opening, limit).catch((error: unknown) => {
      throw error instanceof AnswerTimeout ? this.gaveUp(error, false) : error;
    });
  }

  private async send(
    client: Client,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    try {
      return await client.evalsha(script.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return client.eval(script.source, keys.length, ...keys, ...args);
    }
  }

  private async connect(): Promise<void> {
    const { endpoint, waitForRedis, connectTimeoutMs } = this.options;
    const client = endpoint.kind === 'borrowed' ? endpoint.client : newClient(endpoint);
    this.client = client;
    try {
      const reached = this.reached(client);
      await (waitForRedis ? reached : this.pending.within(reached, connectTimeoutMs));
      await this.prepare();
      this.isOpen = true;
    } catch (error) {
      this.client = null;
      if (this.owned) await disconnected(client);
      if (this.closed) throw new BackendClosedError();
      throw isPassing(error) ? this.unreachable(error) : translated(error, this.address);
    }
  }

  /** Until Redis answers. A start gives up at once where nobody listens, unless it was told to wait. */
  private async reached(client: Client): Promise<void> {
    for (;;) {
      try {
        return await this.answers(client);
      } catch (error) {
        if (this.closed || this.client !== client) throw new BackendClosedError();
        if (!isPassing(error)) throw error;
        if (isUnreachable(error) && !this.options.waitForRedis) throw error;
        await pause(PAUSE_MS);
      }
    }
  }

  private async answers(client: Client): Promise<void> {
    let cause: unknown;
    const remember = (error: unknown): void => void (cause ??= error);
    client.on('error', remember);
    try {
      if (client.status === 'wait') await client.connect();
      await client.ping();
    } catch (error) {
      throw cause ?? error;
    } finally {
      client.off('error', remember);
    }
  }

  private unreachable(cause: unknown): ConnectionError {
    const why =
      cause instanceof AnswerTimeout
        ? `no answer within ${this.options.connectTimeoutMs} ms`
        : messageOf(cause);
    return new ConnectionError(
      `Cannot reach Redis at ${this.address}: ${why}. Is it running, and is the address right? (waitForRedis: true waits for it.)`,
      true,
      { cause },
    );
  }

  private gaveUp(cause: unknown, maybeSent: boolean): ConnectionError {
    const outcome = maybeSent
      ? 'whether the call was carried out is unknown'
      : 'the call was not carried out';
    return new ConnectionError(
      `Redis at ${this.address} could not be reached for ${this.options.retryForMs} ms; ${outcome}.`,
      !maybeSent,
      { cause },
    );
  }
}

const messageOf = (error: unknown): string =>
  isError(error)
    ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
    : String(error);
