import type { AgendaRedisOptions } from 'nestjs-agenda-redis';
import { MemoryBackend } from 'nestjs-agenda-redis/memory';

/** Redis when there is one, else the memory of this process: the dashboard shows both. */
export function chooseStorage(): AgendaRedisOptions {
  const connectionString = process.env.REDIS_URL;
  if (!connectionString) return { backend: new MemoryBackend() };
  return { connectionString, keyPrefix: 'dashboard-sample:' };
}

export function describeStorage(): string {
  return process.env.REDIS_URL
    ? 'Jobs are kept in Redis (REDIS_URL).'
    : 'Jobs are kept in memory. To keep them in Redis: ' +
        'REDIS_URL=redis://localhost:6379 npx nest start 05-dashboard';
}
