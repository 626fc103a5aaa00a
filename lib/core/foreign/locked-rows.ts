import type { LostLease, Renewed, SettleAnswer, Settlement } from '../contracts/job-broker.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobRepository, JobRepositoryOptions } from '../contracts/job-repository.js';
import { ConnectionError } from '../errors.js';
import { errorOf } from '../job/thrown.js';
import { rowEnding } from './row-ending.js';
import { RowLock, refusalOfStranger } from './row-lock.js';
import { instantOf } from './row-record.js';

/**
 * The rows that this process has locked, from the opening write of a run to its closing one. Before
 * each write the row is read, and one that is no longer ours is left alone: the store would not refuse.
 */
export class LockedRows {
  private readonly locks = new Map<string, RowLock>();
  /** Answers to settlements whose call failed for another reason: the call is repeated. */
  private readonly answered = new Map<string, SettleAnswer>();

  constructor(
    private readonly repository: JobRepository,
    private readonly writer: JobRepositoryOptions,
  ) {}

  /**
   * Writes that the run of a locked row has begun.
   *
   * @returns `undefined` for a row that was removed meanwhile, or came before its time
   */
  async open(row: JobParameters, leaseMs: number): Promise<RowLock | undefined> {
    const now = Date.now();
    const planned = instantOf(row.nextRunAt);
    const isDue = planned !== null && planned <= now;
    const lock = new RowLock(row, isDue ? planned : null, now, leaseMs);
    // Else its time is that of a later run, and the one before has lost its process.
    if (isDue || lock.wasRunning) return this.begin(lock);
    await this.putBack(lock);
    return undefined;
  }

  /** The same, for a row that is run whatever its time. */
  async openNow(row: JobParameters, leaseMs: number): Promise<RowLock | undefined> {
    const planned = instantOf(row.nextRunAt);
    // A job that has ended begins anew.
    const begun = planned === null ? { ...row, failCount: 0 } : row;
    return this.begin(new RowLock(begun, planned, Date.now(), leaseMs));
  }

  hold(token: string, lock: RowLock): void {
    this.locks.set(token, lock);
  }

  cancelled(jobId: string, reason: string): void {
    for (const lock of this.locks.values()) if (lock.id === jobId) lock.cancelReason = reason;
  }

  async settle(settlement: Settlement): Promise<SettleAnswer> {
    const { token } = settlement.lease;
    const known = this.answered.get(token);
    if (known !== undefined) {
      this.answered.delete(token);
      return known;
    }
    const lock = this.locks.get(token);
    if (!lock) return 'lease-mismatch';
    lock.isEnding = true;
    const answer = await lock.alone(() => this.end(lock, settlement));
    this.locks.delete(token);
    return answer;
  }

  /** The call that brought this answer will be repeated. */
  remember(token: string, answer: SettleAnswer): void {
    this.answered.set(token, answer);
  }

  /** What is lost, if it is. */
  async renew(lease: Renewed, forMs: number, afterExpiry: boolean): Promise<LostLease | undefined> {
    const { id, token } = lease;
    const lock = this.locks.get(token);
    if (!lock) {
      return { id, token, refusal: refusalOfStranger(await this.read(id), Date.now(), forMs) };
    }
    return lock.alone(async () => {
      // Its settlement gets an answer of its own.
      if (lock.isEnding) return undefined;
      const answer = await this.prolong(lock, lease, forMs, afterExpiry);
      if (answer === 'ok') return undefined;
      this.locks.delete(token);
      // A row is gone because somebody removed it: that is how the contract cancels.
      const cancelled = answer === 'not-found' ? (lock.cancelReason ?? '') : undefined;
      return { id, token, refusal: answer, ...(cancelled !== undefined && { cancelled }) };
    });
  }

  /** @throws ConnectionError */
  async read(id: string): Promise<JobParameters | null> {
    try {
      return await this.repository.getJobById(id);
    } catch (thrown) {
      throw asOutage(thrown);
    }
  }

  /**
   * Agenda's Redis backend saves in several steps, and its index may run ahead of the row. This write
   * brings them together again.
   */
  private async putBack(lock: RowLock): Promise<void> {
    const { lockedAt: _, ...row } = lock.row;
    await this.repository.saveJobState(row, this.writer);
  }

  private async begin(lock: RowLock): Promise<RowLock | undefined> {
    const startedAt = new Date(lock.startedAt);
    const row = { ...lock.row, lockedAt: startedAt, lastRunAt: startedAt };
    try {
      await this.repository.saveJobState(row, this.writer);
      return lock;
    } catch (error) {
      if (await this.read(lock.id)) throw error;
      return undefined;
    }
  }

  private async end(lock: RowLock, settlement: Settlement): Promise<SettleAnswer> {
    const stored = await this.read(lock.id);
    if (lock.hasEndedSo(stored)) return 'ok';
    const refusal = lock.refusal(stored, Date.now(), settlement.afterExpiry ?? false);
    if (refusal) return refusal;
    lock.sentEnd = rowEnding(settlement, lock, stored!, Date.now());
    if (lock.sentEnd === 'removal') return this.remove(lock);
    return this.write(lock, lock.sentEnd);
  }

  private async prolong(
    lock: RowLock,
    { progress }: Renewed,
    forMs: number,
    afterExpiry: boolean,
  ): Promise<SettleAnswer> {
    const stored = await this.read(lock.id);
    const now = Date.now();
    const refusal = lock.refusal(stored, now, afterExpiry);
    if (refusal) return refusal;
    const row: JobParameters = { ...lock.row, ...stored, lockedAt: new Date(now) };
    // Rows carry numbers only.
    if (typeof progress === 'number') row.progress = progress;
    const answer = await this.write(lock, row);
    if (answer === 'ok') lock.prolonged(now, forMs);
    return answer;
  }

  private async remove({ id }: RowLock): Promise<SettleAnswer> {
    try {
      return (await this.repository.removeJobs({ id })) > 0 ? 'ok' : 'not-found';
    } catch (thrown) {
      throw asOutage(thrown);
    }
  }

  private async write(lock: RowLock, row: JobParameters): Promise<SettleAnswer> {
    try {
      await this.repository.saveJobState(row, this.writer);
      return 'ok';
    } catch (error) {
      return this.judge(lock, error);
    }
  }

  /**
   * Why a write failed: the row is not ours any more; or the store is away, which the next read shows;
   * or it does not take what we wrote.
   */
  private async judge(lock: RowLock, error: unknown): Promise<SettleAnswer> {
    const stored = await this.read(lock.id);
    if (lock.hasEndedSo(stored)) return 'ok';
    const refusal = lock.refusal(stored, Date.now(), true);
    if (refusal) return refusal;
    throw error;
  }
}

/** Reads and claims carry nothing that could be wrong: what fails is the store, or the way to it. */
export function asOutage(thrown: unknown): ConnectionError {
  if (thrown instanceof ConnectionError) return thrown;
  const cause = errorOf(thrown);
  return new ConnectionError(`The store did not answer: ${cause.message}`, false, { cause });
}
