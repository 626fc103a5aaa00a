import type { Claimed, ClaimRequest } from '../contracts/job-broker.js';
import {
  type CallTools,
  type ClaimTerms,
  ClaimTrack,
  type Mail,
  type TrackConfig,
} from './claim-track.js';
import { LookOut } from './look-out.js';
import type { Room } from './slots.js';
import { StandingBy } from './stand-by.js';

/*
 * A lane of a worker host: what goes between it and one partition of the store. Settlements wait in an outbox of the
 * lane's own, its calls are its own, and so are the due times it knows of: a partition that is away holds up nothing
 * but its lane. What lanes share are the free slots, which the claimer deals out (`claimer.ts`).
 *
 * - Where there is plenty of work a second call goes out beside the first, on a track of its own, each with
 *   a part of the slots: the store works on one while the handlers of the other run. A small batch
 *   never does: it would only make both smaller, and every call has a price of its own.
 * - Beside other lanes, one whose partition does not answer asks for no jobs: no room is kept free for it until it
 *   has answered again, if only to a call that carries nothing.
 *
 * When to look for jobs stands in `look-out.ts`, what becomes of a call in `claim-track.ts`, who wakes a host that
 * sleeps in `stand-by.ts`.
 */

export interface LaneConfig extends TrackConfig {
  /** How often it looks for jobs though nothing told it to. */
  readonly lookEveryMs: number;
  /** Whether the store may leave this host asleep, and wake it. */
  standsBy(): boolean;
}

export interface LaneHooks {
  /** A call was answered: what it has brought. `hasRoom`: room for that was kept free. */
  brought(lane: Lane<Mail>, claimed: Claimed, firstSentAt: number, hasRoom: boolean): void;
  /** What it told is known here. */
  answered(lane: Lane<Mail>): void;
  /** There is something to send, or to ask for. */
  wake(): void;
  /** The wait after a failure is over, and there is no call to repeat. */
  free(): void;
}

/** What a call must carry, in settlements or in slots, to be worth its price beside others. */
export const WORTH_A_CALL = 8;

/** What the claimer lets a lane send. */
export interface Permit {
  /** How many slots it may ask for. */
  readonly atMost: number;
  /** Whether it may have two calls under way. */
  readonly mayDouble: boolean;
  /** Whether it may ask for a few slots in a call that carries nothing else. */
  readonly mayAskForFew: boolean;
}

export class Lane<Item extends Mail = Mail> {
  private readonly tracks: readonly [ClaimTrack<Item>, ClaimTrack<Item>];
  private readonly lookOut: LookOut;
  private readonly standing: StandingBy;
  /** Names that the last claim could not ask for, or used up; none where no other lanes give their room back. */
  private missed: readonly string[] = [];
  /** When it last asked for jobs, by `performance.now()`. */
  private lastAskedAt = -Infinity;

  constructor(
    private readonly config: LaneConfig,
    private readonly tools: CallTools<Item>,
    private readonly hooks: LaneHooks,
  ) {
    this.standing = new StandingBy(config.lookEveryMs);
    this.lookOut = new LookOut(config.lookEveryMs, tools.slots, {
      sawJobs: () => this.look(),
      sawNoRoom: (name) => this.turnDown(name),
    });
    this.tracks = [this.newTrack(0), this.newTrack(1)];
  }

  get partition(): number {
    return this.config.partition;
  }

  /** From now on it asks for jobs. */
  startClaiming(): void {
    this.lookOut.start();
  }

  /** Asks for no more jobs; settlements go on. */
  stopClaiming(): void {
    this.lookOut.stop();
    this.missed = [];
    this.standing.leave();
  }

  /** Leaves everything as it is; a reply that still comes is ignored. */
  stop(): void {
    this.lookOut.stop();
    for (const track of this.tracks) track.stop();
  }

  /** There may be jobs to claim. */
  wantJobs(): void {
    this.lookOut.wantJobs();
  }

  /** A job of this name is due at this instant, as far as somebody heard. */
  heardOf(name: string, at: number, now: number): void {
    this.lookOut.heardOf(name, at, now);
  }

  /** The store may be back: what waits for a repeat goes out now. */
  hurry(): void {
    for (const track of this.tracks) track.hurry();
  }

  /** Looked at now and then: calls that have no answer in time keep no room free any longer. */
  lookAfterCalls(): void {
    for (const track of this.tracks) track.lookAfter();
  }

  /**
   * Sends what there is to send, as far as it is worth a call.
   *
   * @param now - by `performance.now()`; only told where there are other lanes
   * @returns whether it has asked for jobs
   */
  serve(permit: Permit, now: number): boolean {
    let hasAsked = false;
    for (const track of this.tracks) {
      if (!track.isBusy && this.sendOn(track, permit)) hasAsked = true;
    }
    if (hasAsked) this.lastAskedAt = now;
    return hasAsked;
  }

  /** Whether jobs are worth a call of their own. */
  get wantsJobs(): boolean {
    return this.lookOut.wantsJobs || this.missed.some((name) => this.tools.slots.isFree(name));
  }

  /** Whether the store counts on this host. */
  get standsBy(): boolean {
    return this.standing.isStanding;
  }

  get hasMail(): boolean {
    return this.tools.outbox.waiting > 0;
  }

  /** Whether a call has to go out that asks for nothing. */
  get hasToReport(): boolean {
    return this.hasMail || this.hasFarewell;
  }

  /** Whether nothing else can go out. */
  get isFull(): boolean {
    return this.tracks[0].isBusy && this.tracks[1].isBusy;
  }

