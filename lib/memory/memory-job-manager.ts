import {
  JobManager,
  type CleanRequest,
  type FindQuery,
  type FoundPage,
  type Inspected,
  type KnownLimits,
  type LinesPage,
  type LinesQuery,
  type PauseRequest,
  type RequeueAnswer,
  type RequeueRequest,
  type StoredPauses,
} from '../core/contracts/job-manager.js';
import type { EventBounds, EventsPage, EventsRequest } from '../core/contracts/event-store.js';
import type { JobsFilter, JobsQueryOptions } from '../core/contracts/job-parameters.js';
import type { MetricsBatch, MetricsQuery, StoredMetrics } from '../core/contracts/metrics-store.js';
import { checkBatch } from '../core/contracts/broker-arguments.js';
import type { NameLimits } from '../core/contracts/job-broker.js';
import { checkLimits } from '../core/contracts/limit-arguments.js';
import type { HostFacts } from '../core/contracts/host-registry.js';
import {
  checkClean,
  checkMetrics,
  checkMetricsQuery,
  checkPause,
  checkRemoval,
  checkRequeue,
  checkUpdate,
} from '../core/contracts/manager-arguments.js';
import type {
  JobChange,
  PromoteAnswer,
  RemovalTerms,
  UpdateAnswer,
} from '../core/contracts/mending.js';
import { orderOf } from '../core/query/job-order.js';
import { jobTest, parseQuery } from '../core/query/job-query.js';
import { nameTest, selectionOf, tagTest, type JobSelection } from '../core/query/job-selection.js';
import type { HistoryEntry } from '../core/job/attempt-history.js';
import { computeState, emptyCounts, isDead, type StateCounts } from '../core/job/job-state.js';
import { checkText } from '../core/job/job-id.js';
import type { JobRecord } from '../core/job/job-record.js';
import { findJobs, searchOf } from './find-jobs.js';
import type { MemoryStore } from './memory-store.js';
import { inspectJob } from './inspect-job.js';
import { latencies } from './latencies.js';
import { promoteJobs, removeIf, updateJob } from './mend.js';
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

  override async logs(id: string, query: LinesQuery): Promise<LinesPage | undefined> {
    this.expectOpen();
    return this.store.jobs.get(id)?.output.page(query);
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
    this.store.announceEarlier();
    return there;
  }

  override async removeIf(ids: readonly string[], terms: RemovalTerms): Promise<string[]> {
    checkRemoval(ids, terms);
    this.expectOpen();
    return removeIf(this.store, ids, terms);
  }

  override async cancelMatching(filter: JobsFilter, reason: string): Promise<number> {
    const jobs = this.matching(filter);
    for (const job of jobs) this.store.cancel(job, reason);
    this.store.announceEarlier();
    return jobs.length;
  }

  override async pause(request: PauseRequest): Promise<void> {
    checkPause(request);
    this.expectOpen();
    this.store.gates.pause(request);
  }

  override async resume(name?: string): Promise<boolean> {
    if (name !== undefined) checkText('name', name);
    this.expectOpen();
    return this.store.gates.resume(name);
  }

  override async pauses(): Promise<StoredPauses> {
    this.expectOpen();
    return this.store.gates.pauses;
  }

  override async setLimits(name: string, limits: NameLimits | null): Promise<void> {
    checkText('name', name);
    if (limits !== null) checkLimits(limits);
    this.expectOpen();
    this.store.gates.setLimits(name, limits);
  }

  override async limits(): Promise<Map<string, KnownLimits>> {
    this.expectOpen();
    return this.store.gates.limits;
  }

  /** Names are those of the jobs there are. */
  override async forgetName(name: string): Promise<boolean> {
    checkText('name', name);
    this.expectOpen();
    if ([...this.store.jobs.values()].some((job) => job.name === name)) return false;
    this.store.lanes.get(name)?.becomesDue(undefined);
    return true;
  }

  override async update(id: string, change: JobChange): Promise<UpdateAnswer> {
    checkUpdate(id, change);
    this.expectOpen();
    return updateJob(this.store, this.store.jobs.get(id), change);
  }

  override async promote(ids: readonly string[]): Promise<PromoteAnswer[]> {
    checkBatch('ids', ids);
    this.expectOpen();
    return promoteJobs(this.store, ids);
  }

  override async hosts(): Promise<HostFacts[]> {
    this.expectOpen();
    return this.store.hosts.live(this.store.now());
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

  override async keepEvents(bounds: EventBounds | null): Promise<void> {
    this.expectOpen();
    this.store.events.keep(bounds);
  }

  override async readEvents(request: EventsRequest): Promise<EventsPage> {
    this.expectOpen();
    return this.store.events.read(request);
  }

  override async addMetrics(batch: MetricsBatch): Promise<void> {
    checkMetrics(batch);
    this.expectOpen();
    this.store.metrics.add(batch);
  }

  override async readMetrics(query: MetricsQuery): Promise<StoredMetrics> {
    checkMetricsQuery(query);
    this.expectOpen();
    const { store } = this;
    const names = query.names ?? store.metrics.names([...store.jobs.values()]);
    return {
      now: store.now(),
      rows: store.metrics.read(new Set(names), query.minutes),
      latencyMs: latencies(store, names),
    };
  }

  private selected(selection: JobSelection): StoredJob[] {
    const hasName = nameTest(selection.names);
    const hasTags = tagTest(selection.tags);
    const { matchesData } = selection;
    return this.listed(selection).filter(
      (job) =>
        (hasName?.(job.name) ?? true) &&
        (hasTags?.(job.asked) ?? true) &&
        (matchesData?.(job.toRecord().data) ?? true),
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
