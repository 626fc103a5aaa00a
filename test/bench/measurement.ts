import type { Flags } from './flags.js';
import type { Cost } from './meter.js';
import { BULKS_OUTSTANDING, type Manner } from './roles/add-jobs.js';
import { runChild } from './run-child.js';
import type { BenchServer } from './server.js';
import type { SystemName } from './systems/index.js';

/** How jobs are added, or by how many handlers they are worked off. */
export type How =
  | { readonly add: Manner }
  | {
      readonly work: number;
      /** Under a rate limit and a global concurrency that never hold anything back; only by ours. */
      readonly limited?: boolean;
    };

/** One stretch of adding or working off, by one system. */
export interface Measurement {
  readonly label: string;
  readonly title: string;
  readonly system: SystemName;
  readonly kept: boolean;
  readonly how: How;
  /** How many are measured, and how many pass through the process before. */
  readonly jobs: number;
  readonly warmUp: number;
}

/**
 * So many jobs pass through a process before its clock starts, in whatever way is measured: by then the
 * compiler has done its work (`docs/benchmarks.md` has the figures).
 */
export const WARM_UP = 5_000;

/** One at a time takes long, and its rate soon shows. */
const SLOW_SHARE = 1 / 4;

/**
 * Agenda looks at every job of the name for each one that it locks, and locks all that are due before it runs the
 * first: the clock must start with the worker, and twice as many jobs take four times as long. So many take some 7 s.
 */
const AGENDA_WORKS_OFF = { jobs: 800, warmUp: 0 } as const;
const AGENDA_ADDS = { share: 1 / 8, warmUp: 500 } as const;

export function measurementOf(
  system: SystemName,
  how: How,
  jobs: number,
  { kept = false }: { kept?: boolean } = {},
): Measurement {
  const title = titleOf(how);
  const variant = variantOf({ kept, how });
  const label = `${title}: ${system}${variant && `, ${variant}`}`;
  return { label, title, system, kept, how, ...sizeOf(system, how, jobs) };
}

/** How it differs from the other measurements of a system with its title; empty if it is the plain one. */
export function variantOf({ kept, how }: Pick<Measurement, 'kept' | 'how'>): string {
  if ('work' in how && how.limited) return 'with limits';
  return kept ? 'kept' : '';
}

export function sizeOf(
  system: SystemName,
  how: How,
  jobs: number,
): Pick<Measurement, 'jobs' | 'warmUp'> {
  const isSlow = 'work' in how ? how.work === 1 : how.add === 'awaited';
  const many = Math.ceil(jobs * (isSlow ? SLOW_SHARE : 1));
  if (system !== 'agenda') return { jobs: many, warmUp: WARM_UP };
  if ('work' in how) return { ...AGENDA_WORKS_OFF, jobs: Math.min(AGENDA_WORKS_OFF.jobs, many) };
  return { jobs: Math.ceil(many * AGENDA_ADDS.share), warmUp: AGENDA_ADDS.warmUp };
}

const MANNERS: Readonly<Record<Manner, string>> = {
  bulk: 'add in bulk, 100 per call',
  bulks: `add in bulk, ${BULKS_OUTSTANDING} calls at once`,
  outstanding: 'add, 100 outstanding',
  awaited: 'add, one awaited at a time',
};

export const titleOf = (how: How): string =>
  'work' in how ? `process, concurrency ${how.work}` : MANNERS[how.add];

interface Extras {
  readonly profileFile?: string;
  readonly beforeClock?: () => Promise<void>;
}

export async function measure(
  server: BenchServer,
  { system, kept, how, jobs, warmUp }: Measurement,
  { payloadBytes, workMs }: Pick<Flags, 'payloadBytes' | 'workMs'>,
  { profileFile, beforeClock }: Extras = {},
): Promise<Cost> {
  const { url } = server;
  const common = { system, url, jobs: jobs + warmUp, payloadBytes } as const;
  const profiled = profileFile === undefined ? {} : { profileFile };
  await server.flush();
  if ('work' in how) await runChild({ role: 'add', manner: 'bulk', warmUp: 0, ...common }).result;
  await beforeClock?.();
  if ('add' in how) {
    return runChild({ role: 'add', manner: how.add, warmUp, ...common, ...profiled }).result;
  }
  const { work: concurrency, limited = false } = how;
  const worker = { concurrency, limited, kept, warmUp, workMs } as const;
  return runChild({ role: 'work', ...worker, ...common, ...profiled }).result;
}
