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
import type { HistoryEntry } from '../core/job/attempt-history.js';
import type { JobRecord } from '../core/job/job-record.js';
import type { StateCounts } from '../core/job/job-state.js';
import { indexDirection } from '../core/query/job-order.js';
import { parseQuery } from '../core/query/job-query.js';
import { nameTest, selectionOf, type JobSelection } from '../core/query/job-selection.js';
import { scripts } from './all-scripts.js';
import { countJobs } from './count-jobs.js';
import { findJobs } from './find-jobs.js';
import { inspectJob } from './inspect-job.js';
import { queryIndex } from './query-index.js';
import { queryMatching } from './query-matching.js';
import { readHistory } from './read-history.js';
import { inBites, readRecords } from './read-jobs.js';
import { requeueJobs } from './requeue-jobs.js';
import type { RedisStore } from './redis-store.js';
import { candidates } from './walk-jobs.js';

/** How long a running worker can find out why its job was cancelled; two leases where those are longer. */
const REASON_KEPT_MS = 120_000;

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

  /** @param options `keepLog`: what was logged of the jobs stays */
  async cancel(
    ids: readonly string[],
    reason: string,
    { keepLog = false }: { readonly keepLog?: boolean } = {},
  ): Promise<string[]> {
    this.store.expectOpen();
    const gone: string[] = [];
    let logIsLeft = '';
    await inBites(ids, async (bite) => {
      const [, count, isLeft, ...found] = await this.store.run(scripts.cancelJobs, [
        `${this.store.options.channelName}:cancel`,
        this.store.messageHead,
        reason,
        String(REASON_KEPT_MS),
        String(this.store.options.retryForMs),
        keepLog ? 'keep' : '',
        ...bite,
      ]);
      gone.push(...found);
      logIsLeft = isLeft!;
      return Number(count);
    });
    while (logIsLeft !== '') logIsLeft = (await this.store.run(scripts.dropLogs, []))[1]!;
    return gone;
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
    const gone: string[] = [];
    let stay = '0';
    let mayFollow = true;
    let logIsLeft = '';
    while (mayFollow && gone.length < request.limit) {
      const [, staying, more, isLeft, ...found] = await this.store.run(scripts.cleanJobs, [
        String(this.store.options.retryForMs),
        request.name,
        request.place,
        String(Math.ceil(request.olderThanMs)),
        String(request.limit - gone.length),
        stay,
      ]);
      gone.push(...found);
      stay = staying!;
      mayFollow = more === '1';
      logIsLeft = isLeft!;
    }
    while (logIsLeft !== '') logIsLeft = (await this.store.run(scripts.dropLogs, []))[1]!;
    return gone;
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
    for await (const ids of candidates(this.store, selection)) {
      const matched = await this.select(ids, selection);
      if (matched.length > 0) yield matched;
    }
  }

  /** Every name that has, or has had, jobs. */
  async names(): Promise<string[]> {
    return this.store.connection.scanSet(this.store.keys.names);
  }

  /** Of candidates those that are meant; their records are read only where ids do not tell. */
  private async select(
    ids: readonly string[],
    { ids: listed, names, matchesData }: JobSelection,
  ): Promise<readonly string[]> {
    const hasName = listed === undefined ? undefined : nameTest(names);
    if (!hasName && !matchesData) return ids;
    const jobs = await this.read(ids);
    return ids.filter((_, i) => {
      const job = jobs[i];
      if (!job) return false;
      return (hasName?.(job.name) ?? true) && (matchesData?.(job.data) ?? true);
    });
  }
}
