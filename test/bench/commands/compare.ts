import type { Flags } from '../flags.js';
import { type How, type Measurement, measurementOf } from '../measurement.js';
import { chosen } from '../selection.js';
import type { BenchServer } from '../server.js';
import { type Speed, speedsOf } from '../speeds.js';
import type { SystemName } from '../systems/index.js';
import { decimals, section, table, times, whole } from '../table.js';

const SYSTEMS: readonly SystemName[] = [
  'ours',
  'bullmq',
  'bee-queue',
  'agenda',
  'floor',
  'floor+books',
];

/** What the others are compared with. */
const YARDSTICKS = ['bullmq', 'bee-queue', 'floor', 'floor+books'] as const;
type Yardstick = (typeof YARDSTICKS)[number];

const LIMITED_AT = 50;

export interface Row extends Speed {
  /** Jobs per second, in relation to those of each yardstick. */
  readonly ratios: Partial<Record<Yardstick, number>>;
  /** With limits: in relation to the same without. */
  readonly toUnlimited?: number;
}

/** How fast jobs are added and worked off, by every system in turn. */
export async function compare(server: BenchServer, flags: Flags): Promise<Row[]> {
  const speeds = await speedsOf(server, chosen(casesOf(flags), flags.only), flags);
  return speeds.map((speed) => rowOf(speed, speeds));
}

export function showComparison(rows: readonly Row[]): string {
  const titles = [...new Set(rows.map(({ title }) => title))];
  return titles.map((title) => showGroup(rows.filter((row) => row.title === title))).join('\n');
}

function showGroup(rows: readonly Row[]): string {
  const isLimited = rows.some(({ toUnlimited }) => toUnlimited !== undefined);
  const head = [
    '',
    'jobs',
    'jobs/s',
    'min – max',
    ...YARDSTICKS.map((name) => `to ${name}`),
    ...(isLimited ? ['to the same without limits'] : []),
    'Node ms/1,000',
    'Redis ms/1,000',
  ];
  const ratio = (value: number | undefined) => (value === undefined ? '' : times(value));
  const lines = rows.map((row) => [
    row.variant ? `${row.system}, ${row.variant}` : row.system,
    whole(row.jobs),
    whole(row.perSecond.median),
    `${whole(row.perSecond.min)} – ${whole(row.perSecond.max)}`,
    ...YARDSTICKS.map((name) => ratio(row.ratios[name])),
    ...(isLimited ? [ratio(row.toUnlimited)] : []),
    decimals(row.nodeCpu),
    decimals(row.redisCpu),
  ]);
  return section(rows[0]!.title, table(head, lines));
}

function casesOf({ jobs, systems }: Flags): Measurement[] {
  const wanted = systems.length > 0 ? systems : SYSTEMS;
  const processing = [1, 10, 50, 200].flatMap((work) =>
    wanted.flatMap((system) => workedOff(system, work, jobs)),
  );
  const adding = (['bulk', 'bulks', 'outstanding', 'awaited'] as const).flatMap((add) =>
    wanted.map((system) => measurementOf(system, { add }, jobs)),
  );
  return [...processing, ...adding];
}

function workedOff(system: SystemName, work: number, jobs: number): Measurement[] {
  const how: How = { work };
  const plain = measurementOf(system, how, jobs);
  // The least there is keeps nothing.
  if (system === 'floor') return [plain];
  const kept = measurementOf(system, how, jobs, { kept: true });
  if (system !== 'ours' || work !== LIMITED_AT) return [plain, kept];
  return [plain, kept, measurementOf(system, { work, limited: true }, jobs)];
}

function rowOf(speed: Speed, speeds: readonly Speed[]): Row {
  const others = speeds.filter(({ title }) => title === speed.title);
  const to = (other: Speed | undefined) => other && speed.perSecond.median / other.perSecond.median;
  const ratios: Row['ratios'] = {};
  for (const name of YARDSTICKS) {
    const kept = name !== 'floor' && speed.kept;
    const ratio = to(others.find((other) => other.system === name && other.kept === kept));
    if (ratio !== undefined) ratios[name] = ratio;
  }
  if (speed.variant !== 'with limits') return { ...speed, ratios };
  const plain = others.find(({ system, variant }) => system === speed.system && variant === '');
  const toUnlimited = to(plain);
  return { ...speed, ratios, ...(toUnlimited !== undefined && { toUnlimited }) };
}
