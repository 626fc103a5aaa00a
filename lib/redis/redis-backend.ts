import type { AgendaBackend, BackendWarning } from '../core/contracts/agenda-backend.js';
import type { ClaimSort } from '../core/options/claim-order.js';
import { Users } from '../core/users.js';
import { waitFor } from '../core/worker/wait.js';
import { prepareStore } from './prepare-store.js';
import { RedisJobBroker } from './redis-job-broker.js';
import { RedisJobLogger } from './redis-job-logger.js';
import { RedisJobManager } from './redis-job-manager.js';
import { RedisJobRepository } from './redis-job-repository.js';
import { NewsLine } from './news-line.js';
import { RedisNotificationChannel } from './redis-notification-channel.js';
import { resolveRedisOptions, type RedisBackendOptions } from './redis-options.js';
import { RowHandout } from './row-handout.js';
import { removeKeys } from './remove-keys.js';
import { RedisStore, type PlaceOf, type TimeSource } from './redis-store.js';

/** How long a disconnect waits for rows to be given back, and for entries of the log to be written. */
const FLUSH_MS = 2_000;

/** Storage, hand-out and news on one Redis. Constructing it opens nothing. */
export class RedisBackend implements AgendaBackend {
  readonly name = 'Redis';
  readonly repository: RedisJobRepository;
  readonly broker: RedisJobBroker;
  readonly manager: RedisJobManager;
  readonly logger: RedisJobLogger;
  readonly notificationChannel: RedisNotificationChannel;
  readonly ownsConnection: boolean;
  private readonly store: RedisStore;
  private readonly rows: RowHandout;
  private readonly users = new Users();
  /** What Agenda's own engine goes on using after it has closed the backend, and never opens again. */
  private readonly lasting: RedisStore;

  /**
   * @param internals for tests: `now` becomes the only clock of every call, `rowLeaseMs` is how long a
   *   row that was handed out stays with a process that says nothing, `placeOf` tells the place of what jobs
   *   share, and of ids
   * @throws InvalidOptionError
   */
  constructor(
    options: RedisBackendOptions,
    internals: { now?: TimeSource; rowLeaseMs?: number; placeOf?: PlaceOf } = {},
  ) {
    const { now, placeOf } = internals;
    this.store = new RedisStore(resolveRedisOptions(options), prepareStore, now, { placeOf });
    this.ownsConnection = this.store.connection.owned;
    this.manager = new RedisJobManager(this.store);
    this.broker = new RedisJobBroker(this.store);
    const lasting = this.store.lasting();
    this.rows = new RowHandout(
      lasting,
      new RedisJobBroker(lasting),
      (name, at) => this.notificationChannel.tellHere(name, at),
      internals.rowLeaseMs,
    );
    this.repository = new RedisJobRepository(lasting, new RedisJobManager(lasting), this.rows);
    this.logger = new RedisJobLogger(lasting);
    this.lasting = lasting;
    this.notificationChannel = new RedisNotificationChannel(
      new NewsLine(this.store.options, this.store),
    );
  }

  /** Where Redis is, without secrets. */
  get address(): string {
    return this.store.connection.address;
  }

  /** Where its jobs are, without secrets: equal for backends that share them. Unknown for a given Cluster client. */
  get namespace(): string | undefined {
    const { connection, keys } = this.store;
    if (connection.isCluster && !connection.owned) return undefined;
    return `${connection.address}/${connection.database} ${keys.prefix}`;
  }

  preferSort(sort: ClaimSort): void {
    this.store.options.sort.prefer(sort);
  }

  /**
   * @throws ConnectionError naming host and port within `connectTimeout` (or waits, with `waitForRedis`);
   *   IncompatibleStoreError for a server or a store that does not fit
   */
  async connect(): Promise<void> {
    this.store.options.sort.fix();
    await this.users.join(() => this.store.connection.open());
  }

  onWarning(listener: (warning: BackendWarning) => void): () => void {
    return this.store.warnings.listen(listener);
  }

  /** Removes every key under its prefix: the whole store. @internal for the testing kit */
  async removeEverything(): Promise<void> {
    await this.logger.settled();
    const { connection, keys, partitions } = this.store;
    const prefixes = new Set([keys, ...partitions.map((partition) => partition.keys)]);
    for (const { prefix } of prefixes) await removeKeys(connection, prefix);
  }

  /**
   * Takes one `connect` back; the last one closes. Rows that were handed out and do not run go back. The ends of those that run, and entries of the
   * log under way, are still written afterwards.
   */
  async disconnect(): Promise<void> {
    if (!this.users.leave()) return;
    const closing = this.store.connection.close();
    // Rows that cannot be given back come back with the end of their lease: nobody renews them.
    const left = this.rows.leave().catch(() => undefined);
    const written = Promise.all([left, this.logger.settled()]);
    await Promise.all([closing, waitFor(written, FLUSH_MS)]);
    await this.lasting.connection.close();
  }
}
