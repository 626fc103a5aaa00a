import type { Redis } from 'ioredis';
import { BackendClosedError } from '../core/errors.js';
import { Timer } from '../core/worker/timer.js';
import { ANSWER_WITHIN_MS, Patience, PendingCalls } from './pending-calls.js';
import { addressOfNode } from './cluster-routes.js';
import { disconnected, newSubscriber } from './redis-client.js';
import { isPassing, MasterUnknown, translated, withoutArguments } from './redis-errors.js';
import { isCluster, type Endpoint } from './redis-options.js';

/** After so much silence the connection is asked whether it still lives. */
const SILENCE_MS = 10_000;
/** Gaps between attempts to connect anew double from the first to the longest, until one succeeds. */
const FIRST_GAP_MS = 100;
const LONGEST_GAP_MS = 30_000;
/** The answer may take longer while Redis is slow, but news is not worth waiting long for. */
const MOST_PATIENCE_MS = 4 * ANSWER_WITHIN_MS;

export interface SubscriberHooks {
  message(channel: string, text: string): void;
  /** Subscribed, perhaps again: what was said in between was missed. */
  subscribed(): void;
  /** Hears nothing at the moment. `lasting`: for a reason that will not pass by itself. */
  lost(lasting: boolean): void;
  error(error: unknown): void;
}

/**
 * A connection that stays subscribed: it connects and subscribes anew whenever it was cut off, asks a silent
 * server for a sign of life, and renews what has died. On Cluster, where each node hears the news of all, it goes
 * to one of the masters, and to another one next time.
 */
export class RedisSubscriber {
  private client: Redis | undefined;
  private readonly calls = new PendingCalls();
  private readonly patience = new Patience(this.calls, MOST_PATIENCE_MS);
  private readonly retry = new Timer(() => this.connectAgain());
  /** Attempts in vain since it was last subscribed. */
  private failures = 0;
  /** The channels that this connection is subscribed to. */
  private readonly joined = new Set<string>();
  private subscribing: Promise<void> | null = null;
  private isSubscribed = false;
  private stopping: Promise<void> | null = null;
  private heardAt = 0;
  private nextLook: NodeJS.Timeout | undefined;
  /** Why the connection broke; the rejections of a broken connection do not say. */
  private cause: unknown;

  /** @param wanted the channels, one at least; asked again after each `refresh` and reconnect */
  constructor(
    private readonly endpoint: Endpoint,
    private readonly wanted: () => readonly string[],
    private readonly hooks: SubscriberHooks,
    /** The masters of a Cluster, as far as they are known when it is asked. */
    private readonly masters: () => readonly Redis[] = () => [],
  ) {}

  /**
   * Resolves when it is subscribed, and also when that failed for a reason that will pass: it then
   * goes on trying.
   *
   * @throws BackendClosedError when stopped on the way; ConnectionError when Redis does not let us in
   */
  async start(): Promise<void> {
    if (this.isStopped) throw new BackendClosedError();
    try {
      await this.calls.within(this.firstTry(), ANSWER_WITHIN_MS);
    } catch (error) {
      if (this.isStopped) throw new BackendClosedError();
      const reason = this.cause ?? error;
      if (!isPassing(reason)) {
        await this.stop();
        throw translated(reason, this.endpoint.address);
      }
      this.lose(false);
    }
    this.lookIn(SILENCE_MS);
  }

  /** Other channels may be wanted. Resolves when the server knows, or was told in vain. Never rejects. */
  async refresh(): Promise<void> {
    await this.subscribing?.catch(() => undefined);
    // Otherwise it is done when it subscribes anew.
    if (this.isSubscribed) await this.subscribe().catch(() => undefined);
  }

  /** Whether it is subscribed to a channel by now. */
  isOn(channel: string): boolean {
    return this.joined.has(channel);
  }

  /**
   * Redis is back, as somebody else found out: a connection that waits for its next attempt waits no longer,
   * and one that seems well is asked. What made others connect anew may have hit it, too.
   */
  hurry(): void {
    if (this.retry.isWaiting) {
      this.retry.stop();
      this.connectAgain();
    } else if (this.isSubscribed) void this.look();
  }

  /** Twice is once. */
  stop(): Promise<void> {
    this.stopping ??= this.shut();
    return this.stopping;
  }

  private async shut(): Promise<void> {
    clearTimeout(this.nextLook);
    this.retry.stop();
    this.calls.abandon(new BackendClosedError());
    if (this.client) await disconnected(this.client);
  }

  private get isStopped(): boolean {
    return this.stopping !== null;
  }

  private async firstTry(): Promise<void> {
    await this.connect();
    await this.subscribe();
  }

