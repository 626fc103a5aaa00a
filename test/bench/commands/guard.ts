import type { Flags } from '../flags.js';
import { GUARDED, type Guarded, type Yield, YIELDS } from '../guard/bounds.js';
import { type Duel, isNear, isWon, ratioOf } from '../guard/duel.js';
import { measure, type Measurement, measurementOf, WARM_UP } from '../measurement.js';
import type { Cost } from '../meter.js';
import { interleave } from '../rounds.js';
import type { BenchServer } from '../server.js';
import { table, times, whole } from '../table.js';

/*
 * Fails when ours has become much slower beside the floor that keeps the same books, or needs much more CPU,
 * measured in turn with it in the same run. What disturbs the machine can only make a round worse, so the best
 * round of each counts; what is near its bound gets as many rounds again before it fails.
 */

const ROUNDS = 3;
const YARDSTICK = 'floor+books';

interface Side extends Measurement {
  readonly guarded: Guarded;
}

type Costs = Map<Side, Cost[]>;

export async function guard(server: BenchServer, flags: Flags): Promise<Duel[]> {
  const sides = GUARDED.flatMap(sidesOf);
  const costs = await fight(server, sides, flags);
  const duels = () => GUARDED.flatMap((guarded) => duelsOf(guarded, costs));
  const near = duels().filter(isNear);
  const again = sides.filter(({ title }) => near.some((duel) => duel.title === title));
  for (const [side, more] of await fight(server, again, flags)) costs.get(side)!.push(...more);
  return duels();
}

export const areWon = (duels: readonly Duel[]): boolean => duels.every(isWon);

export function showGuard(duels: readonly Duel[]): string {
  const head = ['best round', 'of', 'ours', YARDSTICK, 'ratio', 'at least', ''];
  return table(
    head,
    duels.map((duel) => [
      duel.title,
      duel.of,
      whole(Math.max(...duel.ours)),
      whole(Math.max(...duel.floor)),
      times(ratioOf(duel)),
      times(duel.atLeast),
      isWon(duel) ? 'met' : 'MISSED',
    ]),
  );
}

function sidesOf(guarded: Guarded): Side[] {
  const { how, jobs } = guarded;
  const warmUp = Math.min(WARM_UP, jobs);
  return (['ours', YARDSTICK] as const).map((system) => ({
    ...measurementOf(system, how, jobs),
    jobs,
    warmUp,
    guarded,
  }));
}

/** No round warms up: only the best one counts. */
function fight(server: BenchServer, sides: readonly Side[], flags: Flags): Promise<Costs> {
  return interleave(sides, ROUNDS, (side) => measure(server, side, flags), { warmsUp: false });
}

function duelsOf(guarded: Guarded, costs: Costs): Duel[] {
  const { title, atLeast } = guarded;
  const roundsOf = (system: string, of: Yield) =>
    [...costs]
      .filter(([side]) => side.guarded === guarded && side.system === system)
      .flatMap(([{ jobs }, rounds]) => rounds.map((cost) => jobs * YIELDS[of](cost)));
  return (Object.entries(atLeast) as [Yield, number][]).map(([of, least]) => ({
    title,
    of,
    atLeast: least,
    ours: roundsOf('ours', of),
    floor: roundsOf(YARDSTICK, of),
  }));
}
