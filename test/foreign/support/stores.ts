import { PostgresBackend } from '@agendajs/postgres-backend';
import { RedisBackend as OfficialRedisBackend } from '@agendajs/redis-backend';
import type { AgendaBackend } from 'agenda';

/** Which official backend, where, and which part of its store is a test's own. */
export interface StoreAddress {
  readonly kind: 'redis' | 'postgres';
  readonly url: string;
  readonly space: string;
}

/** A backend as an application would make it, known by Agenda's own contract; each has connections of its own. */
export function officialBackend({ kind, url, space }: StoreAddress): AgendaBackend {
  if (kind === 'redis') {
    return new OfficialRedisBackend({
      connectionString: url,
      keyPrefix: `${space}:`,
      channelName: space,
    });
  }
  return new PostgresBackend({ connectionString: url, tableName: space, channelName: space });
}
