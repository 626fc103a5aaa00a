import type {
  JobParameters,
  JobsFilter,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  StoredRow,
} from '../core/contracts/job-parameters.js';
import { checkBeside } from '../core/contracts/repository-arguments.js';
import { JobRepository, type JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { fromRow, toOverview, toRow, toRows } from '../core/job/job-row.js';
import { scripts } from './all-scripts.js';
import { inBites } from './read-jobs.js';
import type { RedisJobManager } from './redis-job-manager.js';
import type { RedisStore } from './redis-store.js';
import type { RowHandout } from './row-handout.js';
import { byShare } from './partitions.js';
import { saveRowInPlace } from './placed-rows.js';

/** The durable record on Redis, in the shape of Agenda v6's storage contract. */
export class RedisJobRepository extends JobRepository {
  constructor(
    private readonly store: RedisStore,
    private readonly manager: RedisJobManager,
    private readonly handout: RowHandout,
  ) {
    super();
  }

  async connect(): Promise<void> {
    await this.store.connection.open();
  }

  async saveJob<Data = unknown>(
    job: JobParameters<Data>,
    options: JobRepositoryOptions = {},
  ): Promise<StoredRow<Data>> {
    const row = fromRow(job as JobParameters, this.store.options.maxDataBytes);
    checkBeside(options);
    const by = this.writer(options) ?? row.lastModifiedBy;
    const saved = await saveRowInPlace(this.store, row, { ...options, by });
    return (saved ?? job) as StoredRow<Data>;
  }

  async saveJobState(row: JobParameters, options?: JobRepositoryOptions): Promise<void> {
    await this.handout.write(row, this.writer(options));
  }

  async getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now?: Date,
  ): Promise<StoredRow | undefined> {
    return this.handout.next(jobName, nextScanAt, lockDeadline, now);
  }

  async lockJob(row: JobParameters): Promise<StoredRow | undefined> {
    return this.handout.lock(row);
  }

  async unlockJob(row: JobParameters): Promise<void> {
    // Agenda does not await it. A row that is not given back comes back when its lease runs out.
    await this.handout.release(row).catch(() => undefined);
  }

  async unlockJobs(ids: readonly string[]): Promise<void> {
    await this.handout.releaseAll(ids);
  }

  async getJobById(id: string): Promise<StoredRow | null> {
    const record = await this.manager.get(id);
    return record === undefined ? null : toRow(record);
  }

  async queryJobs(options: JobsQueryOptions = {}): Promise<JobsResult> {
    return toRows(await this.manager.query(options), this.store.now());
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    return toOverview(await this.manager.counts());
  }

  async getDistinctJobNames(): Promise<string[]> {
    return [...(await this.manager.counts()).keys()];
  }

  async getQueueSize(): Promise<number> {
    return this.manager.claimable();
  }

  async removeJobs(filter: JobsFilter): Promise<number> {
    return this.manager.cancelMatching(filter, '');
  }

  async disableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(filter, '1');
  }

  async enableJobs(filter: JobsFilter): Promise<number> {
    return this.setDisabled(filter, '0');
  }

  async purgeAllJobs(): Promise<number> {
    const names = await this.manager.names();
    return names.length === 0 ? 0 : this.manager.cancelMatching({ names }, '', { keepLog: true });
  }

  private writer(options: JobRepositoryOptions | undefined): string | undefined {
    return options?.lastModifiedBy ?? this.store.options.name ?? undefined;
  }

  private async setDisabled(filter: JobsFilter, disabled: '0' | '1'): Promise<number> {
    let matched = 0;
    for await (const ids of this.manager.matching(filter)) {
      const counts = await byShare(this.store, ids, idOf, (partition, share) =>
        disableJobs(partition, share, disabled),
      );
      for (const count of counts) matched += count;
    }
    return matched;
  }
}

/** @returns how many of them there are */
async function disableJobs(
  partition: RedisStore,
  ids: readonly string[],
  disabled: '0' | '1',
): Promise<number> {
  let matched = 0;
  await inBites(ids, async (bite) => {
    const { options, messageHead } = partition;
    const args = [options.channelName, messageHead, disabled, ...bite];
    const [, count, found] = await partition.run(scripts.disableJobs, args);
    matched += Number(found);
    return Number(count);
  });
  return matched;
}

const idOf = (id: string): string => id;
