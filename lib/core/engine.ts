import type { AgendaBackend, AgendaChannel, CompleteBackend } from './contracts/agenda-backend.js';
import { checkedBackend } from './contracts/checked-backend.js';
import type { JobLogger } from './contracts/job-logger.js';
import type { JobManager } from './contracts/job-manager.js';
import { BackendClosedError } from './errors.js';
import { DurableEvents } from './events/durable-events.js';
import { type ErrorSink, JobEvents } from './events/job-events.js';
import { RemoteEvents } from './events/remote-events.js';
import { StateNews } from './events/state-news.js';
import { completed } from './foreign/complete-backend.js';
import { refuseContext } from './foreign/refused-context.js';
import { refuseLimits } from './foreign/refused-limits.js';
import { keepsEvents, keepsMetrics, refuseObservation } from './foreign/refused-observation.js';
import { refuseRetention } from './foreign/refused-retention.js';
import { refuseVersions } from './foreign/refused-versions.js';
import { HandlerRegistry } from './handlers/handler-registry.js';
import { errorOf } from './job/thrown.js';
import { JobLog } from './logging/job-log.js';
import { MetricsRecorder } from './metrics/metrics-recorder.js';
import { loggerOf } from './logging/logging-option.js';
import type { EngineOptions } from './options/engine-options.js';
import { PRIORITY_FIRST } from './options/claim-order.js';
import { checkKnownKeys } from './options/known-keys.js';
import {
  type ResolvedEngineOptions,
  resolveEngineOptions,
} from './options/resolve-engine-options.js';
import { JobScheduler } from './scheduler/job-scheduler.js';
import { JobWaits } from './scheduler/job-waits.js';
import { StoredJobs } from './scheduler/stored-jobs.js';
import { hostId } from './worker/host-id.js';
import { waitFor } from './worker/wait.js';
import { WorkerHost } from './worker/worker-host.js';

/** How long a close waits for adds that have no answer. */
const FLUSH_MS = 2_000;

/** What an application plugs in beside its options. */
export interface EngineParts {
  /** Takes errors that nobody listens to. @default a process warning */
  onUnheardError?: ErrorSink;
  /** News goes here instead of to the backend's own channel: storage there, news here. */
  notificationChannel?: AgendaChannel | undefined;
  /** How often ended jobs are looked through for those to remove, in ms. @internal for tests */
  pruneEveryMs?: number;
  /** How often jobs are looked at that are waited for, whatever news says, in ms. @internal for tests */
  lookEveryMs?: number;
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
  /** The backend with all that this engine works with; a foreign one brings less. */
  readonly parts: CompleteBackend;
  /** Where news goes to and comes from. */
  readonly channel: AgendaChannel | undefined;
  private log: JobLog | undefined;
  private readonly stateNews: StateNews;
  private readonly waits: JobWaits;
  private readonly remoteEvents: RemoteEvents;
  private readonly durableEvents: DurableEvents;
  private readonly metrics: MetricsRecorder | undefined;
  private opened: Promise<void> | undefined;
  private closed: Promise<void> | undefined;
  private isOpening = false;
  private channelIsOpen = false;
  /** Takes the connect of the backend back, once. */
  private leaveBackend: (() => Promise<void>) | undefined;
  private endWarnings: (() => void) | undefined;

  /** @throws InvalidOptionError */
  constructor(
    readonly backend: AgendaBackend,
    options: EngineOptions = {},
    parts: EngineParts = {},
  ) {
    checkedBackend(backend);
    checkKnownKeys('parts', parts, [
      'onUnheardError',
      'notificationChannel',
      'pruneEveryMs',
      'lookEveryMs',
    ]);
    this.options = resolveEngineOptions(options);
    backend.preferSort?.(PRIORITY_FIRST);
    this.events = new JobEvents(parts.onUnheardError);
    this.handlers = new HandlerRegistry(this.options, {
      middleware: this.options.middleware,
      warn: (...warning) => this.events.emitWarning(...warning),
    });
    this.channel = parts.notificationChannel ?? backend.notificationChannel;
    this.parts = completed(backend, {
      name: this.options.name,
      channel: this.channel,
      report: (error) => this.events.reportError(error),
    });
    const { broker, name } = this.parts;
    if (!broker.prune) {
      refuseRetention(options, this.options, this.handlers, name);
      refuseLimits(options, this.handlers, name);
      refuseVersions(options, this.handlers, name);
    }
    if (!broker.keepsContext) refuseContext(options, name);
    refuseObservation(options, this.bareManager, name);
    this.startLog();
    // Where nothing is logged handlers may ask for it all the same, at any time.
    this.handlers.watch(({ plan }) => {
      if (plan.logging) this.startLog();
    });
    const { parts: backendParts, handlers, events } = this;
    const source = hostId(this.options.name);
    this.remoteEvents = new RemoteEvents(source, backendParts, events);
    this.stateNews = new StateNews(source, backendParts.notificationChannel, (error) =>
      events.reportError(error),
    );
    this.durableEvents = new DurableEvents({
      manager: backendParts.manager,
      channel: backendParts.notificationChannel,
      report: (error) => events.reportError(error),
    });
    // Where news was cut off, the store may have lost its memory as well.
    if (this.options.events) {
      this.events.onHere('reconnected', () =>
        backendParts.manager.keepEvents(this.options.events!),
      );
    }
    this.metrics = this.metricsRecorder(source);
    const jobs = new StoredJobs(
      backendParts,
      handlers,
      events,
      this.options,
      () => this.workerHost,
      this.metrics,
    );
    this.waits = new JobWaits(backendParts, events, {
      listening: () => this.remoteEvents.declared,
      leaseMs: this.options.leaseMs,
      ...(parts.lookEveryMs !== undefined && { lookEveryMs: parts.lookEveryMs }),
      maxResultBytes: (jobName) => handlers.planFor(jobName).maxResultBytes,
    });
    const observation = { durableEvents: this.durableEvents, metrics: this.metrics };
    this.scheduler = new JobScheduler(
      backendParts,
      handlers,
      events,
      this.options,
      jobs,
      observation,
      this.waits,
    );
    this.workerHost = new WorkerHost(
      backendParts,
      handlers,
      events,
      this.options,
      jobs,
      this.stateNews,
      this.metrics,
      () => (this.isOpen ? undefined : this.connect()),
      parts.pruneEveryMs,
    );
  }

