import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  StoredRow,
} from '../contracts/job-parameters.js';
import { JobRepository, type JobRepositoryOptions } from '../contracts/job-repository.js';
import type { Announcements } from './announcements.js';

/** A repository whose store does not announce on the engine's channel: saves are announced here. */
export class AnnouncingRepository extends JobRepository {
  constructor(
    private readonly inner: JobRepository,
    private readonly announcements: Announcements,
    /** What is to be saved instead; rejects for a row that the store could not keep whole. */
    private readonly prepared: <Data>(
      row: JobParameters<Data>,
      beside: JobRepositoryOptions | undefined,
    ) => Promise<JobParameters<Data>>,
  ) {
    super();
  }

  async saveJob<Data = unknown>(
    job: JobParameters<Data>,
    options?: JobRepositoryOptions,
  ): Promise<StoredRow<Data>> {
    const saved = await this.inner.saveJob(await this.prepared(job, options), options);
    const { _id: id, name, priority, nextRunAt } = saved;
    if (id !== undefined) {
      this.announcements.due({ id, name, priority }, nextRunAt?.getTime() ?? null);
    }
    return saved;
  }

  connect(): Promise<void> {
    return this.inner.connect();
  }

  saveJobState(job: JobParameters, options?: JobRepositoryOptions): Promise<void> {
    return this.inner.saveJobState(job, options);
  }

  getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now: Date | undefined,
    options?: JobRepositoryOptions,
  ): Promise<StoredRow | undefined> {
    return this.inner.getNextJobToRun(jobName, nextScanAt, lockDeadline, now, options);
  }

  lockJob(job: JobParameters, options?: JobRepositoryOptions): Promise<StoredRow | undefined> {
    return this.inner.lockJob(job, options);
  }

  unlockJob(job: JobParameters): Promise<void> {
    return this.inner.unlockJob(job);
  }

  unlockJobs(jobIds: string[]): Promise<void> {
    return this.inner.unlockJobs(jobIds);
  }

  getJobById(id: string): Promise<StoredRow | null> {
    return this.inner.getJobById(id);
  }

  queryJobs(options?: JobsQueryOptions): Promise<JobsResult> {
    return this.inner.queryJobs(options);
  }

  getJobsOverview(): Promise<JobsOverview[]> {
    return this.inner.getJobsOverview();
  }

  getDistinctJobNames(): Promise<string[]> {
    return this.inner.getDistinctJobNames();
  }

  getQueueSize(): Promise<number> {
    return this.inner.getQueueSize();
  }

  removeJobs(filter: JobsFilter): Promise<number> {
    return this.inner.removeJobs(filter);
  }

  disableJobs(filter: JobsFilter): Promise<number> {
    return this.inner.disableJobs(filter);
  }

  enableJobs(filter: JobsFilter): Promise<number> {
    return this.inner.enableJobs(filter);
  }

  purgeAllJobs(): Promise<number> {
    return this.inner.purgeAllJobs();
  }
}
