import type { AgendaBackend } from './contracts/agenda-backend.js';
import { UnsupportedOperationError } from './errors.js';
import { type ErrorSink, JobEvents } from './events/job-events.js';
import { HandlerRegistry } from './handlers/handler-registry.js';
import { errorOf } from './job/thrown.js';
import type { EngineOptions } from './options/engine-options.js';
import {
  type ResolvedEngineOptions,
  resolveEngineOptions,
} from './options/resolve-engine-options.js';
import { JobScheduler } from './scheduler/job-scheduler.js';
import { waitFor } from './worker/wait.js';
import { WorkerHost } from './worker/worker-host.js';

/** How long a close waits for adds that have no answer. */
const FLUSH_MS = 2_000;

/** What an application plugs in beside its options. */
export interface EngineParts {
  /** Takes errors that nobody listens to. @default a process warning */
  onUnheardError?: ErrorSink;
}

/**
 * The whole engine on one backend: what an application works with that does without Nest.
 *
 * @example
 * const engine = new Engine(new MemoryBackend());
 * engine.handlers.define('greet', (job) => `Hello ${job.data.name}`);
 * await engine.connect();
 * await engine.workerHost.start();
 * await engine.scheduler.now('greet', { name: 'Ada' });
 */
export class Engine {
  readonly options: ResolvedEngineOptions;
  readonly events: JobEvents;
  readonly handlers: HandlerRegistry;
  readonly scheduler: JobScheduler;
  readonly workerHost: WorkerHost;
  private opened: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private isOpening = false;
  private channelIsOpen = false;

  /** @throws InvalidOptionError */
  constructor(
    readonly backend: AgendaBackend,
    options: EngineOptions = {},
    parts: EngineParts = {},
  ) {
    this.options = resolveEngineOptions(options);
    this.events = new JobEvents(parts.onUnheardError);
    this.handlers = new HandlerRegistry(this.options);
    this.scheduler = new JobScheduler(backend, this.handlers, this.events, this.options);
    this.workerHost = new WorkerHost(backend, this.handlers, this.events, this.options);
  }

  /**
   * Opens the backend and its news. Calling it again changes nothing; after `close` it opens anew.
   *
   * @throws ConnectionError naming host and port
   * @throws UnsupportedOperationError for a backend that can only store
   * @throws BackendClosedError when it is closed while it waits for its backend
   */
  connect(): Promise<void> {
    if (this.closed) return this.closed.then(() => this.connect());
    this.opened ??= this.tryToOpen();
    return this.opened;
  }

  /**
   * Stops the worker host, waits for adds under way up to two seconds, closes what was opened; adds
   * without an answer are rejected. Twice is once; never rejects.
   */
  close(): Promise<void> {
    this.closed ??= this.shut().finally(() => {
      this.opened = undefined;
      this.closed = undefined;
    });
    return this.closed;
  }

  private async tryToOpen(): Promise<void> {
    this.isOpening = true;
    try {
      await this.open();
    } catch (error) {
      this.opened = undefined;
      throw error;
    } finally {
      this.isOpening = false;
    }
  }

  private async open(): Promise<void> {
    const { backend } = this;
    if (!backend.broker || !backend.manager) {
      const missing = backend.broker ? 'JobManager' : 'JobBroker';
      throw new UnsupportedOperationError(
        `run this engine (it brings no ${missing})`,
        backend.name,
      );
    }
    await backend.connect();
    const channel = backend.notificationChannel;
    if (!channel) return;
    // News is best effort: without it jobs are found by looking for them.
    this.channelIsOpen = true;
    const isOpen = await this.tryTo(() => channel.connect());
    this.channelIsOpen &&= isOpen;
  }

  private async shut(): Promise<void> {
    // A backend that is still waited for would never let the rest end.
    if (this.isOpening) await this.disconnect();
    await this.opened?.catch(() => undefined);
    await this.workerHost.stop();
    if (!this.opened) return;
    await waitFor(this.scheduler.settled(), FLUSH_MS);
    await this.disconnect();
  }

  private async disconnect(): Promise<void> {
    if (this.channelIsOpen) {
      this.channelIsOpen = false;
      await this.tryTo(() => this.backend.notificationChannel?.disconnect());
    }
    await this.tryTo(() => this.backend.disconnect());
  }

  private async tryTo(act: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (thrown) {
      this.events.reportError(errorOf(thrown));
      return false;
    }
  }
}
