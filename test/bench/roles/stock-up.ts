import { PRIORITY_FIRST } from '../../../lib/core/options/claim-order.js';
import { newJobId, randomToken } from '../../../lib/core/job/job-id.js';
import { MAX_BATCH, type ClaimedJob } from '../../../lib/core/contracts/job-broker.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';
import { payloadMaker } from '../payload.js';
import { JOB } from '../systems/system.js';

export const STOCK_KINDS = ['finished', 'scheduled', 'waiting'] as const;
export type StockKind = (typeof STOCK_KINDS)[number];

export interface StockTask {
  readonly role: 'stock';
  readonly url: string;
  readonly kind: StockKind;
  readonly jobs: number;
  readonly payloadBytes: number;
}

const DAY_MS = 24 * 60 * 60_000;
/** Jobs wait under a name that nobody works on: of the measured name they would be worked off. */
const WAITING_NAME = 'bench-waiting';

/** Fills our store through the backend's own scripts, without the engine, as fast as they go. */
export async function stockUp({ url, kind, jobs, payloadBytes }: StockTask): Promise<void> {
  const backend = new RedisBackend({ connectionString: url, sort: PRIORITY_FIRST });
  await backend.connect();
  const { broker } = backend;
  const payload = payloadMaker(payloadBytes);
  const due = { delayMs: kind === 'scheduled' ? DAY_MS : 0 };
  const name = kind === 'waiting' ? WAITING_NAME : JOB;

  const enqueue = (count: number) =>
    broker.enqueue(
      Array.from({ length: count }, (_, n) => ({
        id: newJobId(),
        name,
        data: JSON.stringify(payload(n)),
        priority: 0,
        due,
      })),
    );
  const settleAndClaim = async (claimed: readonly ClaimedJob[], slots: number) => {
    const settlements = claimed.map(({ lease }) => ({ kind: 'completed', lease }) as const);
    const claim = { claimId: randomToken(), host: 'stock', leaseMs: 60_000, slots };
    return (await broker.settleAndClaim(settlements, { ...claim, names: [{ name, slots }] })).jobs;
  };

  let claimed: readonly ClaimedJob[] = [];
  for (let left = jobs; left > 0; left -= MAX_BATCH) {
    const count = Math.min(left, MAX_BATCH);
    const added = enqueue(count);
    if (kind !== 'finished') await added;
    else [claimed] = await Promise.all([settleAndClaim(claimed, MAX_BATCH), added]);
  }
  while (kind === 'finished') {
    claimed = await settleAndClaim(claimed, MAX_BATCH);
    if (claimed.length === 0) break;
  }
  await backend.disconnect();
}
