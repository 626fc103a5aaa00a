import { scripts } from '../../all-scripts.js';
import type { RedisStore } from '../../redis-store.js';
import type { Script } from '../../script.js';
import type { Finding } from '../finding.js';
import type { Server } from './server.js';

/** Others wait meanwhile. */
const SLOW_MS = 20;
const MOST_ENTRIES = '128';
const NAMES = new Map((Object.values(scripts) as Script[]).map(({ name, sha }) => [sha, name]));

type Entry = readonly [number: number, at: number, micros: number, args: readonly unknown[]];

/** Scripts of ours that have held Redis up, as far as its slow log goes back. */
export async function lookAtSlowLog(server: Server): Promise<Finding[]> {
  const remedy = 'Allow `slowlog|get`, or ask somebody who may.';
  const entries = await server.ask('SLOWLOG', 'GET', MOST_ENTRIES);
  if (!Array.isArray(entries)) {
    return [server.unchecked('slow-scripts', 'whether scripts have held it up', remedy)];
  }
  const longest = new Map<string, number>();
  for (const [, , micros, args] of entries as Entry[]) {
    const name = nameOf(args, server.store);
    if (name === undefined || micros < SLOW_MS * 1000) continue;
    longest.set(name, Math.max(longest.get(name) ?? 0, micros / 1000));
  }
  return [...longest].map(([name, ms]) =>
    server.warning(
      'slow-scripts',
      `the script ${name} has held it up for ${Math.round(ms)} ms.`,
      'Is the machine short of processor time, or the data of jobs very large?',
    ),
  );
}

/** The script that a command runs on this store, if it does. */
function nameOf(args: readonly unknown[], { keys, partitions }: RedisStore): string | undefined {
  const [command, sha, , key] = args.map(String);
  const isOurs = [keys, ...partitions.map((one) => one.keys)].some(({ jobs }) => jobs === key);
  return /^evalsha$/i.test(command ?? '') && isOurs ? NAMES.get(sha!) : undefined;
}
