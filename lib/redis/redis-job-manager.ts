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
import type { HistoryEntry } from '../core/job/attempt-history.js';
import { checkText } from '../core/job/job-id.js';
import type { JobRecord } from '../core/job/job-record.js';
import type { StateCounts } from '../core/job/job-state.js';
import { indexDirection } from '../core/query/job-order.js';
import { parseQuery } from '../core/query/job-query.js';
import { nameTest, selectionOf, tagTest, type JobSelection } from '../core/query/job-selection.js';
import { cancelJobs } from './cancel-jobs.js';
import { cleanJobs } from './clean-jobs.js';
import { countJobs } from './count-jobs.js';
import { findJobs } from './find-jobs.js';
import { forgetName } from './forget-name.js';
import * as gates from './gates.js';
import { liveHosts } from './host-registry.js';
import { inspectJob } from './inspect-job.js';
import { keepEvents, readEvents } from './merge-events.js';
import { addMetrics, readMetrics } from './metrics.js';
import { promoteJobs, updateJob } from './mend-jobs.js';
import { queryIndex } from './query-index.js';
import { queryMatching } from './query-matching.js';
import { readHistory } from './read-history.js';
import { readOutput } from './read-output.js';
import { readRecords } from './read-jobs.js';
import { requeueJobs } from './requeue-jobs.js';
import type { RedisStore } from './redis-store.js';
import { candidates, knownNames } from './walk-jobs.js';

export class RedisJobManager extends JobManager {
  constructor(private readonly store: RedisStore) {
    super();
  }

  async get(id: string): Promise<JobRecord | undefined> {
    const [job] = await this.read([id]);
    return job;
  }

  /** The jobs with these ids, in their order; `undefined` where there is none. */
  async read(ids: readonly string[]): Promise<(JobRecord | undefined)[]> {
    return (await readRecords(this.store, ids)).map((job) => job?.record);
  }

  override getMany(ids: readonly string[]): Promise<(JobRecord | undefined)[]> {
    return this.read(ids);
  }

  override logs(id: string, query: LinesQuery): Promise<LinesPage | undefined> {
    return readOutput(this.store, id, query);
  }

  override inspect(id: string): Promise<Inspected | undefined> {
    return inspectJob(this.store, id);
  }

  async query(options: JobsQueryOptions): Promise<{ jobs: JobRecord[]; total: number }> {
    const query = parseQuery(options);
    const { state, ids, matchesData, includeDisabled } = query;
    const direction = indexDirection(query);
    if (state && direction && !ids && !matchesData && includeDisabled) {
      return queryIndex(this.store, { ...query, state }, direction);
    }
    return queryMatching(this.store, query);
  }

  override find(query: FindQuery): Promise<FoundPage> {
    return findJobs(this.store, query);
  }

  async counts(names?: readonly string[]): Promise<Map<string, StateCounts>> {
    const counts = await countJobs(this.store, names ?? (await this.names()));
    const states = new Map<string, StateCounts>();
    for (const [name, { claimable: _, ...columns }] of counts) {
      const { dead, paused } = columns;
      const total = Object.values(columns).reduce((sum, n) => sum + n, 0) - dead - paused;
      if (total > 0 || names !== undefined) states.set(name, { ...columns, total });
    }
    return states;
  }

  /** Jobs that a worker could claim now: due, enabled and free. */
  async claimable(): Promise<number> {
    const counts = await countJobs(this.store, await this.names());
    return [...counts.values()].reduce((sum, { claimable }) => sum + claimable, 0);
  }

  async cancel(ids: readonly string[], reason: string): Promise<string[]> {
    this.store.expectOpen();
    return cancelJobs(this.store, ids, { reason });
  }

  override async removeIf(ids: readonly string[], terms: RemovalTerms): Promise<string[]> {
    checkRemoval(ids, terms);
    this.store.expectOpen();
    return cancelJobs(this.store, ids, terms);
  }

