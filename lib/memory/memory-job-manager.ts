import {
  JobManager,
  type CleanRequest,
  type FindQuery,
  type FoundPage,
  type Inspected,
  type RequeueAnswer,
  type RequeueRequest,
} from '../core/contracts/job-manager.js';
import type { JobsFilter, JobsQueryOptions } from '../core/contracts/job-parameters.js';
import { checkClean, checkRequeue } from '../core/contracts/manager-arguments.js';
import { orderOf } from '../core/query/job-order.js';
import { jobTest, parseQuery } from '../core/query/job-query.js';
import { nameTest, selectionOf, type JobSelection } from '../core/query/job-selection.js';
import type { HistoryEntry } from '../core/job/attempt-history.js';
import { computeState, emptyCounts, isDead, type StateCounts } from '../core/job/job-state.js';
import type { JobRecord } from '../core/job/job-record.js';
import { findJobs, searchOf } from './find-jobs.js';
import type { MemoryStore } from './memory-store.js';
import { inspectJob } from './inspect-job.js';
import { clean } from './prune.js';
import { requeueJobs } from './requeue.js';
import type { StoredJob } from './stored-job.js';

/** Finding, counting and mending over the maps. */
export class MemoryJobManager extends JobManager {
  /** @param outlastsClose - whether it may be asked after the backend was closed, as repositories may */
  constructor(
    private readonly store: MemoryStore,
    private readonly outlastsClose = false,
  ) {
    super();
  }

  async get(id: string): Promise<JobRecord | undefined> {
    this.expectOpen();
    return this.store.jobs.get(id)?.toRecord();
  }

  override async inspect(id: string): Promise<Inspected | undefined> {
    this.expectOpen();
    const job = this.store.jobs.get(id);
    return job && inspectJob(job, this.store.now());
  }

  /** Looks at every job, unlike Redis: the definition of what a query has to answer. */
  async query(options: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }> {
    const query = parseQuery(options);
    this.expectOpen();
    const isMeant = jobTest(query, this.store.now());
    const order = orderOf(query, this.store.order);
    const found = this.listed(query)
      .map((job) => ({ record: job.toRecord(), seq: job.birth.seq }))
      .filter(({ record }) => isMeant(record))
      .map((job) => ({ record: job.record, keys: order.keysOf(job) }))
      .sort((a, b) => order.compare(a.keys, b.keys));
    const page = found.slice(query.skip, query.skip + query.limit);
    return { jobs: page.map(({ record }) => record), total: found.length };
  }

  override async find(query: FindQuery): Promise<FoundPage> {
    const search = searchOf(query);
    this.expectOpen();
    return findJobs(this.store, search);
  }

  /** Looks at every job, unlike Redis: the definition of what the counts there have to be. */
  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    this.expectOpen();
    const now = this.store.now();
    const counts = new Map(names?.map((name) => [name, emptyCounts()]));
    for (const job of this.store.jobs.values()) {
      let ofName = counts.get(job.name);
      if (!ofName) {
        if (names) continue;
        counts.set(job.name, (ofName = emptyCounts()));
      }
      const { asked, happened, lease } = job;
      const lockedAt = lease?.lockedAt ?? null;
      const facts = { ...happened, repeat: asked.repeat, lockedAt };
      ofName[computeState(facts, now)]++;
      if (isDead(facts, now)) ofName.dead++;
      ofName.total++;
      if (asked.disabled) ofName.paused++;
    }
    return counts;
  }

  /**
   * The jobs that a filter means.
   *
   * @throws InvalidOptionError for a filter that cannot be meant
   */
  matching(filter: JobsFilter): StoredJob[] {
    this.expectOpen();
    const selection = selectionOf(filter);
    return selection === undefined ? [] : this.selected(selection);
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    this.expectOpen();
    const there = [...new Set(ids)].filter((id) => this.store.jobs.has(id));
    for (const id of there) this.store.cancel(this.store.jobs.get(id)!, reason);
    return there;
  }

  override async clean(request: CleanRequest): Promise<string[]> {
    checkClean(request);
    this.expectOpen();
    return clean(this.store, request);
  }

  override async requeue(ids: readonly string[], how: RequeueRequest): Promise<RequeueAnswer[]> {
    checkRequeue(ids, how);
    this.expectOpen();
    return requeueJobs(this.store, ids, how);
  }

  override async history(id: string): Promise<HistoryEntry[] | undefined> {
    this.expectOpen();
    const history = this.store.jobs.get(id)?.history;
    return history && structuredClone([...history]);
  }

  private selected(selection: JobSelection): StoredJob[] {
    const hasName = nameTest(selection.names);
    const { matchesData } = selection;
    return this.listed(selection).filter(
      (job) => (hasName?.(job.name) ?? true) && (matchesData?.(job.toRecord().data) ?? true),
    );
  }

  private listed({ ids }: JobSelection): StoredJob[] {
    const { jobs } = this.store;
    if (ids === undefined) return [...jobs.values()];
    return ids.map((id) => jobs.get(id)).filter((job) => job !== undefined);
  }

  private expectOpen(): void {
    if (!this.outlastsClose) this.store.expectOpen();
  }
}
