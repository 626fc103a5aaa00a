import type { AgendaRedisOptions } from 'nestjs-agenda-redis';
import { MemoryBackend } from 'nestjs-agenda-redis/memory';

/** Redis when `REDIS_URL` names one, else the memory of this process: enough to look around. */
export function chooseStorage(): AgendaRedisOptions {
  const connectionString = process.env.REDIS_URL;
  return connectionString ? { connectionString } : { backend: new MemoryBackend() };
}

export function describeStorage(): string {
  return process.env.REDIS_URL
    ? 'Jobs are kept in Redis (REDIS_URL). Unset it to try the sample without.'
    : 'Jobs are kept in memory and end with this process. ' +
        'To keep them in Redis: REDIS_URL=redis://localhost:6379 npm start';
}
