import type {
  NotificationChannel,
  NotificationChannelState,
} from '../contracts/notification-channel.js';

/** Tells when news comes again that was cut off: what was told meanwhile is lost. */
export class NewsOutages {
  private isWatching = false;
  private wasConnected = false;
  private lostAt: number | undefined;

  /** @param back - called with when it was cut off */
  constructor(
    private readonly channel: NotificationChannel | undefined,
    private readonly now: () => number,
    private readonly back: (since: number) => void,
  ) {}

  watch(): void {
    if (this.isWatching || !this.channel) return;
    this.isWatching = true;
    this.wasConnected = this.channel.state === 'connected';
    this.channel.on('stateChange', this.onState);
  }

  /** The end that its user has asked for is no outage. */
  forget(): void {
    if (!this.isWatching) return;
    this.isWatching = false;
    this.lostAt = undefined;
    this.channel?.off('stateChange', this.onState);
  }

  private readonly onState = (state: NotificationChannelState): void => {
    if (state !== 'connected') {
      if (this.wasConnected) this.lostAt ??= this.now();
      return;
    }
    this.wasConnected = true;
    const { lostAt } = this;
    this.lostAt = undefined;
    if (lostAt !== undefined) this.back(lostAt);
  };
}
