export interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly microseconds: number;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time spent in each function itself, the longest first; without waiting. */
export function selfTimes(json: string): SelfTime[] {
  const { nodes, samples, timeDeltas } = JSON.parse(json) as CpuProfile;
  const keys = new Map<number, string>();
  const found = new Map<string, { name: string; place: string; microseconds: number }>();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const name = functionName || '(anonymous)';
    const place = url === '' ? '' : `${shortened(url)}:${lineNumber + 1}`;
    const key = `${name} ${place}`;
    keys.set(id, key);
    if (!found.has(key)) found.set(key, { name, place, microseconds: 0 });
  }
  for (const [i, id] of samples.entries()) {
    // A sample stands for the time until the next one.
    found.get(keys.get(id)!)!.microseconds += timeDeltas[i + 1] ?? 0;
  }
  return [...found.values()]
    .filter(({ name }) => name !== '(idle)')
    .sort((a, b) => b.microseconds - a.microseconds);
}

/** A path from the package on. */
function shortened(url: string): string {
  return url.replace(/^.*\/(?:\.bench|node_modules)\//, '');
}
