import type { Redis } from 'ioredis';
import { BackendClosedError, ConnectionError, isError } from '../core/errors.js';
import { disconnected, listening, newClient, type Client } from './redis-client.js';
import {
  AnswerTimeout,
  isPassing,
  isRoleChange,
  isUnknownScript,
  isUnreachable,
  translated,
} from './redis-errors.js';
import { Patience, PendingCalls, pause } from './pending-calls.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';

const PAUSE_MS = 20;

/**
 * The command connection, and how scripts go over it.
 *
 * Every script can be repeated, so a call goes on trying until it has an answer or its time is over:
 * through a lost connection, a restart, a change of roles. `repeat` tells the script's arguments that
 * the call may have been carried out before. A borrowed client is used as it is; ours is renewed when
 * an answer is overdue and nothing else has come either.
 */
export class RedisConnection {
  private readonly pending = new PendingCalls();
  private readonly patience: Patience;
  private client: Client | null = null;
  private opening: Promise<void> | null = null;
  private isOpen = false;
  private closed = false;
  /** Counts opens and closes: what began in an earlier session must not touch a later one. */
  private session = 0;
  /** How often the client has become able to send. */
  private timesReady = 0;
  private readonly countReady = (): void => void (this.timesReady += 1);

  constructor(
    private readonly options: ResolvedRedisOptions,
    /** Runs once per connect, before any call goes out. */
    private readonly prepare: () => Promise<void>,
  ) {
    this.patience = new Patience(this.pending, options.retryForMs);
  }

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

  /**
   * Connects, once, however often it is called; after `close()` it opens anew.
   *
   * @throws BackendClosedError when closed on the way
   */
  open(): Promise<void> {
    if (this.opening) return this.opening;
    this.closed = false;
    this.session += 1;
    const opening = this.connect(this.session);
    this.opening = opening;
    opening.catch(() => {
      if (this.opening === opening) this.opening = null;
    });
    return opening;
  }

  /** Ends the connection if it is ours. Calls under way are rejected. */
  async close(): Promise<void> {
    const { client } = this;
    this.session += 1;
    this.closed = true;
    this.isOpen = false;
    this.client = null;
    this.opening = null;
    this.pending.abandon(new BackendClosedError());
    if (client) await this.release(client);
  }

  /**
   * Runs a script, repeatedly if need be.
   *
   * @param args called for each try; told whether the call may have been carried out before
   * @throws BackendClosedError, BackendFullError, ConnectionError when the time is over
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: (repeat: boolean) => readonly string[],
  ): Promise<unknown> {
    await this.opened();
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
    await this.patience.wait(this.client.publish(channel, message));
  }

  /** Every member of a set, read in steps that never hold Redis up. */
  async scanSet(key: string): Promise<string[]> {
    await this.opened();
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
    await this.opened();
    let cursor = '0';
    do {
      const [next, page] = await this.persist((client) => client.zscan(key, cursor, 'COUNT', 500));
      cursor = next;
      yield page.filter((_, i) => i % 2 === 0);
    } while (cursor !== '0');
  }

  /** Tries until there is an answer, an error that lasts, or no time left. */
  private async persist<T>(work: (client: Client, repeat: boolean) => Promise<T>): Promise<T> {
    const { session, timesReady } = this;
    const deadline = performance.now() + this.options.retryForMs;
    let repeat = this.mayRepeatItself();
    let outcomeKnown = this.client?.status !== 'ready';
    for (;;) {
      const { client } = this;
      if (client === null || session !== this.session) throw new BackendClosedError();
      try {
        return await this.attemptOnce(client, deadline, work(client, repeat));
      } catch (error) {
        if (session !== this.session) throw new BackendClosedError();
        if (!isPassing(error)) throw translated(error, this.address);
        repeat = true;
        // What was not answered in time may still lie in the client's queue, and be sent later.
        if (error instanceof AnswerTimeout || timesReady !== this.timesReady) outcomeKnown = false;
        if (performance.now() > deadline) throw this.gaveUp(error, outcomeKnown);
        await pause(PAUSE_MS);
      }
    }
  }

  /**
   * Whether the client may send a command twice without telling us: borrowed ones and those of a
   * Cluster resend what a broken connection left unanswered, and whatever is queued is out of our hands.
   */
  private mayRepeatItself(): boolean {
    return !this.owned || this.isCluster || this.client?.status !== 'ready';
  }

  /** Waits for the answer to one try, and renews a connection of ours that will not bring any. */
  private async attemptOnce<T>(client: Client, deadline: number, answer: Promise<T>): Promise<T> {
    const hasHeard = listening(client);
    try {
      return await this.patience.wait(answer, deadline - performance.now());
    } catch (error) {
      const isDead = error instanceof AnswerTimeout && !hasHeard();
      if (this.owned && (isDead || isRoleChange(error))) client.disconnect(true);
      throw error;
    }
  }

  private async opened(): Promise<void> {
    if (this.closed) throw new BackendClosedError();
    if (this.isOpen) return;
    const opening = this.open();
    if (!this.options.waitForRedis) return opening;
    // Redis may be very late; a call is not.
    await this.pending.within(opening, this.options.retryForMs).catch((error: unknown) => {
      throw error instanceof AnswerTimeout ? this.gaveUp(error, true) : error;
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

  private async connect(session: number): Promise<void> {
    const { endpoint, waitForRedis, connectTimeoutMs } = this.options;
    const client = endpoint.kind === 'borrowed' ? endpoint.client : newClient(endpoint);
    this.client = client;
    client.on('ready', this.countReady);
    try {
      const reached = this.reached(client, session);
      await this.pending.within(reached, waitForRedis ? Infinity : connectTimeoutMs);
      await this.prepare();
      if (session !== this.session) throw new BackendClosedError();
      this.isOpen = true;
    } catch (error) {
      // Whoever closed has taken the client away already, and there may be another by now.
      if (session !== this.session) throw new BackendClosedError();
      this.client = null;
      await this.release(client);
      throw isPassing(error) ? this.unreachable(error) : translated(error, this.address);
    }
  }

  private async release(client: Client): Promise<void> {
    client.off('ready', this.countReady);
    if (this.owned) await disconnected(client);
  }

  /** Until Redis answers. A start gives up at once where nobody listens, unless it was told to wait. */
  private async reached(client: Client, session: number): Promise<void> {
    for (;;) {
      try {
        return await this.answers(client);
      } catch (error) {
        const isOver = session !== this.session || this.client !== client;
        if (isOver || !isPassing(error)) throw error;
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

  private gaveUp(cause: unknown, outcomeKnown: boolean): ConnectionError {
    const outcome = outcomeKnown
      ? 'the call was not carried out'
      : 'whether the call was carried out is unknown';
    return new ConnectionError(
      `Redis at ${this.address} could not be reached for ${this.options.retryForMs} ms; ${outcome}.`,
      outcomeKnown,
      { cause },
    );
  }
}

const messageOf = (error: unknown): string =>
  isError(error)
    ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
    : String(error);
