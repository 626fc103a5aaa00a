import { type Check, isMet } from '../goals/check.js';
import { GOAL_NAMES, type GoalName } from '../goals/goal-name.js';
import { checkLatency } from '../goals/latency-goals.js';
import { checkCluster, checkIdleness, checkRates, checkWithAof } from '../goals/other-goals.js';
import { checkSpeeds, SPEED_CLAIMS } from '../goals/speed-claims.js';
import { checkGrowth, checkMemory } from '../goals/store-goals.js';
import { checkViews } from '../goals/view-goals.js';
import { type Flags, members } from '../flags.js';
import type { BenchServer } from '../server.js';

/** What is measured together, and so in one run. */
interface Part {
  readonly goals: readonly GoalName[];
  readonly check: (
    server: BenchServer,
    flags: Flags,
    wanted: readonly GoalName[],
  ) => Promise<Check[]>;
}

const PARTS: readonly Part[] = [
  {
    goals: [...new Set(SPEED_CLAIMS.map(({ goal }) => goal))],
    check: (server, flags, wanted) =>
      checkSpeeds(
        server,
        SPEED_CLAIMS.filter(({ goal }) => wanted.includes(goal)),
        flags,
      ),
  },
  { goals: ['local'], check: checkRates },
  { goals: ['P8'], check: (server, flags) => checkLatency(server, flags, 'P8') },
  { goals: ['P9'], check: (server, flags) => checkLatency(server, flags, 'P9') },
  { goals: ['P10'], check: checkMemory },
  { goals: ['P11'], check: checkGrowth },
  { goals: ['P12'], check: checkViews },
  { goals: ['P14'], check: checkWithAof },
  { goals: ['P16'], check: checkIdleness },
  { goals: ['P17'], check: checkCluster },
];

/** Measures all that is wanted of this package, or what `--only` names, and says what is met. */
export async function goals(server: BenchServer, flags: Flags): Promise<Check[]> {
  const wanted = flags.only ? members('only', flags.only, GOAL_NAMES) : GOAL_NAMES;
  const found: Check[] = [];
  for (const part of PARTS) {
    const names = part.goals.filter((goal) => wanted.includes(goal));
    if (names.length > 0) found.push(...(await checkPart(part, names, server, flags)));
  }
  const place = ({ goal }: Check) => GOAL_NAMES.indexOf(goal);
  return found.toSorted((one, other) => place(one) - place(other));
}

export const areMet = (checks: readonly Check[]): boolean => checks.every(isMet);

/** One part that fails must not take away what others have found in many minutes. */
async function checkPart(
  { check }: Part,
  names: readonly GoalName[],
  server: BenchServer,
  flags: Flags,
): Promise<Check[]> {
  const begin = performance.now();
  console.error(`${names.join(', ')} …`);
  try {
    return await check(server, { ...flags, only: '' }, names);
  } catch (error) {
    console.error(error);
    const what = (error as Error).message;
    return names.map((goal) => ({ goal, what, bound: { atLeast: 0 }, measured: NaN }));
  } finally {
    const seconds = Math.round((performance.now() - begin) / 1_000);
    console.error(`${names.join(', ')}: ${seconds} s`);
  }
}
