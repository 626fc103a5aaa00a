/** What is known of one key of a name. */
export interface StoredLine {
  readonly name: string;
  readonly key: string;
  /** Due jobs that stand behind others of their key. */
  readonly waiting: readonly string[];
  /** Those that stand in front for their key. */
  readonly heads: readonly string[];
  readonly runs: readonly string[];
  readonly holder: string | undefined;
}

/** What is known of all keys, and what has to agree with it. */
export interface StoredLines {
  readonly lines: readonly StoredLine[];
  /** The due jobs of a name that claims look at. */
  readonly ready: (name: string) => readonly string[];
  /** The jobs that have a lease, and those that wait, by their names and keys. */
  readonly running: readonly Keyed[];
  readonly waiting: readonly Keyed[];
}

export interface Keyed {
  readonly id: string;
  readonly name: string;
  readonly key: string | undefined;
}

/**
 * Whoever runs is known to run for its key, and nobody else; who stands in front for a key is ready; who waits
 * in a line is not; and a key is kept by a job that waits.
 */
export function lineFaults({ lines, ready, running, waiting }: StoredLines): string[] {
  const faults: string[] = [];
  const idsOf = (jobs: readonly Keyed[], { name, key }: StoredLine) =>
    jobs.filter((job) => job.name === name && job.key === key).map(({ id }) => id);
  for (const line of lines) {
    const where = `"${line.key}" of "${line.name}"`;
    const isReady = new Set(ready(line.name));
    const isKeyed = new Set(idsOf(waiting, line));
    const [known, right] = [line.runs, idsOf(running, line)].map((ids) => [...ids].sort().join());
    if (known !== right) faults.push(`${where} knows ${known} to run, not ${right}`);
    for (const id of line.heads)
      if (!isReady.has(id)) faults.push(`${id} is in front of ${where}, and not ready`);
    for (const id of line.waiting)
      if (isReady.has(id)) faults.push(`${id} waits in line for ${where}, and is ready`);
    for (const id of [...line.heads, ...line.waiting]) {
      if (!isKeyed.has(id)) faults.push(`${id} stands for ${where}, and does not wait`);
    }
    if (line.holder !== undefined && !isKeyed.has(line.holder)) {
      faults.push(`${line.holder} keeps ${where}, and does not wait`);
    }
  }
  const knownKeys = new Set(lines.map(({ name, key }) => JSON.stringify([name, key])));
  for (const { id, name, key } of running) {
    if (key !== undefined && !knownKeys.has(JSON.stringify([name, key])))
      faults.push(`${id} runs, and its key does not know`);
  }
  return faults;
}
