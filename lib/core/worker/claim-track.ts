import type { Claimed, ClaimRequest, SettleAnswer, Settlement } from '../contracts/job-broker.js';
import { randomToken } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';
import type { Room, Slots } from './slots.js';
import { isSpoiledBy } from './spoiled.js';
import { Timer } from './timer.js';

/*
 * One of the two tracks of a lane: at most one call to its partition at a time.
 *
 * - A call whose reply is lost is repeated *as it was*: the same claim id and settlements get the
 *   same answers. Only when its outcome is unknown for longer than a lease is the claim given up, and
 *   its settlements go with another one. The next claim on the track says which one was heard of last,
 *   and the store puts back what the lost one has leased.
 * - A call that made the store fail is not repeated: it would fail for ever. Nor is one that carries nothing.
 * - After a failure nothing else goes out on the track until a wait is over.
 * - Beside other partitions the room for what a claim brings is kept free only while the store answers: of a call
 *   that fails or goes without an answer it is given up. What such a claim brings all the same, and finds no room,
 *   goes back to its place.
 */

/** Settlements on their way out, and whom they speak for. */
export interface Mail {
  readonly settlement: Settlement;
}

/** Where settlements wait to be sent. */
export interface Outbox<Item extends Mail> {
  /** How many wait. */
  readonly waiting: number;
  /** Whether settlements must go without a claim for now. */
  readonly isSifting: boolean;
  take(): readonly Item[];
  putBack(batch: readonly Item[]): void;
  /** Takes back a batch whose call made the store fail; `hadClaim`: or the call's claim did. */
  spoiled(batch: readonly Item[], error: Error, hadClaim: boolean): void;
  answered(batch: readonly Item[], answers: readonly SettleAnswer[], repeated: boolean): void;
}

/** The ways to the store, and to those who gave a call what it carries. */
export interface CallTools<Item extends Mail> {
  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed>;
  readonly outbox: Outbox<Item>;
  readonly slots: Slots;
  failed(error: Error): void;
  recovered(): void;
}

/** Where its calls go, and for whom. */
export interface TrackConfig {
  readonly host: string;
  readonly leaseMs: number;
  readonly partition: number;
  /** Whether there are other partitions, which have a use for the room that its calls keep free. */
  readonly isOneOfSeveral: boolean;
}

/** What a claim says beside what it has room for. */
export type ClaimTerms = Pick<ClaimRequest, 'standBy'> & Partial<Pick<ClaimRequest, 'names'>>;

export interface ClaimTrackHooks {
  /**
   * Its settlements are answered for; what its claim brought is for the caller. `hasRoom`: room for it was kept.
   */
  answered(claim: ClaimRequest, claimed: Claimed, firstSentAt: number, hasRoom: boolean): void;
  /** A call was given up: nobody knows what there is to claim. */
  gaveUp(): void;
  /** The wait after a failure is over, and there is no call to repeat. */
  free(): void;
}

interface Call<Item> {
  readonly batch: readonly Item[];
  readonly settlements: readonly Settlement[];
  readonly claim: ClaimRequest;
  /** What is kept free for it. */
  room: Room | undefined;
  /** By `performance.now()`. */
  readonly firstSentAt: number;
  repeated: boolean;
  /** How often it was looked at without an answer. */
  looks: number;
}

/** A call that so many looks have found without an answer is not waited for. */
const PATIENT_LOOKS = 2;

const NO_NAMES: ClaimRequest['names'] = [];
const SHORTEST_BACKOFF = 50;
const LONGEST_BACKOFF = 1_000;

export class ClaimTrack<Item extends Mail> {
  private call: Call<Item> | undefined;
  /** The last claim that was answered. */
  private heard = '';
  private failures = 0;
  private readonly repeat = new Timer(() => this.goOn());

  constructor(
    readonly number: 0 | 1,
    private readonly config: TrackConfig,
    private readonly tools: CallTools<Item>,
    private readonly hooks: ClaimTrackHooks,
  ) {}

  /** Sends what waits in the outbox, and asks for as many jobs as there is room for. */
  send(room: Room | undefined, terms: ClaimTerms | undefined): void {
    this.call = this.newCall(this.tools.outbox.take(), room, terms);
    if (room) this.tools.slots.promise(room);
    this.carryOut(this.call);
  }

  /** The store may be back: what waits after a failure goes on now. */
  hurry(): void {
    if (!this.repeat.isWaiting) return;
    this.repeat.stop();
    this.goOn();
  }

