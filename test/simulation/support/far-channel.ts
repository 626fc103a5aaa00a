import type { AgendaChannel } from '../../../lib/core/contracts/agenda-backend.js';
import type {
  JobNotification,
  JobStateNotification,
  NewsOptions,
  NotificationChannel,
  NotificationChannelState,
  NotificationHandler,
  Unsubscribe,
} from '../../../lib/core/contracts/notification-channel.js';
import type { Link } from './link.js';

type StateListener = (state: NotificationChannelState) => void;

/** News that comes by a link: late, and not at all while that is cut. */
export class FarChannel implements AgendaChannel {
  private readonly ends = new Map<StateListener, () => void>();

  constructor(
    private readonly inner: NotificationChannel,
    private readonly link: Link,
  ) {}

  get state(): NotificationChannelState {
    return this.link.isUp ? this.inner.state : 'reconnecting';
  }

  connect(): Promise<void> {
    return this.inner.connect();
  }

  disconnect(): Promise<void> {
    return this.inner.disconnect();
  }

  subscribe(handler: NotificationHandler, options?: NewsOptions): Unsubscribe {
    return this.inner.subscribe((news) => this.link.hear(() => void handler(news)), options);
  }

  subscribeCancel(handler: (news: { jobId: string; reason: string }) => void): Unsubscribe {
    return this.inner.subscribeCancel!((news) => void this.link.hear(() => handler(news)));
  }

  publish(news: JobNotification): Promise<void> {
    return this.link.call(() => this.inner.publish(news));
  }

  publishStates(news: readonly JobStateNotification[]): Promise<void> {
    return this.link.call(async () => this.inner.publishStates?.(news));
  }

  on(event: 'stateChange', listener: StateListener): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: string, listener: (told: never) => void): this {
    if (event === 'stateChange') {
      this.ends.set(listener as StateListener, this.link.onChange(listener as StateListener));
    }
    return this;
  }

  off(event: 'stateChange', listener: StateListener): this;
  off(event: 'error', listener: (error: Error) => void): this;
  off(_event: string, listener: (told: never) => void): this {
    this.ends.get(listener as StateListener)?.();
    this.ends.delete(listener as StateListener);
    return this;
  }
}
