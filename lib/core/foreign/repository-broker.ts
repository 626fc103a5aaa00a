import {
  checkClaimPartition,
  checkEnqueue,
  checkPartition,
  checkRegister,
  checkRenew,
  checkRescue,
  checkSettleAndClaim,
} from '../contracts/broker-arguments.js';
import {
  JobBroker,
  type Claimed,
  type ClaimedJob,
  type ClaimedOne,
  type ClaimOneRequest,
  type ClaimRequest,
  type Enqueued,
  type NameSettings,
  type Renewal,
  type Renewed,
  type Rescue,
  type Settlement,
} from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRepository, JobRepositoryOptions } from '../contracts/job-repository.js';
import { InvalidOptionError } from '../errors.js';
import { dueInstant } from '../job/due.js';
import type { NewJob } from '../job/job-record.js';
import { refuseUncarriedOptions, uncarriedDedupe } from './carried.js';
import { asOutage, LockedRows } from './locked-rows.js';
import { RowClaim } from './row-claim.js';
import { refusalOfStranger, type RowLock } from './row-lock.js';
import { foreignRecord } from './row-record.js';
import { Timetable } from './timetable.js';

/*
 * The hand-out over the plain contract of Agenda v6, for backends that bring no broker.
 *
 *   claim      `getNextJobToRun` locks a row; an opening write says that its run has begun. A row that
 *              cannot be begun is unlocked.
 *   renew      The lock is written anew with the present time. A lock older than the lease is anybody's.
 *   settle     A closing write ends the lock, or the row is removed.
 *   rescue     Nothing to do: the next claim of its name takes a row with an old lock. So that it comes
 *              in time whatever `processEvery` says, a host looks at least each third of a lease.
 *
 * What this can promise is less than what our own backends do. Jobs run at least once, retries and
 * occurrences included, and those of a dead process run elsewhere within a lease and a third. But
 *
 * - rows have no lease token, and official backends write the state of whatever row they are given.
 *   Before it writes, this broker reads the row and refuses one that is gone, free, or locked at
 *   another time than its own. Between the two lies a moment: a run that ends exactly when its lease
 *   does may overwrite what its successor wrote, or a time that was saved in that moment;
 * - the age of a lock is judged by the clocks of the hosts, which must agree to well within a lease;
 * - a row says how often its job has failed, not how often it was tried: a job that takes its process
 *   down is run again for as long as it is there, and retries of a recurring job move its grid;
 * - nor does it say how often its handler has put it off: the `max` of a snooze is no limit;
 * - nobody tells when the next job is due. Jobs of which this process has heard, saved here or told of
 *   by news, start in time; others are found by looking, at least each third of a lease;
 * - ids come from the store, and what rows cannot carry (an own id, attempts, backoff, …) is refused.
 */

/** Several rows cannot be added whole or not at all. */
const MOST_JOBS_A_CALL = 1;

export class RepositoryBroker extends JobBroker {
  private readonly timetable = new Timetable();
  private readonly rows: LockedRows;
  private readonly writer: JobRepositoryOptions;
  private lastFence = 0;

  constructor(
    private readonly repository: JobRepository,
    /** The name of the backend, for messages. */
    private readonly backend: string,
    /** This process, as rows name it. */
    name = '',
  ) {
    super();
    this.writer = name === '' ? {} : { lastModifiedBy: name };
    this.rows = new LockedRows(repository, this.writer);
  }

  /** The clock of this process: the contract knows no other. */
  now(): number {
    return Date.now();
  }

  override get enqueueLimit(): number {
    return MOST_JOBS_A_CALL;
  }

  override get keepsContext(): boolean {
    return false;
  }

  /** A job of this name is due then, as somebody said. */
  heardOf(name: string, at: number): void {
    this.timetable.note(name, at);
  }

  /** A job was cancelled by this process: if it runs here, its handler shall know why. */
  cancelled(jobId: string, reason: string): void {
    this.rows.cancelled(jobId, reason);
  }

