import { Redis } from 'ioredis';
import { Engine } from '../../lib/core/index.js';
import { PRIORITY_FIRST } from '../../lib/core/options/claim-order.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { newPrefix, until } from '../redis/support.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { violations } from './support/invariants.js';

/*
 * The whole engine over a connection that loses one reply, at each place once. What the store makes of
 * repeated calls is in `test/redis/lost-replies.spec.ts`.
 */

const url = process.env.TEST_REDIS_URL!;
let redis: Redis;

beforeAll(() => void (redis = new Redis(url)));
afterAll(() => redis.disconnect());

interface Life {
  readonly story: unknown;
  readonly wasCut: boolean;
}

/** Three jobs: one fails once, one for good, one is renewed while it runs. */
async function live(repliesBefore: number): Promise<Life> {
  const proxy = await TcpProxy.to(Number(new URL(url).port));
  const keyPrefix = newPrefix();
  const backend = new RedisBackend({ connectionString: proxy.url, keyPrefix });
  // Looks by a way of its own: no reply is lost on it.
  const onlooker = new RedisBackend({ connectionString: url, keyPrefix, sort: PRIORITY_FIRST });
  const runs: string[] = [];
  const engine = new Engine(backend, { lease: 300 }, { onUnheardError: () => undefined });
  const { handlers, scheduler, workerHost } = engine;
  const run = ({ name, attempt }: { name: string; attempt: number }) =>
    void runs.push(`${name} ${attempt}`);
  handlers.define(
    'flaky',
    (job) => {
      run(job);
      if (job.attempt === 1) throw new Error('not yet');
    },
    { attempts: 2, backoff: 10 },
  );
  handlers.define('hopeless', (job) => {
    run(job);
    throw new Error('never');
  });
  handlers.define('long', async (job) => {
    run(job);
    await new Promise((resolve) => setTimeout(resolve, 150));
  });

  try {
    await engine.connect();
    await workerHost.start();
    const connections = proxy.joined;
    proxy.cutAfter(repliesBefore);
    const added = await Promise.all(
      ['flaky', 'hopeless', 'long'].map((name) => scheduler.now(name)),
    );
    await until(async () => {
      const counts = [...(await onlooker.manager.counts()).values()];
      return counts.every(({ completed, dead, total }) => completed + dead === total);
    });
    await workerHost.stop();
    const jobs = await Promise.all(added.map(({ id }) => onlooker.manager.get(id)));
    const facts = jobs.map((job) => {
      const { name, attempt, failCount, rescueCount, releaseCount, failure } = job!;
      return { name, attempt, failCount, rescueCount, releaseCount, failure: failure?.message };
    });
    const wrong = await violations(redis, keyPrefix, onlooker.manager);
    return { story: { runs: runs.sort(), facts, wrong }, wasCut: proxy.joined > connections };
  } finally {
    await engine.close();
    await onlooker.disconnect();
    await proxy.close();
  }
}

it('runs every attempt once, and adds nothing twice, whichever reply is lost', async () => {
  const untouched = await live(Infinity);
  expect(untouched.wasCut).toBe(false);
  expect(untouched.story).toMatchObject({
    runs: ['flaky 1', 'flaky 2', 'hopeless 1', 'long 1'],
    wrong: [],
  });

  let replies = 0;
  for (; ; replies++) {
    const { story, wasCut } = await live(replies);
    expect({ replies, story }).toEqual({ replies, story: untouched.story });
    if (!wasCut) break;
  }
  // The adds, claims and ends of three jobs, and the renewal.
  expect(replies).toBeGreaterThanOrEqual(6);
});