  get isBusy(): boolean {
    return this.tracks[0].isBusy || this.tracks[1].isBusy;
  }

  /** Whether its partition does not answer. */
  get isAway(): boolean {
    return this.tracks[0].isAway || this.tracks[1].isAway;
  }

  /** Whether a call under way may bring jobs. */
  get isAsking(): boolean {
    return this.tracks[0].keepsRoom || this.tracks[1].keepsRoom;
  }

  /** For how long it has not asked for jobs, in ms. */
  waitsFor(now: number): number {
    return now - this.lastAskedAt;
  }

  /** When its calls under way were first sent, by `performance.now()`. */
  callsSentAt(): number[] {
    return this.tracks.map((track) => track.callSentAt).filter((at) => at !== undefined);
  }

  private newTrack(number: 0 | 1): ClaimTrack<Item> {
    return new ClaimTrack(number, this.config, this.tools, {
      answered: (claim, claimed, sentAt, hasRoom) => {
        this.hooks.brought(this, claimed, sentAt, hasRoom);
        this.learnFrom(number, claim, claimed);
        this.hooks.answered(this);
      },
      gaveUp: () => this.wantJobs(),
      free: () => this.hooks.free(),
    });
  }

  private learnFrom(track: 0 | 1, claim: ClaimRequest, claimed: Claimed): void {
    this.standing.learnFrom(claim, claimed);
    // It was under way when this host stopped to take jobs.
    if (!this.lookOut.takesJobs || !this.config.standsBy()) this.standing.leave();
    this.lookOut.learnFrom(track, claim, claimed);
    if (this.config.isOneOfSeveral && hasUsedItsRoom(claim, claimed)) {
      this.miss(claim.names.map(({ name }) => name));
    }
  }

  /** As soon as one of these names has room, whoever gives it back, jobs of it are asked for. */
  private miss(names: readonly string[]): void {
    this.missed = [...new Set([...this.missed, ...names])];
  }

  /** @returns whether it has asked for jobs */
  private sendOn(track: ClaimTrack<Item>, permit: Permit): boolean {
    const other = this.tracks[1 - track.number]!;
    if (other.isBusy && (!permit.mayDouble || other.isAway)) return false;
    if (this.hasFarewell) return this.send(track, undefined, this.standing.farewell());
    const { waiting } = this.tools.outbox;
    const room = this.mayAsk(waiting) ? this.tools.slots.room(permit.atMost) : undefined;
    if (waiting === 0 && !room) return this.sendNothing(track);
    const needsWorth = other.isBusy || (waiting === 0 && !permit.mayAskForFew);
    if (needsWorth && !isWorthACall(waiting, room)) return false;
    if (!room) {
      // The slots of what has ended here are kept free by other calls, and may come back. What the settlements
      // make claimable nobody tells a host that does not stand by.
      if (this.mayAsk(waiting)) this.wantJobs();
      return this.send(track, undefined, undefined);
    }
    this.lookOut.claimGoesOut(room, !other.isBusy);
    if (this.config.isOneOfSeveral) this.missed = this.tools.slots.namesWithout(room);
    return this.send(track, room, this.termsOf(room));
  }

  private send(
    track: ClaimTrack<Item>,
    room: Room | undefined,
    terms: ClaimTerms | undefined,
  ): boolean {
    track.send(room, terms);
    return room !== undefined;
  }

  private termsOf({ group }: Room): ClaimTerms | undefined {
    return this.config.standsBy() ? { standBy: this.standing.in(group) } : undefined;
  }

  /** A partition that is away finds out by itself, when it hears nothing more of this host. */
  private get hasFarewell(): boolean {
    return this.standing.hasFarewell && !this.isAway;
  }

  /** There is no mail, and nothing to ask for. */
  private sendNothing(track: ClaimTrack<Item>): false {
    if (!this.wantsJobs || this.isBusy) return false;
    // Whether its partition is back it finds out by a call that carries nothing.
    if (this.isMuted) this.send(track, undefined, undefined);
    // Woken for something, and nothing could begin: others are to do it.
    else if (this.standing.isStanding && this.tools.slots.isTaken) {
      this.standing.leave();
      this.send(track, undefined, this.standing.farewell());
    }
    return false;
  }

  /** A call with mail asks for jobs as well, unless the outbox is finding out what the store cannot take. */
  private mayAsk(mail: number): boolean {
    if (this.isMuted) return false;
    if (mail === 0) return this.wantsJobs;
    return this.lookOut.takesJobs && !this.tools.outbox.isSifting;
  }

  /** Whether it may ask for no jobs, so that no room is kept free for a partition that is away. */
  private get isMuted(): boolean {
    return this.config.isOneOfSeveral && this.isAway;
  }

  private look(): void {
    this.wantJobs();
    this.hooks.wake();
  }

  /** A job of this name is due, and has no room here. */
  private turnDown(name: string): void {
    if (this.config.isOneOfSeveral) this.miss([name]);
    if (!this.standing.refuse(name)) return;
    // It stands by again with the names that still have room.
    this.look();
  }
}

const isWorthACall = (mail: number, room: Room | undefined): boolean =>
  mail >= WORTH_A_CALL || (room?.slots ?? 0) >= WORTH_A_CALL;

/** Whether it left slots free, and none for any of its names: then the host does not stand by. */
const hasUsedItsRoom = ({ standBy, slots }: ClaimRequest, { jobs, standsBy }: Claimed): boolean =>
  standBy !== undefined && !standsBy && jobs.length > 0 && jobs.length < slots;
