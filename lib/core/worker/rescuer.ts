import { MAX_REWRITES, type Rescue, type RescuedJob } from '../contracts/job-broker.js';
import { errorOf } from '../job/thrown.js';
import { Timer } from './timer.js';

/*
 * Acts on leases that ran out, of whatever process: any host does it, also for names it does not
 * handle. It looks when the earliest expiry that a reply named has passed, and at least each third
 * of a lease; both with jitter, so that many hosts do not look at the same instant. A host that was
 * away itself renews its own leases before it looks at those of others.
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
  private readonly timer = new Timer(() => void this.lookNow());
  private isOn = false;
  private looking = false;

  constructor(
    private readonly leaseMs: number,
    private readonly hooks: RescuerHooks,
  ) {}

  start(): void {
    this.isOn = true;
    this.waitForNextLook();
  }

  stop(): void {
    this.isOn = false;
    this.timer.stop();
  }

  /** A lease expires then, on the backend's clock: unless it is renewed, it has to be acted on. */
  sawExpiry(at: number): void {
    if (!this.isOn || this.looking) return;
    this.timer.startWithin(Math.max(0, at - this.hooks.now()) + this.jitter());
  }

  /** @returns what that came to; `undefined` when it looks already, or did not succeed. Never rejects */
  async lookNow(): Promise<Rescue | undefined> {
    if (this.looking) return undefined;
    this.looking = true;
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
    if (this.isOn) this.planAfter(rescue);
    return rescue;
  }

  private planAfter(rescue: Rescue | undefined): void {
    if (rescue?.more) return this.timer.startIn(0);
    this.waitForNextLook();
    if (!rescue) return;
    if (rescue.heldUntil !== null) this.sawExpiry(rescue.heldUntil);
    else if (rescue.earliestExpiry !== null) this.sawExpiry(rescue.earliestExpiry);
  }

  private waitForNextLook(): void {
    this.timer.startIn((this.leaseMs / 3) * (0.75 + Math.random() / 4));
  }

  private jitter(): number {
    return 1 + Math.random() * Math.min(this.leaseMs / 30, 1_000);
  }
}
