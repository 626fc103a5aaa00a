import type { JobRepository } from '../../../lib/core/contracts/job-repository.js';
import { RedisBackend } from '../../../lib/redis/redis-backend.js';

/** What is asked of stores in `queries`: the verbs that Agenda's backends have in common. */
export interface AskedStore {
  readonly repository: Pick<
    JobRepository,
    'saveJob' | 'queryJobs' | 'getJobsOverview' | 'getQueueSize'
  >;
  disconnect(): Promise<void>;
}

export const STORES = ['ours', '@agendajs/redis-backend'] as const;
export type StoreName = (typeof STORES)[number];

/** Both may lie in one Redis. */
export async function openStore(name: StoreName, url: string): Promise<AskedStore> {
  const backend = name === 'ours' ? new RedisBackend({ connectionString: url }) : await rival(url);
  await backend.connect();
  return backend;
}

/** Loaded only where it is measured. */
async function rival(url: string): Promise<AskedStore & { connect(): Promise<void> }> {
  const { RedisBackend: Rival } = await import('@agendajs/redis-backend');
  const backend = new Rival({ connectionString: url, keyPrefix: 'rival:' });
  return backend as unknown as AskedStore & { connect(): Promise<void> };
}
