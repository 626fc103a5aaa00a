import { Batcher } from '../core/batcher.js';
import {
  JobLogger,
  type JobLogQuery,
  type JobLogQueryResult,
} from '../core/contracts/job-logger.js';
import { ConnectionError } from '../core/errors.js';
import { randomToken } from '../core/job/job-id.js';
import { type KeptEntry, readLogEntry } from '../core/logging/log-entry.js';
import { matchesNothing, readLogQuery } from '../core/logging/log-query.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { scripts } from './all-scripts.js';
import { packEntry, packSelection } from './log-codec.js';
import { inAll } from './partitions.js';
import { prepareLog } from './prepare-store.js';
import { readLog } from './read-log.js';
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
  'partitions',
] as const;

/** An entry that waits to be written, as scripts take it. */
type Waiting = readonly string[];

/** How many entries may wait for a partition that does not answer. */
const MOST_WAITING = 10_000;
/** How much later than its deadline the last repeat of a write may reach Redis. */
const REPEAT_MARGIN_MS = 60_000;

/**
 * The log of job events on Redis. Entries of one tick of the event loop are one write; reading a page
 * reads only its entries, whatever the log holds. What is logged of a job lies in its partition. A `RedisBackend` brings one; made on its own it stands
 * beside any other storage, and needs no closing: soon after the last call it lets go of Redis.
 *
 * @example
 * new RedisJobLogger({ connectionString: 'redis://127.0.0.1:6379' });
 */
export class RedisJobLogger extends JobLogger {
  private readonly store: RedisStore;
  private readonly writer = randomToken();
  private batches = 0;
  /** One of each partition: while one of them is away, what is logged of the jobs of others is written. */
  private readonly outboxes: readonly Batcher<Waiting, void>[];

  /**
   * @param options or the store of a backend
   * @throws InvalidOptionError
   */
  constructor(options: RedisLoggerOptions | RedisStore) {
    super();
    this.store = options instanceof RedisStore ? options : storeOfItsOwn(options);
    this.outboxes = this.store.partitions.map((partition) => this.outboxOf(partition));
  }

  /** Else the store learns of the log by its first entry, and may have removed that one's job before. */
  override async expectEntries(): Promise<void> {
    await inAll(this.store, (partition) => this.write(partition, []));
  }

  async log(entry: KeptEntry): Promise<void> {
    const kept = readLogEntry(entry);
    const outbox = this.outboxes[this.store.numberOf(kept.jobId ?? '')]!;
    if (outbox.waiting >= MOST_WAITING) {
      const message = `The entry of the log was not written: ${MOST_WAITING} others wait for Redis.`;
      throw new ConnectionError(message, true);
    }
    return outbox.add(packEntry(kept));
  }

  async getLogs(query?: JobLogQuery): Promise<JobLogQueryResult> {
    const selection = readLogQuery(query);
    const { maxAgeMs } = this.store.options.logs;
    // What is too old is not answered, though nothing may have been written since that drops it.
    const from = Math.max(selection.from, Math.floor(this.store.now()) - maxAgeMs);
    const later = { ...selection, from };
    return matchesNothing(later) ? { entries: [], total: 0 } : readLog(this.store, later);
  }

  async clearLogs(query?: JobLogQuery): Promise<number> {
    const selection = readLogQuery(query);
    if (matchesNothing(selection)) return 0;
    const conditions = packSelection(selection, 'desc');
    const counts = await inAll(this.store, (partition) => clearLog(partition, conditions));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when every entry is written, or known to be lost. */
  async settled(): Promise<void> {
    await Promise.all(this.outboxes.map((outbox) => outbox.idle()));
  }

  private outboxOf(partition: RedisStore): Batcher<Waiting, void> {
    return new Batcher({
      send: (entries) => this.write(partition, entries),
      bytesOf: (parts) => parts.reduce((bytes, part) => bytes + Buffer.byteLength(part), 0),
      unsent: 'The entry of the log was not written: another one before it found no connection.',
    });
  }

  private async write(partition: RedisStore, entries: readonly Waiting[]): Promise<void[]> {
    const { logs, retryForMs } = this.store.options;
    this.batches += 1;
    const batch = String(this.batches);
    await partition.run(scripts.writeLog, (repeat) => [
      this.writer,
      batch,
      repeat ? 'repeat' : '',
      String(retryForMs + REPEAT_MARGIN_MS),
      logs.maxAgeMs === Infinity ? '' : String(logs.maxAgeMs),
      // Each partition keeps its part of what all may keep.
      String(Math.ceil(logs.maxCount / this.store.partitions.length)),
      ...entries.flat(),
    ]);
    return [];
  }
}

async function clearLog(partition: RedisStore, conditions: readonly string[]): Promise<number> {
  let deleted = 0;
  let cursor = '';
  do {
    const [, count, next] = await partition.run(scripts.clearLog, [...conditions, cursor]);
    deleted += Number(count);
    cursor = next!;
  } while (cursor !== '');
  return deleted;
}

/** @throws InvalidOptionError */
function storeOfItsOwn(options: RedisLoggerOptions): RedisStore {
  checkKnownKeys('', options, OPTION_NAMES);
  const store = new RedisStore(resolveRedisOptions(options), prepareLog, undefined);
  // Nothing is open yet. Closed for good, it leaves every call to a connection that closes itself.
  void store.connection.close();
  return store.lasting();
}
