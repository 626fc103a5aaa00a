import { type JobBroker, WATCH_MS } from '../contracts/job-broker.js';
import type {
  JobStateNotification,
  NotificationChannel,
  NotificationChannelState,
  Unsubscribe,
} from '../contracts/notification-channel.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from '../worker/timer.js';
import type { JobEvents } from './job-events.js';
import { NewsOutages } from './news-outages.js';

/** Often enough that one word may get lost. */
const DECLARE_EVERY_MS = WATCH_MS / 3;

/**
 * Turns what other processes tell of their jobs into events of this one. It listens, and declares that
 * to the store, only as long as somebody here wants such events: nobody tells what nobody hears.
 */
export class RemoteEvents {
  /** Resolves when the store knows what was declared last, or could not be told. */
  declared: Promise<void> = Promise.resolve();
  private isOpen = false;
  private unsubscribe: Unsubscribe | undefined;
  private readonly timer = new Timer(() => this.declare());
  private readonly line: NewsOutages;

  /** @param source - of this instance, whose own news comes back to it and is dropped */
  constructor(
    private readonly source: string,
    private readonly backend: {
      readonly broker: JobBroker;
      readonly notificationChannel?: NotificationChannel | undefined;
    },
    private readonly events: JobEvents,
  ) {
    events.onRemoteInterest = () => this.follow();
    const { broker, notificationChannel } = backend;
    this.line = new NewsOutages(
      notificationChannel,
      () => broker.now(),
      (since) => events.emitHostwide('reconnected', { since: new Date(since) }),
    );
  }

  /** From now on it listens whenever there is interest. */
  open(): void {
    this.isOpen = true;
    this.line.watch();
    this.follow();
  }

  close(): void {
    this.isOpen = false;
    this.line.forget();
    this.follow();
  }

  private follow(): void {
    const isWanted = this.isOpen && this.events.wantsRemote;
    const { notificationChannel: channel } = this.backend;
    if (!isWanted) {
      this.timer.stop();
      this.unsubscribe?.();
      this.unsubscribe = undefined;
    } else if (channel && !this.unsubscribe) {
      this.unsubscribe = this.listenTo(channel);
      if (channel.state === 'connected') this.declare();
    }
  }

  private listenTo(channel: NotificationChannel): Unsubscribe {
    // Where news was cut off, the store may have lost its memory as well.
    const onState = (state: NotificationChannelState): void => {
      if (state === 'connected') this.declare();
    };
    channel.on('stateChange', onState);
    const unsubscribe = channel.subscribeState((told) => this.receive(told));
    return () => {
      channel.off('stateChange', onState);
      unsubscribe();
    };
  }

  private declare(): void {
    this.timer.startIn(DECLARE_EVERY_MS);
    this.declared = this.tellStore();
  }

  /** Never rejects: it is told again after a while. */
  private async tellStore(): Promise<void> {
    try {
      await this.backend.broker.watch?.();
    } catch (thrown) {
      this.events.reportError(errorOf(thrown));
    }
  }

  private receive(told: JobStateNotification): void {
    if (told.source === this.source) return;
    // What happens here in the same tick comes first.
    process.nextTick(() => this.emit(told));
  }

  private emit(told: JobStateNotification): void {
    const { type, jobName } = told;
    if (!this.events.wants(type, jobName)) return;
    switch (type) {
      case 'fail':
        return this.events.emit('fail', jobName, told.error ?? UNKNOWN, told, true);
      case 'retry':
        return this.events.emit('retry', jobName, told, retryDetails(told), true);
      case 'start':
      case 'progress':
      case 'success':
      case 'complete':
        return this.events.emit(type, jobName, told, true);
    }
  }
}

const UNKNOWN = 'unknown';

const retryDetails = ({ retryAttempt, retryAt, timestamp, error }: JobStateNotification) => ({
  attempt: retryAttempt ?? 1,
  delay: 0,
  nextRunAt: retryAt ?? timestamp,
  error: new Error(error ?? UNKNOWN),
});
