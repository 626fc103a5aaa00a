import { KINDS, latency, type Latency } from '../commands/latency.js';
import type { Flags } from '../flags.js';
import type { BenchServer } from '../server.js';
import type { Check } from './check.js';
import type { GoalName } from './goal-name.js';

interface Wanted {
  readonly goal: GoalName;
  readonly title: Latency['title'];
  readonly at: 'p50' | 'p99';
  /** In relation to BullMQ's; in ms where `unit` says so. */
  readonly atMost: number;
  readonly unit?: 'ms';
}

const [SLOW, FAST, SCHEDULED] = KINDS.map(({ title }) => title);

export const LATENCIES_WANTED: readonly Wanted[] = [
  { goal: 'P8', title: SLOW!, at: 'p99', atMost: 0.4 },
  { goal: 'P8', title: SLOW!, at: 'p50', atMost: 0.6 },
  { goal: 'P8', title: FAST!, at: 'p99', atMost: 0.1 },
  { goal: 'P8', title: FAST!, at: 'p50', atMost: 0.6 },
  { goal: 'P9', title: SCHEDULED!, at: 'p99', atMost: 10, unit: 'ms' },
  { goal: 'P9', title: SCHEDULED!, at: 'p99', atMost: 0.1 },
];

const WORDS = { P8: 'enqueue to start', P9: 'lateness' } as const;

export async function checkLatency(
  server: BenchServer,
  flags: Flags,
  goal: 'P8' | 'P9',
): Promise<Check[]> {
  const systems = ['ours', 'bullmq'] as const;
  const rows = await latency(server, { ...flags, systems, only: WORDS[goal] });
  return LATENCIES_WANTED.filter((wanted) => wanted.goal === goal).map((wanted) =>
    checkOf(wanted, rows),
  );
}

export function checkOf(
  { goal, title, at, atMost, unit }: Wanted,
  rows: readonly Latency[],
): Check {
  const delayOf = (system: string) =>
    rows.find((row) => row.title === title && row.system === system)?.delays?.[at];
  const ours = delayOf('ours') ?? NaN;
  const common = { goal, what: `${title}, ${at}`, bound: { atMost } };
  if (unit) return { ...common, unit, measured: ours };
  return { ...common, to: 'bullmq', measured: ours / (delayOf('bullmq') ?? NaN) };
}
