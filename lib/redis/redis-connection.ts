import type { Cluster, Redis } from 'ioredis';
import { BackendClosedError, type ConnectionError } from '../core/errors.js';
import { addressOfNode, ClusterRoutes, neverWritten } from './cluster-routes.js';
import { clusterFault } from './cluster-fault.js';
import { firstAnswer } from './first-answer.js';
import { disconnected, listening, mastersOf, newClient, type Client } from './redis-client.js';
import {
  AnswerTimeout,
  gaveUp,
  isPassing,
  isRoleChange,
  isUnreachableGroup,
  translated,
  unreachable,
} from './redis-errors.js';
import { Patience, PendingCalls, pause } from './pending-calls.js';
import { ReadySignal } from './ready-signal.js';
import { isCluster, optionsOf, usesTls, type ResolvedRedisOptions } from './redis-options.js';
import type { Script } from './script.js';
import { plainCarrier, type ScriptCarrier } from './script-carrier.js';

/** Between two tries of a call, the first and the longest: many calls may wait for the same. */
const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;

/** What a step of a scan answers. */
export type ScanPage = [cursor: string, parts: string[]];

/**
 * The command connection, and how scripts go over it.
 *
 * Every script can be repeated, so a call goes on trying until it has an answer or its time is over:
 * through a lost connection, a restart, a change of roles. `repeat` tells the script's arguments that
 * the call may have been carried out before. A borrowed client is used as it is; ours is renewed when
 * an answer is overdue and nothing else has come either. On Cluster each call takes the connection to the master of its key,
 * and only that one is renewed.
 */
export class RedisConnection {
  private readonly pending = new PendingCalls();
  private readonly patience: Patience;
  private client: Client | null = null;
  /** On Cluster, of the client there is. */
  private routes: ClusterRoutes | undefined;
  private opening: Promise<void> | null = null;
  private isOpen = false;
  protected closed = false;
  /** Counts opens and closes: what began in an earlier session must not touch a later one. */
  private session = 0;
  /** How often the client has become able to send. */
  private timesReady = 0;
  private readonly tellReady = (): void => {
    this.timesReady += 1;
    this.readyWatcher?.();
  };
  private readyWatcher: (() => void) | undefined;
  private companion: RedisConnection | undefined;

  constructor(
    private readonly options: ResolvedRedisOptions,
    /** Runs once per connect, before any call goes out. */
    private readonly prepare: () => Promise<void>,
    /** How scripts go over the client. */
    private readonly carrier: ScriptCarrier = plainCarrier,
  ) {
    this.patience = new Patience(this.pending, options.retryForMs);
  }

  /** Whether it was opened and not closed since; it may be on its way. */
  get isWanted(): boolean {
    return this.opening !== null;
  }

  /**
   * Calls whenever the client has become able to send, until it is told otherwise. A borrowed client is
   * listened to only as long as somebody wants to know.
   */
  watchReady(watcher: (() => void) | undefined): void {
    this.readyWatcher = watcher;
    if (this.client) this.listenTo(this.client);
  }

  /** Closed until it is opened again. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** For calls that have nothing to ask. @throws BackendClosedError */
  expectOpen(): void {
    if (this.isClosed) throw new BackendClosedError();
  }

  get owned(): boolean {
    return this.options.endpoint.kind !== 'borrowed';
  }

  get address(): string {
    return this.options.endpoint.address;
  }

  get isCluster(): boolean {
    const { endpoint } = this.options;
    return isCluster(endpoint);
  }

  /** The number of the logical database; 0 on Cluster. */
  get database(): number {
    const { endpoint } = this.options;
    if (isCluster(endpoint)) return 0;
    return optionsOf(endpoint).db ?? 0;
  }

