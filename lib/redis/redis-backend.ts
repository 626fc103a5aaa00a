import type { AgendaBackend } from '../core/contracts/agenda-backend.js';
import { prepareStore } from './prepare-store.js';
import { RedisJobBroker } from './redis-job-broker.js';
import { RedisJobManager } from './redis-job-manager.js';
import { RedisJobRepository } from './redis-job-repository.js';
import { RedisNotificationChannel } from './redis-notification-channel.js';
import { resolveRedisOptions, type RedisBackendOptions } from './redis-options.js';
import { RedisStore, type TimeSource } from './redis-store.js';

/** Storage, hand-out and news on one Redis. Constructing it opens nothing. */
export class RedisBackend implements AgendaBackend {
  readonly name = 'Redis';
  readonly repository: RedisJobRepository;
  readonly broker: RedisJobBroker;
  readonly manager: RedisJobManager;
  readonly notificationChannel: RedisNotificationChannel;
  readonly ownsConnection: boolean;
  private readonly store: RedisStore;

  /**
   * @param internals for tests: `now` becomes the only clock of every call
   * @throws InvalidOptionError
   */
  constructor(options: RedisBackendOptions, internals: { now?: TimeSource } = {}) {
    this.store = new RedisStore(resolveRedisOptions(options), prepareStore, internals.now);
    this.ownsConnection = this.store.connection.owned;
    this.manager = new RedisJobManager(this.store);
    this.repository = new RedisJobRepository(this.store, this.manager);
    this.broker = new RedisJobBroker(this.store);
    this.notificationChannel = new RedisNotificationChannel(this.store);
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

  /**
   * @throws ConnectionError naming host and port within `connectTimeout` (or waits, with `waitForRedis`);
   *   IncompatibleStoreError for a server or a store that does not fit
   */
  async connect(): Promise<void> {
    await this.store.connection.open();
  }

  async disconnect(): Promise<void> {
    await this.store.connection.close();
  }
}
