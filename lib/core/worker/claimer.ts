import { AsyncResource } from 'node:async_hooks';
// Imported: fake timers of a test, which stand in for the global one, must not stop the host.
import { nextTick } from 'node:process';
import type { Claimed, ClaimedJob, ClaimRequest, Settlement } from '../contracts/job-broker.js';
import type { CallTools, Mail, Outbox } from './claim-track.js';
import { Lane, type LaneHooks, type Permit, WORTH_A_CALL } from './lane.js';
import type { Slots } from './slots.js';
import { Timer } from './timer.js';

/*
 * The loop of a worker host: settlements out, due jobs in.
 *
 * - Nothing turns by itself. A finished attempt, news, a free slot or a look-out wakes it up.
 * - With no call under way it goes out as soon as the present tick of the event loop has run dry:
 *   attempts that end together go together, and an idle system has no added latency. With a call
 *   under way the next batch forms behind it.
 * - Each partition of the store has a lane of its own. Settlements go out on all of them at once; the free slots are
 *   dealt out, in shares that are worth a call. Where there are too few for that, the lanes take turns.
 *
 * WHOSE TURN IT IS, among several lanes. A lane that has settlements to send asks along, which costs nothing; and
 * since it is the lane of the jobs that have just ended, each keeps about the slots it has. A lane that has none
 * gets its call when there is a share free for it, or when nothing else is under way. One that waits for longer than
 * a turn goes before all others, however little there is: so none starves, and each turn of it costs one more call.
 */

export interface ClaimerConfig {
  readonly host: string;
  readonly leaseMs: number;
  readonly processEveryMs: number;
  /** Whether the store may leave this host asleep, and wake it. */
  standsBy(): boolean;
}

export interface ClaimerTools<Item extends Mail> {
  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed>;
  /** Of each partition its own. */
  readonly outboxes: readonly Outbox<Item>[];
  readonly slots: Slots;
  /** A job has come, by a claim first sent then (`performance.now()`). */
  begin(job: ClaimedJob, sentAt: number): void;
  /** The same, of a job for which there is no room any more. */
  handBack(job: ClaimedJob, sentAt: number): void;
  /** The earliest expiry of any lease in this partition, as the reply to a call first sent then (`performance.now()`) named it. */
  heardExpiry(earliest: number | null, sentAt: number, partition: number): void;
  /** How calls to a partition end. */
  toldBy(partition: number): { failed(error: Error): void; recovered(): void };
}

/** For how long a lane lets others go before it that have settlements to send, in ms. */
const TURN_MS = 20;
/** How often calls are looked at that have no answer, in ms; at the second look they are not waited for. */
const LOOK_AFTER_MS = 500;

export class Claimer<Item extends Mail> {
  private readonly lanes: readonly Lane<Item>[];
  /** Which lane comes first at the next turn. */
  private first = 0;
  private isOn = false;
  private isHeld = false;
  private turnPlanned = false;
  private whenIdle: (() => void)[] = [];
  private readonly lookAfter = new Timer(() => this.lookAfterCalls());

  constructor(
    config: ClaimerConfig,
    private readonly tools: ClaimerTools<Item>,
  ) {
    const { slots, outboxes } = tools;
    const isOneOfSeveral = outboxes.length > 1;
    const lookEveryMs = lookEvery(config, outboxes.length);
    const hooks: LaneHooks = {
      brought: (lane, claimed, sentAt, hasRoom) => this.brought(lane, claimed, sentAt, hasRoom),
      answered: (lane) => this.answered(lane),
      wake: () => this.wake(false),
      free: () => this.turn(),
    };
    this.lanes = outboxes.map((outbox, partition) => {
      const its = { ...config, lookEveryMs, partition, isOneOfSeveral };
      const callTools: CallTools<Item> = {
        settleAndClaim: (settlements, claim) => tools.settleAndClaim(settlements, claim),
        outbox,
        slots,
        ...tools.toldBy(partition),
      };
      return new Lane(its, callTools, hooks);
    });
  }

  start(): void {
    this.isOn = true;
    if (!this.isHeld) for (const lane of this.lanes) lane.startClaiming();
    this.wake(true);
  }

  /** Asks for no more jobs, over all starts, until `letGo`; settlements go on. @internal see `OnDemand` */
  hold(): void {
    this.isHeld = true;
    this.stopClaiming();
  }

  /** @internal see `OnDemand` */
  letGo(): void {
    this.isHeld = false;
    if (this.isOn) for (const lane of this.lanes) lane.startClaiming();
    this.wake(true);
  }

  /** Some names may have no room any more: where the store counts on this host, it is told. */
  roomHasShrunk(): void {
    for (const lane of this.lanes) if (lane.standsBy) this.wake(true, lane.partition);
  }

  /** Asks for no more jobs; settlements go on. */
  stopClaiming(): void {
    for (const lane of this.lanes) lane.stopClaiming();
    if (this.lanes.some(hasToReport)) this.wake(false);
  }

