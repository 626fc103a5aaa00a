import type { Flags } from '../flags.js';
import { type How, type Measurement, measurementOf, variantOf } from '../measurement.js';
import type { BenchServer } from '../server.js';
import { type Speed, speedsOf } from '../speeds.js';
import type { SystemName } from '../systems/index.js';
import type { Bound, Check } from './check.js';
import type { GoalName } from './goal-name.js';

/** What is wanted of a speed of ours, or of its CPU: by itself, or in relation to another. */
export interface SpeedClaim {
  readonly goal: GoalName;
  readonly how: How;
  readonly of?: 'nodeCpu' | 'redisCpu';
  readonly to?: SystemName | 'the same without limits';
  readonly bound: Bound;
}

const at = (concurrency: number): How => ({ work: concurrency });
const BULK: How = { add: 'bulk' };
const OUTSTANDING: How = { add: 'outstanding' };

export const SPEED_CLAIMS: readonly SpeedClaim[] = [
  { goal: 'P1', how: at(50), to: 'bullmq', bound: { atLeast: 4 } },
  { goal: 'P1', how: at(50), to: 'bee-queue', bound: { atLeast: 2.5 } },
  { goal: 'P1', how: at(50), to: 'floor+books', bound: { atLeast: 0.6 } },
  { goal: 'P2', how: at(200), to: 'bullmq', bound: { atLeast: 6 } },
  { goal: 'P2', how: at(200), to: 'floor', bound: { atLeast: 0.5 } },
  { goal: 'P3', how: at(10), to: 'bullmq', bound: { atLeast: 2.5 } },
  { goal: 'P3', how: at(1), to: 'bullmq', bound: { atLeast: 1.5 } },
  { goal: 'P4', how: at(50), of: 'redisCpu', to: 'bullmq', bound: { atMost: 1 / 5 } },
  { goal: 'P4', how: at(50), of: 'nodeCpu', to: 'bullmq', bound: { atMost: 1 / 4 } },
  { goal: 'P5', how: BULK, to: 'bullmq', bound: { atLeast: 6 } },
  { goal: 'P5', how: BULK, to: 'bee-queue', bound: { atLeast: 1.2 } },
  { goal: 'P6', how: OUTSTANDING, to: 'bullmq', bound: { atLeast: 3.5 } },
  { goal: 'P6', how: OUTSTANDING, to: 'bee-queue', bound: { atLeast: 1 } },
  { goal: 'P7', how: { add: 'awaited' }, to: 'bullmq', bound: { atLeast: 1.4 } },
  { goal: 'P13', how: at(50), to: 'agenda', bound: { atLeast: 300 } },
  {
    goal: 'P15',
    how: { work: 50, limited: true },
    to: 'the same without limits',
    bound: { atLeast: 0.7 },
  },
  { goal: 'local', how: OUTSTANDING, bound: { atLeast: 10_000 } },
  { goal: 'local', how: BULK, bound: { atLeast: 50_000 } },
  { goal: 'local', how: at(50), bound: { atLeast: 8_000 } },
];

/** P14: what holds without persistence holds with it. */
export const CLAIMS_WITH_AOF: readonly SpeedClaim[] = SPEED_CLAIMS.filter(
  ({ goal }) => goal === 'P1' || goal === 'P5',
).map((claim) => ({ ...claim, goal: 'P14' }));

/** Measures, in one run, each speed that a claim is about or compares with, once. */
export async function checkSpeeds(
  server: BenchServer,
  claims: readonly SpeedClaim[],
  flags: Flags,
): Promise<Check[]> {
  const speeds = await speedsOf(server, neededFor(claims, flags.jobs), flags);
  return claims.map((claim) => checkOf(claim, speeds));
}

/** Ours and its yardstick, if it has one. */
function sidesOf({ how, to }: SpeedClaim, jobs: number): Measurement[] {
  const ours = measurementOf('ours', how, jobs);
  if (to === undefined) return [ours];
  if (to !== 'the same without limits') return [ours, measurementOf(to, how, jobs)];
  const withoutLimits = 'work' in how ? { work: how.work } : how;
  return [ours, measurementOf('ours', withoutLimits, jobs)];
}

export function neededFor(claims: readonly SpeedClaim[], jobs: number): Measurement[] {
  const all = claims.flatMap((claim) => sidesOf(claim, jobs));
  return [...new Map(all.map((one) => [one.label, one])).values()];
}

export function checkOf(claim: SpeedClaim, speeds: readonly Speed[]): Check {
  const { goal, how, of, to, bound } = claim;
  // Only labels are compared, which do not tell of the number of jobs.
  const [ours, other] = sidesOf(claim, 0).map((one) => speedOf(one, speeds));
  const value = (speed: Speed) => (of ? speed[of] : speed.perSecond.median);
  const measured = other ? value(ours!) / value(other) : value(ours!);
  const variant = variantOf({ how, kept: false });
  const what = [ours!.title, variant, of && CPU[of], goal === 'P14' && 'AOF'];
  return {
    goal,
    what: what.filter(Boolean).join(', '),
    bound,
    measured,
    ...(to === undefined ? { unit: 'jobs/s' } : { to }),
  };
}

const CPU = { nodeCpu: 'CPU of Node', redisCpu: 'CPU of Redis' } as const;

function speedOf({ label }: Measurement, speeds: readonly Speed[]): Speed {
  const found = speeds.find((speed) => speed.label === label);
  if (found) return found;
  throw new Error(`"${label}" was not measured.`);
}
