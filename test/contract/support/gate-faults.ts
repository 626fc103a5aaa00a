/** What a store holds of gates, by the names of `keys.ts`. */
export interface StoredGates {
  readonly now: number;
  readonly gates: ReadonlyMap<string, string>;
  /** The field `gated` of `meta`. */
  readonly gated: string | undefined;
  readonly due: ReadonlyMap<string, number>;
  readonly opens: ReadonlyMap<string, number>;
  /** How many jobs of a name are leased. */
  readonly running: (name: string) => number;
}

interface Gate {
  readonly paused?: unknown;
  readonly concurrency?: number;
  readonly until?: number;
}

/**
 * A name is closed for a reason, and something is sure to open it: a resume, the end of a lease, or time. What is
 * paused or stopped is closed.
 */
export function gateFaults({ now, gates, gated, due, opens, running }: StoredGates): string[] {
  const faults: string[] = [];
  const isClosed = (name: string) => due.get(name) === -Infinity;
  if ((gated === '1') !== gates.size > 0)
    faults.push(`meta.gated is ${gated} with ${gates.size} gates`);
  for (const name of opens.keys()) {
    if (!isClosed(name)) faults.push(`"${name}" is to be opened, and is not closed`);
  }
  for (const [name, text] of gates) {
    const { paused, concurrency = Infinity, until = 0 } = JSON.parse(text) as Gate;
    if (Object.keys(JSON.parse(text) as Gate).length === 0)
      faults.push(`the gate of "${name}" is empty`);
    if ((paused || until > now) && !isClosed(name))
      faults.push(`"${name}" is open though it is stopped`);
    const opensByItself = paused || opens.has(name) || running(name) >= concurrency;
    if (isClosed(name) && !opensByItself) faults.push(`"${name}" is closed for ever`);
  }
  for (const name of due.keys()) {
    if (isClosed(name) && !gates.has(name)) faults.push(`"${name}" is closed without a gate`);
  }
  return faults;
}
