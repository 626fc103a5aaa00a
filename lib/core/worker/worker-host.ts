import { hostname } from 'node:os';
import type { AgendaBackend } from '../contracts/agenda-backend.js';
import {
  type ClaimedJob,
  type JobBroker,
  type LostLease,
  MAX_BATCH,
  type RescuedJob,
  type Settlement,
} from '../contracts/job-broker.js';
import { durationOption } from '../duration.js';
import {
  JobCancelledError,
  LeaseLostError,
  ShutdownError,
  UnsupportedOperationError,
} from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import { planOf } from '../handlers/handler-plan.js';
import type { Handler, HandlerRegistry } from '../handlers/handler-registry.js';
import { checkText, randomToken } from '../job/job-id.js';
import { errorOf, failureOf } from '../job/thrown.js';
import { abortSignal } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { Announcer } from './announcer.js';
import { Attempt } from './attempt.js';
import { Claimer } from './claimer.js';
import { type DecisionContext, decide, passedOver } from './decide.js';
import { Executor } from './executor.js';
import { LeaseKeeper } from './lease-keeper.js';
import { listenToNews } from './news.js';
import { type Outcome, RELEASED } from './outcome.js';
import { Outages } from './outages.js';
import { Rescuer } from './rescuer.js';
import { type Settled, Settler } from './settler.js';
import { Slots } from './slots.js';
import { waitFor } from './wait.js';
import type { DrainOptions, DrainReport, WorkerStatus } from './worker-status.js';

/*
 * The part of a process that runs jobs: it connects the services, which do not know each other.
 *
 *   Claimer ── jobs ──▶ Executor ── outcome ──▶ decide ── settlement ──▶ Settler ──▶ Claimer
 *      ▲                   │                                                │
 *      └── Slots ◀── returned                    LeaseKeeper ◀── answered ──┘        Rescuer
 *
 * An attempt holds a slot from its claim until its handler returns, and a lease from its claim until
 * the store has answered its settlement. Both ends may come in either order.
 *
 * Shutdown: claim no more, and hand back what a claim under way still brings → wait for handlers up
 * to the timeout → fire their signals → a short grace → hand back what is left, whose handlers can
 * no longer settle anything → flush the settlements. Renewals go on until the end, so nothing is
 * taken over meanwhile; adding jobs works all along.
 */

const NOTHING_TO_DRAIN: DrainReport = { completed: 0, running: 0, timedOut: false, aborted: false };
const FLUSH_MS = 2_000;

export class WorkerHost {
  private readonly host: string;
  private readonly slots: Slots;
  private readonly settler: Settler;
  private readonly executor: Executor;
  private readonly keeper: LeaseKeeper;
  private readonly claimer: Claimer<Settled>;
  private readonly rescuer: Rescuer;
  private readonly outages: Outages;
  private readonly announcer: Announcer;
  private readonly decisions: DecisionContext;
  private readonly nobody: Handler;

  private started: Promise<void> | undefined;
  private ending: Promise<DrainReport> | undefined;
  private stopped: Promise<void> | undefined;
  private state: WorkerStatus['state'] = 'stopped';
  private unsubscribe: (() => void)[] = [];
  private endedWhileDraining = 0;
  private whenEmpty: (() => void)[] = [];

