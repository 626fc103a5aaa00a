import { Engine, type JobScheduler } from '../core/index.js';
import { RedisBackend } from '../redis/index.js';
import { storedSettings } from '../redis/stored-settings.js';
import type { CommandIo } from './command.js';
import { plainLines, withoutPasswords } from './format/plain-text.js';
import { connectionOf, type ConnectionValues } from './connection-arguments.js';

/** How long a Redis may stay silent, at the connect and at each call. */
const PATIENCE = '5 seconds';

/** Whose changes these are, as `lastModifiedBy` of jobs and `by` of pauses. */
const PROGRAM_NAME = 'nestjs-agenda-redis (command line)';

/**
 * Whether a command only looks, so that a user of Redis who may only read will do; or also changes jobs, which
 * is counted and told like the changes of any process.
 */
export type Access = 'look' | 'change';

/**
 * Joins the store as it is: it runs no jobs, is no host, and changes nothing of what is fixed in it. Everything is
 * closed afterwards, however it ends.
 *
 * @throws UsageError, ConnectionError, IncompatibleStoreError; what `use` throws
 */
export async function withStore<Answer>(
  values: ConnectionValues,
  io: CommandIo,
  access: Access,
  use: (scheduler: JobScheduler) => Promise<Answer>,
): Promise<Answer> {
  const connection = {
    ...connectionOf(values, io),
    connectTimeout: PATIENCE,
    retryFor: PATIENCE,
    // The application has decided that already.
    allowEviction: true,
  };
  const backend = new RedisBackend({ ...connection, ...(await storedSettings(connection)) });
  const engine = new Engine(
    backend,
    { name: PROGRAM_NAME, worker: false, metrics: access === 'change' },
    { onUnheardError: ({ message }) => io.tell(plainLines(withoutPasswords(message))) },
  );
  // The store's own faults are for those who run it: see the command `doctor`.
  engine.events.onHere('warning', () => undefined);
  try {
    await engine.connect();
    return await use(engine.scheduler);
  } finally {
    await engine.close();
  }
}
