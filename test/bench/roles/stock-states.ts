import type { JobParameters } from '../../../lib/core/contracts/job-parameters.js';
import { payloadMaker } from '../payload.js';
import { openStore, type StoreName } from '../systems/stores.js';

export interface StockStatesTask {
  readonly role: 'stock-states';
  readonly system: StoreName;
  readonly url: string;
  readonly jobs: number;
  readonly payloadBytes: number;
}

export const NAMES = 50;
export const nameOf = (n: number): string => `bench-${n % NAMES}`;

/** Of ten jobs of a name. */
export const MIX = { completed: 4, scheduled: 3, queued: 2, failed: 1 } as const;

/** The mix comes out even for every name in so many jobs. */
const UNIT = NAMES * 10;

/** About so many jobs, in which the mix comes out even. */
export const evenly = (jobs: number): number => Math.max(Math.round(jobs / UNIT), 1) * UNIT;

const AT_ONCE = 200;
const DAY_MS = 24 * 60 * 60_000;

/** Fills a store with rows of every state, of every name alike. */
export async function stockStates(task: StockStatesTask): Promise<void> {
  const { repository, disconnect } = await opened(task);
  const payload = payloadMaker(task.payloadBytes);
  const now = Date.now();
  for (let first = 0; first < task.jobs; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, task.jobs - first);
    await Promise.all(
      Array.from({ length: count }, (_, i) => {
        const n = first + i;
        return repository.saveJob({ ...rowOf(n, now), data: payload(n) });
      }),
    );
  }
  await disconnect();
}

async function opened({ system, url }: StockStatesTask) {
  const store = await openStore(system, url);
  return { repository: store.repository, disconnect: () => store.disconnect() };
}

function rowOf(n: number, now: number): JobParameters {
  const row = { name: nameOf(n), priority: 0, type: 'normal', data: null } as const;
  // Neighbours in time belong to different names.
  const ago = new Date(now - n);
  switch (stateOf(n)) {
    case 'completed':
      return { ...row, nextRunAt: null, lastRunAt: ago, lastFinishedAt: ago };
    case 'failed':
      return {
        ...row,
        nextRunAt: null,
        lastRunAt: ago,
        lastFinishedAt: ago,
        failedAt: ago,
        failCount: 1,
        failReason: 'no luck',
      };
    case 'scheduled':
      return { ...row, nextRunAt: new Date(now + DAY_MS + n) };
    case 'queued':
      return { ...row, nextRunAt: ago };
  }
}

function stateOf(n: number): keyof typeof MIX {
  let turn = Math.floor(n / NAMES) % 10;
  for (const [state, share] of Object.entries(MIX)) {
    if (turn < share) return state as keyof typeof MIX;
    turn -= share;
  }
  return 'completed';
}
