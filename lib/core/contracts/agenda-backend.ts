import type { JobBroker } from './job-broker.js';
import type { JobManager } from './job-manager.js';
import type { JobRepository } from './job-repository.js';
import type { NotificationChannel } from './notification-channel.js';

/**
 * Storage and news in one piece: the backend shape of Agenda v6, and what our engine asks for
 * beyond it. Members are there from construction on; `connect()` opens, `disconnect()` closes only
 * what the backend opened itself. Both may be called again.
 */
export interface AgendaBackend {
  /** Shown in statistics and messages. */
  readonly name: string;
  readonly repository: JobRepository;
  readonly notificationChannel?: NotificationChannel | undefined;
  /** False for an injected connection; `undefined` counts as true. */
  readonly ownsConnection?: boolean | undefined;
  readonly broker?: JobBroker | undefined;
  readonly manager?: JobManager | undefined;

  /** @throws ConnectionError naming host and port, within the connect timeout */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}
