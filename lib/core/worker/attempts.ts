import type { ClaimedJob, JobBroker, LostLease, Settlement } from '../contracts/job-broker.js';
import { JobCancelledError, LeaseLostError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import { planOf } from '../handlers/handler-plan.js';
import type { Handler, HandlerRegistry } from '../handlers/handler-registry.js';
import type { JobHome } from '../job/job.js';
import { errorOf } from '../job/thrown.js';
import type { Announcer } from './announcer.js';
import { Attempt, type AttemptKeeper } from './attempt.js';
import { bury, decide, passedOver } from './decide.js';
import type { DecisionContext } from './decision.js';
import { Desk, type DeskHooks } from './desk.js';
import { Executor } from './executor.js';
import { type Outcome, RELEASED } from './outcome.js';
import type { Outages } from './outages.js';
import type { Settled, Settler } from './settler.js';
import type { Slots } from './slots.js';

/*
 * The way of an attempt, from the claim that brought it to the store's answer to its settlement.
 *
 *   begin ──▶ Executor ── outcome ──▶ decide ── settlement ──▶ Settler ──▶ accepted, refused, dropped
 *     └──────── LeaseKeeper holds its lease all the way ───────────────────────┘
 *
 * Settler and LeaseKeeper are those of its partition: see `desk.ts`.
 *
 * It holds a slot from its begin until its handler returns. Both ends may come in either order. On its last
 * start it keeps others of that kind away until it is over.
 */

/** What attempts work with. */
export interface AttemptsTools {
  readonly home: JobHome;
  readonly leaseMs: number;
  readonly broker: () => JobBroker;
  readonly handlers: HandlerRegistry;
  readonly slots: Slots;
  readonly announcer: Announcer;
  readonly outages: Outages;
  readonly events: JobEvents;
}

export interface AttemptsHooks {
  /** Whether a job that comes now may begin. */
  mayBegin(): boolean;
  /** There is something to send; with `forJobs` also room that nobody expected. */
  wake(forJobs: boolean): void;
  /** The attempt is settled, or void, which the error says. */
  over?(attempt: Attempt, error?: Error): void;
}

const UNSETTLED_SHOWN = 5;

export class Attempts implements AttemptKeeper {
  readonly home: JobHome;
  /** Of each partition its own. */
  private readonly desks: readonly Desk[];
  private readonly executor: Executor;
  private readonly decisions: DecisionContext;
  private endedByHandlers = 0;
  private whenEmpty: (() => void)[] = [];
  /** Those whose handlers execute, also when they are over. */
  private readonly executing = new Set<Attempt>();

  constructor(
    private readonly tools: AttemptsTools,
    private readonly hooks: AttemptsHooks,
  ) {
    const { leaseMs, broker, announcer, outages, events } = tools;
    const report = (error: Error) => events.reportError(error);
    const now = () => broker().now();
    this.home = tools.home;
    this.decisions = {
      get now() {
        return now();
      },
      random: Math.random,
      report,
    };
    this.executor = new Executor({
      ended: (attempt, outcome) => this.ended(attempt, outcome),
      returned: (attempt, late) => this.returned(attempt, late),
      stuck: (attempt, error) => announcer.stuck(attempt, error),
      omitted: (attempt, omitted) => announcer.omitted(attempt, omitted),
      report,
    });
    const deskHooks = this.deskHooks();
    this.desks = Array.from(
      { length: broker().partitions },
      (_, partition) =>
        new Desk(leaseMs, broker, { ...deskHooks, ...outages.toldBy('renewals', partition) }),
    );
  }

  /**
   * A job has come, by a claim first sent then (`performance.now()`).
   *
   * @param byHand - somebody wants this very run, whatever the job's rule says
   */
  begin(claimed: ClaimedJob, sentAt: number, byHand = false): void {
    const handler = this.tools.handlers.get(claimed.record.name);
    const attempt = this.taken(claimed, sentAt, handler);
    if (claimed.unreadable) return this.bury(attempt, claimed.unreadable);
    // An answer later than its lease (a frozen process, a slow link): another may have the job by now.
    const isTooLate = attempt.trustedUntil <= performance.now();
    if (isTooLate) attempt.fire(new LeaseLostError(claimed.record.id, 'expired'));
    if (!handler || isTooLate || !this.hooks.mayBegin()) return this.release(attempt);
    const passed = byHand ? undefined : passedOver(attempt, this.decisions.now);
    if (passed) {
      this.executor.abandon(attempt);
      return this.settle(attempt, passed);
    }
    this.tools.slots.take(handler.name, attempt.isLastStart);
    this.executing.add(attempt);
    this.tools.announcer.started(attempt);
    this.executor.run(attempt);
  }

  /** A job has come that nobody wants now: it goes back to its place. */
  handBack(claimed: ClaimedJob, sentAt: number): void {
    this.release(this.taken(claimed, sentAt, undefined));
  }

  /** @throws LeaseLostError, JobCancelledError when its lease is gone; ConnectionError */
  async touch(attempt: Attempt, progress: number | undefined): Promise<void> {
    if (progress !== undefined) attempt.untold?.forgetProgress();
    await this.deskOf(attempt).leases.touch(attempt, progress);
    if (progress === undefined) return;
    this.tools.announcer.progressed(attempt, progress);
    this.tools.announcer.progressTold(attempt, progress);
  }

  report(attempt: Attempt, progress: unknown, text: string): void {
    this.deskOf(attempt).reports.progress(attempt, progress, text);
    this.tools.announcer.progressed(attempt, progress);
  }

  log(attempt: Attempt, line: string): void {
    this.deskOf(attempt).reports.log(attempt, line);
  }

  /** Where settlements wait to be sent: of each partition its own. */
  get outboxes(): readonly Settler[] {
    return this.desks.map(({ outbox }) => outbox);
  }

  /** Ends that the store has not answered for. */
  get unsettled(): number {
    return this.desks.reduce((sum, { unsettled }) => sum + unsettled, 0);
  }

  /** Resolves when the store knows all that was told by attempts that have ended. */
  async untilTold(): Promise<void> {
    await Promise.all(this.desks.map(({ reports }) => reports.untilTold()));
  }

  /** Handlers that run. */
  get running(): number {
    return this.tools.slots.running;
  }

  /** The attempts whose handlers run. */
  inExecution(): ReadonlySet<Attempt> {
    return this.executing;
  }

  /** The attempts whose leases are held: those that run, and those whose end is not stored yet. */
  held(): ReadonlySet<Attempt> {
    const [only] = this.desks;
    if (this.desks.length === 1) return only!.held();
    return new Set(this.desks.flatMap((desk) => [...desk.held()]));
  }

  /** Attempts that their handlers have ended, ever; not those that were given up before. */
  get endedSoFar(): number {
    return this.endedByHandlers;
  }

  /** Asks every handler that runs to end. */
  askToEnd(reason: Error): void {
    for (const attempt of this.undecided()) attempt.fire(reason);
  }

  /** Hands back every job whose handler still runs; what that does from now on is not stored. */
  handBackTheRest(): void {
    for (const attempt of this.undecided()) this.release(attempt);
  }

  /** Resolves when no handler runs. */
  untilNoneRuns(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  /** News about a job that may run here: its lease may be gone. */
  check(jobId: string): void {
    const partition = this.tools.broker().partitionOf(jobId);
    void this.desks[partition]!.leases.check(jobId);
  }

  /** Whether leases of this host are fresh in a partition; an overdue renewal is made up for first. */
  async leasesAreSafe(partition: number): Promise<boolean> {
    const { leases } = this.desks[partition]!;
    if (leases.isBehind) await leases.renewAll();
    return !leases.isBehind;
  }

  /** Renews no lease any more. What is not settled goes out after the next start, if there is one. */
  leave(): void {
    for (const desk of this.desks) desk.leave();
    const count = this.desks.reduce((sum, { outbox }) => sum + outbox.unanswered, 0);
    if (count === 0) return;
    const waiting = this.desks.flatMap(({ outbox }) => outbox.firstIds(UNSETTLED_SHOWN));
    const ids = waiting.slice(0, UNSETTLED_SHOWN).join(', ');
    const message =
      `The ends of ${count} job${count === 1 ? '' : 's'} are not stored: ${ids}` +
      `${count > UNSETTLED_SHOWN ? ', …' : ''}. The store did not answer. ` +
      'They run again when their leases have expired, unless this host starts before.';
    this.tools.events.reportError(new Error(message));
  }

  private deskOf({ partition }: Attempt): Desk {
    return this.desks[partition]!;
  }

  private deskHooks(): Omit<DeskHooks, 'failed' | 'recovered'> {
    const { announcer, events } = this.tools;
    return {
      accepted: (attempt) => this.accepted(attempt),
      refused: (attempt, refusal, repeated) => {
        this.deskOf(attempt).leases.letGo(attempt);
        announcer.lost(attempt, refusal, repeated);
        this.hooks.over?.(attempt, new LeaseLostError(attempt.record.id, refusal));
      },
      dropped: (attempt, error) => this.dropped(attempt, error),
      lost: (attempt, lost) => this.lost(attempt, lost),
      told: ({ attempt, progress }) => {
        if (progress !== undefined && !attempt.isLost) announcer.progressTold(attempt, progress);
      },
      report: (error) => events.reportError(error),
    };
  }

  private taken(claimed: ClaimedJob, sentAt: number, handler: Handler | undefined): Attempt {
    const partition = this.tools.broker().partitionOf(claimed.lease.id);
    const { leases } = this.desks[partition]!;
    const trustedUntil = leases.trustFrom(sentAt);
    const attempt = new Attempt(claimed, handler ?? NOBODY, this, trustedUntil, partition);
    leases.hold(attempt);
    return attempt;
  }

  private release(attempt: Attempt): void {
    this.executor.abandon(attempt);
    this.ended(attempt, RELEASED);
  }

  private bury(attempt: Attempt, error: Error): void {
    this.executor.abandon(attempt);
    attempt.outcome = { kind: 'failed', error };
    this.settle(attempt, bury(attempt, error, 'invalid-data'));
  }

  private ended(attempt: Attempt, outcome: Outcome): void {
    this.endLastStart(attempt);
    attempt.outcome = outcome;
    this.settle(attempt, this.settlementFor(attempt, outcome));
  }

  private settlementFor(attempt: Attempt, outcome: Outcome): Settlement {
    try {
      return decide(attempt, outcome, this.decisions);
    } catch (thrown) {
      const error = errorOf(thrown);
      this.tools.events.reportError(error);
      // Kept for people, rather than left running.
      return bury(attempt, error, 'unrecoverable');
    }
  }

  private settle(attempt: Attempt, settlement: Settlement): void {
    attempt.settlement = settlement;
    const { reports } = this.deskOf(attempt);
    if (!reports.isUntold(attempt)) return this.put(attempt);
    const { slots } = this.tools;
    slots.keepForUntold(attempt.handler.name);
    reports.afterAll(attempt, () => {
      slots.freeFromUntold(attempt.handler.name);
      this.put(attempt);
    });
  }

  private put(attempt: Attempt): void {
    this.deskOf(attempt).outbox.put(attempt as Settled);
    this.hooks.wake(false);
  }

  private returned(attempt: Attempt, late: boolean): void {
    const { slots } = this.tools;
    this.executing.delete(attempt);
    slots.giveBack(attempt.handler.name);
    if (late) this.hooks.wake(true);
    else this.endedByHandlers += 1;
    if (slots.running === 0) for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private accepted(attempt: Settled): void {
    this.deskOf(attempt).leases.letGo(attempt);
    this.tools.announcer.settled(attempt);
    this.hooks.over?.(attempt);
    const { kind } = attempt.settlement;
    if (kind === 'retry' || kind === 'bury') this.honourNewTime(attempt);
  }

  /** As with Agenda, a listener that hears of the failure may give the job another time, saved or not. */
  private honourNewTime({ job }: Attempt): void {
    if (!job.isMoved || job.isBeingSaved) return;
    job.save().catch((thrown: unknown) => this.tools.events.reportError(errorOf(thrown)));
  }

  private dropped(attempt: Settled, cause: Error): void {
    this.deskOf(attempt).leases.letGo(attempt);
    const { id, name } = attempt.record;
    const message =
      `The end of attempt ${attempt.job.attempt} of job ${id} ("${name}") cannot be stored: ${cause.message}. ` +
      'Its attempt is given up; the job runs again when its lease has expired.';
    const error = new Error(message, { cause });
    this.tools.events.reportError(error);
    this.hooks.over?.(attempt, error);
  }

  /** The store says that the lease is gone: nothing more of this attempt is stored. */
  private lost(attempt: Attempt, { refusal, cancelled }: LostLease): void {
    // Its settlement is on its way, and gets an answer of its own.
    if (attempt.decided) return;
    this.executor.abandon(attempt);
    this.deskOf(attempt).reports.forget(attempt);
    if (this.endLastStart(attempt)) this.hooks.wake(true);
    const { id, name } = attempt.record;
    if (cancelled === undefined) {
      attempt.fire(new LeaseLostError(id, refusal));
      this.tools.announcer.lost(attempt, refusal, false);
    } else {
      attempt.fire(new JobCancelledError(id, cancelled, name));
      this.tools.announcer.cancelled(attempt, cancelled);
    }
    this.hooks.over?.(attempt, attempt.endReason);
  }

  /** The attempt is over: what its handler does from now on keeps no other job on its last start waiting. */
  private endLastStart(attempt: Attempt): boolean {
    const counted = attempt.isLastStart && this.executing.has(attempt);
    if (counted) this.tools.slots.endLastStart();
    return counted;
  }

  private undecided(): Attempt[] {
    return [...this.held()].filter(({ decided }) => !decided);
  }
}

/** Stands for the handler of a job that comes although nobody here handles it. */
const NOBODY: Handler = { name: '', run: () => undefined, origin: '', plan: planOf('', []) };
