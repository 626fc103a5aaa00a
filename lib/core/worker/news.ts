import {
  EVERY_NAME,
  type NotificationChannel,
  type NotificationChannelState,
} from '../contracts/notification-channel.js';

/** What a worker host does about news. Each is a hint: nothing is lost when it does not come. */
export interface NewsHooks {
  /** The channel is connected, perhaps again, so news may have been missed; or any name may be claimable. */
  back(): void;
  /** A job of this name is due then, by the backend's clock. */
  due(jobName: string, at: number): void;
  cancelled(jobId: string): void;
}

/** Listens until the returned functions are called. */
export function listenToNews(channel: NotificationChannel, hooks: NewsHooks): (() => void)[] {
  const onState = (state: NotificationChannelState) => {
    if (state === 'connected') hooks.back();
  };
  channel.on('stateChange', onState);
  const forget = [
    () => void channel.off('stateChange', onState),
    channel.subscribe(({ jobName, nextRunAt }) => {
      if (jobName === EVERY_NAME) hooks.back();
      else if (nextRunAt !== null) hooks.due(jobName, nextRunAt.getTime());
    }),
  ];
  const forgetCancels = channel.subscribeCancel?.(({ jobId }) => hooks.cancelled(jobId));
  if (forgetCancels) forget.push(forgetCancels);
  return forget;
}
