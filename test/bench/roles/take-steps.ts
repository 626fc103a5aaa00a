import { Redis } from 'ioredis';
import type { ClaimedJob, ClaimRequest } from '../../../lib/core/contracts/job-broker.js';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { optionsAt } from '../address.js';
import type { Cost } from '../meter.js';
import { payloadMaker } from '../payload.js';
import { JOB } from '../systems/system.js';
import { measured, type Traffic } from '../traffic.js';

/** The steps of plain jobs through the broker alone, each step for all jobs before the next one begins. */
export interface StepsTask {
  readonly role: 'steps';
  readonly url: string;
  readonly jobs: number;
  /** How many go in one call. */
  readonly batch: number;
  readonly payloadBytes: number;
}

export const STEPS = ['add', 'claim', 'settle', 'settle and claim'] as const;
export type Step = (typeof STEPS)[number];
export type Steps = Readonly<Record<Step, Cost & Traffic>>;

const LEASE_MS = 600_000;

export async function takeSteps({ url, jobs, batch, payloadBytes }: StepsTask): Promise<Steps> {
  const backend = new RedisBackend(optionsAt(url));
  await backend.connect();
  const { broker } = backend;
  const redis = new Redis(url);
  const payload = payloadMaker(payloadBytes);
  const calls = Math.ceil(jobs / batch);

  const add = async () => {
    await broker.enqueue(
      Array.from({ length: batch }, (_, n) => {
        const data = JSON.stringify(payload(n));
        return { id: newJobId(), name: JOB, data, priority: 0, due: { delayMs: 0 } };
      }),
    );
  };
  const settleAndClaim = async (ended: readonly ClaimedJob[], slots: number) => {
    const settlements = ended.map(({ lease }) => ({ kind: 'completed', lease }) as const);
    return (await broker.settleAndClaim(settlements, claimOf(slots))).jobs;
  };
  const claimed: (readonly ClaimedJob[])[] = [];
  const measure = (step: () => Promise<unknown>) =>
    measured(redis, async () => {
      for (let call = 0; call < calls; call++) await step();
    });

  const adding = await measure(add);
  const claiming = await measure(async () => claimed.push(await settleAndClaim([], batch)));
  const settling = await measure(() => settleAndClaim(claimed.pop()!, 0));
  for (let call = 0; call <= calls; call++) await add();
  let held = await settleAndClaim([], batch);
  const both = await measure(async () => (held = await settleAndClaim(held, batch)));
  await backend.disconnect();
  redis.disconnect();
  return { add: adding, claim: claiming, settle: settling, 'settle and claim': both };
}

function claimOf(slots: number): ClaimRequest {
  return {
    claimId: randomToken(),
    host: 'bench',
    leaseMs: LEASE_MS,
    slots,
    names: slots > 0 ? [{ name: JOB, slots }] : [],
  };
}