  /** @throws UnsupportedOperationError for an option that rows cannot carry; what the store throws */
  async enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    checkEnqueue(jobs);
    if (jobs.length > MOST_JOBS_A_CALL) {
      throw new InvalidOptionError('jobs', jobs.length, 'a list of one a call, for this backend');
    }
    for (const job of jobs) refuseUncarriedOptions(job, this.backend);
    return Promise.all(jobs.map((job) => this.add(job)));
  }

  /** @throws UnsupportedOperationError */
  override async dedupe(): Promise<Enqueued> {
    throw uncarriedDedupe(this.backend);
  }

  async settleAndClaim(
    settlements: readonly Settlement[],
    request: ClaimRequest,
  ): Promise<Claimed> {
    checkSettleAndClaim(settlements, request);
    checkClaimPartition(settlements, request, this);
    const ends = await Promise.allSettled(settlements.map((one) => this.rows.settle(one)));
    try {
      const answers = ends.map(valueOrThrow);
      return { ...(await this.claim(request)), answers };
    } catch (error) {
      settlements.forEach(({ lease }, i) => {
        const end = ends[i]!;
        if (end.status === 'fulfilled') this.rows.remember(lease.token, end.value);
      });
      throw error;
    }
  }

  override async claimOne({ id, claimId, leaseMs }: ClaimOneRequest): Promise<ClaimedOne> {
    const stored = await this.rows.read(id);
    const refusal = refusalOfStranger(stored, this.now(), leaseMs);
    if (refusal === 'not-found' || refusal === 'lease-mismatch') return { refusal };
    const row = await this.lockNow(stored!);
    if (!row) return { refusal: 'lease-mismatch' };
    const lock = await this.rows.openNow(row, leaseMs);
    return lock ? { job: this.handOut(lock, `${claimId}:1`) } : { refusal: 'not-found' };
  }

  async renew(
    leases: readonly Renewed[],
    forMs: number,
    { afterExpiry = false }: { readonly afterExpiry?: boolean } = {},
  ): Promise<Renewal> {
    checkRenew(leases, forMs);
    const now = this.now();
    const renewals = await Promise.allSettled(
      leases.map((lease) => this.rows.renew(lease, forMs, afterExpiry)),
    );
    return { now, lost: renewals.map(valueOrThrow).filter((lease) => lease !== undefined) };
  }

  /** Claims take rows with old locks by themselves. */
  async rescue(limit: number, leaseMs: number, partition = 0): Promise<Rescue> {
    checkRescue(limit, leaseMs);
    checkPartition(partition, this);
    return { now: this.now(), jobs: [], more: false, heldUntil: null, earliestExpiry: null };
  }

  /** The contract keeps nothing for a name. */
  async register(settings: readonly NameSettings[]): Promise<void> {
    checkRegister(settings);
  }

  private async add({ name, data, priority, due, lastModifiedBy }: NewJob): Promise<Enqueued> {
    const now = this.now();
    const at = dueInstant(due, now);
    const row: JobParameters = {
      name,
      priority,
      type: 'normal',
      nextRunAt: new Date(at),
      data: data === undefined ? undefined : (JSON.parse(data) as unknown),
    };
    const by = lastModifiedBy === undefined ? this.writer : { lastModifiedBy };
    const saved = await this.repository.saveJob(row, by);
    return { job: foreignRecord(saved, now), created: true };
  }

  private async claim(request: ClaimRequest): Promise<Omit<Claimed, 'answers'>> {
    const now = this.now();
    const claim = new RowClaim(this.repository, this.writer, request, now);
    try {
      if (request.slots > 0) await claim.run();
      const locks = await this.openAll(claim.rows, request.leaseMs);
      const jobs = locks.map((lock, i) => this.handOut(lock, `${request.claimId}:${i + 1}`));
      for (const name of claim.exhausted) this.timetable.passed(name, now);
      // A row that was not begun has left its slot free.
      const dueInMs = jobs.length < claim.rows.length ? 1 : this.dueInMs(claim, request);
      return { now, jobs, dueInMs, earliestExpiry: null };
    } catch (thrown) {
      await this.unlock(claim.rows);
      throw asOutage(thrown);
    }
  }

  private dueInMs(claim: RowClaim, { leaseMs }: ClaimRequest): number | null {
    if (claim.isFull) return null;
    const soonest = this.timetable.nextIn(claim.exhausted, this.now()) ?? Infinity;
    return Math.min(soonest, leaseMs / 3);
  }

  /** Those that are still there; all or none. */
  private async openAll(rows: readonly JobParameters[], leaseMs: number): Promise<RowLock[]> {
    const opened = await Promise.allSettled(rows.map((row) => this.rows.open(row, leaseMs)));
    return opened.map(valueOrThrow).filter((lock) => lock !== undefined);
  }

  /** As well as it goes: what stays locked is free when its lock is as old as a lease. */
  private async unlock(rows: readonly JobParameters[]): Promise<void> {
    if (rows.length === 0) return;
    await this.repository.unlockJobs(rows.map(({ _id }) => _id!)).catch(() => undefined);
  }

  /** Of two that want the same free row at its time one gets it; for others the contract has no such step. */
  private async lockNow(row: JobParameters): Promise<JobParameters | undefined> {
    const isLockable = !row.lockedAt && row.nextRunAt !== null && !row.disabled;
    return isLockable ? this.repository.lockJob(row, this.writer) : row;
  }

  private handOut(lock: RowLock, token: string): ClaimedJob {
    const { row, startedAt, plannedAt } = lock;
    this.rows.hold(token, lock);
    this.lastFence = Math.max(this.lastFence + 1, startedAt * 1_000);
    const record = foreignRecord(row, startedAt);
    return {
      record: { ...record, lockedAt: startedAt, nextRunAt: plannedAt },
      lease: lock.lease(token, this.lastFence),
    };
  }
}

function valueOrThrow<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
