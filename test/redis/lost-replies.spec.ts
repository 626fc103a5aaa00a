import type { Lease, Settlement } from '../../lib/core/contracts/job-broker.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { violations } from '../chaos/support/invariants.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { claim, completed, job, makeStand, newPrefix } from './support.js';

/* Each reply of a job's life is lost once: the call is repeated, and all is as if nothing had happened. */

const url = process.env.TEST_REDIS_URL!;
const leaseMs = 30_000;
const failure = { name: 'Error', message: 'no' };
const { redis } = makeStand();

interface Life {
  /** What every call answered, and what is stored at the end; times by a clock that stands still. */
  readonly story: unknown[];
  readonly wasCut: boolean;
}

/** @param repliesBefore - how many replies get through before one is lost */
async function live(repliesBefore: number): Promise<Life> {
  const proxy = await TcpProxy.to(Number(new URL(url).port));
  const keyPrefix = newPrefix();
  let now = Date.UTC(2027, 0, 1);
  const backend = new RedisBackend({ connectionString: proxy.url, keyPrefix }, { now: () => now });
  const { broker, manager } = backend;
  const story: unknown[] = [];

  /** Settles the attempt under way and claims the next one. */
  let attempt: Lease | undefined;
  const next = async (ends?: Settlement): Promise<void> => {
    const { answers, jobs } = await broker.settleAndClaim(ends ? [ends] : [], claim(1));
    story.push(
      answers,
      jobs.map(({ record }) => record),
    );
    if (jobs[0]) attempt = jobs[0].lease;
  };

  try {
    await backend.connect();
    proxy.cutAfter(repliesBefore);
    await broker.register([{ name: 'mail', maxRescues: 2 }]);
    const added = await broker.enqueue([job({ id: 'letter', nonce: 'ab12' })]);
    story.push(added.map(({ created }) => created));
    await next();
    story.push(await broker.renew([{ ...attempt!, progress: 50 }], leaseMs));
    await next({ kind: 'retry', lease: attempt!, failure, due: { delayMs: 0 } });
    await next({ kind: 'snooze', lease: attempt!, due: { delayMs: 0 } });
    await next({ kind: 'release', lease: attempt! });
    now += leaseMs;
    // Whom it has rescued, the repeat cannot tell: that was for events alone, and stands in the history.
    await broker.rescue(10, leaseMs);
    await next();
    await next({ kind: 'bury', lease: attempt!, failure, reason: 'exhausted' });
    story.push(
      await manager.requeue(['letter'], { due: { delayMs: 0 }, resetAttempts: true, data: '2' }),
    );
    await next();
    await next(completed(attempt!, { result: '"sent"' }));
    story.push(await manager.get('letter'), await manager.history('letter'));
    await broker.enqueue([job({ id: 'surplus', nonce: 'cd34' })]);
    // As with a rescue: what is gone already, the repeat does not count.
    await manager.cancel(['surplus'], 'no longer wanted');
    story.push(await manager.get('surplus'), (await manager.counts()).get('mail'));
    story.push(await violations(redis, keyPrefix, manager));
    return { story, wasCut: proxy.joined > 1 };
  } finally {
    await backend.disconnect();
    await proxy.close();
  }
}

it('changes nothing in the life of a job, whichever reply it is', async () => {
  const untouched = await live(Infinity);
  expect(untouched.wasCut).toBe(false);
  expect(untouched.story.at(-1)).toEqual([]);

  let replies = 0;
  for (; ; replies++) {
    const { story, wasCut } = await live(replies);
    expect({ replies, story }).toEqual({ replies, story: untouched.story });
    if (!wasCut) break;
  }
  // A life has as many calls as there are above: each was hit.
  expect(replies).toBeGreaterThanOrEqual(15);
}, 60_000);
