import { setTimeout as pause } from 'node:timers/promises';
import type { Flags } from '../flags.js';
import { sizeOf } from '../measurement.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { medianOf } from '../statistics.js';
import type { SystemName } from '../systems/index.js';
import { table, times, whole } from '../table.js';

const SYSTEMS: readonly SystemName[] = ['ours', 'bullmq', 'bee-queue', 'agenda', 'floor+books'];
const YARDSTICKS = ['bullmq', 'bee-queue'] as const;

export const PLACES = ['waiting', 'scheduled', 'completed'] as const;
export type Place = (typeof PLACES)[number];

const CONCURRENCY = 50;
const DAY_MS = 24 * 60 * 60_000;
/** Redis frees what clients and expiring keys have used a moment after they have gone. */
const CALM_MS = 500;

interface Case {
  readonly label: string;
  readonly system: SystemName;
  readonly place: Place;
  readonly jobs: number;
}

export interface Memory extends Pick<Case, 'system' | 'place' | 'jobs'> {
  readonly bytesPerJob: number;
}

/** How much memory of Redis a job takes. */
export async function memory(server: BenchServer, flags: Flags): Promise<Memory[]> {
  const wanted = flags.systems.length > 0 ? flags.systems : SYSTEMS;
  const cases = wanted.flatMap((system) =>
    PLACES.map((place) => ({
      system,
      place,
      jobs: jobsOf(system, place, flags.jobs),
      label: `${place}: ${system}`,
    })),
  );
  const results = await interleave(chosen(cases, flags.only), flags.rounds, (one) =>
    measure(server, one, flags),
  );
  return [...results].map(([{ system, place, jobs }, bytes]) => ({
    system,
    place,
    jobs,
    bytesPerJob: medianOf(bytes),
  }));
}

export function showMemory(rows: readonly Memory[]): string {
  const head = [
    'bytes per job',
    'jobs',
    ...PLACES.flatMap((place) => [place, ...YARDSTICKS.map((name) => `to ${name}`)]),
  ];
  const bytes = (system: SystemName, place: Place) =>
    rows.find((row) => row.system === system && row.place === place)?.bytesPerJob;
  const lines = [...new Set(rows.map(({ system }) => system))].map((system) => {
    const counts = rows.filter((row) => row.system === system).map(({ jobs }) => whole(jobs));
    const cells = PLACES.flatMap((place) => {
      const own = bytes(system, place);
      if (own === undefined) return ['', ...YARDSTICKS.map(() => '')];
      const ratios = YARDSTICKS.map((name) => {
        const other = bytes(name, place);
        return other === undefined ? '' : times(own / other);
      });
      return [whole(own), ...ratios];
    });
    return [system, [...new Set(counts)].join(' / '), ...cells];
  });
  return table(head, lines);
}

const jobsOf = (system: SystemName, place: Place, jobs: number): number =>
  sizeOf(system, place === 'completed' ? { work: CONCURRENCY } : { add: 'bulk' }, jobs).jobs;

async function measure(
  server: BenchServer,
  { system, place, jobs }: Case,
  { payloadBytes }: Flags,
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
    const work = { concurrency: CONCURRENCY, kept: true, warmUp: 0, workMs: 0 };
    await runChild({ role: 'work', ...work, ...common }).result;
  }
  await pause(CALM_MS);
  return ((await server.usedMemory()) - before) / jobs;
}
