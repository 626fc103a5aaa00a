import type {
  CancelNotification,
  JobNotification,
  JobStateNotification,
} from '../contracts/notification-channel.js';
import { ChannelBase, type Receivers } from './channel-base.js';
import type { Handlers } from './handlers.js';

/**
 * News within one process: for tests, and for an application of a single process. Instances that share
 * one object hear each other. Everything is delivered in order, after the step that told it, as a copy.
 *
 * @example
 * const notificationChannel = new InMemoryNotificationChannel();
 */
export class InMemoryNotificationChannel extends ChannelBase {
  async publish(notification: JobNotification): Promise<void> {
    this.expectConnected();
    this.deliver(notification);
  }

  async publishStates(notifications: readonly JobStateNotification[]): Promise<void> {
    this.expectConnected();
    for (const notification of notifications) this.send(this.stateHandlers, notification);
  }

  /** @internal Whether somebody hears of states. */
  get hasStateHandlers(): boolean {
    return this.stateHandlers.size > 0;
  }

  /**
   * For news of a backend in this process, which nobody needs to hear.
   *
   * @param to - left out: all handlers, also those of hosts
   * @internal
   */
  deliver(notification: JobNotification, to: Receivers = 'all'): void {
    for (const handlers of this.newsHandlersOf(to)) this.send(handlers, notification);
  }

  /** @internal */
  deliverCancel(notification: CancelNotification): void {
    this.send(this.cancelHandlers, notification);
  }

  protected async open(): Promise<void> {
    this.enter('connected');
  }

  protected async close(): Promise<void> {}

  private send<News extends object>(handlers: Handlers<News>, news: News): void {
    if (this.state !== 'connected' || handlers.size === 0) return;
    const copy = copyOf(news);
    queueMicrotask(() => this.tell(handlers, copy));
  }
}

/** News is flat, but for its Dates. */
function copyOf<News extends object>(news: News): News {
  const fields = Object.entries(news).map(([field, value]: [string, unknown]) => [
    field,
    value instanceof Date ? new Date(value) : value,
  ]);
  return Object.fromEntries(fields) as News;
}
