import { AsyncResource } from 'node:async_hooks';
// Imported: fake timers of a test, which stand in for the global one, must not stop the host.
import { nextTick } from 'node:process';
import type { Claimed, ClaimedJob, ClaimRequest } from '../contracts/job-broker.js';
import { type CallTools, ClaimTrack, type Mail } from './claim-track.js';
import { LookOut } from './look-out.js';
import type { Room } from './slots.js';

/*
 * The loop of a worker host: settlements out, due jobs in.
 *
 * - Nothing turns by itself. A finished attempt, news, a free slot or the look-out wakes it up.
 * - With no call under way it goes out as soon as the present tick of the event loop has run dry:
 *   attempts that end together go together, and an idle system has no added latency. With a call
 *   under way the next batch forms behind it.
 * - Where there is plenty of work a second call goes out beside the first, on a track of its own, each
 *   with half of the slots: the store works on one while the handlers of the other run. A small batch
 *   never does: it would only make both smaller, and every call has a price of its own.
 *
 * When to look for jobs stands in `look-out.ts`, what becomes of a call in `claim-track.ts`.
 */

export interface ClaimerTools<Item extends Mail> extends CallTools<Item> {
  /** A job has come, by a claim first sent then (`performance.now()`). */
  begin(job: ClaimedJob, sentAt: number): void;
  /** The earliest expiry of any lease, as a reply named it. */
  sawExpiry(at: number): void;
}

/** What a second call must carry, in settlements or in slots, to be worth its price. */
const WORTH_A_CALL = 8;

export class Claimer<Item extends Mail> {
  private readonly tracks: readonly [ClaimTrack<Item>, ClaimTrack<Item>];
  private readonly lookOut: LookOut;
  private isOn = false;
  private isHeld = false;
  private turnPlanned = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly config: { host: string; leaseMs: number; processEveryMs: number },
    private readonly tools: ClaimerTools<Item>,
  ) {
    this.lookOut = new LookOut(config.processEveryMs, tools.slots, () => this.wake(true));
    this.tracks = [this.newTrack(0), this.newTrack(1)];
  }

  start(): void {
    this.isOn = true;
    if (!this.isHeld) this.lookOut.start();
    this.wake(true);
  }

  /** Asks for no more jobs, over all starts, until `letGo`; settlements go on. @internal see `OnDemand` */
  hold(): void {
    this.isHeld = true;
    this.lookOut.stop();
  }

  /** @internal see `OnDemand` */
  letGo(): void {
    this.isHeld = false;
    if (this.isOn) this.lookOut.start();
    this.wake(true);
  }

  /** Asks for no more jobs; settlements go on. */
  stopClaiming(): void {
    this.lookOut.stop();
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
    for (const track of this.tracks) track.stop();
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /** Something has changed: there is mail, or (with `forJobs`) there may be jobs to claim. */
  wake(forJobs: boolean): void {
    if (forJobs) this.lookOut.wantJobs();
    if (!this.isOn || this.turnPlanned || this.tracks.every(isBusy)) return;
    this.turnPlanned = true;
    // Runs when the microtasks of this tick are done, the ends of other attempts among them.
    nextTick(this.turn);
  }

  /** A job of this name is due at this instant, as far as somebody heard. */
  heardOf(name: string, at: number, now: number): void {
    this.lookOut.heardOf(name, at, now);
  }

  /** The store may be back: what waits for a repeat goes out now, and jobs are looked for. */
  resume(): void {
    for (const track of this.tracks) track.hurry();
    this.wake(true);
  }

  get callsUnderWay(): number {
    return this.callsSentAt().length;
  }

  /** For how long the oldest call has had no answer, through all its repeats, in ms. */
  get unansweredForMs(): number {
    const sentAt = this.callsSentAt();
    return sentAt.length === 0 ? 0 : performance.now() - Math.min(...sentAt);
  }

  private callsSentAt(): number[] {
    return this.tracks.map((track) => track.callSentAt).filter((at) => at !== undefined);
  }

  private newTrack(number: 0 | 1): ClaimTrack<Item> {
    return new ClaimTrack(number, this.config, this.tools, {
      answered: (claim, claimed, sentAt) => this.answered(number, claim, claimed, sentAt),
      gaveUp: () => this.lookOut.wantJobs(),
      free: () => this.turn(),
    });
  }

  // Whoever wakes the loop (a handler that adds a job, a request) must not lend its context to what comes of it.
  private readonly turn = AsyncResource.bind((): void => {
    this.turnPlanned = false;
    if (!this.isOn) return;
    for (const track of this.tracks) if (!track.isBusy) this.sendOn(track);
    this.noticeIdle();
  });

  /** Sends what there is to send, if it is worth a call. */
  private sendOn(track: ClaimTrack<Item>): void {
    const mail = this.tools.outbox.waiting;
    const room = this.mayClaim(mail) ? this.tools.slots.room(this.fairPart()) : undefined;
    if (mail === 0 && !room) return;
    const other = this.tracks[1 - track.number]!;
    if (other.isBusy && (other.isFailing || !isWorthACall(mail, room))) return;
    if (room) this.lookOut.claimGoesOut(room, !other.isBusy);
    track.send(room);
  }

  /** A call with mail asks for jobs as well, unless the outbox is finding out what the store cannot take. */
  private mayClaim(mail: number): boolean {
    if (mail === 0) return this.lookOut.wantsJobs;
    return this.lookOut.takesJobs && !this.tools.outbox.isSifting;
  }

  /** Half of the slots for each track, unless halves are not worth a call. */
  private fairPart(): number {
    const { most } = this.tools.slots;
    return most < 2 * WORTH_A_CALL ? most : Math.ceil(most / 2);
  }

  private answered(track: 0 | 1, claim: ClaimRequest, claimed: Claimed, sentAt: number): void {
    for (const job of claimed.jobs) this.tools.begin(job, sentAt);
    if (claimed.earliestExpiry !== null) this.tools.sawExpiry(claimed.earliestExpiry);
    this.lookOut.learnFrom(track, claim, claimed);
    if (this.lookOut.wantsJobs || this.tools.outbox.waiting > 0) this.wake(false);
    else this.noticeIdle();
  }

  private noticeIdle(): void {
    if (this.turnPlanned || this.tracks.some(isBusy) || this.tools.outbox.waiting > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

const isBusy = (track: ClaimTrack<Mail>): boolean => track.isBusy;

const isWorthACall = (mail: number, room: Room | undefined): boolean =>
  mail >= WORTH_A_CALL || (room?.slots ?? 0) >= WORTH_A_CALL;
