import { setTimeout as pause } from 'node:timers/promises';
import { RedisBackend } from '@agendajs/redis-backend';
import { Agenda } from 'agenda';
import type { Payload } from '../payload.js';
import { JOB, type System } from './system.js';

const LOOK_EVERY_MS = 10;
/** Where it has not kept up, it goes on with other jobs until it is stopped. */
const MOST_LOOKS = 200;

/**
 * Agenda on its Redis backend, which also brings it the news of added jobs; only concurrency is set.
 * It has no call that adds many jobs, so those of one bulk are saved side by side.
 */
export const agenda: System = {
  async openProducer(url) {
    const { backend, agenda: producer } = await opened(url);
    const { notificationChannel } = backend;
    // A producer tells workers of its jobs only once this is open; `start` would open it, and work.
    await notificationChannel.connect();
    return {
      add: (payload) => producer.now(JOB, payload),
      addBulk: (payloads) => Promise.all(payloads.map((payload) => producer.now(JOB, payload))),
      addAt: (payload, at) => producer.schedule(new Date(at), JOB, payload),
      async close() {
        await notificationChannel.disconnect();
        await backend.disconnect();
      },
    };
  },

  async openWorker(url, { concurrency, kept }, handle) {
    const { agenda: worker } = await opened(url, {
      maxConcurrency: concurrency,
      defaultConcurrency: concurrency,
      removeOnComplete: !kept,
    });
    // Of the two signatures the linter takes the one with a callback.
    // oxlint-disable-next-line typescript/no-misused-promises
    worker.define<Payload>(JOB, async (job) => {
      await handle(job.attrs.data);
    });
    return {
      start: () => worker.start(),
      async close() {
        // Not `drain()`: it looks for the last job once, before that one is gone, and then waits for ever.
        for (let looks = 0; looks < MOST_LOOKS && (await isRunning(worker)); looks++) {
          await pause(LOOK_EVERY_MS);
        }
        await worker.stop();
      },
    };
  },

  async tally(url) {
    const { backend } = await opened(url);
    const overview = await backend.repository.getJobsOverview();
    await backend.disconnect();
    const counts = overview.find(({ name }) => name === JOB);
    if (!counts) return { unfinished: 0, completed: 0, failed: 0 };
    const { total, completed, failed } = counts;
    return { unfinished: total - completed - failed, completed, failed };
  },
};

async function opened(
  url: string,
  options: Omit<ConstructorParameters<typeof Agenda>[0], 'backend'> = {},
) {
  const backend = new RedisBackend({ connectionString: url });
  const opened = new Agenda({ ...options, backend });
  opened.on('error', (error) => console.error(error));
  await opened.ready;
  return { backend, agenda: opened };
}

async function isRunning(worker: Agenda): Promise<boolean> {
  const { runningJobs } = await worker.getRunningStats();
  return (typeof runningJobs === 'number' ? runningJobs : runningJobs.length) > 0;
}
