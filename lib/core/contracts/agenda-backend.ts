import type { ClaimSort } from '../options/claim-order.js';
import type { JobBroker } from './job-broker.js';
import type { JobLogger } from './job-logger.js';
import type { JobManager } from './job-manager.js';
import type { JobRepository } from './job-repository.js';
import type { NotificationChannel, NotificationChannelState } from './notification-channel.js';

/**
 * Storage and news in one piece: the backend shape of Agenda v6, and what our engine asks for
 * beyond it. Members are there from construction on; `connect()` opens, `disconnect()` closes only
 * what the backend opened itself. Both may be called again. Several engines may share one object: a
 * backend of ours counts the connects that succeeded, each disconnect takes one back, and the last one
 * closes; so does one that nothing was connected for.
 *
 * Of a backend that brings no broker, jobs are run through its repository alone; see
 * `foreign/repository-broker.ts` for what that can promise.
 */
export interface AgendaBackend {
  /** Shown in statistics and messages. */
  readonly name: string;
  readonly repository: JobRepository;
  readonly notificationChannel?: AgendaChannel | undefined;
  /** Keeps the log of job events; touches its store on first use only. */
  readonly logger?: JobLogger | undefined;
  /** False for an injected connection; `undefined` counts as true. */
  readonly ownsConnection?: boolean | undefined;
  readonly broker?: JobBroker | undefined;
  readonly manager?: JobManager | undefined;

  /**
   * The order of claims that an engine would like, said before it connects. It counts unless the
   * backend was given one, was told of another one before, or is in use already.
   *
   * @throws InvalidOptionError
   */
  preferSort?(sort: ClaimSort): void;
  /** @throws ConnectionError naming host and port, within the connect timeout */
  connect(): Promise<void>;
  disconnect(): Promise<void>;

  /**
   * Calls the listener with each warning from now on. One that describes the store as it is, such as that
   * it keeps nothing on disk, is given once, however often the backend connects.
   *
   * @returns ends it
   */
  onWarning?(listener: (warning: BackendWarning) => void): () => void;
}

/** What fails nobody, and whoever looks after the process should know. */
export interface BackendWarning {
  /** For programs: `persistence-off`. */
  readonly code: string;
  /** For people: what is wrong, what may come of it, and the remedy. */
  readonly message: string;
}

/** A channel of any make: Agenda's contract leaves news of running jobs to it. */
export interface AgendaChannel extends Pick<
  NotificationChannel,
  'state' | 'connect' | 'disconnect' | 'subscribe' | 'publish' | 'publishStates' | 'subscribeCancel'
> {
  subscribeState?: NotificationChannel['subscribeState'];
  publishState?: NotificationChannel['publishState'];
  on(event: 'stateChange', listener: (state: NotificationChannelState) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'stateChange', listener: (state: NotificationChannelState) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** A backend with every part that the engine works with. */
export interface CompleteBackend extends AgendaBackend {
  readonly notificationChannel?: NotificationChannel | undefined;
  readonly broker: JobBroker;
  readonly manager: JobManager;
}
