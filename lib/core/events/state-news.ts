import type { Claimed } from '../contracts/job-broker.js';
import type {
  JobStateNotification,
  NotificationChannel,
} from '../contracts/notification-channel.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from '../worker/timer.js';
import type { ErrorSink } from './job-events.js';

/** Long enough for start and end of a short job to travel together, and for those of many jobs. */
const GATHER_MS = 10;
const MOST_TOGETHER = 100;

/**
 * Tells other processes what happens to the jobs of this one, as long as one of them listens. Nobody
 * waits for it: what cannot be sent is lost, and reported.
 */
export class StateNews {
  private waiting: JobStateNotification[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly timer = new Timer(() => this.send());
  private watched: boolean | undefined;

  /** @param source - what tells this instance from all others */
  constructor(
    private readonly source: string,
    private readonly channel: NotificationChannel | undefined,
    private readonly report: ErrorSink,
  ) {}

  /** Whether anybody would hear it. A store that does not know who listens may always have listeners. */
  get isWanted(): boolean {
    return this.watched !== false && this.channel?.state === 'connected';
  }

  /** The answer to a claim, of which it keeps what the store says of listeners. */
  async learnFrom(answer: Promise<Claimed>): Promise<Claimed> {
    const claimed = await answer;
    this.watched = claimed.watched;
    return claimed;
  }

  tell(notification: JobStateNotification): void {
    this.waiting.push({ ...notification, source: this.source });
    if (this.waiting.length >= MOST_TOGETHER) this.send();
    else if (!this.timer.isWaiting) this.timer.startIn(GATHER_MS);
  }

  /** Sends what waits. Resolves when all is sent, or lost; never rejects. */
  async flush(): Promise<void> {
    this.send();
    await Promise.all(this.underWay);
  }

  private send(): void {
    this.timer.stop();
    const batch = this.waiting;
    this.waiting = [];
    const { channel } = this;
    if (batch.length === 0 || channel?.state !== 'connected') return;
    const sending = publish(channel, batch)
      .catch((thrown: unknown) => this.report(errorOf(thrown)))
      .finally(() => this.underWay.delete(sending));
    this.underWay.add(sending);
  }
}

/** A channel that throws instead of rejecting is no different. */
async function publish(
  channel: NotificationChannel,
  batch: readonly JobStateNotification[],
): Promise<void> {
  if (channel.publishStates) return channel.publishStates(batch);
  await Promise.all(batch.map((notification) => channel.publishState(notification)));
}
