import { inAll } from '../partitions.js';
import { holdOverAll } from '../hold-names.js';
import type { NameLimits } from '../../core/contracts/job-broker.js';
import type { Layouts } from './layout.js';
import { readHash, writeHash } from './read-hash.js';
import type { RedisStore } from '../redis-store.js';

/** What holds a name back, as the old partitions say it; and whether its jobs live in another one. */
interface Gate extends NameLimits {
  readonly paused?: { readonly at: number };
  readonly until?: number;
  readonly away?: unknown;
}

/** The gates of all partitions: of a stop the longest counts, of a pause the earliest. */
async function gatesOf(source: RedisStore): Promise<Map<string, Gate>> {
  const gates = new Map<string, Gate>();
  for (const partition of source.partitions) {
    const found = await readHash(source.connection, partition.keys.gates);
    for (const [name, text] of found) gates.set(name, merged(gates.get(name), parsed(text)));
  }
  return gates;
}

/** Names with limits over all processes: in a store with several partitions all their jobs live in one. */
export async function limitedNames(source: RedisStore): Promise<string[]> {
  const gates = await gatesOf(source);
  return [...gates].filter(([, gate]) => holdOverAll(gate)).map(([name]) => name);
}

/** Gives every new partition all gates; where a name is away, it is told later. */
export async function copyGates(layouts: Layouts): Promise<void> {
  const gates = await gatesOf(layouts.source);
  const texts = [...gates]
    .map(([name, gate]) => [name, { ...gate, away: undefined }] as const)
    .map(([name, gate]) => [name, JSON.stringify(gate)] as const)
    .filter(([, text]) => text !== '{}');
  if (texts.length === 0) return;
  await inAll(layouts.target, (_, number) =>
    writeHash(layouts.connection, `${layouts.stagingOf(number)}gates`, texts),
  );
}

function parsed(text: string): Gate {
  try {
    return JSON.parse(text) as Gate;
  } catch {
    // What a stranger has damaged counts as no gate, as it does for scripts.
    return {};
  }
}

function merged(one: Gate = {}, other: Gate): Gate {
  const until = Math.max(one.until ?? 0, other.until ?? 0);
  const pauses = [one.paused, other.paused].filter((pause) => pause !== undefined);
  const paused = pauses.sort((a, b) => a.at - b.at)[0];
  return { ...one, ...other, ...(until > 0 && { until }), ...(paused && { paused }) };
}