  /** The connections to the servers that hold keys, as far as they are known now. */
  get masters(): readonly Redis[] {
    return this.client ? mastersOf(this.client) : [];
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

  /** Opens it unless it is open. @throws BackendClosedError when it was closed */
  ensureOpen(): Promise<void> {
    return this.opened();
  }

  /** From now on the other one is closed whenever this one is. */
  closeWith(companion: RedisConnection): void {
    this.companion = companion;
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
    await Promise.all([client && this.release(client), this.companion?.close()]);
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
    const { carrier } = this;
    const key = keys[0]!;
    const declared = this.isCluster ? [...keys, neverWritten(key)] : keys;
    return this.persist(
      (server, repeat) => carrier.carry(server, script, declared, args(repeat)),
      key,
      carrier.silentMs,
    );
  }

  /** A plain command, while opening or open, to the server that holds the key. */
  commandAt(key: string, ...args: [string, ...string[]]): Promise<unknown> {
    return this.persist((server) => (server as Redis).call(...args), key);
  }

  /** As above, with bytes for an answer. */
  bytesAt(key: string, ...args: [string, ...(string | Buffer)[]]): Promise<unknown> {
    return this.persist((server) => (server as Redis).callBuffer(...args), key);
  }

  /** A plain command to each server that holds keys, while opening: the nodes of a Cluster, or the one there is. */
  askMasters(...args: [string, ...string[]]): Promise<unknown[]> {
    return this.persist((client) =>
      Promise.all(mastersOf(client).map((master) => master.call(...args))),
    );
  }

  /** Publishes once; news is not worth a second try. */
  async publish(channel: string, message: string): Promise<void> {
    if (this.closed || this.client === null) throw new BackendClosedError();
    const to = this.routes?.anyMaster() ?? this.client;
    try {
      await this.attemptOnce(to, Infinity, to.publish(channel, message));
    } catch (error) {
      this.routes?.avoid(to);
      throw error;
    }
  }

  /** Every member of a set, read in steps that never hold Redis up. */
  async scanSet(key: string): Promise<string[]> {
    const members = new Set<string>();
    let cursor = '0';
    do {
      const [next, page] = await this.page('sscan', key, cursor);
      for (const member of page) members.add(member);
      cursor = next;
    } while (cursor !== '0');
    return [...members];
  }

  /** Every entry of a sorted set, in pages; safe against removals on the way. */
  async *scanIndex(key: string): AsyncGenerator<{ member: string; score: number }[]> {
    let cursor = '0';
    do {
      const [next, page] = await this.page('zscan', key, cursor);
      cursor = next;
      yield page.flatMap((member, i) =>
        i % 2 === 0 ? [{ member, score: Number(page[i + 1]) }] : [],
      );
    } while (cursor !== '0');
  }

  /** One step of reading a set or a sorted set. */
  async page(command: 'sscan' | 'zscan', key: string, cursor: string): Promise<ScanPage> {
    await this.opened();
    return this.persist((server) => server[command](key, cursor, 'COUNT', 500), key);
  }

  /**
   * Tries until there is an answer, an error that lasts, or no time left.
   *
   * @param key - on Cluster, whose master is asked; left out: the client itself
   */
  private async persist<T>(
    work: (server: Client, repeat: boolean) => Promise<T>,
    key?: string,
    silentMs = 0,
  ): Promise<T> {
    const { session, timesReady } = this;
    const deadline = performance.now() + this.options.retryForMs;
    let server: Client | null = this.client;
    let repeat = false;
    // Whether a borrowed client sends later what it could not send now, nobody tells us.
    let outcomeKnown = this.owned;
    let earlierKnown = true;
    if (server === null) throw new BackendClosedError();
    for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const { client } = this;
      if (client === null || session !== this.session) throw new BackendClosedError(outcomeKnown);
      try {
        server = key === undefined ? client : (this.routes?.masterOf(key) ?? client);
        if (server.status === 'ready') outcomeKnown = false;
        else repeat = true;
        return await this.attemptOnce(
          server,
          deadline,
          work(server, repeat || !this.owned),
          silentMs,
        );
      } catch (error) {
        // What was not answered in time may still lie in the client's queue, and be sent later.
        if (error instanceof AnswerTimeout || timesReady !== this.timesReady) outcomeKnown = false;
        if (session !== this.session) throw new BackendClosedError(outcomeKnown);
        const address = this.addressOf(server);
        if (!isPassing(error)) throw translated(error, address, earlierKnown);
        this.routes?.lookAnew();
        repeat = true;
        earlierKnown = outcomeKnown;
        if (performance.now() > deadline) throw this.gaveUp(error, outcomeKnown, address);
        await pause(pauseMs);
      }
    }
  }

