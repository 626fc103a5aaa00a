import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { selfTimes } from '../cpu-profile.js';
import type { Flags } from '../flags.js';
import type { Cost } from '../meter.js';
import type { CommandCost } from '../command-stats.js';
import { type How, measure, measurementOf, WARM_UP } from '../measurement.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import type { SystemName } from '../systems/index.js';
import { decimals, table, whole } from '../table.js';

const LINES = 40;

/** Where the time of one system goes: functions by their own time, and commands of Redis per job. */
export async function profile(server: BenchServer, flags: Flags): Promise<string> {
  const parts: string[] = [];
  for (const system of flags.systems.length > 0 ? flags.systems : (['ours'] as const)) {
    for (const { label, how } of chosen(KINDS, flags.only)) {
      parts.push(await profileOne(server, flags, system, label, how));
    }
  }
  return parts.join('\n');
}

const KINDS: readonly { readonly label: string; readonly how: How }[] = [
  { label: 'add in bulk', how: { add: 'bulk' } },
  { label: 'add, 100 outstanding', how: { add: 'outstanding' } },
  { label: 'process, concurrency 1', how: { work: 1 } },
  { label: 'process, concurrency 10', how: { work: 10 } },
  { label: 'process, concurrency 50', how: { work: 50 } },
  { label: 'process with limits, concurrency 50', how: { work: 50, limited: true } },
];

async function profileOne(
  server: BenchServer,
  flags: Flags,
  system: SystemName,
  title: string,
  how: How,
): Promise<string> {
  mkdirSync(flags.prof, { recursive: true });
  const name = `${system}-${title}`.replace(/[^a-z0-9+]+/g, '-');
  const profileFile = resolve(flags.prof, `${name}.cpuprofile`);
  const one = { ...measurementOf(system, how, flags.jobs), jobs: flags.jobs, warmUp: WARM_UP };
  const { jobs, warmUp } = one;
  const cost = await measure(server, one, flags, {
    profileFile,
    beforeClock: () => server.resetCommandStats(),
  });
  const stats = await server.commandStats();
  return [
    `${system}, ${title}: ${summary(cost, jobs)}`,
    commands(stats, jobs + warmUp),
    functions(profileFile, jobs),
    '',
  ].join('\n\n');
}

function summary({ ms, nodeMs, redisMs }: Cost, jobs: number): string {
  const perJob = (value: number) => decimals((value / jobs) * 1_000);
  return `${whole((jobs / ms) * 1_000)} jobs/s while profiled, ${perJob(nodeMs)} µs Node and ${perJob(redisMs)} µs Redis per job`;
}

function commands(stats: Map<string, CommandCost>, jobs: number): string {
  const rows = [...stats]
    .sort(([, a], [, b]) => b.microseconds - a.microseconds)
    .map(([name, { calls, microseconds }]) => [
      name,
      decimals(calls / jobs, 3),
      decimals(microseconds / jobs, 2),
    ]);
  return table(['command', 'per job', 'µs per job'], rows);
}

function functions(file: string, jobs: number): string {
  const found = selfTimes(readFileSync(file, 'utf8'));
  const total = found.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const rows = found
    .slice(0, LINES)
    .map(({ name, place, microseconds }) => [
      name,
      place,
      decimals(microseconds / jobs, 2),
      `${decimals((microseconds / total) * 100)} %`,
    ]);
  return table(['function', 'where', 'µs per job', 'of all'], rows);
}
