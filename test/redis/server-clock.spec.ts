import { Redis } from 'ioredis';
import { RedisBackend } from '../../lib/redis/index.js';
import { claim, completed, job, newPrefix } from './support.js';

/*
 * Without a time of a test's own the server's clock decides, which knows microseconds. So it can be
 * asked before and after a call whether anything was early.
 */

const url = process.env.TEST_REDIS_URL!;
const ROUNDS = 50;

let redis: Redis;
let backend: RedisBackend;

beforeEach(async () => {
  redis = new Redis(url);
  backend = new RedisBackend({ connectionString: url, keyPrefix: newPrefix() });
  await backend.connect();
});
afterEach(async () => {
  await backend.repository.purgeAllJobs();
  await backend.disconnect();
  redis.disconnect();
});

/** In ms, to the microsecond. */
async function serverTime(): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Number(micros) / 1_000;
}

it('plans no job earlier than its delay from the call on, not by a part of a millisecond', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const before = await serverTime();
    const [added] = await backend.broker.enqueue([job({ due: { delayMs: 5 } })]);

    expect(added!.job.nextRunAt).toBeGreaterThanOrEqual(before + 5);
  }
});

it('ends no lease earlier than its time from the claim on, nor from the renewal', async () => {
  const leaseMs = 1_000;
  for (let round = 0; round < ROUNDS; round++) {
    await backend.broker.enqueue([job()]);
    const before = await serverTime();
    const [held] = (await untilClaimed(leaseMs)).jobs;
    expect(held!.lease.expiresAt).toBeGreaterThanOrEqual(before + leaseMs);

    const renewedFrom = await serverTime();
    await backend.broker.renew([held!.lease], leaseMs);
    const expiry = (await backend.manager.inspect(held!.record.id))!.lease!.expiresAt;
    expect(expiry).toBeGreaterThanOrEqual(renewedFrom + leaseMs);
    await backend.broker.settleAndClaim([completed(held!.lease)], claim(0));
  }
});

it('hands no job out before its time has come', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [added] = await backend.broker.enqueue([job({ due: { delayMs: 3 } })]);
    const [held] = (await untilClaimed()).jobs;
    const after = await serverTime();

    expect(held!.record.id).toBe(added!.job.id);
    expect(after).toBeGreaterThanOrEqual(added!.job.nextRunAt!);
  }
});

/** Asks again and again, so that a claim comes in the very millisecond. */
async function untilClaimed(leaseMs = 30_000) {
  for (;;) {
    const claimed = await backend.broker.settleAndClaim([], claim(1, { leaseMs }));
    if (claimed.jobs.length > 0) return claimed;
  }
}
