import { EventEmitter } from 'node:events';
import {
  NotificationChannel,
  type CancelHandler,
  type CancelNotification,
  type JobNotification,
  type JobStateNotification,
  type NotificationChannelState,
  type NotificationHandler,
  type StateNotificationHandler,
  type Unsubscribe,
} from '../core/contracts/notification-channel.js';
import { AgendaError } from '../core/errors.js';
import type { RedisStore } from './redis-store.js';
import { RedisSubscriber } from './redis-subscriber.js';

type Handlers<N> = Set<(notification: N) => unknown>;

/**
 * News over Redis Pub/Sub, on one subscriber connection for everything. Pub/Sub knows neither
 * databases nor prefixes, so each message names both, and those of others are dropped.
 */
export class RedisNotificationChannel extends NotificationChannel {
  state: NotificationChannelState = 'disconnected';
  private readonly emitter = new EventEmitter();
  private readonly newsHandlers: Handlers<JobNotification> = new Set();
  private readonly stateHandlers: Handlers<JobStateNotification> = new Set();
  private readonly cancelHandlers: Handlers<CancelNotification> = new Set();
  private subscriber: RedisSubscriber | null = null;
  private users = 0;
  private connecting: Promise<void> | null = null;

  constructor(private readonly store: RedisStore) {
    super();
  }

  /**
   * Resolves when news comes, and also when it is kept away by something that will pass: it then comes
   * by itself, with the state `connected`.
   *
   * @throws ConnectionError when Redis cannot be reached at the start, or does not let us in
   */
  async connect(): Promise<void> {
    this.users += 1;
    this.connecting ??= this.subscribeAll();
    return this.connecting;
  }

  async disconnect(): Promise<void> {
    if (this.users === 0) return;
    this.users -= 1;
    if (this.users > 0) return;
    const { subscriber } = this;
    this.subscriber = null;
    this.connecting = null;
    for (const handlers of [this.newsHandlers, this.stateHandlers, this.cancelHandlers]) {
      handlers.clear();
    }
    this.enter('disconnected');
    await subscriber?.stop();
  }

  subscribe(handler: NotificationHandler): Unsubscribe {
    return listen(this.newsHandlers, handler);
  }

  subscribeState(handler: StateNotificationHandler): Unsubscribe {
    return listen(this.stateHandlers, handler);
  }

  override subscribeCancel(handler: CancelHandler): Unsubscribe {
    return listen(this.cancelHandlers, handler);
  }

  async publish(notification: JobNotification): Promise<void> {
    await this.send(this.channels.news, notification);
  }

  async publishState(notification: JobStateNotification): Promise<void> {
    await this.send(this.channels.state, notification);
  }

  on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: string, listener: (...args: never[]) => void): this {
    this.emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  off(event: string, listener: (...args: never[]) => void): this {
    this.emitter.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  private get channels(): { news: string; state: string; cancel: string } {
    const news = this.store.options.channelName;
    return { news, state: `${news}:state`, cancel: `${news}:cancel` };
  }

  private async subscribeAll(): Promise<void> {
    this.enter('connecting');
    const subscriber = this.newSubscriber();
    this.subscriber = subscriber;
    try {
      // The command connection goes first: it knows how to wait, and how to say what is wrong.
      await this.store.connection.open();
      await subscriber.start();
    } catch (error) {
      // Unless it was disconnected on the way, and perhaps connected again.
      if (this.subscriber === subscriber) this.fail();
      await subscriber.stop();
      throw error;
    }
  }

  /** All who connected so far waited for the same start, and are told by its rejection. */
  private fail(): void {
    this.users = 0;
    this.subscriber = null;
    this.connecting = null;
    this.enter('error');
  }

  private newSubscriber(): RedisSubscriber {
    const { news, state, cancel } = this.channels;
    return new RedisSubscriber(this.store.options.endpoint, [news, state, cancel], {
      message: (channel, text) => this.receive(channel, text),
      subscribed: () => this.enter('connected'),
      lost: (lasting) => this.enter(lasting ? 'error' : 'reconnecting'),
      error: (error) => this.report(error),
    });
  }

  private receive(channel: string, text: string): void {
    const message = parsed(text);
    if (message === null || !this.isOurs(message)) return;
    const { news, state } = this.channels;
    if (channel === news) this.deliver(this.newsHandlers, newsOf(message));
    else if (channel === state) this.deliver(this.stateHandlers, stateOf(message));
    else this.deliver(this.cancelHandlers, message as unknown as CancelNotification);
  }

  private isOurs(message: Message): boolean {
    const { options, connection } = this.store;
    return message.prefix === options.keyPrefix && message.database === connection.database;
  }

  private deliver<N>(handlers: Handlers<N>, notification: N): void {
    for (const handler of handlers) {
      try {
        const done = handler(notification);
        if (done instanceof Promise) done.catch((error: unknown) => this.report(error));
      } catch (error) {
        this.report(error);
      }
    }
  }

  private async send(channel: string, notification: object): Promise<void> {
    if (this.state !== 'connected') {
      throw new AgendaError(`The notification channel is not connected (it is ${this.state}).`);
    }
    const { options, connection } = this.store;
    const envelope = { prefix: options.keyPrefix, database: connection.database };
    await connection.publish(channel, JSON.stringify({ ...envelope, ...notification }));
  }

  private enter(state: NotificationChannelState): void {
    if (this.state === state) return;
    this.state = state;
    this.emitter.emit('stateChange', state);
  }

  /** An error that nobody listens to is dropped: unheard, it would end the process. */
  private report(error: unknown): void {
    if (this.emitter.listenerCount('error') > 0) this.emitter.emit('error', error);
  }
}

type Message = Record<string, unknown>;

function listen<N>(handlers: Handlers<N>, handler: (notification: N) => unknown): Unsubscribe {
  // Wrapped, so that one function subscribed twice is two subscriptions.
  const own = (notification: N): unknown => handler(notification);
  handlers.add(own);
  return () => void handlers.delete(own);
}

function parsed(text: string): Message | null {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? (message as Message) : null;
  } catch {
    return null;
  }
}

function newsOf(message: Message): JobNotification {
  return {
    jobId: (message.jobId as string | undefined) ?? '',
    jobName: message.jobName as string,
    nextRunAt: dateOf(message.nextRunAt) ?? null,
    priority: (message.priority as number | undefined) ?? 0,
    timestamp: dateOf(message.timestamp) ?? new Date(),
    ...(message.source === undefined ? {} : { source: message.source as string }),
  };
}

function stateOf(message: Message): JobStateNotification {
  const { prefix: _, database: __, ...rest } = message;
  const notification = { ...rest } as unknown as JobStateNotification;
  for (const field of ['timestamp', 'retryAt', 'lastRunAt', 'lastFinishedAt'] as const) {
    const date = dateOf(message[field]);
    if (date !== undefined) notification[field] = date;
  }
  return notification;
}

function dateOf(value: unknown): Date | undefined {
  return typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined;
}
