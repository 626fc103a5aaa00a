import type { Flags } from '../flags.js';
import type { Cost } from '../meter.js';
import { BULKS_OUTSTANDING, type Manner } from '../roles/add-jobs.js';
import { interleave } from '../rounds.js';
import { runChild } from '../run-child.js';
import { BenchServer } from '../server.js';
import { medianOf, type Spread, spreadOf } from '../statistics.js';
import type { SystemName } from '../systems/index.js';
import { decimals, table, times, whole } from '../table.js';

/** What the rivals are compared with. */
const YARDSTICKS = ['bullmq', 'floor', 'floor+books'] as const;

export interface Measurement {
  readonly title: string;
  readonly system: SystemName;
  readonly kept: boolean;
  /** How jobs are added, or by how many handlers they are worked off. */
  readonly how: { readonly add: Manner } | { readonly work: number };
  readonly jobs: number;
}

interface Case extends Measurement {
  readonly label: string;
}

export interface Row {
  readonly title: string;
  readonly system: SystemName;
  readonly kept: boolean;
  readonly perSecond: Spread;
  /** CPU ms per 1,000 jobs. */
  readonly nodeCpu: number;
  readonly redisCpu: number;
  /** Jobs per second, in relation to those of each yardstick. */
  readonly ratios: Partial<Record<(typeof YARDSTICKS)[number], number>>;
}

/** How fast jobs are added and worked off, by every system in turn. */
export async function compare(server: BenchServer, flags: Flags): Promise<Row[]> {
  const results = await interleave(casesOf(flags), flags.rounds, (one) =>
    measure(server, one, flags),
  );
  const rows = [...results].map(([one, costs]) => rowOf(one, costs));
  return rows.map((row) => ({ ...row, ratios: ratiosOf(row, rows) }));
}

export function showComparison(rows: readonly Row[]): string {
  const titles = [...new Set(rows.map(({ title }) => title))];
  const head = ['', 'jobs/s', 'min – max', ...YARDSTICKS.map((name) => `to ${name}`)];
  return titles
    .map((title) => {
      const lines = rows
        .filter((row) => row.title === title)
        .map(({ system, kept, perSecond, nodeCpu, redisCpu, ratios }) => [
          kept ? `${system}, kept` : system,
          whole(perSecond.median),
          `${whole(perSecond.min)} – ${whole(perSecond.max)}`,
          ...YARDSTICKS.map((name) => (ratios[name] === undefined ? '' : times(ratios[name]))),
          decimals(nodeCpu),
          decimals(redisCpu),
        ]);
      return `${title}\n\n${table([...head, 'Node ms/1,000', 'Redis ms/1,000'], lines)}\n`;
    })
    .join('\n');
}

function casesOf({ jobs, systems, only }: Flags): Case[] {
  const wanted: readonly SystemName[] =
    systems.length > 0 ? systems : ['ours', 'bullmq', 'floor', 'floor+books'];
  const slow = Math.ceil(jobs / 4);
  const cases: Measurement[] = [];
  for (const work of [1, 10, 50, 200]) {
    for (const system of wanted) {
      // The least there is keeps nothing.
      for (const kept of system === 'floor' ? [false] : [false, true]) {
        const title = `process, concurrency ${work}`;
        cases.push({ title, system, kept, how: { work }, jobs: work === 1 ? slow : jobs });
      }
    }
  }
  const manners: readonly [Manner, string, number][] = [
    ['bulk', 'add in bulk, 100 per call', jobs],
    ['bulks', `add in bulk, ${BULKS_OUTSTANDING} calls at once`, jobs],
    ['outstanding', 'add, 100 outstanding', jobs],
    ['awaited', 'add, one awaited at a time', slow],
  ];
  for (const [add, title, count] of manners) {
    for (const system of wanted) {
      cases.push({ title, system, kept: false, how: { add }, jobs: count });
    }
  }
  return cases
    .filter(({ title }) => title.includes(only))
    .map((one) => ({ ...one, label: `${one.title}: ${one.system}${one.kept ? ', kept' : ''}` }));
}

/** Jobs that pass through the process before its clock starts: code that has just been loaded is slow. */
export const warmUpOf = (jobs: number): number => Math.min(Math.ceil(jobs / 4), 5_000);

export async function measure(
  server: BenchServer,
  { system, kept, how, jobs }: Measurement,
  { payloadBytes, workMs }: Pick<Flags, 'payloadBytes' | 'workMs'>,
  extras: { profileFile?: string; beforeClock?: () => Promise<void> } = {},
): Promise<Cost> {
  const { url } = server;
  const warmUp = warmUpOf(jobs);
  const common = { system, url, jobs: jobs + warmUp, payloadBytes } as const;
  const { profileFile, beforeClock } = extras;
  const profiled = profileFile === undefined ? {} : { profileFile };
  await server.flush();
  if ('work' in how) await runChild({ role: 'add', manner: 'bulk', warmUp: 0, ...common }).result;
  await beforeClock?.();
  if ('add' in how) {
    return runChild({ role: 'add', manner: how.add, warmUp, ...common, ...profiled }).result;
  }
  const { work: concurrency } = how;
  const task = { role: 'work', concurrency, kept, warmUp, workMs, ...common, ...profiled } as const;
  return runChild(task).result;
}

function rowOf({ title, system, kept, jobs }: Case, costs: readonly Cost[]): Row {
  const perThousand = (ms: number) => (ms / jobs) * 1_000;
  return {
    title,
    system,
    kept,
    perSecond: spreadOf(costs.map(({ ms }) => (jobs / ms) * 1_000)),
    nodeCpu: perThousand(medianOf(costs.map(({ nodeMs }) => nodeMs))),
    redisCpu: perThousand(medianOf(costs.map(({ redisMs }) => redisMs))),
    ratios: {},
  };
}

function ratiosOf(row: Row, rows: readonly Row[]): Row['ratios'] {
  const ratios: Row['ratios'] = {};
  for (const name of YARDSTICKS) {
    const kept = name !== 'floor' && row.kept;
    const yardstick = rows.find(
      (other) => other.title === row.title && other.system === name && other.kept === kept,
    );
    if (yardstick) ratios[name] = row.perSecond.median / yardstick.perSecond.median;
  }
  return ratios;
}
