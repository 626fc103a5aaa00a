import type { JobHeaders } from '../job/job-record.js';
import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  StoredRow,
} from './job-parameters.js';

export interface JobRepositoryOptions {
  /** Who writes; kept with the job. */
  lastModifiedBy?: string;
  /** Of a new job: which jobs of its name it shares limits per key with. One that is there keeps what it has. */
  key?: string;
  /**
   * Which version of its handler's input the data of the row is. Where a row with an id brings the data back as it
   * is stored, that keeps its version. A repository that keeps none takes no more than 1.
   *
   * @default 1
   */
  version?: number;
  /** Of a new job: what is given along. One that is there keeps what it has. */
  context?: JobHeaders;
}

/** The durable record: the storage contract of Agenda v6's backends. */
export abstract class JobRepository {
  /** Ready to serve; calling it again changes nothing. */
  abstract connect(): Promise<void>;

  /**
   * Inserts, updates by `_id` and name, or upserts a `single` job, in one atomic step.
   * An unknown `_id` returns the input and creates nothing.
   */
  abstract saveJob<Data = unknown>(
    job: JobParameters<Data>,
    options?: JobRepositoryOptions,
  ): Promise<StoredRow<Data>>;

  /** Writes what happened in a run; throws `LeaseLostError` when the row is no longer the caller's. */
  abstract saveJobState(job: JobParameters, options?: JobRepositoryOptions): Promise<void>;

  /** Claims one due row of exactly this name, or one whose lock is older than `lockDeadline`. */
  abstract getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now: Date | undefined,
    options?: JobRepositoryOptions,
  ): Promise<StoredRow | undefined>;

  /** Claims that row if it is free, enabled, and as the caller knows it. */
  abstract lockJob(
    job: JobParameters,
    options?: JobRepositoryOptions,
  ): Promise<StoredRow | undefined>;

  /** Never rejects. */
  abstract unlockJob(job: JobParameters): Promise<void>;
  abstract unlockJobs(jobIds: string[]): Promise<void>;

  abstract getJobById(id: string): Promise<StoredRow | null>;
  abstract queryJobs(options?: JobsQueryOptions): Promise<JobsResult>;
  abstract getJobsOverview(): Promise<JobsOverview[]>;
  abstract getDistinctJobNames(): Promise<string[]>;
  /** Enabled, free rows whose time has come. */
  abstract getQueueSize(): Promise<number>;

  /** An empty filter matches nothing. */
  abstract removeJobs(filter: JobsFilter): Promise<number>;
  abstract disableJobs(filter: JobsFilter): Promise<number>;
  abstract enableJobs(filter: JobsFilter): Promise<number>;
  /** Removes every row of this backend's namespace. */
  abstract purgeAllJobs(): Promise<number>;
}
