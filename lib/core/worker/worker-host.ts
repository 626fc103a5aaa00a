import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { HostBeat } from '../contracts/host-registry.js';
import type { Claimed, ClaimRequest, Pruned, RescuedJob } from '../contracts/job-broker.js';
import { type Duration, durationOption } from '../duration.js';
import { WorkerNotStartedError } from '../errors.js';
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
import { Janitor } from './janitor.js';
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
 *      └───── Slots ◀──────┘     Registrations    Rescuer    Janitor    News    DirectRuns
 *
 * What happens to one job stands in `attempts.ts`, how the host ends in `shutdown.ts`.
 */

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
  private readonly rescuer: Rescuer;
  private readonly janitor: Janitor;
  private readonly heartbeat: Heartbeat;
  private readonly outages: Outages;
  private readonly announcer: Announcer;
  private readonly directRuns: DirectRuns;

  /** Only in tests. */
  private onDemand: OnDemand | undefined;
  private started: Promise<void> | undefined;
  private ending: Ending | undefined;
  private state: WorkerStatus['state'] = 'stopped';
  /** By the backend's clock. */
  private startedAt = 0;
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    private readonly options: ResolvedEngineOptions,
    home: JobHome,
    stateNews: StateNews,
    metrics: MetricsRecorder | undefined,
    pruneEveryMs?: number,
  ) {
    const { leaseMs } = options;
    const broker = () => backend.broker;
    const now = () => backend.broker.now();
    this.host = hostId(options.name);
    this.outages = new Outages((error) => events.reportError(error));
    this.announcer = new Announcer(events, stateNews, { now }, options.processEveryMs, metrics);
    this.slots = new Slots(options);
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
      { host: this.host, leaseMs, processEveryMs: options.processEveryMs },
      {
        settleAndClaim: (settlements, claim) =>
          this.tellClaimed(
            claim,
            this.tellExpired(
              stateNews.learnFrom(backend.broker.settleAndClaim(settlements, claim)),
            ),
          ),
        outbox: this.attempts.settler,
        slots,
        begin: (job, sentAt) => {
          if (this.onDemand && !this.onDemand.lets(job, sentAt)) return;
          keyless.look(job);
          this.attempts.begin(job, sentAt);
        },
        sawExpiry: (at) => this.rescuer.sawExpiry(at),
        ...outages.toldBy('claims'),
      },
    );
    this.registrations = new Registrations({ broker, ...outages.toldBy('registrations') });
    this.rescuer = new Rescuer(leaseMs, {
      rescue: (limit, forMs) => {
        void this.registrations.repeat();
        return backend.broker.rescue(limit, forMs);
      },
      now,
      ownLeasesAreSafe: () => this.attempts.leasesAreSafe(),
      rescued: (jobs) => this.rescued(jobs),
      ...outages.toldBy('rescues'),
    });
    const unhandled = new UnhandledNames(events, (name) => slots.handles(name));
    this.janitor = new Janitor(
      {
        prune: (cursor) => this.tellExpired(backend.broker.prune!(cursor)),
        unhandled: (names) => unhandled.found(names),
        ...outages.toldBy('prunes'),
      },
      pruneEveryMs,
    );
    this.heartbeat = new Heartbeat({
      broker,
      told: () => this.beatNow(),
      ...outages.toldBy('heartbeats'),
    });
  }

  /**
   * Begins to run jobs. Twice is one start; after a stop it begins anew. In a process that only adds
   * jobs (`worker: false`) it does nothing.
   *
   * @throws ConnectionError when the backend cannot be reached
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
    return { host, names, slots, running, paused, version: VERSION, startedAt };
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
    this.onDemand ??= new OnDemand({
      open: () => this.state === 'running' && this.claimer.letGo(),
      shut: () => this.claimer.hold(),
      look: () => {
        this.claimer.wake(true);
        return this.claimer.idle();
      },
      held: () => this.attempts.held().size,
      handBack: (job, sentAt) => this.attempts.handBack(job, sentAt),
      rescue: () => this.rescuer.lookNow(),
      tidy: () => this.tidy(),
      now: () => this.backend.broker.now(),
    });
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
    this.outages.begin();
    // Before the names are read: a handler defined during the start must not be overlooked.
    this.unsubscribe.push(this.handlers.watch((handler) => this.takeUp(handler)));
    const handlers = this.handlers.workedNames().map((name) => this.handlers.get(name)!);
    await this.registrations.tellAll(handlers);
    for (const handler of handlers) this.slots.open(handler);
    this.listen();
    this.state = 'running';
    this.claimer.start();
    this.rescuer.start();
    // Other backends keep everything.
    if (this.backend.broker.prune) this.janitor.start();
    this.startedAt = this.backend.broker.now();
    this.heartbeat.start();
    this.events.emitHost('online', this.host);
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
    const forget = listenToNews(channel, {
      back: () => this.claimer.resume(),
      due: (name, at) => {
        if (this.slots.handles(name)) this.claimer.heardOf(name, at, this.backend.broker.now());
      },
      // Whether the lease is gone, and why, the store says.
      cancelled: (jobId) => this.attempts.check(jobId),
    });
    this.unsubscribe.push(...forget);
  }

  /** A whole pass of what the janitor does, now. */
  private async tidy(): Promise<void> {
    const { broker } = this.backend;
    let cursor: string | null = '';
    while (broker.prune && cursor !== null) {
      const pruned: Pruned = await this.tellExpired(broker.prune(cursor));
      cursor = pruned.next;
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

  private rescued(jobs: readonly RescuedJob[]): void {
    for (const job of jobs) this.announcer.rescued(job);
    this.claimer.wake(true);
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
    // A start under way is finished first; one that failed has nothing to stop.
    if (this.state !== 'running') await this.started?.catch(() => undefined);
    if (this.state !== 'running') return NOTHING_TO_DRAIN;
    this.state = 'stopping';
    this.onDemand?.end();
    const { attempts, claimer, rescuer } = this;
    this.janitor.stop();
    const report = await shutDown({ attempts, claimer, rescuer }, limits);
    // A store that took no settlements takes no farewell.
    if (this.outages.storeIsAway || report.unsettled > 0) this.heartbeat.stop();
    else await waitFor(this.heartbeat.leave(), limits.flushMs);
    this.leave();
    return report;
  }

  private leave(): void {
    this.claimer.stop();
    this.attempts.leave();
    this.outages.end();
    this.unsubscribeAll();
    this.started = undefined;
    this.state = 'stopped';
    this.events.emitHost('offline', this.host);
  }

  private unsubscribeAll(): void {
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