  constructor(
    private readonly backend: AgendaBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    private readonly options: ResolvedEngineOptions,
  ) {
    const { leaseMs } = options;
    const report = (error: Error) => events.reportError(error);
    const clock = { now: () => this.broker.now() };
    this.host = hostId(options.name);
    this.outages = new Outages(report);
    this.announcer = new Announcer(events, clock);
    this.slots = new Slots(options);
    this.nobody = { name: '', run: () => undefined, origin: '', plan: planOf('', []) };
    this.decisions = {
      get now() {
        return clock.now();
      },
      random: Math.random,
      report,
    };
    this.settler = new Settler({
      accepted: (attempt) => this.accepted(attempt),
      refused: (attempt, refusal, repeated) => {
        this.keeper.letGo(attempt);
        this.announcer.lost(attempt, refusal, repeated);
      },
    });
    this.executor = new Executor({
      ended: (attempt, outcome) => this.ended(attempt, outcome),
      returned: (attempt, late) => this.returned(attempt, late),
      stuck: (attempt, error) => this.announcer.stuck(attempt, error),
      report,
    });
    this.keeper = new LeaseKeeper(leaseMs, {
      renew: (leases, forMs) => this.broker.renew(leases, forMs, { afterExpiry: true }),
      lost: (attempt, lost) => this.lost(attempt, lost),
      failed: (error) => this.outages.failed('renewals', error),
      recovered: () => this.outages.recovered('renewals'),
    });
    this.claimer = new Claimer(
      { host: this.host, leaseMs, processEveryMs: options.processEveryMs },
      {
        settleAndClaim: (settlements, claim) => this.broker.settleAndClaim(settlements, claim),
        takeMail: () => this.settler.take(),
        hasMail: () => this.settler.hasMail,
        putBack: (batch) => this.settler.putBack(batch),
        answered: (batch, answers, repeated) => this.settler.answered(batch, answers, repeated),
        room: () => this.slots.room(),
        hasRoomFor: (name) => this.slots.hasRoomFor(name),
        begin: (job, sentAt) => this.begin(job, sentAt),
        sawExpiry: (at) => this.rescuer.sawExpiry(at),
        failed: (error) => this.outages.failed('claims', error),
        recovered: () => this.outages.recovered('claims'),
      },
    );
    this.rescuer = new Rescuer(leaseMs, {
      rescue: (limit, forMs) => this.broker.rescue(limit, forMs),
      now: clock.now,
      ownLeasesAreSafe: () => this.ownLeasesAreSafe(),
      rescued: (jobs) => this.rescued(jobs),
      failed: (error) => this.outages.failed('rescues', error),
      recovered: () => this.outages.recovered('rescues'),
    });
  }

  /**
   * Begins to run jobs. Twice is one start; after a stop it begins anew. In a process that only adds
   * jobs (`worker: false`) it does nothing.
   *
   * @throws UnsupportedOperationError when the backend cannot hand out jobs
   * @throws ConnectionError when the backend cannot be reached
   */
  start(): Promise<void> {
    // A stop that was asked for before is carried out first.
    if (this.started && this.stopped) return this.stopped.then(() => this.start());
    this.started ??= this.takeUpWork().catch((error: unknown) => {
      this.started = undefined;
      this.unsubscribeAll();
      throw error;
    });
    return this.started;
  }

  /** Ends the work in order: see {@link drain}. A second call returns the same promise. Never rejects. */
  stop(): Promise<void> {
    return this.end(this.options.shutdown.timeoutMs).stopped;
  }

  /**
   * Ends the work: takes no more jobs, lets running handlers end, fires the signals of those that do
   * not, and hands their jobs back. It does not fail for want of time.
   *
   * @throws InvalidOptionError
   */
  async drain(options: DrainOptions = {}): Promise<DrainReport> {
    checkKnownKeys('', options, ['timeout', 'signal']);
    const { timeout, signal } = options;
    if (signal !== undefined) abortSignal('signal', signal);
    const timeoutMs =
      timeout === undefined
        ? this.options.shutdown.timeoutMs
        : durationOption('timeout', timeout, { min: 0 });
    return this.end(timeoutMs, signal).ending;
  }

  /** Takes no more jobs of this name, or of any, in this process; those that run go on. */
  pause(name?: string): void {
    if (name !== undefined) checkText('name', name);
    this.slots.pause(name);
  }

  /** Takes a pause back; without a name all of them. */
  resume(name?: string): void {
    if (name !== undefined) checkText('name', name);
    this.slots.resume(name);
    this.claimer.wake(true);
  }

