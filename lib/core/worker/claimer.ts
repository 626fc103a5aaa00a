import type {
  Claimed,
  ClaimedJob,
  ClaimRequest,
  SettleAnswer,
  Settlement,
} from '../contracts/job-broker.js';
import { randomToken } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';
import type { Room } from './slots.js';
import { Timer } from './timer.js';

/*
 * The loop of a worker host: settlements out, due jobs in, one call at a time.
 *
 * - Nothing turns by itself. A finished attempt, news, a free slot or the timer wakes it up.
 * - With no call under way it goes out as soon as the present tick of the event loop has run dry:
 *   attempts that end together go together, and an idle system has no added latency. With a call
 *   under way the next batch forms behind it.
 * - The timer stands at the earliest due time that the store told; `processEvery` is only the safety
 *   net for lost news.
 * - A call whose reply is lost is repeated *as it was*: the same claim id and settlements get the
 *   same answers. Only when its outcome is unknown for longer than a lease is the claim given up
 *   (its jobs will be rescued), and its settlements go with another one.
 */

/** Settlements on their way out, and whom they speak for. */
export interface Mail {
  readonly settlement: Settlement;
}

export interface ClaimerHooks<Item extends Mail> {
  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed>;
  takeMail(): readonly Item[];
  hasMail(): boolean;
  putBack(batch: readonly Item[]): void;
  answered(batch: readonly Item[], answers: readonly SettleAnswer[], repeated: boolean): void;
  room(): Room | undefined;
  hasRoomFor(name: string): boolean;
  /** A job has come, by a claim first sent then (`performance.now()`). */
  begin(job: ClaimedJob, sentAt: number): void;
  /** The earliest expiry of any lease, as a reply named it. */
  sawExpiry(at: number): void;
  failed(error: Error): void;
  recovered(): void;
}

interface Call<Item> {
  readonly batch: readonly Item[];
  readonly settlements: readonly Settlement[];
  readonly claim: ClaimRequest;
  readonly firstSentAt: number;
  repeated: boolean;
}

// The store said "due" and gave nothing: a limit of its own, or another host was faster.
const LOOK_AGAIN_MS = 10;
const SHORTEST_BACKOFF = 50;
const LONGEST_BACKOFF = 1_000;

