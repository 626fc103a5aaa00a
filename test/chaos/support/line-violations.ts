import type { Cluster, Redis } from 'ioredis';
import type { Keys } from '../../../lib/redis/keys.js';

/** A job as far as its key is concerned. */
export interface KeyedJob {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly isRunning: boolean;
  /** Due or not, and enabled. */
  readonly waits: boolean;
  /** Its place among the waiting ones. */
  readonly place: string | undefined;
}

/**
 * What is wrong with the lines of keys: who runs is known to run for its key, and nobody else; who stands in front
 * is ready; who waits in a line is counted there; a key is kept by a job that waits; and somebody is sure to call
 * the next one of a line.
 */
export async function lineViolations(
  redis: Redis | Cluster,
  keys: Keys,
  jobs: readonly KeyedJob[],
): Promise<string[]> {
  const found: string[] = [];
  const turns = new Set(await redis.hkeys(keys.turns));
  const lines = new Map<string, KeyedJob[]>();
  for (const job of jobs) {
    const whole = JSON.stringify([job.name, job.key]);
    lines.set(whole, [...(lines.get(whole) ?? []), job]);
  }
  for (const ofKey of lines.values()) {
    const { name, key } = ofKey[0]!;
    const where = `key "${key}" of "${name}"`;
    const part = (which: Parameters<Keys['ofKey']>[2]) => keys.ofKey(name, key, which);
    const runs = (await redis.smembers(part('runs'))).sort().join();
    const running = ofKey.filter(({ isRunning }) => isRunning);
    const right = running
      .map(({ id }) => id)
      .sort()
      .join();
    if (runs !== right) found.push(`${where} knows ${runs} to run, right is ${right}`);

    const heads = await redis.zcard(part('heads'));
    const inFront = ofKey.filter(({ id }) => turns.has(id));
    if (heads !== inFront.length)
      found.push(`${where} has ${heads} heads, and ${inFront.length} turns`);
    for (const { id, place } of inFront) {
      turns.delete(id);
      if (place !== 'ready') found.push(`job ${id} has a turn, and stands in ${place}`);
    }

    const waiting = await redis.zcard(part('line'));
    const lined = ofKey.filter(({ place }) => place === 'lined').length;
    if (waiting !== lined)
      found.push(`${waiting} wait in the line of ${where}, and ${lined} are counted`);
    const isListed = (await redis.zscore(keys.keysOf(name, 'lines'), key)) !== null;
    if (isListed !== waiting > 0)
      found.push(`${where} ${isListed ? 'has nobody waiting' : 'is forgotten'}`);

    const holder = await redis.get(part('holder'));
    const isKept = holder !== null && ofKey.some(({ id, waits }) => id === holder && waits);
    if (holder !== null && !isKept)
      found.push(`${where} is kept by ${holder}, which does not wait`);
    const opens = await redis.zscore(keys.keysOf(name, 'openings'), key);
    if (waiting > 0 && heads + running.length === 0 && !isKept && opens === null) {
      found.push(`nobody calls the next one of ${where}`);
    }
  }
  for (const id of turns) found.push(`a turn is kept of ${id}, which has no key`);
  return found;
}
