import type { Flags } from '../flags.js';
import { interleave } from '../rounds.js';
import type { BenchServer } from '../server.js';
import { type Spread, spreadOf } from '../statistics.js';
import { table, times, whole } from '../table.js';
import { measure, type Measurement } from './compare.js';
import { MEASURED_RATES, type RateFigure, rateFigures } from './rates.js';

/*
 * What is promised on one local Redis, in jobs per second of one process, and how long 400 jobs take under a
 * rate limit. A figure that is missed ends the command with an error.
 */

interface Promised extends Pick<Measurement, 'title' | 'how'> {
  readonly atLeast: number;
}

const PROMISED: readonly Promised[] = [
  { title: 'add, 100 outstanding', how: { add: 'outstanding' }, atLeast: 10_000 },
  { title: 'add in bulk, 100 per call', how: { add: 'bulk' }, atLeast: 50_000 },
  { title: 'claim, run and complete, concurrency 50', how: { work: 50 }, atLeast: 8_000 },
];

interface Figure extends Promised {
  readonly perSecond: Spread;
  readonly isMet: boolean;
}

export interface Figures {
  readonly speeds: readonly Figure[];
  readonly rates: readonly RateFigure[];
}

export async function figures(server: BenchServer, flags: Flags): Promise<Figures> {
  const { jobs, rounds } = flags;
  const cases = PROMISED.filter(({ title }) => title.includes(flags.only)).map((promised) => ({
    ...promised,
    label: promised.title,
  }));
  const results = await interleave(cases, rounds, (one) =>
    measure(server, { ...one, system: 'ours', kept: true, jobs }, flags),
  );
  const speeds = [...results].map(([{ title, how, atLeast }, costs]) => {
    const perSecond = spreadOf(costs.map(({ ms }) => (jobs / ms) * 1_000));
    return { title, how, atLeast, perSecond, isMet: perSecond.median >= atLeast };
  });
  const rates = MEASURED_RATES.includes(flags.only) ? await rateFigures(server, rounds) : [];
  return { speeds, rates };
}

export function showFigures({ speeds, rates }: Figures): string {
  const speedLines = speeds.map(({ title, atLeast, perSecond: { median, min, max }, isMet }) => [
    title,
    whole(atLeast),
    whole(median),
    `${whole(min)} – ${whole(max)}`,
    word(isMet),
  ]);
  const rateLines = rates.map(({ processes, idealMs, tookMs, isMet }) => [
    processes,
    whole(idealMs),
    whole(tookMs.median),
    `${whole(tookMs.min)} – ${whole(tookMs.max)}`,
    times(tookMs.median / idealMs),
    word(isMet),
  ]);
  return [
    table(['one process, one Redis', 'promised jobs/s', 'jobs/s', 'min – max', ''], speedLines),
    table(
      [`${MEASURED_RATES}: processes`, 'ideal ms', 'ms', 'min – max', 'to ideal', ''],
      rateLines,
    ),
  ].join('\n\n');
}

export const areMet = ({ speeds, rates }: Figures): boolean =>
  [...speeds, ...rates].every(({ isMet }) => isMet);

const word = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');
