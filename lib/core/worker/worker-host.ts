import { hostname } from 'node:os';
import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { HostBeat } from '../contracts/host-registry.js';
import type { Claimed, ClaimRequest, Pruned, RescuedJob } from '../contracts/job-broker.js';
import { type Duration, durationOption } from '../duration.js';
import { BackendClosedError, WorkerNotStartedError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import type { StateNews } from '../events/state-news.js';
import type { Handler, HandlerRegistry } from '../handlers/handler-registry.js';
import { checkText } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';
import type { JobHome } from '../job/job.js';
import type { JobRecord } from '../job/job-record.js';
import { type JobName, nameOf } from '../job/job-types.js';
import type { Spelled } from '../job/typed-names.js';
import type { MetricsRecorder } from '../metrics/metrics-recorder.js';
import { abortSignal, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { VERSION } from '../version.js';
import { Announcer } from './announcer.js';
import type { Attempt } from './attempt.js';
import { Attempts } from './attempts.js';
import { Claimer } from './claimer.js';
import { DirectRuns } from './direct-runs.js';
import { Heartbeat } from './heartbeat.js';
import { hostId } from './host-id.js';
import { Janitor, pruneEvery } from './janitor.js';
import { KeylessJobs } from './keyless-jobs.js';
import { listenToNews } from './news.js';
import { OnDemand } from './on-demand.js';
import { Outages } from './outages.js';
import { Patience } from './patience.js';
import { Registrations } from './registrations.js';
import { Rescuer } from './rescuer.js';
import type { Settled } from './settler.js';
import { NOTHING_TO_DRAIN, shutDown, type ShutdownLimits } from './shutdown.js';
import { Slots } from './slots.js';
import { UnhandledNames } from './unhandled-names.js';
import { waitFor } from './wait.js';
import type { DrainOptions, DrainReport, HostSnapshot, WorkerStatus } from './worker-status.js';

/*
 * The part of a process that runs jobs: it connects the services, which do not know each other.
 *
 *   Claimer ── jobs ──▶ Attempts ── settlements ──▶ Claimer
 *      ▲                   │
 *      └───── Slots ◀──────┘     Registrations    Rescuers    Janitors    News    DirectRuns
 *
 * Of a store with several partitions each has a lane of the claimer, a desk of the attempts, a rescuer and a janitor
 * of its own, so that one that is away holds up none of the others.
 *
 * What happens to one job stands in `attempts.ts`, how the host ends in `shutdown.ts`.
 */

/** More than any process has names. */
const MOST_TURNS = 2 ** 20;
/** A claim that has no answer for two polls and this long, in ms, is taken for a store that hangs. */
const ANSWER_MARGIN_MS = 1_000;

/** A stop or drain under way. */
interface Ending {
  readonly patience: Patience;
  readonly report: Promise<DrainReport>;
  readonly stopped: Promise<void>;
}

export class WorkerHost {
  private readonly host: string;
  private readonly slots: Slots;
  private readonly attempts: Attempts;
  private readonly claimer: Claimer<Settled>;
  private readonly registrations: Registrations;
  /** One for each partition, and so are the janitors. */
  private readonly rescuers: readonly Rescuer[];
  private readonly janitors: readonly Janitor[];
  private readonly heartbeat: Heartbeat;
  private readonly outages: Outages;
  private readonly announcer: Announcer;
  private readonly directRuns: DirectRuns;

  /** Only in tests. */
  private onDemand: OnDemand | undefined;
  private started: Promise<void> | undefined;
  /** While a start waits for its backend. */
  private giveUpStart: (() => void) | undefined;
  private ending: Ending | undefined;
  private state: WorkerStatus['state'] = 'stopped';
  /** By the backend's clock. */
  private startedAt = 0;
  private unsubscribe: (() => void)[] = [];
  private forgetNews: (() => void)[] = [];

  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    private readonly options: ResolvedEngineOptions,
    home: JobHome,
    stateNews: StateNews,
    metrics: MetricsRecorder | undefined,
    /** Nothing where the engine is connected already. */
    private readonly connect: () => Promise<void> | undefined,
    pruneEveryMs = pruneEvery(backend.broker.partitions),
  ) {
    const { leaseMs } = options;
    const broker = () => backend.broker;
    const now = () => backend.broker.now();
    this.host = hostId(options.name);
    const { partitions } = backend.broker;
    this.outages = new Outages(partitions, (error) => events.reportError(error));
    this.announcer = new Announcer(events, stateNews, { now }, options.processEveryMs, metrics);
    this.slots = new Slots(options, Math.floor(Math.random() * MOST_TURNS));
    const { slots, outages, announcer } = this;
    const tools = { home, leaseMs, broker, handlers, announcer, outages, events };
    this.directRuns = new DirectRuns(`${this.host}-direct`, tools, backend.notificationChannel);
    this.attempts = new Attempts(
      { ...tools, slots },
      {
        mayBegin: () => this.state === 'running',
        wake: (forJobs) => this.claimer.wake(forJobs),
        over: () => this.onDemand?.attemptOver(),
      },
    );
    const keyless = new KeylessJobs(events, (name) => handlers.get(name));
    this.claimer = new Claimer(
      {
        host: this.host,
        leaseMs,
        processEveryMs: options.processEveryMs,
        // In tests time stands still between two steps: nobody may count on this host then.
        standsBy: () => this.onDemand === undefined,
      },
      {
        settleAndClaim: (settlements, claim) =>
          this.tellClaimed(
            claim,
            this.tellExpired(
              stateNews.learnFrom(backend.broker.settleAndClaim(settlements, claim)),
            ),
          ),
        outboxes: this.attempts.outboxes,
        slots,
        begin: (job, sentAt) => {
          if (this.onDemand && !this.onDemand.lets(job, sentAt)) return;
          keyless.look(job);
          this.attempts.begin(job, sentAt);
        },
        handBack: (job, sentAt) => this.attempts.handBack(job, sentAt),
        heardExpiry: (earliest, sentAt, partition) =>
          this.rescuers[partition]!.heard(earliest, sentAt),
        toldBy: (partition) => outages.toldBy('claims', partition),
      },
    );
    this.registrations = new Registrations(leaseMs / 3, {
      broker,
      ...outages.toldBy('registrations'),
    });
    const unhandled = new UnhandledNames(events, (name) => slots.handles(name));
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    this.rescuers = all.map((partition) => this.newRescuer(partition));
    this.janitors = all.map(
      (partition) =>
        new Janitor(
          {
            prune: (cursor) => this.tellExpired(backend.broker.prune!(cursor, partition)),
            unhandled: (names) => unhandled.found(names),
            ...outages.toldBy('prunes', partition),
          },
          pruneEveryMs,
        ),
    );
    this.heartbeat = new Heartbeat({
      broker,
      told: () => this.beatNow(),
      ...outages.toldBy('heartbeats'),
    });
  }

  private newRescuer(partition: number): Rescuer {
    return new Rescuer(this.options.leaseMs, {
      rescue: (limit, forMs) => this.backend.broker.rescue(limit, forMs, partition),
      now: () => this.backend.broker.now(),
      ownLeasesAreSafe: () => this.attempts.leasesAreSafe(partition),
      rescued: (jobs) => this.rescued(jobs, partition),
      ...this.outages.toldBy('rescues', partition),
    });
  }

  /**
   * Begins to run jobs; where the engine is not connected yet, it is then. Twice is one start; after a stop it begins
   * anew. In a process that only adds jobs (`worker: false`) it does nothing.
   *
   * @throws ConnectionError when the backend cannot be reached
   * @throws BackendClosedError when it is stopped while it waits for its backend
   */
  start(): Promise<void> {
    if (this.options.worker.none) return Promise.resolve();
    // A stop that was asked for before is carried out first.
    if (this.ending) return this.ending.stopped.then(() => this.start());
    this.started ??= this.takeUpWork().catch((error: unknown) => {
      this.started = undefined;
      this.unsubscribeAll();
      throw error;
    });
    return this.started;
  }

  /** Ends the work in order: see {@link drain}. A call meanwhile returns the same promise. Never rejects. */
  stop(): Promise<void> {
    return this.end(this.options.shutdown.timeoutMs).stopped;
  }

  /**
   * Ends the work: takes no more jobs, lets running handlers end, fires the signals of those that do
   * not, and hands their jobs back. It does not fail for want of time. A call beside a stop or drain that
   * is under way gets the report of that one, and can shorten it; where nothing works it counts zeros.
   *
   * @param options - a number (or a text such as `'5s'`) is the timeout
   * @throws InvalidOptionError
   */
  async drain(options: Duration | DrainOptions = {}): Promise<DrainReport> {
    const isTimeout = typeof options === 'number' || typeof options === 'string';
    const given: DrainOptions = isTimeout ? { timeout: options } : options;
    checkKnownKeys('', given, ['timeout', 'signal']);
    const { timeout, signal } = given;
    if (signal !== undefined) abortSignal('signal', signal);
    const timeoutMs =
      timeout === undefined
        ? this.options.shutdown.timeoutMs
        : durationOption('timeout', timeout, { min: 0 });
    return this.end(timeoutMs, signal).report;
  }

  /** Takes no more jobs of this name, or of any, in this process; those that run go on. */
  pause<Name extends JobName>(nameOrToken?: Spelled<Name>): void {
    const name = nameOrToken && nameOf(nameOrToken);
    if (name !== undefined) checkText('name', name);
    this.slots.pause(name);
    this.claimer.roomHasShrunk();
  }

  /** Takes a pause back; without a name all of them. */
  resume<Name extends JobName>(nameOrToken?: Spelled<Name>): void {
    const name = nameOrToken && nameOf(nameOrToken);
    if (name !== undefined) checkText('name', name);
    this.slots.resume(name);
    this.claimer.wake(true);
  }

  /**
   * How many jobs of a name run at once in this process, from now on and over its stops and starts, whatever the
   * options say. Those that run end, also when they are more.
   *
   * @throws InvalidOptionError unless it is a whole number of 1 or more: see {@link pause} for none
   */
  setConcurrency<Name extends JobName>(nameOrToken: Spelled<Name>, concurrency: number): void {
    const name = nameOf(nameOrToken);
    checkText('name', name);
    this.slots.setConcurrency(name, wholeNumber('concurrency', concurrency, 1));
    this.claimer.wake(true);
  }

  /** The same for all names together: `maxConcurrency`. The `lockLimit` stays. @throws InvalidOptionError */
  setMaxConcurrency(maxConcurrency: number): void {
    this.slots.setMaxConcurrency(wholeNumber('maxConcurrency', maxConcurrency, 1));
    this.claimer.wake(true);
  }

  status(): WorkerStatus {
    return {
      state: this.state,
      ready: this.isReady,
      onlyAdds: this.options.worker.none,
      host: this.host,
      running: this.slots.running,
      slots: this.slots.concurrency,
      unsettled: this.attempts.unsettled,
      paused: this.slots.isPaused,
      storeIsAway: this.outages.storeIsAway,
      names: this.slots
        .view()
        .map(({ name, running, concurrency, paused }) => ({ name, running, concurrency, paused })),
    };
  }

  private beatNow(): HostBeat {
    const { host, running, paused, names } = this.status();
    const { startedAt } = this;
    const slots = this.slots.concurrency;
    return {
      host,
      machine: hostname(),
      names,
      slots,
      running,
      paused,
      version: VERSION,
      startedAt,
    };
  }

  private get isReady(): boolean {
    const { state, outages, claimer, options } = this;
    const isTurning = claimer.unansweredForMs <= 2 * options.processEveryMs + ANSWER_MARGIN_MS;
    return state === 'running' && !outages.storeIsAway && isTurning;
  }

  /**
   * From now on jobs are taken only when told, over all starts. Twice is once.
   *
   * @internal for the testing kit
   */
  hold(): OnDemand {
    this.claimer.hold();
    if (this.onDemand) return this.onDemand;
    this.onDemand = new OnDemand({
      open: () => this.state === 'running' && this.claimer.letGo(),
      shut: () => this.claimer.hold(),
      look: () => {
        this.claimer.wake(true);
        return this.claimer.idle();
      },
      held: () => this.attempts.held().size,
      handBack: (job, sentAt) => this.attempts.handBack(job, sentAt),
      rescue: async () => {
        const rescues = await Promise.all(this.rescuers.map((rescuer) => rescuer.lookNow()));
        return rescues.filter((rescue) => rescue !== undefined);
      },
      tidy: () => this.tidy(),
      now: () => this.backend.broker.now(),
    });
    if (this.forgetNews.length > 0) this.listen();
    return this.onDemand;
  }

  /**
   * Runs a job here and now, outside all limits, whether this host is started or not.
   *
   * @internal see `Job.run`
   */
  runNow(id: string, name: string): Promise<JobRecord> {
    return this.directRuns.run(id, this.handlers.get(name), name);
  }

  /**
   * @internal see `JobScheduler.getRunningStats`
   * @throws WorkerNotStartedError unless this process only adds jobs: then there is nothing to start, and nothing runs
   */
  snapshot(): HostSnapshot {
    const mayStart = !this.options.worker.none;
    if (mayStart && this.state === 'stopped') throw new WorkerNotStartedError('getRunningStats');
    const jobsOf = (attempts: Iterable<Attempt>) => Array.from(attempts, ({ job }) => job);
    return {
      names: this.slots.view(),
      maxConcurrency: this.slots.concurrency,
      running: jobsOf(this.attempts.inExecution()),
      held: jobsOf(this.attempts.held()),
      callsUnderWay: this.claimer.callsUnderWay,
    };
  }

  // ── start ────────────────────────────────────────────────────────────────────────────────────

  private async takeUpWork(): Promise<void> {
    await this.connected();
    this.outages.begin();
    // Before the names are read: a handler defined during the start must not be overlooked.
    this.unsubscribe.push(this.handlers.watch((handler) => this.takeUp(handler)));
    const handlers = this.handlers.workedNames().map((name) => this.handlers.get(name)!);
    await this.registrations.tellAll(handlers);
    for (const handler of handlers) this.slots.open(handler);
    this.listen();
    this.state = 'running';
    this.claimer.start();
    for (const rescuer of this.rescuers) rescuer.start();
    // Other backends keep everything.
    if (this.backend.broker.prune) for (const janitor of this.janitors) janitor.start();
    this.startedAt = this.backend.broker.now();
    this.heartbeat.start();
    this.events.emitHost('online', this.host);
  }

  /** What a start opened by itself, a close of the engine would not know of. */
  private async connected(): Promise<void> {
    const connecting = this.connect();
    if (!connecting) return;
    const givenUp = new Promise<never>((_, reject) => {
      this.giveUpStart = () => reject(new BackendClosedError());
    });
    try {
      await Promise.race([connecting, givenUp]);
    } finally {
      this.giveUpStart = undefined;
    }
  }

  /** A handler that was defined after the start. */
  private takeUp(handler: Handler): void {
    if (!this.options.worker.includes(handler.name)) return;
    this.slots.open(handler);
    this.claimer.wake(true);
    void this.registrations.add([handler]);
  }

  private listen(): void {
    const channel = this.backend.notificationChannel;
    if (!channel) return;
    this.listenNoMore();
    // Who does not stand by hears what everybody hears.
    const host = this.onDemand ? undefined : this.host;
    this.forgetNews = listenToNews(channel, host, {
      back: (partition) => this.claimer.resume(partition),
      due: (name, at, partition) => {
        if (!this.slots.handles(name)) return;
        this.claimer.heardOf(name, at, this.backend.broker.now(), partition);
      },
      // Whether the lease is gone, and why, the store says.
      cancelled: (jobId) => this.attempts.check(jobId),
    });
  }

  private listenNoMore(): void {
    for (const forget of this.forgetNews.splice(0)) this.tryTo(forget);
  }

  /** A whole pass of what the janitor does, now. */
  private async tidy(): Promise<void> {
    const { broker } = this.backend;
    for (let partition = 0; partition < broker.partitions; partition++) {
      let cursor: string | null = '';
      while (broker.prune && cursor !== null) {
        const pruned: Pruned = await this.tellExpired(broker.prune(cursor, partition));
        cursor = pruned.next;
      }
    }
  }

  private tellClaimed(claim: ClaimRequest, call: Promise<Claimed>): Promise<Claimed> {
    const { onDemand } = this;
    if (!onDemand) return call;
    return call.then((claimed) => {
      onDemand.claimed(claim, claimed);
      return claimed;
    });
  }

  /** Tells of the jobs that a call has found expired. */
  private async tellExpired<Answer extends Pick<Claimed, 'expired'>>(
    call: Promise<Answer>,
  ): Promise<Answer> {
    const answer = await call;
    for (const job of answer.expired ?? []) this.announcer.expired(job);
    return answer;
  }

  private rescued(jobs: readonly RescuedJob[], partition: number): void {
    for (const job of jobs) this.announcer.rescued(job);
    this.claimer.wake(true, partition);
  }

  // ── stop ─────────────────────────────────────────────────────────────────────────────────────

  private end(timeoutMs: number, signal?: AbortSignal): Ending {
    if (this.ending) this.ending.patience.shorten(timeoutMs, signal);
    else this.ending = this.beginToEnd(new Patience(timeoutMs, signal));
    return this.ending;
  }

  private beginToEnd(patience: Patience): Ending {
    const { graceMs, flushMs } = this.options.shutdown;
    const limits = { patience, graceMs, flushMs };
    const ended = Promise.all([this.shutDown(limits), this.directRuns.end(limits)]);
    const report = ended.then(([ofHost]) => {
      patience.forget();
      this.ending = undefined;
      return ofHost;
    });
    return { patience, report, stopped: report.then(() => undefined) };
  }

  private async shutDown(limits: ShutdownLimits): Promise<DrainReport> {
    // A start under way is finished first, unless it still waits for its backend; one that failed has nothing to stop.
    this.giveUpStart?.();
    if (this.state !== 'running') await this.started?.catch(() => undefined);
    if (this.state !== 'running') return NOTHING_TO_DRAIN;
    this.state = 'stopping';
    this.onDemand?.end();
    const { attempts, claimer, rescuers } = this;
    for (const janitor of this.janitors) janitor.stop();
    const report = await shutDown({ attempts, claimer, rescuers }, limits);
    // A store that took no settlements takes no farewell.
    if (this.outages.storeIsAway || report.unsettled > 0) this.heartbeat.stop();
    else await waitFor(this.heartbeat.leave(), limits.flushMs);
    this.leave();
    return report;
  }

  private leave(): void {
    this.claimer.stop();
    this.attempts.leave();
    this.registrations.stop();
    this.outages.end();
    this.unsubscribeAll();
    this.started = undefined;
    this.state = 'stopped';
    this.events.emitHost('offline', this.host);
  }

  private unsubscribeAll(): void {
    this.listenNoMore();
    for (const unsubscribe of this.unsubscribe.splice(0)) this.tryTo(unsubscribe);
  }

  /** For what must not fail the caller: its error is told to listeners. */
  private tryTo(act: () => unknown): void {
    const report = (thrown: unknown) => this.events.reportError(errorOf(thrown));
    try {
      Promise.resolve(act()).catch(report);
    } catch (thrown) {
      report(thrown);
    }
  }
}
