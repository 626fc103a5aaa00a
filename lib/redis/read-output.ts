import type { LinesPage, LinesQuery } from '../core/contracts/job-manager.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

/** What the handlers of a job have logged, a page of it; `undefined` when there is no such job. */
export async function readOutput(
  store: RedisStore,
  id: string,
  { limit, behind, newestFirst = false }: LinesQuery,
): Promise<LinesPage | undefined> {
  const partition = store.partitionOf(id);
  const [, more, ...parts] = await partition.run(scripts.readOutput, [
    id,
    String(limit),
    String(behind ?? ''),
    newestFirst ? 'newest' : '',
  ]);
  if (more === undefined) return undefined;
  const lines: { number: number; text: string }[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    lines.push({ number: Number(parts[i]), text: parts[i + 1]! });
  }
  return { lines, more: more === '1' };
}
