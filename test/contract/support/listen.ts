import type { JobNotification } from '../../../lib/core/contracts/notification-channel.js';
import { START, type OpenBackend } from './backends.js';

/**
 * Collects what is announced from now on of the partition where the jobs are, each time up to a mark that the test
 * publishes itself.
 */
export async function listen(store: OpenBackend): Promise<() => Promise<JobNotification[]>> {
  let heard: JobNotification[] = [];
  let marks = 0;
  let tellMark: (() => void) | undefined;
  store.channel.subscribe(({ partition = 0, ...news }) => {
    if (news.jobName === 'mark') {
      marks += 1;
      tellMark?.();
    } else if (partition === 0) heard.push(news);
  });
  const heardSoFar = async () => {
    const awaited = marks + (await store.mark('mark'));
    while (marks < awaited) await new Promise<void>((resolve) => (tellMark = resolve));
    const all = heard;
    heard = [];
    return all;
  };
  // News of before may still be on its way.
  await heardSoFar();
  return heardSoFar;
}

/** Of what, and for when, from the beginning of the test. */
export const timesOf = (news: readonly JobNotification[]): [string, number][] =>
  news.map(({ jobName, nextRunAt }) => [jobName, nextRunAt!.getTime() - START]);
