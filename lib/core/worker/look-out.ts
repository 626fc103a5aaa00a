import type { Claimed, ClaimRequest } from '../contracts/job-broker.js';
import type { Room, Slots } from './slots.js';
import { Timer } from './timer.js';

/*
 * The look-out of a lane: whether there may be jobs to claim in its partition, and when to look again.
 *
 * The timer stands at the earliest due time that the store told or news brought; The look without
 * a reason is only the safety net for lost news. Each track's last answer speaks for the names that its claim had
 * asked for, so the due times of both count, until a claim asks for all names again.
 *
 * A host that stands by may be told nothing of what is planned: others watch, and the store wakes it. Then only the
 * safety net is left, and many such hosts must not look at one instant.
 */

// The store said "due" and gave nothing: a limit of its own, or another host was faster.
const LOOK_AGAIN_MS = 10;

export interface LookOutHooks {
  /** There may be jobs to claim now. */
  sawJobs(): void;
  /** A job of this name is due, and none could begin. */
  sawNoRoom(name: string): void;
}

export class LookOut {
  private claiming = false;
  private wanted = false;
  /** The last claim brought as much as it asked for: there is more where that came from. */
  private plenty = false;
  /** A claim has left a job on its last start behind, since another one ran or might have come. */
  private lastStartWaits = false;
  /** When to look again, as the last answer on each track told; by `performance.now()`. */
  private readonly lookAt: [number, number] = [Infinity, Infinity];
  /** The earliest due time heard of that no claim sent since would tell; by `performance.now()`. */
  private heardSince = Infinity;
  private readonly timer = new Timer(() => this.lookNow());

  constructor(
    private readonly lookEveryMs: number,
    private readonly slots: Slots,
    private readonly hooks: LookOutHooks,
  ) {}

  start(): void {
    this.claiming = true;
  }

  /** Wants no more jobs, whatever it hears. */
  stop(): void {
    this.claiming = false;
    this.wanted = false;
    this.plenty = false;
    this.timer.stop();
  }

  /** There may be jobs to claim. */
  wantJobs(): void {
    if (this.claiming) this.wanted = true;
  }

  /** Whether jobs are worth a call of their own. */
  get wantsJobs(): boolean {
    return this.wanted || this.plenty;
  }

  /** Whether a call that goes out anyway may ask for jobs. */
  get takesJobs(): boolean {
    return this.claiming;
  }

  /** A job of this name is due at this instant, as far as somebody heard. */
  heardOf(name: string, at: number, now: number): void {
    if (!this.claiming) return;
    if (at <= now) {
      if (this.slots.hasRoomFor(name)) this.hooks.sawJobs();
      else this.hooks.sawNoRoom(name);
      return;
    }
    // The reply to a claim under way may not know of it.
    this.heardSince = Math.min(this.heardSince, performance.now() + at - now);
    this.timer.startWithin(at - now);
  }

  /** A claim goes out; `isAlone`: with no call under way beside it. */
  claimGoesOut({ lastStarts }: Room, isAlone: boolean): void {
    this.wanted = false;
    if (lastStarts) this.lastStartWaits = false;
    // It asks for every name with room: its answer tells all that is to be known.
    if (isAlone) this.forgetDueTimes();
  }

  /** A call on this track was answered. */
  learnFrom(track: 0 | 1, claim: ClaimRequest, claimed: Claimed): void {
    if (this.claiming && claim.slots > 0) this.planNextLook(track, claim, claimed);
    if (claimed.heldBack) this.lastStartWaits = true;
    if (this.lastStartWaits && this.slots.lastStartIsFree) this.wantJobs();
  }

  private planNextLook(track: 0 | 1, claim: ClaimRequest, claimed: Claimed): void {
    const { jobs, dueInMs } = claimed;
    this.plenty = jobs.length >= claim.slots;
    if (jobs.length > 0 && dueInMs === 0) this.wantJobs();
    const wait = dueInMs === 0 ? LOOK_AGAIN_MS : (dueInMs ?? this.longestSleep(claimed));
    const now = performance.now();
    this.lookAt[track] = now + Math.min(wait, this.lookEveryMs);
    const first = Math.min(...this.lookAt, this.heardSince);
    this.timer.startIn(Math.max(0, first - now));
  }

  private longestSleep({ standsBy = false }: Claimed): number {
    return standsBy ? this.lookEveryMs * (0.75 + Math.random() / 4) : this.lookEveryMs;
  }

  private lookNow(): void {
    this.forgetDueTimes();
    this.hooks.sawJobs();
  }

  private forgetDueTimes(): void {
    this.heardSince = Infinity;
    this.lookAt.fill(Infinity);
  }
}