  /** A reply that still comes is ignored. */
  stop(): void {
    this.repeat.stop();
    this.failures = 0;
    if (this.call) this.giveUp(this.call);
  }

  /** Whether nothing else can go out: a call is under way, or a wait after a failure. */
  get isBusy(): boolean {
    return this.call !== undefined || this.repeat.isWaiting;
  }

  /** Whether its partition does not answer: calls fail, or the one under way was not answered in time. */
  get isAway(): boolean {
    return this.failures > 0 || this.isSilent;
  }

  /** Whether the call under way keeps room free. */
  get keepsRoom(): boolean {
    return this.call?.room !== undefined;
  }

  /** Looked at now and then, a call that has no answer in time gives up the room that is kept for it. */
  lookAfter(): void {
    const { call } = this;
    if (!call) return;
    call.looks += 1;
    if (this.isSilent) this.giveUpRoom(call);
  }

  /** When the call under way was first sent, by `performance.now()`. */
  get callSentAt(): number | undefined {
    return this.call?.firstSentAt;
  }

  private get isSilent(): boolean {
    return this.call !== undefined && this.call.looks >= PATIENT_LOOKS;
  }

  private newCall(
    batch: readonly Item[],
    room: Room | undefined,
    terms: ClaimTerms | undefined,
  ): Call<Item> {
    const { host, leaseMs, partition } = this.config;
    const claim: ClaimRequest = {
      claimId: randomToken(),
      host,
      leaseMs,
      slots: room?.slots ?? 0,
      names: room?.names ?? terms?.names ?? NO_NAMES,
      track: this.number,
      heard: this.heard,
      lastStarts: room?.lastStarts ?? 0,
      partition,
      ...(terms?.standBy && { standBy: terms.standBy }),
    };
    const settlements = batch.map((item) => item.settlement);
    const firstSentAt = performance.now();
    return { batch, settlements, claim, room, firstSentAt, repeated: false, looks: 0 };
  }

  private carryOut(call: Call<Item>): void {
    this.ask(call).then(
      (claimed) => this.answered(call, claimed),
      (thrown: unknown) => this.failed(call, errorOf(thrown)),
    );
  }

  /** A broker that throws instead of rejecting is no different. */
  private async ask(call: Call<Item>): Promise<Claimed> {
    return this.tools.settleAndClaim(call.settlements, call.claim);
  }

  private answered(call: Call<Item>, claimed: Claimed): void {
    if (this.call !== call) return;
    const { batch, claim, firstSentAt, repeated } = call;
    const hasRoom = call.room !== undefined;
    this.end(call);
    this.heard = claim.claimId;
    this.failures = 0;
    this.tools.recovered();
    if (batch.length > 0) this.tools.outbox.answered(batch, claimed.answers, repeated);
    this.hooks.answered(claim, claimed, firstSentAt, hasRoom);
  }

  private failed(call: Call<Item>, error: Error): void {
    if (this.call !== call) return;
    this.tools.failed(error);
    call.repeated = true;
    if (this.config.isOneOfSeveral) this.giveUpRoom(call);
    if (isSpoiledBy(error)) this.takeApart(call, error);
    else if (isEmpty(call)) this.end(call);
    else if (performance.now() - call.firstSentAt > this.config.leaseMs) this.giveUp(call);
    this.waitToGoOn();
  }

  /** Repeated as it was, the call would fail for ever. */
  private takeApart(call: Call<Item>, error: Error): void {
    this.end(call);
    this.hooks.gaveUp();
    this.tools.outbox.spoiled(call.batch, error, call.claim.slots > 0);
  }

  /** The jobs of this claim, if it got any, go back with the next claim on the track. */
  private giveUp(call: Call<Item>): void {
    this.end(call);
    this.hooks.gaveUp();
    this.tools.outbox.putBack(call.batch);
  }

  private end(call: Call<Item>): void {
    this.giveUpRoom(call);
    this.call = undefined;
  }

  private giveUpRoom(call: Call<Item>): void {
    if (call.room) this.tools.slots.redeem(call.room);
    call.room = undefined;
  }

  private waitToGoOn(): void {
    const wait = Math.min(SHORTEST_BACKOFF * 2 ** this.failures, LONGEST_BACKOFF);
    this.failures += 1;
    this.repeat.startIn(wait * (0.5 + Math.random() / 2));
  }

  private goOn(): void {
    if (this.call) this.carryOut(this.call);
    else this.hooks.free();
  }
}

/** Whether it has nothing for the store, and asks it for nothing. */
const isEmpty = ({ batch, claim }: Call<Mail>): boolean => batch.length === 0 && claim.slots === 0;
