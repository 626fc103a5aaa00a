import {
  EVERY_NAME,
  type NotificationChannel,
  type NotificationChannelState,
} from '../contracts/notification-channel.js';

/** What a worker host does about news. Each is a hint: nothing is lost when it does not come. */
export interface NewsHooks {
  /**
   * The channel is connected, perhaps again, so news may have been missed; or any name may be claimable.
   *
   * @param partition - where; left out: anywhere
   */
  back(partition?: number): void;
  /** A job of this name is due then, by the backend's clock. */
  due(jobName: string, at: number, partition?: number): void;
  cancelled(jobId: string): void;
}

/**
 * Listens until the returned functions are called.
 *
 * @param host - who listens to what is meant for it alone, since it stands by; left out: to everything
 */
export function listenToNews(
  channel: NotificationChannel,
  host: string | undefined,
  hooks: NewsHooks,
): (() => void)[] {
  const onState = (state: NotificationChannelState) => {
    if (state === 'connected') hooks.back();
  };
  channel.on('stateChange', onState);
  const forget = [
    () => void channel.off('stateChange', onState),
    channel.subscribe(
      ({ jobName, nextRunAt, partition }) => {
        if (jobName === EVERY_NAME) hooks.back(partition);
        else if (nextRunAt !== null) hooks.due(jobName, nextRunAt.getTime(), partition);
      },
      host === undefined ? undefined : { host },
    ),
  ];
  const forgetCancels = channel.subscribeCancel?.(({ jobId }) => hooks.cancelled(jobId));
  if (forgetCancels) forget.push(forgetCancels);
  return forget;
}
