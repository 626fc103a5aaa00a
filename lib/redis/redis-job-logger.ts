import { Batcher } from '../core/batcher.js';
import {
  type JobLogEntry,
  JobLogger,
  type JobLogQuery,
  type JobLogQueryResult,
} from '../core/contracts/job-logger.js';
import { ConnectionError } from '../core/errors.js';
import { randomToken } from '../core/job/job-id.js';
import { type KeptEntry, readLogEntry } from '../core/logging/log-entry.js';
import { type LogSelection, matchesNothing, readLogQuery } from '../core/logging/log-query.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { scripts } from './all-scripts.js';
import { ENTRY_WIDTH, packEntry, packSelection, unpackEntry } from './log-codec.js';
import { prepareLog } from './prepare-store.js';
import { resolveRedisOptions, type RedisBackendOptions } from './redis-options.js';
import { RedisStore } from './redis-store.js';

/** How to reach Redis, and how much of the log is kept: see {@link RedisBackendOptions}. */
export type RedisLoggerOptions = Pick<RedisBackendOptions, (typeof OPTION_NAMES)[number]>;

const OPTION_NAMES = [
  'connectionString',
  'redisOptions',
  'cluster',
  'redis',
  'keyPrefix',
  'connectTimeout',
  'retryFor',
  'waitForRedis',
  'logs',
] as const;

/** How many entries may wait for a Redis that does not answer. */
const MOST_WAITING = 10_000;
/** How much later than its deadline the last repeat of a write may reach Redis. */
const REPEAT_MARGIN_MS = 60_000;

/**
 * The log of job events on Redis. Entries of one tick of the event loop are one write; reading a page
 * reads only its entries, whatever the log holds. A `RedisBackend` brings one; made on its own it stands
 * beside any other storage, and needs no closing: soon after the last call it lets go of Redis.
 *
 * @example
 * new RedisJobLogger({ connectionString: 'redis://127.0.0.1:6379' });
 */
export class RedisJobLogger extends JobLogger {
  private readonly store: RedisStore;
  private readonly writer = randomToken();
  private batches = 0;
  private readonly outbox = new Batcher<readonly string[], void>({
    send: (entries) => this.write(entries),
    bytesOf: (parts) => parts.reduce((bytes, part) => bytes + Buffer.byteLength(part), 0),
    unsent: 'The entry of the log was not written: another one before it found no connection.',
  });

  /**
   * @param options or the store of a backend
   * @throws InvalidOptionError
   */
  constructor(options: RedisLoggerOptions | RedisStore) {
    super();
    this.store = options instanceof RedisStore ? options : storeOfItsOwn(options);
  }

  /** Else the store learns of the log by its first entry, and may have removed that one's job before. */
  override async expectEntries(): Promise<void> {
    await this.write([]);
  }

  async log(entry: KeptEntry): Promise<void> {
    const parts = packEntry(readLogEntry(entry));
    if (this.outbox.waiting >= MOST_WAITING) {
      const message = `The entry of the log was not written: ${MOST_WAITING} others wait for Redis.`;
      throw new ConnectionError(message, true);
    }
    return this.outbox.add(parts);
  }

  async getLogs(query?: JobLogQuery): Promise<JobLogQueryResult> {
    const selection = readLogQuery(query);
    const { maxAgeMs } = this.store.options.logs;
    // What is too old is not answered, though nothing may have been written since that drops it.
    const from = Math.max(selection.from, Math.floor(this.store.now()) - maxAgeMs);
    return this.read({ ...selection, from });
  }

  async clearLogs(query?: JobLogQuery): Promise<number> {
    const selection = readLogQuery(query);
    if (matchesNothing(selection)) return 0;
    const conditions = packSelection(selection, 'desc');
    let deleted = 0;
    let cursor = '';
    do {
      const [, count, next] = await this.store.run(scripts.clearLog, [...conditions, cursor]);
      deleted += Number(count);
      cursor = next!;
    } while (cursor !== '');
    return deleted;
  }

  /** Resolves when every entry is written, or known to be lost. */
  settled(): Promise<void> {
    return this.outbox.idle();
  }

  private async write(entries: readonly (readonly string[])[]): Promise<void[]> {
    const { logs, retryForMs } = this.store.options;
    this.batches += 1;
    const batch = String(this.batches);
    await this.store.run(scripts.writeLog, (repeat) => [
      this.writer,
      batch,
      repeat ? 'repeat' : '',
      String(retryForMs + REPEAT_MARGIN_MS),
      logs.maxAgeMs === Infinity ? '' : String(logs.maxAgeMs),
      String(logs.maxCount),
      ...entries.flat(),
    ]);
    return [];
  }

  private async read(selection: LogSelection): Promise<JobLogQueryResult> {
    const entries: JobLogEntry[] = [];
    if (matchesNothing(selection)) return { entries, total: 0 };
    const conditions = packSelection(selection, selection.sort);
    let { offset } = selection;
    let total = 0;
    let cursor = '';
    do {
      const room = selection.limit - entries.length;
      const args = [...conditions, cursor, String(offset), String(room)];
      const [, met, next, ...parts] = await this.store.run(scripts.readLog, args);
      for (let i = 0; i < parts.length; i += ENTRY_WIDTH) {
        entries.push(unpackEntry(parts.slice(i, i + ENTRY_WIDTH)));
      }
      offset = Math.max(offset - Number(met), 0);
      total += Number(met);
      cursor = next!;
    } while (cursor !== '');
    return { entries, total };
  }
}

/** @throws InvalidOptionError */
function storeOfItsOwn(options: RedisLoggerOptions): RedisStore {
  checkKnownKeys('', options, OPTION_NAMES);
  const store = new RedisStore(resolveRedisOptions(options), prepareLog, undefined);
  // Nothing is open yet. Closed for good, it leaves every call to a connection that closes itself.
  void store.connection.close();
  return store.lasting();
}