export class Claimer<Item extends Mail> {
  private call: Call<Item> | undefined;
  private isOn = false;
  private claiming = false;
  private claimWanted = false;
  private turnPlanned = false;
  private failures = 0;
  /** The earliest due time heard of since the last claim was sent, by `performance.now()`. */
  private heardSince = Infinity;
  private readonly look = new Timer(() => this.wake(true));
  private readonly repeat = new Timer(() => this.goOn());
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly config: { host: string; leaseMs: number; processEveryMs: number },
    private readonly hooks: ClaimerHooks<Item>,
  ) {}

  start(): void {
    this.isOn = true;
    this.claiming = true;
    this.wake(true);
  }

  /** Asks for no more jobs; settlements go on. */
  stopClaiming(): void {
    this.claiming = false;
    this.claimWanted = false;
    this.look.stop();
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
    this.stopClaiming();
    this.isOn = false;
    this.repeat.stop();
    if (this.call) this.hooks.putBack(this.call.batch);
    this.call = undefined;
    this.failures = 0;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /** Something has changed: there is mail, or (with `forJobs`) there may be jobs to claim. */
  wake(forJobs: boolean): void {
    if (forJobs && this.claiming) this.claimWanted = true;
    if (!this.isOn || this.turnPlanned || this.call) return;
    this.turnPlanned = true;
    // Runs when the microtasks of this tick are done, the ends of other attempts among them.
    process.nextTick(this.turn);
  }

  /** A job of this name is due at this instant, as far as somebody heard. */
  heardOf(name: string, at: number, now: number): void {
    if (!this.claiming) return;
    if (at <= now) {
      if (this.hooks.hasRoomFor(name)) this.wake(true);
      return;
    }
    // The reply to a claim under way may not know of it.
    this.heardSince = Math.min(this.heardSince, performance.now() + at - now);
    this.look.startWithin(at - now);
  }

  /** The store may be back: what waits for a repeat goes out now, and jobs are looked for. */
  resume(): void {
    if (this.repeat.isWaiting) {
      this.repeat.stop();
      this.goOn();
    }
    this.wake(true);
  }

  private goOn(): void {
    if (this.call) this.send(this.call);
    else this.turn();
  }

  private readonly turn = (): void => {
    this.turnPlanned = false;
    if (!this.isOn || this.call || this.repeat.isWaiting) return;
    const batch = this.hooks.takeMail();
    const wantsJobs = this.claiming && (this.claimWanted || batch.length > 0);
    const room = wantsJobs ? this.hooks.room() : undefined;
    if (room) {
      this.claimWanted = false;
      this.heardSince = Infinity;
    }
    if (room || batch.length > 0) this.send(this.newCall(batch, room));
    else this.noticeIdle();
  };

  private newCall(batch: readonly Item[], room: Room | undefined): Call<Item> {
    const { host, leaseMs } = this.config;
    const claim: ClaimRequest = {
      claimId: randomToken(),
      host,
      leaseMs,
      slots: room?.slots ?? 0,
      names: room?.names ?? [],
    };
    const settlements = batch.map((item) => item.settlement);
    return { batch, settlements, claim, firstSentAt: performance.now(), repeated: false };
  }

  private send(call: Call<Item>): void {
    this.call = call;
    this.ask(call).then(
      (claimed) => this.answered(call, claimed),
      (thrown: unknown) => this.failed(call, errorOf(thrown)),
    );
  }

  /** A broker that throws instead of rejecting is no different. */
  private async ask(call: Call<Item>): Promise<Claimed> {
    return this.hooks.settleAndClaim(call.settlements, call.claim);
  }

  private answered(call: Call<Item>, claimed: Claimed): void {
    if (this.call !== call) return;
    this.call = undefined;
    if (this.failures > 0) this.failures = 0;
    this.hooks.recovered();
    if (call.batch.length > 0) this.hooks.answered(call.batch, claimed.answers, call.repeated);
    for (const job of claimed.jobs) this.hooks.begin(job, call.firstSentAt);
    if (claimed.earliestExpiry !== null) this.hooks.sawExpiry(claimed.earliestExpiry);
    if (this.claiming && call.claim.slots > 0) this.planNextLook(call.claim, claimed);
    if (this.claimWanted || this.hooks.hasMail()) this.wake(false);
    else this.noticeIdle();
  }

  private planNextLook(claim: ClaimRequest, { jobs, dueInMs }: Claimed): void {
    const { processEveryMs } = this.config;
    const mayHaveMore = jobs.length > 0 && (dueInMs === 0 || jobs.length >= claim.slots);
    if (mayHaveMore) this.claimWanted = true;
    const wait = dueInMs === 0 ? LOOK_AGAIN_MS : (dueInMs ?? processEveryMs);
    const heard = this.heardSince - performance.now();
    this.look.startIn(Math.max(0, Math.min(wait, heard, processEveryMs)));
  }

  private failed(call: Call<Item>, error: Error): void {
    if (this.call !== call) return;
    this.hooks.failed(error);
    call.repeated = true;
    if (performance.now() - call.firstSentAt > this.config.leaseMs) this.giveUp(call);
    const wait = Math.min(SHORTEST_BACKOFF * 2 ** this.failures, LONGEST_BACKOFF);
    this.failures += 1;
    this.repeat.startIn(wait * (0.5 + Math.random() / 2));
  }

  /** The jobs of this claim, if it got any, are rescued by now or soon. */
  private giveUp(call: Call<Item>): void {
    this.call = undefined;
    if (this.claiming) this.claimWanted = true;
    this.hooks.putBack(call.batch);
  }

  private noticeIdle(): void {
    if (this.call || this.turnPlanned || this.repeat.isWaiting || this.hooks.hasMail()) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
