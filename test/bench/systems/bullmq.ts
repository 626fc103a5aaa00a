import { Queue, Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Payload } from '../payload.js';
import { JOB, type System } from './system.js';

/*
 * As its documentation recommends: one connection per producer; a worker whose connection never
 * gives up a command; `autorun` only off so that connecting is not measured. Whether completed jobs
 * are removed is told to the worker, which keeps the added jobs as small as they can be.
 */
export const bullmq: System = {
  async openProducer(url) {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue<Payload>(JOB, { connection });
    await queue.waitUntilReady();
    return {
      add: (payload) => queue.add(JOB, payload),
      addBulk: (payloads) => queue.addBulk(payloads.map((data) => ({ name: JOB, data }))),
      addAt: (payload, at) => queue.add(JOB, payload, { delay: Math.max(0, at - Date.now()) }),
      async close() {
        await queue.close();
        connection.disconnect();
      },
    };
  },

  async openWorker(url, { concurrency, kept }, handle) {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const worker = new BullWorker<Payload>(JOB, async (job) => handle(job.data), {
      connection,
      concurrency,
      autorun: false,
      ...(kept ? {} : { removeOnComplete: { count: 0 } }),
    });
    worker.on('error', (error) => console.error(error));
    await worker.waitUntilReady();
    return {
      start() {
        worker.run().catch((error: unknown) => console.error(error));
        return undefined;
      },
      async close() {
        await worker.close();
        connection.disconnect();
      },
    };
  },

  async tally(url) {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue(JOB, { connection });
    const counts = await queue.getJobCounts();
    await queue.close();
    connection.disconnect();
    const { completed = 0, failed = 0, ...rest } = counts;
    const unfinished = Object.values(rest).reduce((sum, count) => sum + count, 0);
    return { unfinished, completed, failed };
  },
};
