import {
  type CleanRequest,
  type FindQuery,
  type FoundPage,
  type Inspected,
  JobManager,
  type KnownLimits,
  type PauseRequest,
  type RequeueAnswer,
  type RequeueRequest,
  type StoredPauses,
} from '../contracts/job-manager.js';
import type { NameLimits } from '../contracts/job-broker.js';
import { EVERY_NAME } from '../contracts/notification-channel.js';
import type { HostFacts } from '../contracts/host-registry.js';
import type { EventBounds, EventsPage, EventsRequest } from '../contracts/event-store.js';
import type { JobsQueryOptions } from '../contracts/job-parameters.js';
import type { JobChange, PromoteAnswer, RemovalTerms, UpdateAnswer } from '../contracts/mending.js';
import type { MetricsBatch, MetricsQuery, StoredMetrics } from '../contracts/metrics-store.js';
import type { HistoryEntry } from '../job/attempt-history.js';
import type { JobRecord } from '../job/job-record.js';
import type { StateCounts } from '../job/job-state.js';
import { errorOf } from '../job/thrown.js';
import type { Announcements } from './announcements.js';

/** Past by every clock. */
const LONG_SINCE = 0;

/** A manager whose store does not announce on the engine's channel: jobs that come back are announced here. */
export class AnnouncingManager extends JobManager {
  constructor(
    private readonly inner: JobManager,
    private readonly announcements: Announcements,
    /** Takes errors that fail nobody. */
    private readonly report: (error: Error) => void,
  ) {
    super();
    // A verb that this store may be without.
    if (inner.cancelMatching !== JobManager.prototype.cancelMatching) {
      this.cancelMatching = (filter, reason) => inner.cancelMatching(filter, reason);
    }
    if (inner.logs !== JobManager.prototype.logs) this.logs = (id, query) => inner.logs(id, query);
  }

  override async requeue(ids: readonly string[], how: RequeueRequest): Promise<RequeueAnswer[]> {
    const answers = await this.inner.requeue(ids, how);
    await this.announce(ids.filter((_, i) => answers[i]?.outcome === 'ok'));
    return answers;
  }

  override async update(id: string, change: JobChange): Promise<UpdateAnswer> {
    const answer = await this.inner.update(id, change);
    if (answer === 'ok') await this.announce([id]);
    return answer;
  }

  override async promote(ids: readonly string[]): Promise<PromoteAnswer[]> {
    const answers = await this.inner.promote(ids);
    await this.announce(ids.filter((_, i) => answers[i] === 'ok'));
    return answers;
  }

  override pause(request: PauseRequest): Promise<void> {
    return this.inner.pause(request);
  }

  override async resume(name?: string): Promise<boolean> {
    const wasPaused = await this.inner.resume(name);
    if (wasPaused) this.announceNow(name ?? EVERY_NAME);
    return wasPaused;
  }

  override pauses(): Promise<StoredPauses> {
    return this.inner.pauses();
  }

  override async setLimits(name: string, limits: NameLimits | null): Promise<void> {
    await this.inner.setLimits(name, limits);
    this.announceNow(name);
  }

  override limits(): Promise<Map<string, KnownLimits>> {
    return this.inner.limits();
  }

  override removeIf(ids: readonly string[], terms: RemovalTerms): Promise<string[]> {
    return this.inner.removeIf(ids, terms);
  }

  override forgetName(name: string): Promise<boolean> {
    return this.inner.forgetName(name);
  }

  override hosts(): Promise<HostFacts[]> {
    return this.inner.hosts();
  }

  override keepEvents(bounds: EventBounds | null): Promise<void> {
    return this.inner.keepEvents(bounds);
  }

  override readEvents(request: EventsRequest): Promise<EventsPage> {
    return this.inner.readEvents(request);
  }

  override addMetrics(batch: MetricsBatch): Promise<void> {
    return this.inner.addMetrics(batch);
  }

  override readMetrics(query: MetricsQuery): Promise<StoredMetrics> {
    return this.inner.readMetrics(query);
  }

  /** Its jobs may start by now: who hears it has a look. */
  private announceNow(name: string): void {
    this.announcements.due({ id: '', name }, LONG_SINCE);
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

  override getMany(ids: readonly string[]): Promise<(JobRecord | undefined)[]> {
    return this.inner.getMany(ids);
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