  /** Resolves when nothing is under way and nothing waits to be sent. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.whenIdle.push(resolve);
      this.noticeIdle();
    });
  }

  /** Leaves everything as it is; a reply that still comes is ignored. */
  stop(): void {
    this.isOn = false;
    this.lookAfter.stop();
    for (const lane of this.lanes) lane.stop();
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /**
   * Something has changed: there is mail, or (with `forJobs`) there may be jobs to claim.
   *
   * @param partition - where; left out: anywhere
   */
  wake(forJobs: boolean, partition?: number): void {
    if (forJobs) for (const lane of this.lanesOf(partition)) lane.wantJobs();
    if (!this.isOn || this.turnPlanned || this.lanes.every(isFull)) return;
    this.turnPlanned = true;
    // Runs when the microtasks of this tick are done, the ends of other attempts among them.
    nextTick(this.turn);
  }

  /** A job of this name is due at this instant, as far as somebody heard; `partition` left out: anywhere. */
  heardOf(name: string, at: number, now: number, partition?: number): void {
    for (const lane of this.lanesOf(partition)) lane.heardOf(name, at, now);
  }

  /** The store may be back: what waits for a repeat goes out now, and jobs are looked for. */
  resume(partition?: number): void {
    for (const lane of this.lanesOf(partition)) lane.hurry();
    this.wake(true, partition);
  }

  get callsUnderWay(): number {
    return this.lanes.flatMap((lane) => lane.callsSentAt()).length;
  }

  /** For how long the oldest call has had no answer, through all its repeats, in ms: of the lane that does best. */
  get unansweredForMs(): number {
    const now = performance.now();
    const oldest = this.lanes.map((lane) => now - Math.min(now, ...lane.callsSentAt()));
    return Math.min(...oldest);
  }

  private lanesOf(partition: number | undefined): readonly Lane<Item>[] {
    if (partition === undefined || this.lanes.length === 1) return this.lanes;
    return this.lanes.slice(partition, partition + 1);
  }

  // Whoever wakes the loop (a handler that adds a job, a request) must not lend its context to what comes of it.
  private readonly turn = AsyncResource.bind((): void => {
    this.turnPlanned = false;
    if (!this.isOn) return;
    const [only] = this.lanes;
    if (this.lanes.length > 1) this.serveInTurn();
    else only!.serve({ atMost: this.fairPart(2), mayDouble: true, mayAskForFew: true }, 0);
    this.noticeIdle();
  });

  private serveInTurn(): void {
    const now = performance.now();
    const hungry = this.lanes.filter(isHungry).length;
    const mayDouble = hungry === 1;
    const permit = { atMost: this.fairPart(mayDouble ? 2 : hungry), mayDouble, mayAskForFew: true };
    this.serveThose((lane) => lane.wantsJobs && lane.waitsFor(now) > TURN_MS, permit, now);
    this.serveThose((lane) => lane.hasMail && lane.wantsJobs, permit, now);
    const mayAskForFew = !this.lanes.some((lane) => lane.isBusy && !lane.isAway);
    this.serveThose((lane) => lane.wantsJobs, { ...permit, mayAskForFew }, now);
    this.serveThose(hasToReport, permit, now);
    this.lookAfterSoon();
  }

  private serveThose(areMeant: (lane: Lane<Item>) => boolean, permit: Permit, now: number): void {
    const { lanes, first } = this;
    for (let i = 0; i < lanes.length; i++) {
      const place = (first + i) % lanes.length;
      const lane = lanes[place]!;
      if (lane.isBusy && !permit.mayDouble) continue;
      if (areMeant(lane) && lane.serve(permit, now)) this.first = (place + 1) % lanes.length;
    }
  }

  /** So many equal shares of the slots, unless they are not worth a call: then fewer. */
  private fairPart(shares: number): number {
    const { most } = this.tools.slots;
    const worthwhile = Math.min(shares, Math.floor(most / WORTH_A_CALL));
    return worthwhile <= 1 ? most : Math.ceil(most / worthwhile);
  }

  private brought(lane: Lane, claimed: Claimed, sentAt: number, hasRoom: boolean): void {
    const { slots } = this.tools;
    for (const job of claimed.jobs) {
      if (hasRoom || slots.fits(job.record.name, job.isLastStart ?? false)) {
        this.tools.begin(job, sentAt);
      } else this.tools.handBack(job, sentAt);
    }
    this.tools.heardExpiry(claimed.earliestExpiry, sentAt, lane.partition);
  }

  private answered(lane: Lane): void {
    // Others may have waited for what its call has kept free.
    const concernsOthers = this.lanes.length > 1;
    if (concernsOthers || lane.wantsJobs || lane.hasToReport) this.wake(false);
    else this.noticeIdle();
  }

  private lookAfterSoon(): void {
    if (this.lookAfter.isWaiting || !this.lanes.some(isBusy)) return;
    this.lookAfter.startIn(LOOK_AFTER_MS);
  }

  private lookAfterCalls(): void {
    for (const lane of this.lanes) lane.lookAfterCalls();
    this.lookAfterSoon();
    this.wake(false);
  }

  private noticeIdle(): void {
    if (this.turnPlanned || this.lanes.some(isBusy) || this.lanes.some(hasToReport)) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

/**
 * How often each partition is looked at without news. Several are looked at in turn, so that a host that has nothing to
 * do asks not much more often than of a store in one piece; but each in time to hear of a lease before it runs out.
 */
const lookEvery = ({ processEveryMs, leaseMs }: ClaimerConfig, partitions: number): number =>
  Math.max(processEveryMs, Math.min(processEveryMs * partitions, (leaseMs * 2) / 3));

const isFull = (lane: Lane): boolean => lane.isFull;
const isBusy = (lane: Lane): boolean => lane.isBusy;
const hasToReport = (lane: Lane): boolean => lane.hasToReport;

/** Whether a share of the slots is for it. */
const isHungry = (lane: Lane): boolean => !lane.isAway && (lane.isAsking || lane.wantsJobs);
