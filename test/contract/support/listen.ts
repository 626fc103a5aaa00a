import type { JobNotification } from '../../../lib/core/contracts/notification-channel.js';
import { toJobId } from '../../../lib/core/job/job-id.js';
import { START, type OpenBackend } from './backends.js';

/** Collects what is announced from now on, each time up to a mark that the test publishes itself. */
export async function listen(store: OpenBackend): Promise<() => Promise<JobNotification[]>> {
  let heard: JobNotification[] = [];
  let marked: (() => void) | undefined;
  store.channel.subscribe((news) => {
    if (news.jobName === 'mark') marked?.();
    else heard.push(news);
  });
  const heardSoFar = async () => {
    const mark = new Promise<void>((resolve) => (marked = resolve));
    await store.channel.publish({
      jobId: toJobId(''),
      jobName: 'mark',
      nextRunAt: null,
      priority: 0,
      timestamp: new Date(START),
    });
    await mark;
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
