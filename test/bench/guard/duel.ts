/** The rounds of ours and of the floor in one measurement, by something of which more is better. */
export interface Duel {
  readonly title: string;
  readonly of: string;
  readonly ours: readonly number[];
  readonly floor: readonly number[];
  /** The least of ours to the floor. */
  readonly atLeast: number;
}

/** So close above the bound, or below it, more rounds decide. */
const NEAR = 1.15;

/** What disturbs can only slow down, so of each the best round tells what it can do. */
export const ratioOf = ({ ours, floor }: Duel): number => Math.max(...ours) / Math.max(...floor);

/** Nothing measured is nothing shown. */
export const isWon = (duel: Duel): boolean =>
  duel.ours.length > 0 && duel.floor.length > 0 && ratioOf(duel) >= duel.atLeast;

export const isNear = (duel: Duel): boolean => !(ratioOf(duel) >= duel.atLeast * NEAR);
