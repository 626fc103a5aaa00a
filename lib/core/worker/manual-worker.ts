import {
  type Claimed,
  type ClaimedJob,
  type ClaimRequest,
  type JobBroker,
  type Lease,
  MAX_BATCH,
  type Renewal,
  type Rescue,
  type Settlement,
} from '../contracts/job-broker.js';
import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError, JobCancelledError, LeaseLostError } from '../errors.js';
import { planOf } from '../handlers/handler-plan.js';
import { encodeData } from '../job/job-data.js';
import { checkDeathReason } from '../job/death-reason.js';
import { checkText, randomToken } from '../job/job-id.js';
import type { DeathReason } from '../job/job-record.js';
import { DEFAULT_MAX_RESULT_BYTES } from '../job/job-result.js';
import { errorOf, failureOf } from '../job/thrown.js';
import { wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { decide, giveUp } from './decide.js';
import type { Decided, DecisionContext } from './decision.js';
import { hostId } from './host-id.js';
import { dueOf, type ManualDue } from './manual-due.js';

export interface ManualWorkerOptions {
  /** Who claims, for people; something unique is added. @default the name of this machine */
  host?: string;
  /** How long a job stays with its claimer who does not renew it. @default '30 seconds' */
  lease?: Duration;
}

/**
 * Works jobs off by hand, without handlers: claim, renew, and say how each attempt ended. For loops of
 * one's own; a `WorkerHost` does all this by itself, and both may work side by side on the same names.
 *
 * Nothing is trusted but the store: a write whose lease is gone, expired by as little as its last
 * millisecond, or another's, throws `LeaseLostError` with the word for it, and changes nothing. To
 * complete what is completed, or to bury what has ended, is harmless. `attempts` and `backoff` of a job
 * are the caller's to keep: `record` says what has happened so far.
 *
 * @example
 * const worker = new ManualWorker(engine.parts.broker);
 * for (const job of await worker.claim('mail', { limit: 10 })) {
 *   await send(job.record.data);
 *   await worker.complete(job);
 * }
 */
export class ManualWorker {
  private readonly host: string;
  private readonly leaseMs: number;
  /** The last call that was asked for. */
  private last: Promise<unknown> = Promise.resolve();
  /** Of each partition the last call whose answer came. */
  private readonly heard: string[] = [];
  /** Which partition is asked first by the next claim. */
  private first = 0;

  /** @throws InvalidOptionError */
  constructor(
    private readonly broker: JobBroker,
    options: ManualWorkerOptions = {},
  ) {
    checkKnownKeys('', options, ['host', 'lease']);
    this.host = hostId(options.host ?? '');
    this.leaseMs = durationOption('lease', options.lease ?? 30_000);
  }

  /**
   * Leases due jobs, 1 to 100, the first in line first; none when nothing is due. One with `unreadable`
   * is leased all the same, and is best buried. Of a store with several partitions each claim begins with another
   * one, and the line is that of its partition; what one fails with is thrown if the others bring nothing.
   *
   * @throws InvalidOptionError, InvalidJobError
   */
  async claim(
    names: string | readonly string[],
    options: { limit?: number } = {},
  ): Promise<ClaimedJob[]> {
    checkKnownKeys('', options, ['limit']);
    const slots = wholeNumber('limit', options.limit ?? 1, 1, MAX_BATCH);
    const asked = [names].flat();
    for (const name of asked) checkText('name', name);
    const jobs: ClaimedJob[] = [];
    const errors: unknown[] = [];
    for (const partition of this.nextPartitions()) {
      const left = slots - jobs.length;
      if (left === 0) break;
      const room = asked.map((name) => ({ name, slots: left }));
      await this.settleAndClaim([], { partition, slots: left, names: room }).then(
        (claimed) => jobs.push(...claimed.jobs),
        (thrown: unknown) => errors.push(thrown),
      );
    }
    if (jobs.length === 0 && errors.length > 0) throw errors[0];
    return jobs;
  }

  /**
   * Ends an attempt well. A recurring job goes on with its next occurrence.
   *
   * @throws InvalidJobError for a result that is not JSON, or is larger than 64 KiB
   */
  async complete(job: ClaimedJob, result?: unknown): Promise<void> {
    const encoded = encodeData(result, DEFAULT_MAX_RESULT_BYTES, 'result');
    await this.settle(decide(decided(job), { kind: 'completed', result, encoded }, this.context));
  }

  /** Ends an attempt as failed, to be tried again. */
  async retry(job: ClaimedJob, error: unknown, when: ManualDue = {}): Promise<void> {
    const due = dueOf(when, this.broker.now());
    await this.settle({
      kind: 'retry',
      lease: leaseOf(job),
      failure: failureOf(errorOf(error)),
      due,
    });
  }

  /** Ends a job as failed for good: a dead letter. A recurring job goes on with its next occurrence. */
  async bury(job: ClaimedJob, error: unknown, why: DeathReason = 'unrecoverable'): Promise<void> {
    checkDeathReason('why', why);
    await this.settle(giveUp(decided(job), errorOf(error), why, this.context));
  }

  /** Hands a job back to the front of its line; the attempt does not count. */
  async release(job: ClaimedJob): Promise<void> {
    await this.settle({ kind: 'release', lease: leaseOf(job) });
  }

  /** Puts a job off; the attempt does not count. */
  async snooze(job: ClaimedJob, when: ManualDue): Promise<void> {
    await this.settle({ kind: 'snooze', lease: leaseOf(job), due: dueOf(when, this.broker.now()) });
  }

  /**
   * Prolongs leases, to the lease time from now. One that is lost keeps no other from being renewed; of
   * several the error names the first, and the next call names the next one.
   *
   * @throws JobCancelledError with the reason, when the job was cancelled
   */
  async renew(jobs: ClaimedJob | readonly ClaimedJob[]): Promise<void> {
    const leases = [jobs].flat().map(leaseOf);
    const batches: Promise<Renewal>[] = [];
    for (let from = 0; from < leases.length; from += MAX_BATCH) {
      batches.push(this.broker.renew(leases.slice(from, from + MAX_BATCH), this.leaseMs));
    }
    const [gone] = (await Promise.all(batches)).flatMap(({ lost }) => lost);
    if (gone?.cancelled !== undefined) throw new JobCancelledError(gone.id, gone.cancelled);
    if (gone) throw new LeaseLostError(gone.id, gone.refusal);
  }

  /**
   * Gives jobs whose leases have expired back to their line, or buries them; at most 100 of each partition, and
   * `more` says whether that was all. A `WorkerHost` that runs does so all the time.
   */
  async rescue(): Promise<Rescue> {
    const rescues = await Promise.all(
      this.nextPartitions().map((partition) =>
        this.broker.rescue(MAX_BATCH, this.leaseMs, partition),
      ),
    );
    return inAll(rescues);
  }

  private async settle(settlement: Settlement): Promise<void> {
    const strict = { ...settlement, afterExpiry: false };
    const partition = this.broker.partitionOf(settlement.lease.id);
    const { answers } = await this.settleAndClaim([strict], { partition, slots: 0, names: [] });
    const [answer = 'ok'] = answers;
    if (answer !== 'ok') throw new LeaseLostError(settlement.lease.id, answer);
  }

  private settleAndClaim(
    settlements: readonly Settlement[],
    asked: Pick<ClaimRequest, 'slots' | 'names'> & { readonly partition: number },
  ): Promise<Claimed> {
    return this.inTurn(async () => {
      const { broker, host, leaseMs } = this;
      const heard = this.heard[asked.partition] ?? '';
      const claim = { claimId: randomToken(), host, leaseMs, heard, ...asked };
      const claimed = await broker.settleAndClaim(settlements, claim);
      this.heard[asked.partition] = claim.claimId;
      return claimed;
    });
  }

  /** All partitions, each time beginning with another one. */
  private nextPartitions(): number[] {
    const { partitions } = this.broker;
    const { first } = this;
    this.first = (first + 1) % partitions;
    return Array.from({ length: partitions }, (_, i) => (first + i) % partitions);
  }

  /** One after another: of all calls of this worker the store knows only the last one, should it be repeated. */
  private inTurn<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.last.then(call);
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private get context(): DecisionContext {
    const report = (error: Error) => process.emitWarning(error);
    return { now: this.broker.now(), random: Math.random, report };
  }
}

/** The plan of a job whose handler is somebody's own loop: that of a handler without options. */
const decided = (job: ClaimedJob): Decided => ({
  lease: leaseOf(job),
  record: job.record,
  handler: PLAIN,
});
const PLAIN = { plan: planOf('', []) };

/** What rescues in several partitions come to. */
function inAll(rescues: readonly Rescue[]): Rescue {
  const first = (instants: readonly (number | null)[]): number | null => {
    const known = instants.filter((at) => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
  return {
    now: Math.max(...rescues.map(({ now }) => now)),
    jobs: rescues.flatMap(({ jobs }) => jobs),
    more: rescues.some(({ more }) => more),
    heldUntil: first(rescues.map(({ heldUntil }) => heldUntil)),
    earliestExpiry: first(rescues.map(({ earliestExpiry }) => earliestExpiry)),
  };
}

/** @throws InvalidOptionError */
function leaseOf(job: ClaimedJob): Lease {
  if (job?.lease && job.record) return job.lease;
  throw new InvalidOptionError('job', job, 'a job as `claim` returned it');
}
