import type { AgendaChannel } from '../contracts/agenda-backend.js';
import type {
  JobNotification,
  JobStateNotification,
  NotificationChannelState,
  NotificationHandler,
  Unsubscribe,
} from '../contracts/notification-channel.js';
import { randomToken } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';
import { ChannelBase } from '../notifications/channel-base.js';

/**
 * News within this process at once, and to others over a channel of any make, if there is one. What
 * that channel echoes of our own is dropped.
 *
 * Foreign channels emit `error`, which ends a process where nobody listens: while this one is open,
 * their errors are told here. One that cannot be connected fails nobody; jobs are found by looking for
 * them, and a channel that goes on trying by itself is closed all the same.
 */
export class NewsRelay extends ChannelBase {
  private readonly source = randomToken();
  private readonly told = new WeakSet<Error>();
  private subscriptions: Unsubscribe[] = [];
  private stateSubscription: Unsubscribe | undefined;
  private farIsOpen = false;
  private readonly onError = (thrown: unknown): void => this.report(thrown);
  private readonly onState = (state: NotificationChannelState): void => this.enter(state);

  constructor(
    private readonly far: AgendaChannel | undefined,
    private readonly sink: (error: Error) => void,
  ) {
    super();
  }

  /** Nobody here knows who stands by: every host hears everything. */
  override subscribe(handler: NotificationHandler): Unsubscribe {
    return super.subscribe(handler);
  }

  /** Never rejects. */
  async publish(notification: JobNotification): Promise<void> {
    const news = { ...notification, source: this.source };
    this.tell(this.newsHandlers, news);
    if (this.far?.state === 'connected') await this.tryTo(() => this.far!.publish(news));
  }

  /** Never rejects. What happens in this process is known here. */
  async publishStates(notifications: readonly JobStateNotification[]): Promise<void> {
    const { far } = this;
    if (far?.state !== 'connected') return;
    await this.tryTo(async () => {
      if (far.publishStates) return far.publishStates(notifications);
      for (const notification of notifications) await far.publishState?.(notification);
    });
  }

  /** Tells this process that a job was cancelled; others find out when they renew its lease. */
  cancelled(jobId: string, reason: string): void {
    this.tell(this.cancelHandlers, { jobId, reason });
  }

  protected async open(): Promise<void> {
    const { far } = this;
    if (!far) return this.enter('connected');
    far.on('error', this.onError);
    far.on('stateChange', this.onState);
    this.listenTo(far);
    this.farIsOpen = true;
    const isConnected = await this.tryTo(() => far.connect());
    const goesOnTrying = far.state === 'reconnecting';
    // Closed meanwhile, it was told so once; a foreign one may have begun to try again after that.
    if (!this.farIsOpen) return goesOnTrying ? this.leave(far) : undefined;
    this.farIsOpen = isConnected || goesOnTrying;
    this.enter(far.state);
  }

  protected async close(): Promise<void> {
    const { far } = this;
    if (!far) return;
    for (const forget of this.subscriptions.splice(0)) forget();
    this.forgetStates();
    const wasOpen = this.farIsOpen;
    this.farIsOpen = false;
    if (wasOpen) await this.leave(far);
    far.off('stateChange', this.onState);
    far.off('error', this.onError);
  }

  private async leave(far: AgendaChannel): Promise<void> {
    await this.tryTo(() => far.disconnect());
  }

  /** Whether anybody listens for states may matter to those who would tell them. */
  protected override stateHandlersChanged(): void {
    if (this.stateHandlers.size === 0) return this.forgetStates();
    this.stateSubscription ??= this.far?.subscribeState?.((news) =>
      this.tell(this.stateHandlers, news),
    );
  }

  /** Once each: foreign channels both emit an error and reject with it. */
  protected override report(thrown: unknown): void {
    const error = errorOf(thrown);
    if (this.told.has(error)) return;
    this.told.add(error);
    super.report(error);
    this.sink(error);
  }

  private listenTo(far: AgendaChannel): void {
    this.subscriptions.push(
      far.subscribe((news) => {
        if (news.source !== this.source) this.tell(this.newsHandlers, news);
      }),
    );
    const forgetCancels = far.subscribeCancel?.((news) => this.tell(this.cancelHandlers, news));
    if (forgetCancels) this.subscriptions.push(forgetCancels);
    this.stateHandlersChanged();
  }

  private forgetStates(): void {
    this.stateSubscription?.();
    this.stateSubscription = undefined;
  }

  /** Whether it went well. */
  private async tryTo(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (thrown) {
      this.report(thrown);
      return false;
    }
  }
}
