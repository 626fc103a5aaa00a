import { JobManager } from '../contracts/job-manager.js';
import type { JobsQueryOptions, SortDirection } from '../contracts/job-parameters.js';
import type { JobRepository } from '../contracts/job-repository.js';
import { InvalidOptionError } from '../errors.js';
import type { JobRecord } from '../job/job-record.js';
import { emptyCounts, type StateCounts } from '../job/job-state.js';
import { foreignRecord } from './row-record.js';

/** Finding and cancelling over the plain contract; what its verbs cost is up to the store. */
export class RepositoryManager extends JobManager {
  constructor(
    private readonly repository: JobRepository,
    /** Told of each job that was removed. */
    private readonly cancelled: (jobId: string, reason: string) => void,
  ) {
    super();
  }

  async get(id: string): Promise<JobRecord | undefined> {
    const row = await this.repository.getJobById(id);
    return row ? foreignRecord(row, Date.now()) : undefined;
  }

  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    const counts = new Map(names?.map((name) => [name, emptyCounts()]));
    for (const { name, ...ofName } of await this.repository.getJobsOverview()) {
      if (names && !counts.has(name)) continue;
      const dead = ofName.failed === 0 ? 0 : await this.deadLettersOf(name);
      counts.set(name, { ...ofName, dead });
    }
    return counts;
  }

  /**
   * The contract counts them with the jobs that wait for their retry, so these are read, all of them: the
   * official backends read every row of a name for its overview too.
   */
  private async deadLettersOf(name: string): Promise<number> {
    const { jobs } = await this.repository.queryJobs({ name, state: 'failed' });
    return jobs.filter(({ nextRunAt }) => !nextRunAt).length;
  }

  async query(query: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }> {
    const { jobs, total } = await this.repository.queryJobs(withWords(query));
    const now = Date.now();
    return { jobs: jobs.map((row) => foreignRecord(row, now)), total };
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    const unique = [...new Set(ids)];
    const removed = await Promise.all(unique.map((id) => this.repository.removeJobs({ id })));
    const there = unique.filter((_, i) => removed[i]! > 0);
    for (const id of there) this.cancelled(id, reason);
    return there;
  }
}

/** Official backends know directions only as words, and take 1 for descending. */
function withWords({ sort, ...query }: JobsQueryOptions): JobsQueryOptions {
  if (!sort) return query;
  const words = Object.entries(sort).map(([key, direction]) => [key, wordFor(key, direction)]);
  return { ...query, sort: Object.fromEntries(words) as JobsQueryOptions['sort'] };
}

function wordFor(key: string, direction: SortDirection): SortDirection {
  if (direction === 1 || direction === 'asc') return 'asc';
  if (direction === -1 || direction === 'desc') return 'desc';
  throw new InvalidOptionError(`sort.${key}`, direction, "'asc', 'desc', 1 or -1");
}