  /** @param options `keepLog`: what was logged of the jobs stays */
  override async cancelMatching(
    filter: JobsFilter,
    reason: string,
    { keepLog = false }: { readonly keepLog?: boolean } = {},
  ): Promise<number> {
    let removed = 0;
    for await (const ids of this.matching(filter)) {
      removed += (await cancelJobs(this.store, ids, { reason, keepLog })).length;
    }
    return removed;
  }

  override async forgetName(name: string): Promise<boolean> {
    checkText('name', name);
    return forgetName(this.store, name);
  }

  override async update(id: string, change: JobChange): Promise<UpdateAnswer> {
    checkUpdate(id, change);
    return updateJob(this.store, id, change);
  }

  override async promote(ids: readonly string[]): Promise<PromoteAnswer[]> {
    checkBatch('ids', ids);
    this.store.expectOpen();
    return promoteJobs(this.store, ids);
  }

  override hosts(): Promise<HostFacts[]> {
    return liveHosts(this.store);
  }

  override async requeue(ids: readonly string[], how: RequeueRequest): Promise<RequeueAnswer[]> {
    checkRequeue(ids, how);
    this.store.expectOpen();
    return requeueJobs(this.store, ids, how);
  }

  override async history(id: string): Promise<HistoryEntry[] | undefined> {
    return readHistory(this.store, id);
  }

  override async clean(request: CleanRequest): Promise<string[]> {
    checkClean(request);
    return cleanJobs(this.store, request);
  }

  override async keepEvents(bounds: EventBounds | null): Promise<void> {
    await keepEvents(this.store, bounds);
  }

  override readEvents(request: EventsRequest): Promise<EventsPage> {
    return readEvents(this.store, request);
  }

  override async addMetrics(batch: MetricsBatch): Promise<void> {
    checkMetrics(batch);
    await addMetrics(this.store, batch);
  }

  override async readMetrics(query: MetricsQuery): Promise<StoredMetrics> {
    checkMetricsQuery(query);
    return readMetrics(this.store, query.names ?? (await this.names()), query);
  }

  override async pause(request: PauseRequest): Promise<void> {
    checkPause(request);
    await gates.pause(this.store, request);
  }

  override async resume(name?: string): Promise<boolean> {
    if (name !== undefined) checkText('name', name);
    return gates.resume(this.store, name);
  }

  override async pauses(): Promise<StoredPauses> {
    return gates.pauses(this.store);
  }

  override async setLimits(name: string, limits: NameLimits | null): Promise<void> {
    checkText('name', name);
    if (limits !== null) checkLimits(limits);
    await gates.setLimits(this.store, name, limits);
  }

  override async limits(): Promise<Map<string, KnownLimits>> {
    return gates.limits(this.store);
  }

  /**
   * The ids that a filter means, each once, in pages of at most 100. A job that stays where it is
   * comes exactly once; one that goes back meanwhile may be missed.
   *
   * @throws InvalidOptionError for a filter that cannot be meant
   */
  async *matching(filter: JobsFilter): AsyncGenerator<readonly string[]> {
    const selection = selectionOf(filter);
    if (selection === undefined) return;
    for (const store of selection.ids ? [this.store] : this.store.partitions) {
      for await (const ids of candidates(store, selection)) {
        const matched = await this.select(ids, selection);
        if (matched.length > 0) yield matched;
      }
    }
  }

  /** Every name that has, or has had, jobs. */
  async names(): Promise<string[]> {
    return knownNames(this.store);
  }

  /** Of candidates those that are meant; their records are read only where ids do not tell. */
  private async select(
    ids: readonly string[],
    { ids: listed, names, matchesData, tags }: JobSelection,
  ): Promise<readonly string[]> {
    const isWalkOfNames = listed === undefined && tags === undefined;
    const hasName = isWalkOfNames ? undefined : nameTest(names);
    const hasTags = listed === undefined ? undefined : tagTest(tags);
    if (!hasName && !matchesData && !hasTags) return ids;
    const jobs = await this.read(ids);
    return ids.filter((_, i) => {
      const job = jobs[i];
      if (!job) return false;
      return (
        (hasName?.(job.name) ?? true) &&
        (hasTags?.(job) ?? true) &&
        (matchesData?.(job.data) ?? true)
      );
    });
  }
}
