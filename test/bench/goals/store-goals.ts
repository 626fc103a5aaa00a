import { growth } from '../commands/growth.js';
import { memory, PLACES } from '../commands/memory.js';
import type { Flags } from '../flags.js';
import { STOCK_KINDS } from '../roles/stock-up.js';
import type { BenchServer } from '../server.js';
import { whole } from '../table.js';
import type { Check } from './check.js';

/** P10 and P11: what jobs take up, and what many of them cost. */

/** Memory is the same in every round. */
const MEMORY_ROUNDS = 1;
const MOST_MEMORY = { bullmq: 0.5, 'bee-queue': 1 } as const;

export async function checkMemory(server: BenchServer, flags: Flags): Promise<Check[]> {
  const rivals = ['bullmq', 'bee-queue'] as const;
  const systems = ['ours', ...rivals] as const;
  const rows = await memory(server, { ...flags, systems, only: '', rounds: MEMORY_ROUNDS });
  return PLACES.flatMap((place) => {
    const bytesOf = (system: string) =>
      rows.find((row) => row.place === place && row.system === system)?.bytesPerJob ?? NaN;
    return rivals.map((to) => ({
      goal: 'P10' as const,
      what: `memory of a ${place} job`,
      bound: { atMost: MOST_MEMORY[to] },
      to,
      measured: bytesOf('ours') / bytesOf(to),
    }));
  });
}

const MOST_GROWTH = 1.3;

export async function checkGrowth(server: BenchServer, flags: Flags): Promise<Check[]> {
  const rows = await growth(server, { ...flags, stock: STOCK_KINDS });
  return rows
    .filter(({ stock }) => stock !== 'none')
    .map(({ stock, stored, ratio }) => ({
      goal: 'P11',
      what: `enqueue, claim and settle with ${whole(stored)} ${stock} jobs`,
      bound: { atMost: MOST_GROWTH },
      to: 'an empty store',
      measured: ratio,
    }));
}
