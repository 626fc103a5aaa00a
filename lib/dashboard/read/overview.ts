import type { NameMetrics, Pause, PausedNames, StateCounts } from '../../core/index.js';
import type { Counts, NameOverview, Overview, PauseInfo } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import { ifSupported } from './if-supported.js';
import { isoOf } from './instants.js';
import { MINUTES, MinutePoints } from './minute-points.js';

/** Everything at a glance; costs a few calls, whatever is stored. */
export async function readOverview(instance: DashboardInstance): Promise<Overview> {
  const { scheduler } = instance;
  const [counts, metrics, pauses, hosts] = await Promise.all([
    scheduler.counts(),
    ifSupported(() => scheduler.metrics({ minutes: MINUTES }), {}),
    ifSupported<PausedNames>(() => scheduler.pauses(), { names: {} }),
    ifSupported(() => scheduler.hosts(), []),
  ]);
  const now = instance.now();
  const points = new MinutePoints(now);
  // Of some names no job stays: those that are removed when they are done.
  const busy = Object.keys(metrics).filter((name) => metrics[name]!.minutes.length > 0);
  const names = [...new Set([...Object.keys(counts), ...Object.keys(pauses.names), ...busy])]
    .sort()
    .map((name) =>
      nameOverview(points, name, own(counts, name), own(metrics, name), own(pauses.names, name)),
    );
  return {
    at: new Date(now).toISOString(),
    totals: totalOf(names.map((name) => name.counts)),
    latencyMs: Math.max(0, ...names.map(({ latencyMs }) => latencyMs)),
    pause: pauses.all ? pauseInfo(pauses.all) : null,
    hosts: hosts.length,
    names,
    throughput: points.of(Object.values(metrics)),
  };
}

export function nameOverview(
  points: MinutePoints,
  name: string,
  counts: StateCounts | undefined,
  metrics: NameMetrics | undefined,
  pause: Pause | undefined,
): NameOverview {
  return {
    name,
    counts: totalOf(counts ? [counts] : []),
    latencyMs: metrics?.latencyMs ?? 0,
    pause: pause ? pauseInfo(pause) : null,
    completed: points.numbers(metrics, 'completed'),
    failed: points.numbers(metrics, 'failed'),
  };
}

const pauseInfo = ({ at, reason, by }: Pause): PauseInfo => ({
  at: isoOf(at),
  reason: reason ?? null,
  by: by ?? null,
});

const STATES = [
  'scheduled',
  'queued',
  'running',
  'completed',
  'failed',
  'repeating',
  'dead',
  'paused',
  'total',
] as const satisfies readonly (keyof Counts)[];

function totalOf(all: readonly Counts[]): Counts {
  const ofState = (state: keyof Counts) => all.reduce((sum, counts) => sum + counts[state], 0);
  return Object.fromEntries(STATES.map((state) => [state, ofState(state)])) as Record<
    keyof Counts,
    number
  >;
}

/** A job may be called `constructor`. */
const own = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;
