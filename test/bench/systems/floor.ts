import { Redis } from 'ioredis';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import type { Payload } from '../payload.js';
import { AddBatcher } from './add-batcher.js';
import { BatchLoop } from './batch-loop.js';
import { type FloorScripts, least, NEWS_CHANNEL, withBooks } from './floor-scripts.js';
import type { System } from './system.js';

const LEASE_MS = '30000';

interface FloorJob {
  readonly id: string;
  readonly token: string;
  readonly payload: Payload;
}

export const floor: System = systemOf(least);
export const floorWithBooks: System = systemOf(withBooks);

/** Raw ioredis and two scripts: how fast Redis lets any scheduler be that loses nothing. */
function systemOf(scripts: FloorScripts): System {
  return {
    async openProducer(url) {
      const redis = new Redis(url);
      const enqueue = await loaded(redis, scripts.enqueue);
      const add = (items: readonly { payload: Payload; at?: number }[]) =>
        enqueue(
          items.flatMap(({ payload, at }) => [at ?? '', newJobId(), JSON.stringify(payload)]),
        );
      const batcher = new AddBatcher(add);
      return {
        add: (payload) => batcher.add({ payload }),
        addBulk: (payloads) => add(payloads.map((payload) => ({ payload }))),
        addAt: (payload, at) => batcher.add({ payload, at }),
        close: async () => redis.disconnect(),
      };
    },

    async openWorker(url, { concurrency, kept }, handle) {
      const redis = new Redis(url);
      const step = await loaded(redis, scripts.step);
      const loop = new BatchLoop<FloorJob>(
        concurrency,
        async (finished, slots) => {
          const claimId = randomToken();
          const ended = finished.flatMap(({ id, token }) => [id, token]);
          const reply = await step([claimId, LEASE_MS, slots, kept ? 'kept' : '', ...ended]);
          const [dueIn, ids, bodies] = reply as [string, string[], string[]];
          const jobs = ids.map((id, i) => ({
            id,
            token: `${claimId}:${i + 1}`,
            payload: JSON.parse(bodies[i]!) as Payload,
          }));
          return { jobs, dueInMs: dueIn === '' ? null : Number(dueIn) };
        },
        (job) => handle(job.payload),
      );
      const news = new Redis(url);
      news.on('message', () => loop.wake());
      await news.subscribe(NEWS_CHANNEL);
      return {
        start() {
          loop.wake();
          return undefined;
        },
        async close() {
          news.disconnect();
          await loop.stop();
          redis.disconnect();
        },
      };
    },

    async tally(url) {
      const redis = new Redis(url);
      const [waiting, leased, completed] = await Promise.all(
        ['waiting', 'leases', 'completed'].map((place) => redis.zcard(`floor:${place}`)),
      );
      redis.disconnect();
      return { unfinished: waiting! + leased!, completed: completed!, failed: 0 };
    },
  };
}

async function loaded(redis: Redis, lua: string) {
  const sha = (await redis.script('LOAD', lua)) as string;
  return (args: readonly (string | number)[]) => redis.evalsha(sha, 0, ...args);
}