  /** Waits for the answer to one try, and renews a connection of ours that will not bring any. */
  private async attemptOnce<T>(
    server: Client,
    deadline: number,
    answer: Promise<T>,
    silentMs = 0,
  ): Promise<T> {
    const hasHeard = listening(server);
    try {
      const patience = this.patienceWith(server);
      return await patience.wait(answer, deadline - performance.now(), silentMs);
    } catch (error) {
      const isDead = error instanceof AnswerTimeout && !hasHeard();
      if (this.owned && (isDead || isRoleChange(error))) server.disconnect(true);
      throw error;
    }
  }

  private patienceWith(server: Client): Patience {
    return server === this.client || !this.routes
      ? this.patience
      : this.routes.patienceWith(server as Redis);
  }

  /** Of a Cluster the node that is meant, as far as there is one. */
  private addressOf(server: Client): string {
    return server === this.client || !this.routes ? this.address : addressOfNode(server as Redis);
  }

  private async opened(): Promise<void> {
    if (this.isClosed) throw new BackendClosedError();
    if (this.isOpen) return;
    const opening = this.open();
    if (!this.options.waitForRedis) return opening;
    // Redis may be very late; a call is not.
    await this.pending.within(opening, this.options.retryForMs).catch((error: unknown) => {
      throw error instanceof AnswerTimeout ? this.gaveUp(error, true) : error;
    });
  }

  private gaveUp(cause: unknown, outcomeKnown: boolean, address = this.address): ConnectionError {
    return gaveUp(address, this.options.retryForMs, outcomeKnown, cause);
  }

  private async connect(session: number): Promise<void> {
    const { endpoint, waitForRedis, connectTimeoutMs } = this.options;
    const client = endpoint.kind === 'borrowed' ? endpoint.client : newClient(endpoint);
    this.client = client;
    this.routes = this.routesOver(client);
    this.listenTo(client);
    try {
      const isOver = (): boolean => session !== this.session || this.client !== client;
      const answer = firstAnswer(client, waitForRedis, isOver);
      await this.pending.within(answer, waitForRedis ? Infinity : connectTimeoutMs);
      await this.prepare();
      if (session !== this.session) throw new BackendClosedError();
      this.isOpen = true;
    } catch (error) {
      // Whoever closed has taken the client away already, and there may be another by now.
      if (session !== this.session) throw new BackendClosedError();
      this.client = null;
      await this.release(client);
      const reason = isUnreachableGroup(error) ? ((await clusterFault(endpoint)) ?? error) : error;
      throw isPassing(reason)
        ? unreachable(this.address, connectTimeoutMs, reason, usesTls(endpoint))
        : translated(reason, this.address);
    }
  }

  private routesOver(client: Client): ClusterRoutes | undefined {
    if (!client.isCluster) return undefined;
    const { pending, owned } = this;
    return new ClusterRoutes(client as Cluster, owned, pending, this.options.retryForMs);
  }

  private listenTo(client: Client): void {
    const signal = ReadySignal.of(client);
    if (this.owned || this.readyWatcher) signal.add(this.tellReady);
    else signal.remove(this.tellReady);
  }

  private async release(client: Client): Promise<void> {
    ReadySignal.of(client).remove(this.tellReady);
    if (this.owned) await disconnected(client);
  }
}
