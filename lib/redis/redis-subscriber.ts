import { BackendClosedError } from '../core/errors.js';
import { ANSWER_WITHIN_MS, Patience, PendingCalls } from './pending-calls.js';
import { disconnected, newSubscriber, type Client } from './redis-client.js';
import { isPassing, translated } from './redis-errors.js';
import type { Endpoint } from './redis-options.js';

/** After so much silence the connection is asked whether it still lives. */
const SILENCE_MS = 10_000;
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
 * A connection that stays subscribed. It subscribes anew whenever it is ready, asks a silent server
 * for a sign of life, and renews what has died. A Cluster client looks after its own subscriber, which
 * nobody else can ask.
 */
export class RedisSubscriber {
  private readonly client: Client;
  private readonly calls = new PendingCalls();
  private readonly patience = new Patience(this.calls, MOST_PATIENCE_MS);
  private subscribing: Promise<void> | null = null;
  private isSubscribed = false;
  private stopping: Promise<void> | null = null;
  private heardAt = 0;
  private nextLook: NodeJS.Timeout | undefined;
  /** Why the connection broke; the rejections of a broken connection do not say. */
  private cause: unknown;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly channels: readonly string[],
    private readonly hooks: SubscriberHooks,
  ) {
    this.client = newSubscriber(endpoint);
    this.client.on('message', (channel: string, text: string) => {
      this.heardAt = performance.now();
      if (!this.isStopped) this.hooks.message(channel, text);
    });
    this.client.on('ready', () => void this.subscribe().catch(() => undefined));
    this.client.on('close', () => this.lose(false));
    this.client.on('error', (error: Error) => {
      this.cause ??= error;
      if (!this.isStopped) this.hooks.error(error);
    });
  }

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

  /** Twice is once. */
  stop(): Promise<void> {
    this.stopping ??= this.shut();
    return this.stopping;
  }

  private async shut(): Promise<void> {
    clearTimeout(this.nextLook);
    this.calls.abandon(new BackendClosedError());
    await disconnected(this.client);
  }

  private get isStopped(): boolean {
    return this.stopping !== null;
  }

  private async firstTry(): Promise<void> {
    await this.client.connect();
    await this.subscribe();
  }

  /** Once for each connection, however often it is called. */
  private async subscribe(): Promise<void> {
    if (this.isSubscribed || this.isStopped) return;
    this.subscribing ??= this.trySubscribe().finally(() => (this.subscribing = null));
    return this.subscribing;
  }

  private async trySubscribe(): Promise<void> {
    try {
      await this.patience.wait(this.client.subscribe(...this.channels));
    } catch (error) {
      if (this.isStopped) throw error;
      this.hooks.error(error);
      this.lose(!isPassing(error));
      this.renewIfDead(error);
      throw error;
    }
    // It may be cut off again before this line is reached.
    if (this.isStopped || this.client.status !== 'ready') return;
    this.cause = undefined;
    this.isSubscribed = true;
    this.hooks.subscribed();
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
    if (client.status === 'connect') client.disconnect(true);
    if (client.status !== 'ready') return;
    try {
      if (!this.isSubscribed) await this.subscribe();
      else if (!client.isCluster) await this.patience.wait(client.ping());
    } catch (error) {
      this.renewIfDead(error);
    }
  }

  /** A connection that has closed renews itself; one that only fell silent, or refuses for now, does not. */
  private renewIfDead(error: unknown): void {
    if (!this.isStopped && isPassing(error) && this.client.status === 'ready') {
      this.client.disconnect(true);
    }
  }
}