  /**
   * Where the log of job events is kept; `undefined` when nothing is logged.
   *
   * @throws InvalidOptionError when the backend should keep it, and cannot
   */
  get logger(): JobLogger | undefined {
    return loggerOf(this.parts, this.options.logging, this.handlers);
  }

  /**
   * Opens the backend and its news. Calling it again changes nothing; after `close` it opens anew.
   *
   * @throws ConnectionError naming host and port
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

  /** As soon as there is something to log. @throws InvalidOptionError when nothing can keep it */
  private startLog(): void {
    const { events, handlers, logger, options, parts } = this;
    if (!logger || this.log) return;
    const byDefault = options.logging?.byDefault ?? false;
    this.log = new JobLog({
      logger,
      agendaName: options.name,
      isLogged: (jobName) => handlers.planFor(jobName).logging ?? byDefault,
      now: () => parts.broker.now(),
      report: (error) => events.reportError(error),
    });
    this.log.listenTo(events);
    if (this.opened) void this.expectEntries();
  }

  /** @throws ConnectionError */
  private async keepEvents(): Promise<void> {
    const { events: bounds } = this.options;
    const { manager } = this.parts;
    if (bounds === undefined || !keepsEvents(this.bareManager)) return;
    try {
      await manager.keepEvents(bounds);
    } catch (error) {
      await this.leaveBackend?.();
      throw error;
    }
  }

  /** The backend's own, which shows what it can. */
  private get bareManager(): JobManager {
    return this.backend.manager ?? this.parts.manager;
  }

  private metricsRecorder(writer: string): MetricsRecorder | undefined {
    const { broker, manager } = this.parts;
    if (!this.options.metrics || !keepsMetrics(this.bareManager)) return undefined;
    return new MetricsRecorder({
      writer,
      now: () => broker.now(),
      send: (batch) => manager.addMetrics(batch),
      report: (error) => this.events.reportError(error),
    });
  }

  private get isOpen(): boolean {
    return this.opened !== undefined && !this.isOpening && this.closed === undefined;
  }

  private expectEntries(): Promise<boolean> {
    return this.tryTo(() => this.logger?.expectEntries?.());
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
    await this.openBackend();
    await this.expectEntries();
    await this.keepEvents();
    await this.openChannel();
    this.events.emitReady();
  }

  /** Others may wait for the same backend: who closes on the way waits no longer. */
  private async openBackend(): Promise<void> {
    // Before it connects, which is when it looks at its store.
    this.endWarnings ??= this.backend.onWarning?.(({ code, message }) =>
      this.events.emitWarning(code, message),
    );
    const left = new Promise<never>((_, reject) => {
      this.leaveBackend = async () => {
        this.leaveBackend = undefined;
        await this.tryTo(() => this.parts.disconnect());
        this.stopWarnings();
        reject(new BackendClosedError());
      };
    });
    try {
      await Promise.race([this.parts.connect(), left]);
    } catch (error) {
      this.leaveBackend = undefined;
      this.stopWarnings();
      throw error;
    }
  }

  private stopWarnings(): void {
    this.endWarnings?.();
    this.endWarnings = undefined;
  }

  private async openChannel(): Promise<void> {
    const channel = this.parts.notificationChannel;
    if (!channel) return;
    // News is best effort: without it jobs are found by looking for them.
    this.channelIsOpen = true;
    // Before the channel connects: so what is told from then on is heard.
    this.remoteEvents.open();
    const isOpen = await this.tryTo(() => channel.connect());
    this.channelIsOpen &&= isOpen;
    if (!isOpen) this.remoteEvents.close();
    await this.remoteEvents.declared;
  }

  private async shut(): Promise<void> {
    // At once: a start that comes meanwhile waits for the close, which must not wait for that start.
    const stopped = this.workerHost.stop();
    // A backend that is still waited for would never let the rest end.
    if (this.isOpening) await this.disconnect();
    await this.opened?.catch(() => undefined);
    await stopped;
    this.waits.close();
    if (!this.opened) return;
    await waitFor(this.scheduler.settled(), FLUSH_MS);
    const { log, metrics, stateNews } = this;
    const flushed = Promise.all([log?.settled(), metrics?.close(), stateNews.flush()]);
    await waitFor(flushed, FLUSH_MS);
    await this.disconnect();
  }

  private async disconnect(): Promise<void> {
    this.durableEvents.close();
    this.remoteEvents.close();
    if (this.channelIsOpen) {
      this.channelIsOpen = false;
      await this.tryTo(() => this.parts.notificationChannel?.disconnect());
    }
    await this.leaveBackend?.();
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
