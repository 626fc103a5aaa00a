import type { Claimed, ClaimedJob, ClaimRequest, Rescue } from '../contracts/job-broker.js';
import { waitFor } from './wait.js';

/*
 * A worker host that takes jobs only when told: for tests, where time stands still between two steps.
 *
 * It is the host's own loop that takes them, with all its limits, and all else of the host goes on as ever:
 * registrations, renewals, settlements, shutdown. Only its look-out is closed between two steps, so nothing is
 * claimed, and no timer looks for jobs.
 */

export interface WorkOffOptions {
  /** These jobs alone, each once; others that come keep their places. Left out: whatever is due. */
  readonly only?: ReadonlySet<string>;
  /** It ends when so many have begun. */
  readonly most: number;
  /** It ends when nothing has happened for so long, in ms of real time. */
  readonly patienceMs: number;
  /** Resolves when jobs that were added have reached the store. */
  adds(): Promise<unknown>;
}

export interface WorkedOff {
  /** Why it ended although there may be more to do; left out: nothing more is due, and nothing runs. */
  readonly endedBy?: 'most' | 'patience' | 'shutdown';
  /** When there may be something to do next, by the backend's clock; `null`: never, as far as is known. */
  readonly nextAt: number | null;
}

export interface OnDemandTools {
  /** Lets the host claim. */
  open(): void;
  /** Ends that; calls under way go on. */
  shut(): void;
  /** Looks for jobs; resolves when no call is under way and nothing waits to be sent. */
  look(): Promise<void>;
  /** How many attempts hold leases: they run, or their end is not stored. */
  held(): number;
  /** Gives a job back that has not begun: it keeps its place. */
  handBack(job: ClaimedJob, sentAt: number): void;
  /** Acts on leases that ran out, in each partition; not where that is under way already, or did not succeed. */
  rescue(): Promise<readonly Rescue[]>;
  /** Carries out what the janitor does now and then: a whole pass. */
  tidy(): Promise<void>;
  /** By the backend's clock. */
  now(): number;
}

/** What is known of a step that is under way. */
interface Step {
  readonly only: Set<string> | undefined;
  begun: number;
  readonly most: number;
  readonly aside: { readonly job: ClaimedJob; readonly sentAt: number }[];
  /** Whatever moved something: claims that brought jobs, ends, rescues. */
  progress: number;
  endedBy: WorkedOff['endedBy'];
  /** When there may be something to do next: as the last claim in each partition told, and the last rescues. */
  readonly nextAt: Map<number | 'rescue', number>;
}

export class OnDemand {
  private isFree = false;
  private step: Step | undefined;
  private whenOver: (() => void)[] = [];

  constructor(private readonly tools: OnDemandTools) {}

  /** From now on jobs are taken as they become due, as by any host, until `hold`. */
  letGo(): void {
    this.isFree = true;
    this.tools.open();
  }

  hold(): void {
    this.isFree = false;
    if (!this.step) this.tools.shut();
  }

  /** Runs what is due, and what becomes due by that; resolves when that has ended and is stored. One at a time. */
  async workOff(options: WorkOffOptions): Promise<WorkedOff> {
    const { only, most, patienceMs } = options;
    const step: Step = {
      only: only && new Set(only),
      begun: 0,
      most,
      aside: [],
      progress: 0,
      endedBy: undefined,
      nextAt: new Map(),
    };
    this.step = step;
    try {
      let before: number;
      do {
        before = step.progress;
        await options.adds();
        await this.round(step, patienceMs);
      } while (step.progress > before && !step.endedBy);
    } finally {
      await this.endStep(step, patienceMs);
    }
    const { endedBy, nextAt } = step;
    const first = Math.min(...nextAt.values());
    return { ...(endedBy && { endedBy }), nextAt: first === Infinity ? null : first };
  }

  /** Removes and buries what the janitor would, now that time has passed. */
  tidy(): Promise<void> {
    return this.tools.tidy();
  }

  /** The host claims no more: a step under way ends. */
  end(): void {
    if (this.step) this.step.endedBy ??= 'shutdown';
    this.tellOver();
  }

  // ── what the host tells ──────────────────────────────────────────────────────────────────────

  /** A claim has its answer: when there may be more is known from the last one. */
  claimed(claim: ClaimRequest, { now, jobs, expired, dueInMs }: Claimed): void {
    const { step } = this;
    if (!step || claim.slots === 0) return;
    step.progress += jobs.length + (expired?.length ?? 0);
    const { partition = 0 } = claim;
    if (dueInMs) step.nextAt.set(partition, now + dueInMs);
    else step.nextAt.delete(partition);
  }

  /** Whether a job that has come may begin. */
  lets(job: ClaimedJob, sentAt: number): boolean {
    const { step } = this;
    // It was asked for before the last step was over.
    if (!step && !this.isFree) this.tools.handBack(job, sentAt);
    if (!step) return this.isFree;
    const isMeant = step.begun < step.most && (step.only?.delete(job.record.id) ?? true);
    if (!isMeant) step.aside.push({ job, sentAt });
    else step.begun += 1;
    if (!isMeant && step.begun === step.most) step.endedBy ??= 'most';
    if (step.endedBy || step.only?.size === 0) this.tools.shut();
    return isMeant;
  }

  /** An attempt is settled, or void. */
  attemptOver(): void {
    if (this.step) this.step.progress += 1;
    this.tellOver();
  }

  // ─────────────────────────────────────────────────────────────────────────────────────────────

  private async round(step: Step, patienceMs: number): Promise<void> {
    if (step.endedBy) return;
    step.nextAt.delete('rescue');
    if (step.only?.size !== 0) this.tools.open();
    await this.within(patienceMs, step, () => this.tools.look());
    while (this.tools.held() > 0 && mayWait(step)) {
      await this.within(patienceMs, step, () => this.nextOver());
    }
    if (step.endedBy || step.only) return;
    for (const rescue of await this.tools.rescue()) this.learnFrom(rescue, step);
  }

  /** When leases run out there is something to do, too; or when the store no longer holds off. */
  private learnFrom({ jobs, more, earliestExpiry, heldUntil }: Rescue, step: Step): void {
    step.progress += jobs.length + Number(more);
    if (earliestExpiry === null) return;
    const now = this.tools.now();
    const at = earliestExpiry > now ? earliestExpiry : heldUntil;
    if (at === null || at <= now) return;
    step.nextAt.set('rescue', Math.min(step.nextAt.get('rescue') ?? Infinity, at));
  }

  private async within(ms: number, step: Step, wait: () => Promise<void>): Promise<void> {
    const isOver = await waitFor(
      wait().then(() => true),
      ms,
    );
    if (!isOver) step.endedBy ??= 'patience';
  }

  private nextOver(): Promise<void> {
    return new Promise((resolve) => this.whenOver.push(resolve));
  }

  private tellOver(): void {
    for (const resolve of this.whenOver.splice(0)) resolve();
  }

  private async endStep(step: Step, patienceMs: number): Promise<void> {
    this.step = undefined;
    if (!this.isFree || step.endedBy === 'shutdown') this.tools.shut();
    if (step.aside.length === 0) return;
    for (const { job, sentAt } of step.aside) this.tools.handBack(job, sentAt);
    if (step.endedBy !== 'shutdown') await waitFor(this.tools.look(), patienceMs);
  }
}

/** What has begun ends first, also when no more may begin. */
const mayWait = ({ endedBy }: Step): boolean => endedBy === undefined || endedBy === 'most';