  status(): WorkerStatus {
    return {
      state: this.state,
      host: this.host,
      running: this.slots.running,
      unsettled: this.settler.unanswered,
      paused: this.slots.isPaused,
      storeIsAway: this.outages.storeIsAway,
      names: this.slots
        .view()
        .map(({ name, running, concurrency, paused }) => ({ name, running, concurrency, paused })),
    };
  }

  private get broker(): JobBroker {
    const { broker, name } = this.backend;
    if (!broker) throw new UnsupportedOperationError('hand out jobs to workers', name);
    return broker;
  }

  // ── start ────────────────────────────────────────────────────────────────────────────────────

  private async takeUpWork(): Promise<void> {
    if (this.options.worker.none) return;
    const { broker } = this;
    this.ending = undefined;
    this.stopped = undefined;
    // Before the names are read: a handler defined during the start must not be overlooked.
    this.unsubscribe.push(this.handlers.watch((handler) => this.takeUp(handler)));
    const handlers = this.handlers.workedNames().map((name) => this.handlers.get(name)!);
    for (let from = 0; from < handlers.length; from += MAX_BATCH) {
      await broker.register(handlers.slice(from, from + MAX_BATCH).map(settingsOf));
    }
    for (const handler of handlers) this.slots.open(handler);
    this.listen();
    this.state = 'running';
    this.claimer.start();
    this.rescuer.start();
    this.events.emitHost('online', this.host);
  }

  /** A handler that was defined after the start. */
  private takeUp(handler: Handler): void {
    if (!this.options.worker.includes(handler.name)) return;
    this.slots.open(handler);
    this.claimer.wake(true);
    this.tryTo(async () => this.broker.register([settingsOf(handler)]));
  }

  private listen(): void {
    const channel = this.backend.notificationChannel;
    if (!channel) return;
    const forget = listenToNews(channel, {
      back: () => this.claimer.resume(),
      due: (name, at) => {
        if (this.slots.handles(name)) this.claimer.heardOf(name, at, this.broker.now());
      },
      // Whether the lease is gone, and why, the store says.
      cancelled: (jobId) => void this.keeper.check(jobId),
    });
    this.unsubscribe.push(...forget);
  }

  // ── the way of an attempt ────────────────────────────────────────────────────────────────────

  private begin(claimed: ClaimedJob, sentAt: number): void {
    const handler = this.handlers.get(claimed.record.name);
    const mayRun = handler !== undefined && this.state === 'running';
    const trustedUntil = this.keeper.trustFrom(sentAt);
    const attempt = new Attempt(claimed, handler ?? this.nobody, this.broker, trustedUntil);
    this.keeper.hold(attempt);
    if (!mayRun) {
      this.executor.abandon(attempt);
      this.ended(attempt, RELEASED);
      return;
    }
    const passed = passedOver(attempt, this.decisions.now);
    if (passed) {
      this.executor.abandon(attempt);
      this.settle(attempt, passed);
      return;
    }
    this.slots.take(handler.name);
    this.announcer.started(attempt);
    this.executor.run(attempt);
  }

  private ended(attempt: Attempt, outcome: Outcome): void {
    attempt.outcome = outcome;
    this.settle(attempt, this.settlementFor(attempt, outcome));
  }

  private settle(attempt: Attempt, settlement: Settlement): void {
    attempt.settlement = settlement;
    this.settler.put(attempt as Settled);
    this.claimer.wake(false);
  }

  private settlementFor(attempt: Attempt, outcome: Outcome): Settlement {
    try {
      return decide(attempt, outcome, this.decisions);
    } catch (thrown) {
      // Stored facts that nobody can work with: kept for people, rather than left running.
      const error = errorOf(thrown);
      this.events.reportError(error);
      const reason = 'unrecoverable';
      const failure = failureOf(error, reason);
      return { kind: 'bury', lease: attempt.lease, afterExpiry: true, reason, failure };
    }
  }

