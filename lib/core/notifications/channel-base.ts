import {
  NotificationChannel,
  type CancelHandler,
  type CancelNotification,
  type JobNotification,
  type JobStateNotification,
  type NewsOptions,
  type NotificationChannelState,
  type NotificationHandler,
  type StateNotificationHandler,
  type Unsubscribe,
} from '../contracts/notification-channel.js';
import { AgendaError, InvalidOptionError } from '../errors.js';
import { errorOf } from '../job/thrown.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { Handlers } from './handlers.js';

type ChannelEvent = 'stateChange' | 'error';

/** Who gets a piece of news: those who listen to all names, or one host, or everybody. */
export type Receivers = 'all' | 'general' | { readonly host: string };

/** What our channels do alike: they count users, keep handlers apart from each other, and tell their state. */
export abstract class ChannelBase extends NotificationChannel {
  protected readonly newsHandlers = new Handlers<JobNotification>(() => this.newsChanged());
  /** Of each host that listens here. */
  protected readonly hostHandlers = new Map<string, Handlers<JobNotification>>();
  protected readonly stateHandlers = new Handlers<JobStateNotification>(() => {
    if (this.opened) this.stateHandlersChanged();
  });
  protected readonly cancelHandlers = new Handlers<CancelNotification>();
  private readonly listeners: Record<ChannelEvent, Handlers<unknown>> = {
    stateChange: new Handlers(),
    error: new Handlers(),
  };
  private current: NotificationChannelState = 'disconnected';
  private users = 0;
  private opened: Promise<void> | undefined;

  get state(): NotificationChannelState {
    return this.current;
  }

  connect(): Promise<void> {
    this.users += 1;
    if (!this.opened) {
      const opened = this.open();
      this.opened = opened;
      opened.catch(() => {
        // Unless it was disconnected on the way, and perhaps connected again.
        if (this.opened === opened) this.fail();
      });
    }
    return this.opened;
  }

  async disconnect(): Promise<void> {
    if (this.users === 0) return;
    this.users -= 1;
    if (this.users > 0) return;
    this.opened = undefined;
    for (const handlers of [this.newsHandlers, this.stateHandlers, this.cancelHandlers]) {
      handlers.clear();
    }
    this.hostHandlers.clear();
    this.enter('disconnected');
    await this.close();
  }

  /** @throws InvalidOptionError for anything but a function, and for a host without a name */
  subscribe(handler: NotificationHandler, options: NewsOptions = {}): Unsubscribe {
    checkKnownKeys('', options, ['host']);
    const { host } = options;
    if (host === undefined) return this.newsHandlers.add(handler);
    if (typeof host !== 'string' || host === '') {
      throw new InvalidOptionError('host', host, 'the name of a host');
    }
    const handlers = this.handlersOf(host);
    const forget = handlers.add(handler);
    return () => {
      forget();
      if (handlers.size > 0 || this.hostHandlers.get(host) !== handlers) return;
      this.hostHandlers.delete(host);
      this.newsChanged();
    };
  }

  subscribeState(handler: StateNotificationHandler): Unsubscribe {
    return this.stateHandlers.add(handler);
  }

  override subscribeCancel(handler: CancelHandler): Unsubscribe {
    return this.cancelHandlers.add(handler);
  }

  async publishState(notification: JobStateNotification): Promise<void> {
    await this.publishStates([notification]);
  }

  abstract override publishStates(notifications: readonly JobStateNotification[]): Promise<void>;

  on(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: ChannelEvent, listener: (told: never) => void): this {
    this.listenersOf(event).add(listener as (told: unknown) => void);
    return this;
  }

  off(event: 'stateChange', listener: (state: NotificationChannelState) => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  off(event: ChannelEvent, listener: (told: never) => void): this {
    this.listenersOf(event).remove(listener as (told: unknown) => void);
    return this;
  }

  /** Enters `connected`, at once or later by itself. Rejects when that will never be. */
  protected abstract open(): Promise<void>;
  /** Ends what `open` began, whether it succeeded or not. */
  protected abstract close(): Promise<void>;

  /** Between `connect` and `disconnect`: one more, or one less, wants to hear of states. */
  protected stateHandlersChanged(): void {}

  /** Between `connect` and `disconnect`: other hosts, or others, want to hear of names. */
  protected newsHandlersChanged(): void {}

  protected newsHandlersOf(to: Receivers): Handlers<JobNotification>[] {
    if (to === 'general') return [this.newsHandlers];
    if (to === 'all') return [this.newsHandlers, ...this.hostHandlers.values()];
    const handlers = this.hostHandlers.get(to.host);
    return handlers ? [handlers] : [];
  }

  protected enter(state: NotificationChannelState): void {
    if (this.current === state) return;
    this.current = state;
    this.listeners.stateChange.tell(state, (thrown) => this.report(thrown));
  }

  /** An error that nobody listens to is dropped; one of its listeners has nobody left to tell. */
  protected report(thrown: unknown): void {
    this.listeners.error.tell(errorOf(thrown), () => {});
  }

  protected tell<News>(handlers: Handlers<News>, news: News): void {
    handlers.tell(news, (thrown) => this.report(thrown));
  }

  /** @throws AgendaError */
  protected expectConnected(): void {
    if (this.current === 'connected') return;
    throw new AgendaError(
      `The notification channel is not connected (it is ${this.current}): news can be published after connect().`,
    );
  }

  /** All who connected so far waited for the same opening, and are told by its rejection. */
  private fail(): void {
    this.users = 0;
    this.opened = undefined;
    this.enter('error');
  }

  private handlersOf(host: string): Handlers<JobNotification> {
    let handlers = this.hostHandlers.get(host);
    if (!handlers) {
      handlers = new Handlers(() => this.newsChanged());
      this.hostHandlers.set(host, handlers);
    }
    return handlers;
  }

  private newsChanged(): void {
    if (this.opened) this.newsHandlersChanged();
  }

  private listenersOf(event: ChannelEvent): Handlers<unknown> {
    if (!Object.hasOwn(this.listeners, event)) {
      throw new InvalidOptionError('event', event, 'stateChange or error');
    }
    return this.listeners[event];
  }
}
