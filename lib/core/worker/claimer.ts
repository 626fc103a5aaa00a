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
import { isSpoiledBy } from './spoiled.js';
import { Timer } from './timer.js';

/*
 * The loop of a worker host: settlements out, due jobs in.
 *
 * - Nothing turns by itself. A finished attempt, news, a free slot or the timer wakes it up.
 * - With no call under way it goes out as soon as the present tick of the event loop has run dry:
 *   attempts that end together go together, and an idle system has no added latency. With a call
 *   under way the next batch forms behind it.
 * - Where there is plenty of work a second call goes out beside the first, on a track of its own, each
 *   with half of the slots: the store works on one while the handlers of the other run. A small batch
 *   never does: it would only make both smaller, and every call has a price of its own.
 * - The timer stands at the earliest due time that the store told; `processEvery` is only the safety
 *   net for lost news.
 * - A call whose reply is lost is repeated *as it was*: the same claim id and settlements get the
 *   same answers. Only when its outcome is unknown for longer than a lease is the claim given up, and
 *   its settlements go with another one. The next claim on the track says which one was heard of last,
 *   and the store puts back what the lost one has leased.
 */

/** Settlements on their way out, and whom they speak for. */
export interface Mail {
  readonly settlement: Settlement;
}

export interface ClaimerHooks<Item extends Mail> {
  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed>;
  /** How many settlements wait. */
  mailCount(): number;
  takeMail(): readonly Item[];
  putBack(batch: readonly Item[]): void;
  /** Takes back a batch whose call made the store fail; `hadClaim`: or the call's claim did. */
  spoiled(batch: readonly Item[], error: Error, hadClaim: boolean): void;
  /** Whether settlements must go without a claim for now. */
  isSifting(): boolean;
  answered(batch: readonly Item[], answers: readonly SettleAnswer[], repeated: boolean): void;
  /** How many attempts there may be in all. */
  mostSlots(): number;
  /** What is free, at most so many slots. */
  room(atMost: number): Room | undefined;
  /** Keeps room free for a claim under way. */
  promise(room: Room): void;
  redeem(room: Room): void;
  hasRoomFor(name: string): boolean;
  /** Whether a job on its last start could begin now. */
  lastStartIsFree(): boolean;
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
  readonly room: Room | undefined;
  readonly firstSentAt: number;
  repeated: boolean;
}

/** One of the two calls that may be under way. */
interface Track<Item> {
  readonly number: 0 | 1;
  call: Call<Item> | undefined;
  /** The last claim that was answered. */
  heard: string;
  failures: number;
  /** When to look again, as its last answer told for the names it had asked for; by `performance.now()`. */
  lookAt: number;
  /** Waits to repeat the call. */
  readonly repeat: Timer;
}

// The store said "due" and gave nothing: a limit of its own, or another host was faster.
const LOOK_AGAIN_MS = 10;
const SHORTEST_BACKOFF = 50;
const LONGEST_BACKOFF = 1_000;
/** What a second call must carry, in settlements or in slots, to be worth its price. */
const WORTH_A_CALL = 8;

