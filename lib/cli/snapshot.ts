import type { JobScheduler, NameMetrics, Pause, PausedNames, StateCounts } from '../core/index.js';

/** Minutes of which rates are told: the present one has only begun. */
const MINUTES = 6;

/** What `top` shows, as of one instant; lengths of time in ms. */
export interface Snapshot {
  readonly at: Date;
  readonly hosts: { readonly alive: number; readonly running: number; readonly slots: number };
  /** Present when everything is paused. */
  readonly pause: Pause | null;
  /** The busiest first. */
  readonly names: readonly NameSnapshot[];
}

export interface NameSnapshot {
  readonly name: string;
  readonly counts: StateCounts;
  readonly pause: Pause | null;
  /** For how long the oldest due job has been waiting. */
  readonly latencyMs: number;
  /** Over the last five whole minutes. */
  readonly perMinute: Rates;
}

export interface Rates {
  readonly added: number;
  readonly completed: number;
  readonly failed: number;
}

/** Four questions, whatever the number of jobs. */
export async function readSnapshot(scheduler: JobScheduler): Promise<Snapshot> {
  const [counts, metrics, pauses, hosts] = await Promise.all([
    scheduler.counts(),
    scheduler.metrics({ minutes: MINUTES }),
    scheduler.pauses(),
    scheduler.hosts(),
  ]);
  const at = new Date();
  const names = Object.keys(counts).map((name) =>
    nameSnapshot(name, counts[name]!, ownOf(metrics, name), pauses, at),
  );
  return {
    at,
    hosts: {
      alive: hosts.length,
      running: hosts.reduce((sum, { running }) => sum + running, 0),
      slots: hosts.reduce((sum, { slots }) => sum + slots, 0),
    },
    pause: pauses.all ?? null,
    names: names.toSorted(busiestFirst),
  };
}

function nameSnapshot(
  name: string,
  counts: StateCounts,
  metrics: NameMetrics | undefined,
  { names }: PausedNames,
  at: Date,
): NameSnapshot {
  return {
    name,
    counts,
    pause: ownOf(names, name) ?? null,
    latencyMs: metrics?.latencyMs ?? 0,
    perMinute: ratesOf(metrics, at),
  };
}

/** A job may be called `constructor`. */
function ownOf<Value>(of: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

/** Of whole minutes alone. */
function ratesOf(metrics: NameMetrics | undefined, now: Date): Rates {
  const present = Math.floor(now.getTime() / 60_000) * 60_000;
  const minutes = (metrics?.minutes ?? []).filter(({ at }) => at.getTime() < present);
  const rate = (of: 'enqueued' | 'completed' | 'failed'): number =>
    minutes.reduce((sum, minute) => sum + minute[of], 0) / (MINUTES - 1);
  return { added: rate('enqueued'), completed: rate('completed'), failed: rate('failed') };
}

function busiestFirst(a: NameSnapshot, b: NameSnapshot): number {
  const byWork = workOf(b) - workOf(a);
  if (byWork !== 0) return byWork;
  return a.name < b.name ? -1 : 1;
}

const workOf = ({ counts: { running, queued } }: NameSnapshot): number => running + queued;
