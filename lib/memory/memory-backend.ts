import type { AgendaBackend } from '../core/contracts/agenda-backend.js';
import { InMemoryNotificationChannel } from '../core/notifications/in-memory-notification-channel.js';
import { type LogRetention, readLogRetention } from '../core/logging/log-retention.js';
import type { ClaimSort } from '../core/options/claim-order.js';
import { OrderChoice } from '../core/options/order-choice.js';
import { Users } from '../core/users.js';
import { ManualClock } from './manual-clock.js';
import { MemoryJobBroker } from './memory-job-broker.js';
import { MemoryJobLogger } from './memory-job-logger.js';
import { MemoryJobManager } from './memory-job-manager.js';
import { MemoryJobRepository } from './memory-job-repository.js';
import { MemoryStore } from './memory-store.js';

export interface MemoryBackendOptions {
  /** Time to be moved by hand; the system's clock when left out. */
  clock?: ManualClock;
  /** The most bytes of JSON a saved job's data may have. @default 262144 */
  maxDataBytes?: number;
  /**
   * The order of claims: keys in their order of precedence, ties by insertion.
   *
   * @default { priority: -1, nextRunAt: 1 }; without an engine of ours, as under npm `agenda`,
   *   { nextRunAt: 1, priority: -1 }
   */
  sort?: ClaimSort;
  /** How much of the log of job events is kept. @default 100,000 entries, of any age */
  logs?: LogRetention;
}

/** What only tests choose. */
export interface MemoryBackendInternals {
  /** One more process on the store of this backend. */
  readonly sharing?: MemoryBackend | undefined;
  /** How long a row stays with a process that says nothing, in ms. */
  readonly rowLeaseMs?: number | undefined;
}

/**
 * Jobs in the memory of one process: for tests, for development, and as the definition of what
 * every backend does. The jobs last as long as this object, also over `disconnect` and `connect`.
 */
export class MemoryBackend implements AgendaBackend {
  readonly name = 'Memory';
  readonly ownsConnection = true;
  readonly notificationChannel: InMemoryNotificationChannel;
  readonly broker: MemoryJobBroker;
  readonly manager: MemoryJobManager;
  readonly repository: MemoryJobRepository;
  readonly logger: MemoryJobLogger;
  private readonly store: MemoryStore;
  private readonly clock: ManualClock | undefined;
  private readonly users = new Users();
  private stopListening: (() => void) | undefined;

  /** @throws InvalidOptionError */
  constructor(
    { clock, maxDataBytes, sort, logs }: MemoryBackendOptions = {},
    { sharing, rowLeaseMs }: MemoryBackendInternals = {},
  ) {
    this.clock = clock;
    const time = clock ?? { now: Date.now };
    this.notificationChannel = sharing?.notificationChannel ?? new InMemoryNotificationChannel();
    this.store =
      sharing?.store ?? new MemoryStore(time, this.notificationChannel, new OrderChoice(sort));
    this.broker = new MemoryJobBroker(this.store);
    this.manager = new MemoryJobManager(this.store);
    this.repository = new MemoryJobRepository(this.store, maxDataBytes, rowLeaseMs);
    this.logger = new MemoryJobLogger(this.store, readLogRetention('logs', logs));
  }

  preferSort(sort: ClaimSort): void {
    this.store.sort.prefer(sort);
  }

  connect(): Promise<void> {
    return this.users.join(async () => {
      this.store.sort.fix();
      this.store.isOpen = true;
      this.stopListening ??= this.clock?.onMove((from, to) => this.store.announceDue(from, to));
    });
  }

  /** Takes one `connect` back; the last one closes. */
  async disconnect(): Promise<void> {
    if (!this.users.leave()) return;
    this.store.isOpen = false;
    this.stopListening?.();
    this.stopListening = undefined;
  }

  /** Everything that is stored, as plain values: for tests and for a look inside. */
  snapshot(): unknown {
    return this.store.snapshot();
  }
}
