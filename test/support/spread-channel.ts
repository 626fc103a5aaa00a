import {
  type CancelHandler,
  type JobNotification,
  type JobStateNotification,
  type NewsOptions,
  NotificationChannel,
  type NotificationChannelState,
  type NotificationHandler,
  type StateNotificationHandler,
  type Unsubscribe,
} from '../../lib/core/contracts/notification-channel.js';

/** Channels of several stores as one: news says from which partition it comes. */
export class SpreadChannel extends NotificationChannel {
  constructor(private readonly inner: readonly NotificationChannel[]) {
    super();
  }

  get state(): NotificationChannelState {
    return this.first.state;
  }

  async connect(): Promise<void> {
    for (const channel of this.inner) await channel.connect();
  }

  async disconnect(): Promise<void> {
    for (const channel of this.inner) await channel.disconnect();
  }

  subscribe(handler: NotificationHandler, options?: NewsOptions): Unsubscribe {
    return together(
      this.inner.map((channel, partition) =>
        channel.subscribe((news) => handler({ ...news, partition }), options),
      ),
    );
  }

  publish(notification: JobNotification): Promise<void> {
    return this.inner[notification.partition ?? 0]!.publish(notification);
  }

  subscribeState(handler: StateNotificationHandler): Unsubscribe {
    return this.first.subscribeState(handler);
  }

  publishState(notification: JobStateNotification): Promise<void> {
    return this.first.publishState(notification);
  }

  override async publishStates(notifications: readonly JobStateNotification[]): Promise<void> {
    await this.first.publishStates?.(notifications);
  }

  override subscribeCancel(handler: CancelHandler): Unsubscribe {
    return together(this.inner.map((channel) => channel.subscribeCancel?.(handler) ?? (() => {})));
  }

  on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'stateChange' | 'error', listener: (told: never) => void): this {
    this.first.on(event as 'error', listener as (told: Error) => void);
    return this;
  }

  off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  off(event: 'stateChange' | 'error', listener: (told: never) => void): this {
    this.first.off(event as 'error', listener as (told: Error) => void);
    return this;
  }

  private get first(): NotificationChannel {
    return this.inner[0]!;
  }
}

const together =
  (ends: readonly Unsubscribe[]): Unsubscribe =>
  () => {
    for (const end of ends) end();
  };
