import type { ClaimedJob, JobBroker } from '../contracts/job-broker.js';
import { JobNotFoundError, LeaseLostError, MissingHandlerError, ShutdownError } from '../errors.js';
import type { Handler } from '../handlers/handler-registry.js';
import { randomToken } from '../job/job-id.js';
import type { JobRecord } from '../job/job-record.js';
import type { Attempt } from './attempt.js';
import { Attempts, type AttemptsTools } from './attempts.js';
import { Claimer } from './claimer.js';
import { outboxOf, type Settled } from './settler.js';
import { shutDown, type ShutdownLimits } from './shutdown.js';
import { Slots } from './slots.js';

/*
 * Runs that somebody asked for by hand: beside the host's loop, started or not, and outside its limits.
 *
 * They go the same way as all attempts do, with a settling loop of their own that never claims. A host
 * of another name holds their leases, so that its calls and those of the loop are not mixed up.
 */

interface Waiting {
  resolve(ended: JobRecord): void;
  reject(error: Error): void;
}

export class DirectRuns {
  private readonly slots = new Slots({ maxConcurrency: Infinity, lockLimit: Infinity });
  private readonly attempts: Attempts;
  private readonly claimer: Claimer<Settled>;
  /** By the token of the lease. */
  private readonly waiting = new Map<string, Waiting>();
  private ending: Promise<void> | undefined;

  constructor(
    private readonly host: string,
    private readonly tools: Omit<AttemptsTools, 'slots'>,
  ) {
    const { leaseMs, broker, outages } = tools;
    this.attempts = new Attempts(
      { ...tools, slots: this.slots },
      {
        mayBegin: () => !this.ending,
        wake: () => this.claimer.wake(false),
        over: (attempt, error) => this.over(attempt, error),
      },
    );
    this.claimer = new Claimer(
      { host, leaseMs, processEveryMs: Infinity },
      {
        settleAndClaim: (settlements, claim) => broker().settleAndClaim(settlements, claim),
        ...outboxOf(this.attempts.settler),
        mostSlots: () => 0,
        room: () => undefined,
        promise: () => undefined,
        redeem: () => undefined,
        hasRoomFor: () => false,
        begin: () => undefined,
        sawExpiry: () => undefined,
        failed: (error) => outages.failed('claims', error),
        recovered: () => outages.recovered('claims'),
      },
    );
  }

  /**
   * Runs a job; resolves, when its end is stored, with the job as it then was.
   *
   * @throws MissingHandlerError, JobNotFoundError
   * @throws LeaseLostError when another process runs it, or has taken it over
   * @throws JobCancelledError when it was cancelled meanwhile; ShutdownError
   */
  async run(id: string, handler: Handler | undefined, name: string): Promise<JobRecord> {
    if (!handler) throw new MissingHandlerError(name);
    if (this.ending) throw new ShutdownError();
    const sentAt = performance.now();
    const claimed = await this.claim(this.tools.broker(), id, name);
    this.slots.open(handler);
    this.claimer.start();
    return new Promise((resolve, reject) => {
      this.waiting.set(claimed.lease.token, { resolve, reject });
      this.attempts.begin(claimed, sentAt, true);
    });
  }

  /** Lets the runs end as those of the host do, and leaves nothing behind. */
  end(limits: ShutdownLimits): Promise<void> {
    this.ending ??= this.shutDown(limits).finally(() => (this.ending = undefined));
    return this.ending;
  }

  /** News about a job that may run here: its lease may be gone. */
  check(jobId: string): void {
    this.attempts.check(jobId);
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

  private async shutDown(limits: ShutdownLimits): Promise<void> {
    await shutDown({ attempts: this.attempts, claimer: this.claimer }, limits);
    this.claimer.stop();
    this.attempts.leave();
    for (const one of this.waiting.values()) one.reject(new ShutdownError());
    this.waiting.clear();
  }
}
