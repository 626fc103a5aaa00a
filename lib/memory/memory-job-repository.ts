import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsResult,
} from '../core/contracts/job-parameters.js';
import { JobRepository, type JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { UnsupportedOperationError } from '../core/errors.js';
import { newJobId } from '../core/job/job-id.js';
import { fromRow, singleKey, toRow, type AskedRow } from '../core/job/job-row.js';
import { MemoryJobManager } from './memory-job-manager.js';
import type { MemoryStore } from './memory-store.js';
import { nothingHappened, StoredJob, type Asked } from './stored-job.js';

/** The record in maps: what is asked of jobs, in the rows of Agenda's contract. */
export class MemoryJobRepository extends JobRepository {
  private readonly manager: MemoryJobManager;

  constructor(
    private readonly store: MemoryStore,
    private readonly maxDataBytes?: number,
  ) {
    super();
    this.manager = new MemoryJobManager(store);
  }

  async connect(): Promise<void> {
    this.store.expectOpen();
  }

  async saveJob<Data = unknown>(
    row: JobParameters<Data>,
    options: JobRepositoryOptions = {},
  ): Promise<JobParameters<Data>> {
    if (row.unique) throw unsupported('saveJob with unique');
    const asked = fromRow(row, this.maxDataBytes);
    this.store.expectOpen();
    const job =
      asked.id === undefined ? this.insertOrUpsert(asked, options) : this.update(asked, options);
    this.store.announceEarlier();
    return job ? (toRow(job.toRecord()) as JobParameters<Data>) : row;
  }

  async getJobById(id: string): Promise<JobParameters | null> {
    const record = await this.manager.get(id);
    return record ? toRow(record) : null;
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    const counts = await this.manager.counts();
    return Array.from(counts, ([name, ofName]) => ({ name, ...ofName }));
  }

  async getDistinctJobNames(): Promise<string[]> {
    this.store.expectOpen();
    return [...new Set(this.jobs().map(({ name }) => name))];
  }

  async getQueueSize(): Promise<number> {
    this.store.expectOpen();
    const now = this.store.now();
    return this.jobs().filter(
      ({ asked, happened, lease }) =>
        !lease && !asked.disabled && happened.nextRunAt !== null && happened.nextRunAt <= now,
    ).length;
  }

  async removeJobs(filter: JobsFilter): Promise<number> {
    const jobs = this.matching('removeJobs', filter);
    for (const job of jobs) this.store.cancel(job, 'removed');
    return jobs.length;
  }

  async disableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(this.matching('disableJobs', filter), true);
  }

  async enableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(this.matching('enableJobs', filter), false);
  }

  async purgeAllJobs(): Promise<number> {
    this.store.expectOpen();
    const jobs = this.jobs();
    for (const job of jobs) this.store.cancel(job, 'removed');
    return jobs.length;
  }

  async saveJobState(): Promise<void> {
    throw unsupported('saveJobState');
  }

  async getNextJobToRun(): Promise<JobParameters | undefined> {
    throw unsupported('getNextJobToRun');
  }

  async lockJob(): Promise<JobParameters | undefined> {
    throw unsupported('lockJob');
  }

  async unlockJob(): Promise<void> {
    throw unsupported('unlockJob');
  }

  async unlockJobs(): Promise<void> {
    throw unsupported('unlockJobs');
  }

  async queryJobs(): Promise<JobsResult> {
    throw unsupported('queryJobs');
  }

  private insertOrUpsert(asked: AskedRow, options: JobRepositoryOptions): StoredJob {
    if (asked.type !== 'single') return this.insert(asked, options, undefined);
    const key = singleKey(asked.name, asked.repeat?.key);
    const inPlace = this.store.jobs.get(this.store.keys.get(key) ?? '');
    if (!inPlace) return this.insert(asked, options, key);
    const at = keepsTime(inPlace, asked, this.store.now())
      ? inPlace.happened.nextRunAt
      : asked.nextRunAt;
    return this.rewrite(inPlace, asked, at, options);
  }

  private update(asked: AskedRow, options: JobRepositoryOptions): StoredJob | undefined {
    const job = this.store.jobs.get(asked.id!);
    if (!job || job.name !== asked.name) return undefined;
    return this.rewrite(job, asked, asked.nextRunAt, options);
  }

  private insert(
    asked: AskedRow,
    options: JobRepositoryOptions,
    key: string | undefined,
  ): StoredJob {
    const { store } = this;
    const job = new StoredJob(
      { id: newJobId(), name: asked.name, seq: store.nextSeq(), createdAt: store.now(), key },
      askedOf(asked, asked.disabled ?? false, options.lastModifiedBy ?? null),
      { ...nothingHappened(asked.nextRunAt), ...asked.happened, result: undefined },
    );
    store.jobs.set(job.id, job);
    if (key !== undefined) store.keys.set(key, job.id);
    store.place(job, asked.nextRunAt);
    return job;
  }

  /** A waiting job moves with the save; of a running one the time is kept for afterwards. */
  private rewrite(
    job: StoredJob,
    asked: AskedRow,
    at: number | null,
    options: JobRepositoryOptions,
  ): StoredJob {
    const { lease, happened } = job;
    if (!lease) this.store.displace(job);
    const disabled = asked.disabled ?? job.asked.disabled;
    const { overrides } = job.asked;
    job.asked = { ...askedOf(asked, disabled, options.lastModifiedBy ?? null), overrides };
    if (!lease) {
      if (happened.nextRunAt === null) job.beginAnew();
      this.store.place(job, at);
    } else if (at !== null && at !== happened.nextRunAt) lease.pending = at;
    return job;
  }

  private setDisabled(jobs: readonly StoredJob[], disabled: boolean): number {
    for (const job of jobs) {
      if (job.asked.disabled === disabled) continue;
      if (!job.lease) this.store.displace(job);
      job.asked.disabled = disabled;
      if (!job.lease) this.store.place(job, job.happened.nextRunAt);
    }
    this.store.announceEarlier();
    return jobs.length;
  }

  private jobs(): StoredJob[] {
    return [...this.store.jobs.values()];
  }

  /** The groups are combined with AND; no criterion matches nothing. */
  private matching(verb: string, filter: JobsFilter): StoredJob[] {
    if (filter.data !== undefined) throw unsupported(`${verb} by data`);
    this.store.expectOpen();
    const ids = filter.id !== undefined ? [filter.id] : filter.ids;
    const names = filter.name !== undefined ? [filter.name] : filter.names;
    const excluded = names || !filter.notNames?.length ? undefined : filter.notNames;
    if (!ids && !names && !excluded) return [];
    return this.jobs().filter(
      ({ id, name }) =>
        (ids?.includes(id) ?? true) && (names?.includes(name) ?? true) && !excluded?.includes(name),
    );
  }
}

/** Saving an unchanged rule again moves nothing, least of all a run that is due. */
function keepsTime({ asked: before, happened }: StoredJob, asked: AskedRow, now: number): boolean {
  if (happened.nextRunAt === null) return false;
  if (asked.repeat) return JSON.stringify(before.repeat) === JSON.stringify(asked.repeat);
  return !before.repeat && asked.nextRunAt !== null && asked.nextRunAt <= now;
}

function askedOf(asked: AskedRow, disabled: boolean, lastModifiedBy: string | null): Asked {
  const { data, priority, type, repeat } = asked;
  return { data, priority, disabled, type, repeat, overrides: null, lastModifiedBy };
}

const unsupported = (verb: string): UnsupportedOperationError =>
  new UnsupportedOperationError(verb, 'Memory');
