/** Of each name so many instants are known; what lies behind them is left to polling. */
const MOST_OF_A_NAME = 1_000;
/** A store may round a job's time up by so much, and not hand it out at its very millisecond. */
const ROUNDING_MS = 2;

/**
 * When jobs are due, as far as this process has heard: from its own saves and from news. The plain
 * contract cannot tell, so this is what a host sleeps by; a job that nobody told of is found by polling.
 */
export class Timetable {
  private readonly byName = new Map<string, number[]>();

  note(name: string, at: number): void {
    let instants = this.byName.get(name);
    if (!instants) this.byName.set(name, (instants = []));
    const place = firstNotBefore(instants, at);
    if (instants[place] === at) return;
    instants.splice(place, 0, at);
    if (instants.length > MOST_OF_A_NAME) instants.pop();
  }

  /** A claim sent then left nothing due of this name: what was due before it is over. */
  passed(name: string, sentAt: number): void {
    const instants = this.byName.get(name);
    if (!instants) return;
    instants.splice(0, firstNotBefore(instants, sentAt - ROUNDING_MS));
    if (instants.length === 0) this.byName.delete(name);
  }

  /** Milliseconds until the first of these names is worth a look; `null` when nothing is known of them. */
  nextIn(names: readonly string[], now: number): number | null {
    let first = Infinity;
    for (const name of names) first = Math.min(first, this.byName.get(name)?.[0] ?? Infinity);
    if (first === Infinity) return null;
    return first > now ? first - now : Math.max(first + ROUNDING_MS - now, 1);
  }
}

function firstNotBefore(instants: readonly number[], at: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instants[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
