import type { AgendaBackend } from '../core/contracts/agenda-backend.js';
import { ManualClock } from './manual-clock.js';
import { MemoryJobBroker } from './memory-job-broker.js';
import { MemoryJobManager } from './memory-job-manager.js';
import { MemoryJobRepository } from './memory-job-repository.js';
import { MemoryNotificationChannel } from './memory-notification-channel.js';
import { MemoryStore } from './memory-store.js';

export interface MemoryBackendOptions {
  /** Time to be moved by hand; the system's clock when left out. */
  clock?: ManualClock;
  /** The most bytes of JSON a saved job's data may have. @default 262144 */
  maxDataBytes?: number;
}

/**
 * Jobs in the memory of one process: for tests, for development, and as the definition of what
 * every backend does. The jobs last as long as this object, also over `disconnect` and `connect`.
 */
export class MemoryBackend implements AgendaBackend {
  readonly name = 'Memory';
  readonly ownsConnection = true;
  readonly notificationChannel = new MemoryNotificationChannel();
  readonly broker: MemoryJobBroker;
  readonly manager: MemoryJobManager;
  readonly repository: MemoryJobRepository;
  private readonly store: MemoryStore;
  private readonly clock: ManualClock | undefined;
  private stopListening: (() => void) | undefined;

  constructor({ clock, maxDataBytes }: MemoryBackendOptions = {}) {
    this.clock = clock;
    this.store = new MemoryStore(clock ?? { now: Date.now }, this.notificationChannel);
    this.broker = new MemoryJobBroker(this.store);
    this.manager = new MemoryJobManager(this.store);
    this.repository = new MemoryJobRepository(this.store, maxDataBytes);
  }

  async connect(): Promise<void> {
    this.store.isOpen = true;
    this.stopListening ??= this.clock?.onMove((from, to) => this.store.announceDue(from, to));
  }

  async disconnect(): Promise<void> {
    this.store.isOpen = false;
    this.stopListening?.();
    this.stopListening = undefined;
  }

  /** Everything that is stored, as plain values: for tests and for a look inside. */
  snapshot(): unknown {
    return this.store.snapshot();
  }
}
