import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import type { ClaimedJob } from '../../../lib/core/contracts/job-broker.js';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import type { NewJob } from '../../../lib/core/job/job-record.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import type { Payload } from '../payload.js';
import { AddBatcher } from './add-batcher.js';
import { BatchLoop } from './batch-loop.js';
import { JOB, type System } from './system.js';

const LEASE_MS = 30_000;

export const ourBackend: System = {
  async openProducer(url) {
    const backend = await connected(url);
    const add = (jobs: NewJob[]) => backend.broker.enqueue(jobs);
    const batcher = new AddBatcher(add);
    return {
      add: (payload) => batcher.add(newJob(payload)),
      addBulk: (payloads) => add(payloads.map((payload) => newJob(payload))),
      addAt: (payload, at) => batcher.add(newJob(payload, { at })),
      close: () => backend.disconnect(),
    };
  },

  async openWorker(url, { concurrency, kept }, handle) {
    const backend = await connected(url);
    const loop = new BatchLoop<ClaimedJob>(
      concurrency,
      (finished, slots) =>
        backend.broker.settleAndClaim(
          finished.map(({ lease }) => ({ kind: 'completed', lease, remove: !kept })),
          {
            claimId: randomToken(),
            host: 'bench',
            leaseMs: LEASE_MS,
            slots,
            names: slots > 0 ? [{ name: JOB, slots }] : [],
          },
        ),
      (job) => handle(job.record.data as Payload),
    );
    const news = backend.notificationChannel;
    news.subscribe(() => loop.wake());
    await news.connect();
    return {
      start() {
        loop.wake();
        return undefined;
      },
      async close() {
        await news.disconnect();
        await loop.stop();
        await backend.disconnect();
      },
    };
  },

  async tally(url) {
    const backend = await connected(url);
    const counts = await countsOf(backend);
    await backend.disconnect();
    return counts;
  },
};

/** Of jobs named {@link JOB}. */
export async function countsOf(backend: RedisBackend) {
  const overview = await backend.repository.getJobsOverview();
  const counts = overview.find(({ name }) => name === JOB);
  if (!counts) return { unfinished: 0, completed: 0, failed: 0 };
  const { total, completed, failed } = counts;
  return { unfinished: total - completed - failed, completed, failed };
}

async function connected(url: string): Promise<RedisBackend> {
  const backend = new RedisBackend({ connectionString: url, sort: PRIORITY_FIRST });
  await backend.connect();
  return backend;
}

function newJob(payload: Payload, due: NewJob['due'] = { delayMs: 0 }): NewJob {
  return { id: newJobId(), name: JOB, data: JSON.stringify(payload), priority: 0, due };
}