export class Claimer<Item extends Mail> {
  private readonly tracks: readonly [Track<Item>, Track<Item>];
  private isOn = false;
  private claiming = false;
  private claimWanted = false;
  /** The last claim brought as much as it asked for: there is more where that came from. */
  private plenty = false;
  /** A claim has left a job on its last start behind, since another one ran or might have come. */
  private lastStartWaits = false;
  private turnPlanned = false;
  /** The earliest due time heard of that no claim sent since would tell; by `performance.now()`. */
  private heardSince = Infinity;
  private readonly look = new Timer(() => this.lookForJobs());
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly config: { host: string; leaseMs: number; processEveryMs: number },
    private readonly hooks: ClaimerHooks<Item>,
  ) {
    this.tracks = [this.newTrack(0), this.newTrack(1)];
  }

  start(): void {
    this.isOn = true;
    this.claiming = true;
    this.wake(true);
  }

  /** Asks for no more jobs; settlements go on. */
  stopClaiming(): void {
    this.claiming = false;
    this.claimWanted = false;
    this.plenty = false;
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
    for (const track of this.tracks) {
      track.repeat.stop();
      track.failures = 0;
      const { call } = track;
      this.endCall(track);
      if (call) this.hooks.putBack(call.batch);
    }
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /** Something has changed: there is mail, or (with `forJobs`) there may be jobs to claim. */
  wake(forJobs: boolean): void {
    if (forJobs && this.claiming) this.claimWanted = true;
    if (!this.isOn || this.turnPlanned || this.tracks.every(isBusy)) return;
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
    for (const track of this.tracks) {
      if (!track.repeat.isWaiting) continue;
      track.repeat.stop();
      this.goOn(track);
    }
    this.wake(true);
  }

  get callsUnderWay(): number {
    return this.tracks.filter(({ call }) => call !== undefined).length;
  }

  /** For how long the oldest call has had no answer, through all its repeats, in ms. */
  get unansweredForMs(): number {
    const sentAt = this.tracks.flatMap(({ call }) => (call ? [call.firstSentAt] : []));
    return sentAt.length === 0 ? 0 : performance.now() - Math.min(...sentAt);
  }

  private newTrack(number: 0 | 1): Track<Item> {
    const repeat = new Timer(() => this.goOn(track));
    const track: Track<Item> = {
      number,
      call: undefined,
      heard: '',
      failures: 0,
      lookAt: Infinity,
      repeat,
    };
    return track;
  }

  private goOn(track: Track<Item>): void {
    if (track.call) this.send(track, track.call);
    else this.turn();
  }

  private readonly turn = (): void => {
    this.turnPlanned = false;
    if (!this.isOn) return;
    for (const track of this.tracks) if (!isBusy(track)) this.take(track);
    this.noticeIdle();
  };

  /** Sends what there is to send, if it is worth a call. */
  private take(track: Track<Item>): void {
    const mail = this.hooks.mailCount();
    const wantsJobs = this.claiming && (this.claimWanted || this.plenty || mail > 0);
    const mayClaim = mail === 0 || !this.hooks.isSifting();
    const room = wantsJobs && mayClaim ? this.hooks.room(this.fairPart()) : undefined;
    if (mail === 0 && !room) return;
    const other = this.tracks[1 - track.number]!;
    if (isBusy(other) && (other.failures > 0 || !isWorthACall(mail, room))) return;
    if (room) this.claimWanted = false;
    if (room?.lastStarts) this.lastStartWaits = false;
    if (room && !isBusy(other)) this.forgetLooks();
    const call = this.newCall(track, this.hooks.takeMail(), room);
    if (room) this.hooks.promise(room);
    this.send(track, call);
  }

  /** Half of the slots for each track, unless halves are not worth a call. */
  private fairPart(): number {
    const most = this.hooks.mostSlots();
    return most < 2 * WORTH_A_CALL ? most : Math.ceil(most / 2);
  }

  private newCall(track: Track<Item>, batch: readonly Item[], room: Room | undefined): Call<Item> {
    const { host, leaseMs } = this.config;
    const claim: ClaimRequest = {
      claimId: randomToken(),
      host,
      leaseMs,
      slots: room?.slots ?? 0,
      names: room?.names ?? [],
      track: track.number,
      heard: track.heard,
      lastStarts: room?.lastStarts ?? 0,
    };
    const settlements = batch.map((item) => item.settlement);
    return { batch, settlements, claim, room, firstSentAt: performance.now(), repeated: false };
  }

  private send(track: Track<Item>, call: Call<Item>): void {
    track.call = call;
    this.ask(call).then(
      (claimed) => this.answered(track, call, claimed),
      (thrown: unknown) => this.failed(track, call, errorOf(thrown)),
    );
  }

  /** A broker that throws instead of rejecting is no different. */
  private async ask(call: Call<Item>): Promise<Claimed> {
    return this.hooks.settleAndClaim(call.settlements, call.claim);
  }

  private endCall(track: Track<Item>): void {
    if (track.call?.room) this.hooks.redeem(track.call.room);
    track.call = undefined;
  }

  private answered(track: Track<Item>, call: Call<Item>, claimed: Claimed): void {
    if (track.call !== call) return;
    this.endCall(track);
    track.heard = call.claim.claimId;
    track.failures = 0;
    this.hooks.recovered();
    if (call.batch.length > 0) this.hooks.answered(call.batch, claimed.answers, call.repeated);
    for (const job of claimed.jobs) this.hooks.begin(job, call.firstSentAt);
    if (claimed.earliestExpiry !== null) this.hooks.sawExpiry(claimed.earliestExpiry);
    if (this.claiming && call.claim.slots > 0) this.planNextLook(track, call.claim, claimed);
    if (claimed.heldBack) this.lastStartWaits = true;
    const mayComeNow = this.lastStartWaits && this.hooks.lastStartIsFree();
    if (this.claiming && mayComeNow) this.claimWanted = true;
    if (this.claimWanted || this.plenty || this.hooks.mailCount() > 0) this.wake(false);
    else this.noticeIdle();
  }

  private planNextLook(track: Track<Item>, claim: ClaimRequest, { jobs, dueInMs }: Claimed): void {
    const { processEveryMs } = this.config;
    this.plenty = jobs.length >= claim.slots;
    if (jobs.length > 0 && dueInMs === 0) this.claimWanted = true;
    const wait = dueInMs === 0 ? LOOK_AGAIN_MS : (dueInMs ?? processEveryMs);
    const now = performance.now();
    track.lookAt = now + Math.min(wait, processEveryMs);
    const first = Math.min(...this.tracks.map(({ lookAt }) => lookAt), this.heardSince);
    this.look.startIn(Math.max(0, first - now));
  }

  private lookForJobs(): void {
    this.forgetLooks();
    this.wake(true);
  }

  /** A claim that goes out alone asks for every name with room: its answer tells all that is to be known. */
  private forgetLooks(): void {
    this.heardSince = Infinity;
    for (const track of this.tracks) track.lookAt = Infinity;
  }

  private failed(track: Track<Item>, call: Call<Item>, error: Error): void {
    if (track.call !== call) return;
    this.hooks.failed(error);
    call.repeated = true;
    if (isSpoiledBy(error)) this.takeApart(track, call, error);
    else if (performance.now() - call.firstSentAt > this.config.leaseMs) this.giveUp(track, call);
    const wait = Math.min(SHORTEST_BACKOFF * 2 ** track.failures, LONGEST_BACKOFF);
    track.failures += 1;
    track.repeat.startIn(wait * (0.5 + Math.random() / 2));
  }

  /** The jobs of this claim, if it got any, go back with the next claim on the track. */
  private giveUp(track: Track<Item>, call: Call<Item>): void {
    this.endCall(track);
    if (this.claiming) this.claimWanted = true;
    this.hooks.putBack(call.batch);
  }

  /** Repeated as it was, the call would fail for ever. */
  private takeApart(track: Track<Item>, call: Call<Item>, error: Error): void {
    this.endCall(track);
    if (this.claiming) this.claimWanted = true;
    this.hooks.spoiled(call.batch, error, call.claim.slots > 0);
  }

  private noticeIdle(): void {
    if (this.turnPlanned || this.tracks.some(isBusy) || this.hooks.mailCount() > 0) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

const isBusy = (track: Track<Mail>): boolean => track.call !== undefined || track.repeat.isWaiting;

const isWorthACall = (mail: number, room: Room | undefined): boolean =>
  mail >= WORTH_A_CALL || (room?.slots ?? 0) >= WORTH_A_CALL;