  private returned(attempt: Attempt, late: boolean): void {
    this.slots.giveBack(attempt.handler.name);
    if (late) this.claimer.wake(true);
    else if (this.state === 'stopping') this.endedWhileDraining += 1;
    if (this.slots.running === 0) for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private accepted(attempt: Settled): void {
    this.keeper.letGo(attempt);
    this.announcer.settled(attempt);
  }

  /** The store says that the lease is gone: nothing more of this attempt is stored. */
  private lost(attempt: Attempt, { refusal, cancelled }: LostLease): void {
    // Its settlement is on its way, and gets an answer of its own.
    if (attempt.decided) return;
    this.executor.abandon(attempt);
    const { id } = attempt.record;
    if (cancelled === undefined) {
      attempt.fire(new LeaseLostError(id, refusal));
      this.announcer.lost(attempt, refusal, false);
    } else {
      attempt.fire(new JobCancelledError(id, cancelled));
      this.announcer.cancelled(attempt, cancelled);
    }
  }

  private async ownLeasesAreSafe(): Promise<boolean> {
    if (this.keeper.isBehind) await this.keeper.renewAll();
    return !this.keeper.isBehind;
  }

  private rescued(jobs: readonly RescuedJob[]): void {
    for (const job of jobs) this.announcer.rescued(job);
    this.claimer.wake(true);
  }

  // ── stop ─────────────────────────────────────────────────────────────────────────────────────

  private end(
    timeoutMs: number,
    signal?: AbortSignal,
  ): { ending: Promise<DrainReport>; stopped: Promise<void> } {
    if (!this.ending) {
      this.ending = this.started ? this.shutDown(timeoutMs, signal) : NEVER_STARTED;
      this.stopped = this.ending.then(() => undefined);
    }
    const { ending, stopped } = this;
    if (ending === NEVER_STARTED) this.ending = this.stopped = undefined;
    return { ending, stopped: stopped! };
  }

  private async shutDown(timeoutMs: number, signal?: AbortSignal): Promise<DrainReport> {
    // A start under way is finished first; one that failed has nothing to stop.
    if (this.state !== 'running') await this.started!.catch(() => undefined);
    if (this.state !== 'running') {
      this.started = undefined;
      return NOTHING_TO_DRAIN;
    }
    this.state = 'stopping';
    this.endedWhileDraining = 0;
    this.claimer.stopClaiming();
    this.rescuer.stop();
    const waited = await waitFor(this.untilEmpty(), timeoutMs, signal);
    const running = this.slots.running;
    if (waited !== 'done') await this.handBackTheRest();
    await waitFor(this.claimer.idle(), FLUSH_MS);
    this.leave();
    return {
      completed: this.endedWhileDraining,
      running,
      timedOut: waited === 'timeout',
      aborted: waited === 'aborted',
    };
  }

  private async handBackTheRest(): Promise<void> {
    const reason = new ShutdownError();
    for (const attempt of this.undecided()) attempt.fire(reason);
    await waitFor(this.untilEmpty(), this.options.shutdown.graceMs);
    for (const attempt of this.undecided()) {
      this.executor.abandon(attempt);
      this.ended(attempt, RELEASED);
    }
  }

  private undecided(): Attempt[] {
    return [...this.keeper.attempts()].filter(({ decided }) => !decided);
  }

  private untilEmpty(): Promise<void> {
    if (this.slots.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  private leave(): void {
    this.claimer.stop();
    this.keeper.stop();
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

const NEVER_STARTED = Promise.resolve(NOTHING_TO_DRAIN);

const settingsOf = ({ name, plan }: Handler) => ({ name, maxRescues: plan.maxRescues });

/** Unique among living processes, readable, without blanks or `|`. */
function hostId(name: string): string {
  const readable = `${name || hostname()}-${process.pid}`.replace(/[^\w.:-]/g, '_').slice(0, 100);
  return `${readable}-${randomToken().slice(0, 12)}`;
}
