import { setTimeout as pause } from 'node:timers/promises';
import type { Flags } from '../flags.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import type { BenchServer } from '../server.js';
import { medianOf } from '../statistics.js';
import type { SystemName } from '../systems/index.js';
import { table, times, whole } from '../table.js';

const PLACES = ['waiting', 'scheduled', 'completed'] as const;
const DAY_MS = 24 * 60 * 60_000;
/** Redis frees what clients and expiring keys have used a moment after they have gone. */
const CALM_MS = 500;

interface Case {
  readonly label: string;
  readonly system: SystemName;
  readonly place: (typeof PLACES)[number];
}

export interface Memory {
  readonly system: SystemName;
  readonly place: (typeof PLACES)[number];
  readonly bytesPerJob: number;
}

/** How much memory of Redis a job takes. */
export async function memory(server: BenchServer, flags: Flags): Promise<Memory[]> {
  const wanted: readonly SystemName[] =
    flags.systems.length > 0 ? flags.systems : ['ours', 'bullmq', 'floor+books'];
  const cases = wanted.flatMap((system) =>
    PLACES.map((place) => ({ system, place, label: `${place}: ${system}` })),
  );
  const results = await interleave(cases, flags.rounds, (one) => measure(server, one, flags));
  return [...results].map(([{ system, place }, bytes]) => ({
    system,
    place,
    bytesPerJob: medianOf(bytes),
  }));
}

export function showMemory(rows: readonly Memory[]): string {
  const bytes = (system: SystemName, place: string) =>
    rows.find((row) => row.system === system && row.place === place)?.bytesPerJob;
  const lines = [...new Set(rows.map(({ system }) => system))].map((system) => [
    system,
    ...PLACES.flatMap((place) => {
      const own = bytes(system, place)!;
      const rival = bytes('bullmq', place);
      return [whole(own), rival === undefined ? '' : times(own / rival)];
    }),
  ]);
  return table(['bytes per job', ...PLACES.flatMap((place) => [`${place}`, 'to bullmq'])], lines);
}

async function measure(
  server: BenchServer,
  { system, place }: Case,
  { jobs, payloadBytes }: Flags,
): Promise<number> {
  const common = { system, url: server.url, jobs, payloadBytes } as const;
  await server.flush();
  await pause(CALM_MS);
  const before = await server.usedMemory();
  if (place === 'scheduled') {
    const pace = { perSecond: 1_000, aheadMs: DAY_MS };
    await runChild({ role: 'send', ...pace, ...common }).result;
  } else {
    await runChild({ role: 'add', manner: 'bulk', warmUp: 0, ...common }).result;
  }
  if (place === 'completed') {
    const work = { concurrency: 50, kept: true, warmUp: 0, workMs: 0 };
    await runChild({ role: 'work', ...work, ...common }).result;
  }
  await pause(CALM_MS);
  return ((await server.usedMemory()) - before) / jobs;
}
