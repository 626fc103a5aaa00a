import { LEASE_MS } from './paces.js';
import type { Random } from '../../support/random.js';
import type { PlannedJob } from './simulation.js';

/** How long handlers work: a job takes a second in the middle. */
const WORK_MS = { least: 200, most: 1_800 };
/** Some work for longer than a lease. */
const LONG_WORK_MS = { least: LEASE_MS, most: 2 * LEASE_MS };
const AHEAD_MS = 20_000;

/**
 * Jobs at a steady pace, of all names alike: half of them for now, half scheduled for a time ahead.
 *
 * @param perSecond - how many are due each second
 * @param long - how many of them work for longer than a lease; `0.05`: one in twenty
 */
export function steadyLoad(
  random: Random,
  names: readonly string[],
  {
    word,
    jobs,
    perSecond,
    long = 0,
  }: { word: string; jobs: number; perSecond: number; long?: number },
): PlannedJob[] {
  const start = Date.now();
  return Array.from({ length: jobs }, (_, i) => {
    const dueAt = start + Math.floor((i * 1_000) / perSecond);
    const aheadMs = random.happens(0.5) ? random.between(1, AHEAD_MS) : 0;
    const addedAt = Math.max(start, dueAt - aheadMs);
    const takesMs = takes(random, random.happens(long) ? LONG_WORK_MS : WORK_MS);
    return { id: `${word}-${i}`, name: random.pick(names), addedAt, dueAt, takesMs };
  });
}

/** Of so many names one is loud, and has ten times as many jobs as the others. */
const LOUD_EACH = 21;
const LOUDER = 10;

export const isLoud = (name: string, names: readonly string[]): boolean =>
  names.indexOf(name) % LOUD_EACH === 0;

/** Far more than there are slots, all at once. @param jobs - about how many */
export function flood(
  random: Random,
  names: readonly string[],
  { jobs }: { jobs: number },
): PlannedJob[] {
  const at = Date.now();
  const shares = names.map((name) => ({ name, share: isLoud(name, names) ? LOUDER : 1 }));
  const perShare = Math.round(jobs / shares.reduce((sum, { share }) => sum + share, 0));
  return Array.from({ length: perShare * LOUDER }).flatMap((_, i) =>
    shares
      .filter(({ share }) => i < perShare * share)
      .map(({ name }) => ({
        id: `flood-${name}-${i}`,
        name,
        addedAt: at,
        dueAt: at,
        takesMs: takes(random),
      })),
  );
}

/** One now and then, while all others stand by. */
export function loneJobs(
  random: Random,
  names: readonly string[],
  { jobs, everyMs }: { jobs: number; everyMs: number },
): PlannedJob[] {
  const start = Date.now();
  return Array.from({ length: jobs }, (_, i) => {
    const at = start + i * everyMs;
    return {
      id: `lone-${i}`,
      name: random.pick(names),
      addedAt: at,
      dueAt: at,
      takesMs: takes(random),
    };
  });
}

const takes = (random: Random, { least, most } = WORK_MS): number => random.between(least, most);
