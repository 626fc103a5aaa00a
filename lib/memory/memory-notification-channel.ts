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

type Handler<News> = (news: News) => unknown;

/** News within one process: delivered in order, after the step that made them, each handler on its own. */
export class MemoryNotificationChannel extends NotificationChannel {
  private users = 0;
  private readonly events = new EventEmitter();
  private readonly jobHandlers = new Set<Handler<JobNotification>>();
  private readonly stateHandlers = new Set<Handler<JobStateNotification>>();
  private readonly cancelHandlers = new Set<Handler<CancelNotification>>();

  get state(): NotificationChannelState {
    return this.users > 0 ? 'connected' : 'disconnected';
  }

  async connect(): Promise<void> {
    this.users++;
    if (this.users === 1) this.events.emit('stateChange', this.state);
  }

  async disconnect(): Promise<void> {
    if (this.users === 0) return;
    this.users--;
    if (this.users > 0) return;
    for (const handlers of [this.jobHandlers, this.stateHandlers, this.cancelHandlers]) {
      handlers.clear();
    }
    this.events.emit('stateChange', this.state);
  }

  subscribe(handler: NotificationHandler): Unsubscribe {
    return subscribeTo(this.jobHandlers, handler);
  }

  subscribeState(handler: StateNotificationHandler): Unsubscribe {
    return subscribeTo(this.stateHandlers, handler);
  }

  override subscribeCancel(handler: CancelHandler): Unsubscribe {
    return subscribeTo(this.cancelHandlers, handler);
  }

  async publish(notification: JobNotification): Promise<void> {
    this.expectConnected();
    this.deliver(notification);
  }

  async publishState(notification: JobStateNotification): Promise<void> {
    this.expectConnected();
    this.send(this.stateHandlers, notification);
  }

  /** For the backend's own news, which nobody needs to hear. */
  deliver(notification: JobNotification): void {
    this.send(this.jobHandlers, notification);
  }

  deliverCancel(notification: CancelNotification): void {
    this.send(this.cancelHandlers, notification);
  }

  on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: string, listener: (...args: never[]) => void): this {
    this.events.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  off(event: string, listener: (...args: never[]) => void): this {
    this.events.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  private expectConnected(): void {
    if (this.users === 0) {
      throw new AgendaError('The notification channel is not connected: call connect() first.');
    }
  }

  private send<News extends object>(handlers: Set<Handler<News>>, news: News): void {
    if (this.users === 0 || handlers.size === 0) return;
    const copy = structuredClone(news);
    queueMicrotask(() => {
      for (const handler of [...handlers]) void this.tell(handler, copy);
    });
  }

  private async tell<News>(handler: Handler<News>, news: News): Promise<void> {
    try {
      await handler(news);
    } catch (error) {
      // An EventEmitter would throw an `error` that nobody listens to.
      if (this.events.listenerCount('error') > 0) this.events.emit('error', error);
    }
  }
}

function subscribeTo<News>(handlers: Set<Handler<News>>, handler: Handler<News>): Unsubscribe {
  // A function of its own, so that subscribing one handler twice is two subscriptions.
  const own: Handler<News> = (news) => handler(news);
  handlers.add(own);
  return () => {
    handlers.delete(own);
  };
}
