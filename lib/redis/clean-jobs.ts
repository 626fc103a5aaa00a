import type { CleanRequest } from '../core/contracts/job-manager.js';
import { scripts } from './all-scripts.js';
import { allOf } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/** Removes the oldest ended jobs: of each partition its share, then more of those that have more. @returns their ids */
export async function cleanJobs(store: RedisStore, request: CleanRequest): Promise<string[]> {
  const gone: string[] = [];
  let { partitions } = store;
  while (partitions.length > 0 && gone.length < request.limit) {
    const left = request.limit - gone.length;
    const share = Math.max(Math.floor(left / partitions.length), 1);
    const asked = partitions.slice(0, left);
    const answers = await allOf(asked.map((one) => cleanIn(one, { ...request, limit: share })));
    gone.push(...answers.flat());
    partitions = partitions.filter((_, i) => answers[i]?.length === share || i >= asked.length);
  }
  return gone;
}

async function cleanIn(
  partition: RedisStore,
  { name, place, olderThanMs, limit }: CleanRequest,
): Promise<string[]> {
  const gone: string[] = [];
  let stay = '0';
  let mayFollow = true;
  let logIsLeft = '';
  while (mayFollow && gone.length < limit) {
    const [, staying, more, isLeft, ...found] = await partition.run(scripts.cleanJobs, [
      String(partition.options.retryForMs),
      name,
      place,
      String(Math.ceil(olderThanMs)),
      String(limit - gone.length),
      stay,
    ]);
    gone.push(...found);
    stay = staying!;
    mayFollow = more === '1';
    logIsLeft = isLeft!;
  }
  while (logIsLeft !== '') logIsLeft = (await partition.run(scripts.dropLogs, []))[1]!;
  return gone;
}
