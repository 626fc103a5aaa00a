import { MAX_REWRITES, type Rescue, type RescuedJob } from '../contracts/job-broker.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from './timer.js';

/*
 * Acts on leases that ran out, of whatever process: any host does it, also for names it does not
 * handle. It looks when the earliest expiry that the store told last has passed; with jitter, so that
 * many hosts do not look at the same instant. A host that was away itself renews its own leases before
 * it looks at those of others.
 *
 * Every answer to a claim tells the earliest expiry. So a host asks for itself only when no claim was answered
 * for two thirds of a lease: none can begin and run out unheard.
 */

export interface RescuerHooks {
  rescue(limit: number, leaseMs: number): Promise<Rescue>;
  /** By the backend's clock. */
  now(): number;
  /** Brings the own leases up to date; false when that does not succeed. */
  ownLeasesAreSafe(): Promise<boolean>;
  rescued(jobs: readonly RescuedJob[]): void;
  failed(error: Error): void;
  recovered(): void;
}

export class Rescuer {
  private readonly timer = new Timer(() => this.lookIfNeeded());
  /** For so long it relies on what it was told. */
  private readonly quietMs: number;
  private isOn = false;
  private looking = false;
  /** When the store was asked for what it told last, by `performance.now()`. */
  private heardAt = 0;
  /** When there may be something to do, as it told; by the backend's clock. */
  private dueAt = Infinity;
  /** Until when it lets nobody rescue, by the backend's clock. */
  private heldUntil = 0;

  constructor(
    private readonly leaseMs: number,
    private readonly hooks: RescuerHooks,
  ) {
    this.quietMs = (leaseMs * 2) / 3;
  }

  start(): void {
    this.isOn = true;
    this.learn(null, performance.now());
    this.waitForNextLook();
  }

  stop(): void {
    this.isOn = false;
    this.timer.stop();
  }

  /**
   * The store has told when the first lease expires, on its clock: unless it is renewed, it has to be acted on.
   *
   * @param earliestExpiry - `null`: there is no lease
   * @param askedAt - by `performance.now()`: the answer may not know of leases that began since
   */
  heard(earliestExpiry: number | null, askedAt: number): void {
    if (!this.isOn || this.looking) return;
    const before = this.dueAt;
    this.learn(earliestExpiry, askedAt);
    if (this.dueAt < before) this.timer.startWithin(this.untilDue());
  }

  /** @returns what that came to; `undefined` when it looks already, or did not succeed. Never rejects */
  async lookNow(): Promise<Rescue | undefined> {
    if (this.looking) return undefined;
    this.looking = true;
    const askedAt = performance.now();
    let rescue: Rescue | undefined;
    try {
      if (await this.hooks.ownLeasesAreSafe()) {
        rescue = this.isOn ? await this.hooks.rescue(MAX_REWRITES, this.leaseMs) : undefined;
        this.hooks.recovered();
      }
    } catch (thrown) {
      this.hooks.failed(errorOf(thrown));
    }
    this.looking = false;
    if (rescue && rescue.jobs.length > 0) this.hooks.rescued(rescue.jobs);
    if (this.isOn) this.planAfter(rescue, askedAt);
    return rescue;
  }

  private lookIfNeeded(): void {
    const isDue = this.dueAt <= this.hooks.now();
    const isSilent = performance.now() - this.heardAt >= this.quietMs;
    if (isDue || isSilent) void this.lookNow();
    else this.waitForNextLook();
  }

  private planAfter(rescue: Rescue | undefined, askedAt: number): void {
    if (!rescue) return this.timer.startIn((this.leaseMs / 3) * (0.75 + Math.random() / 4));
    this.heldUntil = rescue.heldUntil ?? 0;
    this.learn(rescue.earliestExpiry, askedAt);
    if (rescue.more) this.timer.startIn(0);
    else this.waitForNextLook();
  }

  private learn(earliestExpiry: number | null, askedAt: number): void {
    this.heardAt = Math.max(this.heardAt, askedAt);
    this.dueAt = earliestExpiry === null ? Infinity : Math.max(earliestExpiry, this.heldUntil);
  }

  private waitForNextLook(): void {
    const untilSilent = this.heardAt + this.quietMs - performance.now();
    this.timer.startIn(Math.min(this.untilDue(), Math.max(0, untilSilent) + this.jitter()));
  }

  private untilDue(): number {
    return Math.max(0, this.dueAt - this.hooks.now()) + this.jitter();
  }

  private jitter(): number {
    return 1 + Math.random() * Math.min(this.leaseMs / 30, 1_000);
  }
}
