import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import { Engine } from '../../../lib/core/engine.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { optionsAt } from '../address.js';
import type { Payload } from '../payload.js';
import { countsOf } from './our-backend.js';
import { JOB, type System } from './system.js';

/** More than can ever start in a second, or run at once. */
const LIMITS = { rateLimit: { max: 1_000_000, per: '1 second' }, globalConcurrency: 10_000 };

/** The whole package but Nest, by its public interface, with the options a user would leave alone. */
export const ours: System = {
  async openProducer(url) {
    const engine = new Engine(new RedisBackend(optionsAt(url)), {
      worker: false,
    });
    await engine.connect();
    const { scheduler } = engine;
    return {
      add: (payload) => scheduler.now(JOB, payload),
      addBulk: (payloads) => scheduler.enqueueMany(payloads.map((data) => ({ name: JOB, data }))),
      addAt: (payload, at) => scheduler.schedule(new Date(at), JOB, payload),
      close: () => engine.close(),
    };
  },

  async openWorker(url, { concurrency, kept, limited }, handle) {
    const engine = new Engine(new RedisBackend(optionsAt(url)), {
      maxConcurrency: concurrency,
    });
    engine.handlers.define(JOB, async (job) => handle(job.data as Payload), {
      concurrency,
      removeOnComplete: !kept,
      // The other systems keep everything, and the check counts what is kept.
      retention: false,
      ...(limited && LIMITS),
    });
    await engine.connect();
    return {
      start: () => engine.workerHost.start(),
      close: () => engine.close(),
    };
  },

  async tally(url) {
    const backend = new RedisBackend({ ...optionsAt(url), sort: PRIORITY_FIRST });
    await backend.connect();
    const counts = await countsOf(backend);
    await backend.disconnect();
    return counts;
  },
};
