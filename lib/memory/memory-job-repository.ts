import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  StoredRow,
} from '../core/contracts/job-parameters.js';
import { JobRepository, type JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { checkBeside } from '../core/contracts/repository-arguments.js';
import { fromRow, toOverview, toRow, toRows } from '../core/job/job-row.js';
import { bornRow } from '../core/job/row-birth.js';
import { ROW_LEASE_MS } from '../core/rows/held-rows.js';
import { MemoryJobManager } from './memory-job-manager.js';
import type { MemoryStore } from './memory-store.js';
import { RowHandout } from './row-handout.js';
import { RowSave, setDisabled } from './row-save.js';
import type { StoredJob } from './stored-job.js';

/**
 * The record in maps: what is asked of jobs and what is told of their runs, in the rows of Agenda's
 * contract. Agenda's own engine goes on with it after it has closed the backend.
 */
export class MemoryJobRepository extends JobRepository {
  private readonly manager: MemoryJobManager;
  private readonly handout: RowHandout;

  /** @param rowLeaseMs - how long a row stays with a process that says nothing */
  constructor(
    private readonly store: MemoryStore,
    private readonly maxDataBytes?: number,
    rowLeaseMs = ROW_LEASE_MS,
  ) {
    super();
    this.manager = new MemoryJobManager(store, true);
    this.handout = new RowHandout(store, rowLeaseMs);
  }

  async connect(): Promise<void> {}

  async saveJob<Data = unknown>(
    row: JobParameters<Data>,
    options: JobRepositoryOptions = {},
  ): Promise<StoredRow<Data>> {
    const asked = fromRow(row, this.maxDataBytes);
    checkBeside(options);
    const lastModifiedBy = options.lastModifiedBy ?? asked.lastModifiedBy ?? null;
    const save = new RowSave(this.store, asked, lastModifiedBy, options);
    const job = save.run();
    this.store.announceEarlier();
    if (!job) return row as StoredRow<Data>;
    const record = job.toRecord();
    // The time that counts for who saves: of a run under way, when the next begins.
    const nextRunAt = job.lease?.pending ?? record.nextRunAt;
    const saved = toRow({ ...record, nextRunAt });
    return bornRow(saved, save.hasInserted, record.version) as StoredRow<Data>;
  }

  async getJobById(id: string): Promise<StoredRow | null> {
    const record = await this.manager.get(id);
    return record ? toRow(record) : null;
  }

  async queryJobs(options: JobsQueryOptions = {}): Promise<JobsResult> {
    return toRows(await this.manager.query(options), this.store.now());
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    return toOverview(await this.manager.counts());
  }

  async getDistinctJobNames(): Promise<string[]> {
    return [...new Set(this.jobs().map(({ name }) => name))];
  }

  async getQueueSize(): Promise<number> {
    const now = this.store.now();
    return this.jobs().filter(
      ({ asked, happened, lease }) =>
        !lease && !asked.disabled && happened.nextRunAt !== null && happened.nextRunAt <= now,
    ).length;
  }

  async removeJobs(filter: JobsFilter): Promise<number> {
    return this.manager.cancelMatching(filter, '');
  }

  async disableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(this.manager.matching(filter), true);
  }

  async enableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(this.manager.matching(filter), false);
  }

  async purgeAllJobs(): Promise<number> {
    const jobs = this.jobs();
    for (const job of jobs) this.store.cancel(job, '', { keepLog: true });
    return jobs.length;
  }

  async saveJobState(row: JobParameters, options: JobRepositoryOptions = {}): Promise<void> {
    this.handout.write(row, options.lastModifiedBy);
  }

  async getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now: Date | undefined,
  ): Promise<StoredRow | undefined> {
    return this.store.atOneInstant(() => this.handout.next(jobName, nextScanAt, lockDeadline, now));
  }

  async lockJob(row: JobParameters): Promise<StoredRow | undefined> {
    return this.store.atOneInstant(() => this.handout.lock(row));
  }

  async unlockJob(row: JobParameters): Promise<void> {
    this.handout.release(row);
  }

  async unlockJobs(ids: readonly string[]): Promise<void> {
    this.handout.releaseAll(ids);
  }

  private setDisabled(jobs: readonly StoredJob[], disabled: boolean): number {
    for (const job of jobs) setDisabled(this.store, job, disabled);
    this.store.announceEarlier();
    return jobs.length;
  }

  private jobs(): StoredJob[] {
    return [...this.store.jobs.values()];
  }
}
