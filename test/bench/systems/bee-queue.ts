import BeeQueue from 'bee-queue';
import type { Payload } from '../payload.js';
import { JOB, type System } from './system.js';

/*
 * As its README recommends for a producer and a worker of their own: a producer is no worker and hears
 * no events, jobs in bulk are saved by one `saveAll`; a worker tells nobody of the ends, since nobody
 * listens, and wakes delayed jobs. Nobody needs the objects of jobs that were saved.
 */
const QUIET = { getEvents: false, sendEvents: false, storeJobs: false } as const;

export const beeQueue: System = {
  async openProducer(url) {
    const queue = await opened(url, { ...QUIET, isWorker: false });
    return {
      add: (payload) => queue.createJob(payload).save(),
      async addBulk(payloads) {
        const errors = await queue.saveAll(payloads.map((payload) => queue.createJob(payload)));
        for (const error of errors.values()) throw error;
      },
      addAt: (payload, at) => queue.createJob(payload).delayUntil(at).save(),
      close: () => queue.close(),
    };
  },

  async openWorker(url, { concurrency, kept }, handle) {
    const queue = await opened(url, {
      ...QUIET,
      activateDelayedJobs: true,
      removeOnSuccess: !kept,
    });
    queue.on('error', (error) => console.error(error));
    return {
      start() {
        queue.process(concurrency, async (job) => handle(job.data));
        return undefined;
      },
      close: () => queue.close(),
    };
  },

  async tally(url) {
    const queue = await opened(url, { ...QUIET, isWorker: false });
    const { waiting, active, delayed, succeeded, failed } = await queue.checkHealth();
    await queue.close();
    return { unfinished: waiting + active + delayed, completed: succeeded, failed };
  },
};

async function opened(url: string, settings: BeeQueue.QueueSettings): Promise<BeeQueue<Payload>> {
  const queue = new BeeQueue<Payload>(JOB, { ...settings, redis: { url } });
  return queue.ready();
}
