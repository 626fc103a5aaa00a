import {
  type CleanRequest,
  type FindQuery,
  type FoundPage,
  type Inspected,
  JobManager,
  type RequeueAnswer,
  type RequeueRequest,
} from '../contracts/job-manager.js';
import type { JobsQueryOptions } from '../contracts/job-parameters.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import type { JobRecord } from '../job/job-record.js';
import type { StateCounts } from '../job/job-state.js';
import { errorOf } from '../job/thrown.js';
import type { Announcements } from './announcements.js';

/** A manager whose store does not announce on the engine's channel: jobs that come back are announced here. */
export class AnnouncingManager extends JobManager {
  constructor(
    private readonly inner: JobManager,
    private readonly announcements: Announcements,
    /** Takes errors that fail nobody. */
    private readonly report: (error: Error) => void,
  ) {
    super();
  }

  override async requeue(ids: readonly string[], how: RequeueRequest): Promise<RequeueAnswer[]> {
    const answers = await this.inner.requeue(ids, how);
    await this.announce(ids.filter((_, i) => answers[i]?.outcome === 'ok'));
    return answers;
  }

  /** Answers do not tell names and times, so the jobs are read. They are back already: this never rejects. */
  private async announce(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      const { jobs } = await this.inner.query({ ids: [...ids] });
      for (const job of jobs) this.announcements.due(job, job.nextRunAt);
    } catch (thrown) {
      this.report(errorOf(thrown));
    }
  }

  get(id: string): Promise<JobRecord | undefined> {
    return this.inner.get(id);
  }

  counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    return this.inner.counts(names);
  }

  query(query: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }> {
    return this.inner.query(query);
  }

  cancel(ids: readonly string[], reason: string): Promise<string[]> {
    return this.inner.cancel(ids, reason);
  }

  override find(query: FindQuery): Promise<FoundPage> {
    return this.inner.find(query);
  }

  override history(id: string): Promise<HistoryEntry[] | undefined> {
    return this.inner.history(id);
  }

  override inspect(id: string): Promise<Inspected | undefined> {
    return this.inner.inspect(id);
  }

  override clean(request: CleanRequest): Promise<string[]> {
    return this.inner.clean(request);
  }
}
