import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { selfTimes } from '../cpu-profile.js';
import type { Flags } from '../flags.js';
import type { Cost } from '../meter.js';
import type { CommandCost } from '../command-stats.js';
import type { BenchServer } from '../server.js';
import type { SystemName } from '../systems/index.js';
import { decimals, table, whole } from '../table.js';
import { measure, warmUpOf } from './compare.js';

const LINES = 40;

/** Where the time of one system goes: functions by their own time, and commands of Redis per job. */
export async function profile(server: BenchServer, flags: Flags): Promise<string> {
  const parts: string[] = [];
  for (const system of flags.systems.length > 0 ? flags.systems : (['ours'] as const)) {
    for (const { title, how } of KINDS.filter(({ title }) => title.includes(flags.only))) {
      parts.push(await profileOne(server, flags, system, title, how));
    }
  }
  return parts.join('\n');
}

const KINDS = [
  { title: 'add in bulk', how: { add: 'bulk' } },
  { title: 'add, 100 outstanding', how: { add: 'outstanding' } },
  { title: 'process, concurrency 1', how: { work: 1 } },
  { title: 'process, concurrency 10', how: { work: 10 } },
  { title: 'process, concurrency 50', how: { work: 50 } },
] as const;

async function profileOne(
  server: BenchServer,
  flags: Flags,
  system: SystemName,
  title: string,
  how: (typeof KINDS)[number]['how'],
): Promise<string> {
  mkdirSync(flags.prof, { recursive: true });
  const name = `${system}-${title}`.replace(/[^a-z0-9+]+/g, '-');
  const profileFile = resolve(flags.prof, `${name}.cpuprofile`);
  const { jobs } = flags;
  const cost = await measure(server, { title, system, kept: false, how, jobs }, flags, {
    profileFile,
    beforeClock: () => server.resetCommandStats(),
  });
  const stats = await server.commandStats();
  const withWarmUp = jobs + warmUpOf(jobs);
  return [
    `${system}, ${title}: ${summary(cost, jobs)}`,
    commands(stats, withWarmUp),
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
