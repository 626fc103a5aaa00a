import type { AgendaRedisOptions } from 'nestjs-agenda-redis';
import { MemoryBackend } from 'nestjs-agenda-redis/memory';

/** One for yesterday's shop and today's. */
const memory = new MemoryBackend();

/** Redis when there is one, else the memory of this process: the story is the same. */
export function chooseStorage(
  connectionString = process.env.REDIS_URL,
): Pick<AgendaRedisOptions, 'backend' | 'connectionString' | 'keyPrefix'> {
  if (!connectionString) return { backend: memory };
  return { connectionString, keyPrefix: 'orders-sample:' };
}

export function describeStorage(): string {
  return process.env.REDIS_URL
    ? 'Jobs are kept in Redis (REDIS_URL).'
    : 'Jobs are kept in memory. To keep them in Redis: ' +
        'REDIS_URL=redis://localhost:6379 npx nest start 04-orders';
}