  /** The next attempt comes when this one has ended without success. */
  private connectAgain(): void {
    this.connect().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    try {
      this.client = isCluster(this.endpoint) ? this.newClientOfNode() : this.clientForLife();
    } catch (error) {
      if (!this.isStopped) this.retry.startIn(this.nextGap());
      throw error;
    }
    await this.client.connect();
  }

  private clientForLife(): Redis {
    return this.client ?? this.listenTo(newSubscriber(this.endpoint));
  }

  /** @throws MasterUnknown */
  private newClientOfNode(): Redis {
    const masters = this.masters();
    const others = masters.filter((node) => !this.isAt(node));
    const choice = others.length > 0 ? others : masters;
    const node = choice[Math.floor(Math.random() * choice.length)];
    if (!node) throw new MasterUnknown();
    return this.listenTo(newSubscriber(this.endpoint, node));
  }

  private isAt(node: Redis): boolean {
    return this.client !== undefined && addressOfNode(this.client) === addressOfNode(node);
  }

  private listenTo(client: Redis): Redis {
    client.on('message', (channel: string, text: string) => {
      this.heardAt = performance.now();
      if (!this.isStopped) this.hooks.message(channel, text);
    });
    client.on('ready', () => void this.subscribe().catch(() => undefined));
    client.on('close', () => {
      this.joined.clear();
      this.lose(false);
    });
    client.on('end', () => {
      if (!this.isStopped) this.retry.startIn(this.nextGap());
    });
    client.on('error', (error: Error) => {
      this.cause ??= error;
      if (!this.isStopped) this.hooks.error(withoutArguments(error));
    });
    return client;
  }

  private nextGap(): number {
    const gapMs = Math.min(FIRST_GAP_MS * 2 ** this.failures, LONGEST_GAP_MS);
    this.failures += 1;
    return gapMs;
  }

  /** One at a time, however often it is called. */
  private async subscribe(): Promise<void> {
    if (this.isStopped) return;
    this.subscribing ??= this.trySubscribe().finally(() => (this.subscribing = null));
    return this.subscribing;
  }

  private async trySubscribe(): Promise<void> {
    try {
      await this.joinWanted();
    } catch (error) {
      if (this.isStopped) throw error;
      this.hooks.error(withoutArguments(error));
      this.lose(!isPassing(error));
      this.renewIfDead(error);
      throw error;
    }
    // It may be cut off again before this line is reached.
    if (this.isStopped || this.isSubscribed || this.client?.status !== 'ready') return;
    this.cause = undefined;
    this.failures = 0;
    this.isSubscribed = true;
    this.hooks.subscribed();
  }

  /** Until the server's list is the one that is wanted. */
  private async joinWanted(): Promise<void> {
    const { client, joined, patience } = this;
    for (;;) {
      const wanted = this.wanted();
      const missing = wanted.filter((channel) => !joined.has(channel));
      const surplus = [...joined].filter((channel) => !wanted.includes(channel));
      if (missing.length > 0) {
        await patience.wait(client!.subscribe(...missing));
        for (const channel of missing) joined.add(channel);
      } else if (surplus.length > 0) {
        await patience.wait(client!.unsubscribe(...surplus));
        for (const channel of surplus) joined.delete(channel);
      } else {
        return;
      }
    }
  }

  private lose(lasting: boolean): void {
    this.isSubscribed = false;
    if (!this.isStopped) this.hooks.lost(lasting);
  }

  private lookIn(ms: number): void {
    if (this.isStopped) return;
    this.nextLook = setTimeout(() => {
      const restMs = this.heardAt + SILENCE_MS - performance.now();
      if (restMs > 0) this.lookIn(restMs);
      else void this.look().finally(() => this.lookIn(SILENCE_MS));
    }, ms);
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    const { client } = this;
    // Without an end to its patience ioredis waits for a server that accepts and then says nothing.
    if (client?.status === 'connect') client.disconnect(true);
    if (client?.status !== 'ready') return;
    // A node that has left the Cluster, or is cut off from it, answers all the same.
    if (this.isStray) return client.disconnect(true);
    try {
      if (!this.isSubscribed) await this.subscribe();
      else await this.patience.wait(client.ping());
    } catch (error) {
      this.renewIfDead(error);
    }
  }

  /** A connection that has closed renews itself; one that only fell silent, or refuses for now, does not. */
  private renewIfDead(error: unknown): void {
    if (!this.isStopped && isPassing(error) && this.client?.status === 'ready') {
      this.client.disconnect(true);
    }
  }

  private get isStray(): boolean {
    const masters = this.masters();
    return masters.length > 0 && !masters.some((node) => this.isAt(node));
  }
}
