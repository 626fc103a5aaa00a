import type { ClaimedJob, JobBroker } from '../contracts/job-broker.js';
import type { NotificationChannel } from '../contracts/notification-channel.js';
import { JobNotFoundError, LeaseLostError, MissingHandlerError, ShutdownError } from '../errors.js';
import type { Handler } from '../handlers/handler-registry.js';
import { randomToken } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';
import type { JobRecord } from '../job/job-record.js';
import type { Attempt } from './attempt.js';
import { Attempts, type AttemptsTools } from './attempts.js';
import { Claimer } from './claimer.js';
import type { Settled } from './settler.js';
import { shutDown, type ShutdownLimits } from './shutdown.js';
import { Slots } from './slots.js';
import { waitFor } from './wait.js';

/*
 * Runs that somebody asked for by hand: beside the host's loop, started or not, and outside its limits.
 *
 * They go the same way as all attempts do, with a settling loop of their own that never claims. A host
 * of another name holds their leases, so that its calls and those of the loop are not mixed up. From
 * the first run to the last they listen for cancelled jobs, since the host may not be started.
 */

interface Waiting {
  resolve(ended: JobRecord): void;
  reject(error: Error): void;
}

/** For a loop that never claims. */
const NO_ROOM = new Slots({ maxConcurrency: 0, lockLimit: 0 });

export class DirectRuns {
  private readonly slots = new Slots({ maxConcurrency: Infinity, lockLimit: Infinity });
  private readonly attempts: Attempts;
  private readonly claimer: Claimer<Settled>;
  /** By the token of the lease. */
  private readonly waiting = new Map<string, Waiting>();
  /** Claims without an answer, and jobs on their way back that came after the end. */
  private readonly beginnings = new Set<Promise<unknown>>();
  private ending: Promise<void> | undefined;
  /** How often it has ended: a run that began before an end must not begin its handler after it. */
  private ends = 0;
  private underWay = 0;
  private forgetCancels: (() => void) | undefined;

  constructor(
    private readonly host: string,
    private readonly tools: Omit<AttemptsTools, 'slots'>,
    private readonly channel: NotificationChannel | undefined,
  ) {
    const { leaseMs, broker, outages } = tools;
    this.attempts = new Attempts(
      { ...tools, slots: this.slots },
      {
        mayBegin: () => true,
        wake: () => this.claimer.wake(false),
        over: (attempt, error) => this.over(attempt, error),
      },
    );
    this.claimer = new Claimer(
      { host, leaseMs, processEveryMs: Infinity, standsBy: () => false },
      {
        settleAndClaim: (settlements, claim) => broker().settleAndClaim(settlements, claim),
        outboxes: this.attempts.outboxes,
        slots: NO_ROOM,
        begin: () => undefined,
        handBack: () => undefined,
        heardExpiry: () => undefined,
        toldBy: (partition) => outages.toldBy('claims', partition),
      },
    );
  }

  /**
   * Runs a job; resolves, when its end is stored, with the job as it then was.
   *
   * @throws MissingHandlerError, JobNotFoundError
   * @throws LeaseLostError when another process runs it, or may have taken it over
   * @throws JobCancelledError when it was cancelled meanwhile; ShutdownError
   */
  async run(id: string, handler: Handler | undefined, name: string): Promise<JobRecord> {
    if (!handler) throw new MissingHandlerError(name);
    if (this.ending) throw new ShutdownError();
    this.underWay += 1;
    try {
      this.listen();
      const { ended } = await this.noted(this.begin(id, handler));
      return await ended;
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.stopListening();
    }
  }

  /** Lets the runs end as those of the host do, and leaves nothing behind. */
  end(limits: ShutdownLimits): Promise<void> {
    this.ending ??= this.shutDown(limits).finally(() => (this.ending = undefined));
    return this.ending;
  }

  /** An end waits until it has begun, or is handed back. */
  private async noted<T>(beginning: Promise<T>): Promise<T> {
    this.beginnings.add(beginning);
    try {
      return await beginning;
    } finally {
      this.beginnings.delete(beginning);
    }
  }

  private async begin(id: string, handler: Handler): Promise<{ ended: Promise<JobRecord> }> {
    const endsBefore = this.ends;
    const sentAt = performance.now();
    const broker = this.tools.broker();
    const claimed = await this.claim(broker, id, handler.name);
    if (this.ends !== endsBefore) {
      await this.handBack(broker, claimed);
      throw new ShutdownError();
    }
    this.slots.open(handler);
    this.claimer.start();
    return { ended: this.carriedOut(claimed, sentAt) };
  }

  private carriedOut(claimed: ClaimedJob, sentAt: number): Promise<JobRecord> {
    return new Promise((resolve, reject) => {
      this.waiting.set(claimed.lease.token, { resolve, reject });
      this.attempts.begin(claimed, sentAt, true);
    });
  }

  /** By a call of its own: the loop may have ended. */
  private async handBack(broker: JobBroker, { lease }: ClaimedJob): Promise<void> {
    const { leaseMs, events } = this.tools;
    const { host } = this;
    const partition = broker.partitionOf(lease.id);
    const nothing = { claimId: randomToken(), host, leaseMs, slots: 0, names: [], partition };
    try {
      await broker.settleAndClaim([{ kind: 'release', lease, afterExpiry: true }], nothing);
    } catch (thrown) {
      const cause = errorOf(thrown);
      const message =
        `Job ${lease.id} ("${lease.name}") was claimed while the worker ended, and cannot be handed ` +
        `back: ${cause.message}. It runs again when its lease has expired.`;
      events.reportError(new Error(message, { cause }));
    }
  }

  private async claim(broker: JobBroker, id: string, name: string): Promise<ClaimedJob> {
    const claimId = randomToken();
    const answer = await broker.claimOne({
      id,
      claimId,
      host: this.host,
      leaseMs: this.tools.leaseMs,
    });
    if ('job' in answer) return answer.job;
    if (answer.refusal === 'not-found') throw new JobNotFoundError(id, name);
    throw new LeaseLostError(id, answer.refusal);
  }

  private over({ lease, record, settlement, endReason }: Attempt, error: Error | undefined): void {
    const waiting = this.waiting.get(lease.token);
    this.waiting.delete(lease.token);
    if (error) waiting?.reject(error);
    // Handed back: it has not come to an end.
    else if (settlement?.kind === 'release') waiting?.reject(endReason ?? new ShutdownError());
    else waiting?.resolve(record);
  }

  private listen(): void {
    // Whether the lease is gone, and why, the store says.
    this.forgetCancels ??= this.channel?.subscribeCancel?.(({ jobId }) =>
      this.attempts.check(jobId),
    );
  }

  private stopListening(): void {
    this.forgetCancels?.();
    this.forgetCancels = undefined;
  }

  private async shutDown(limits: ShutdownLimits): Promise<void> {
    this.ends += 1;
    const { attempts, claimer } = this;
    await Promise.all([
      shutDown({ attempts, claimer }, limits),
      waitFor(Promise.allSettled(this.beginnings), limits.flushMs),
    ]);
    this.claimer.stop();
    this.attempts.leave();
    // A claim without an answer may be under way still: its run will find no channel to listen to.
    this.stopListening();
    for (const one of this.waiting.values()) one.reject(new ShutdownError());
    this.waiting.clear();
  }
}
