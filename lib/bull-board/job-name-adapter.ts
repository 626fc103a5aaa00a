import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import type {
  JobCleanStatus,
  JobCounts,
  JobSchedulerRepeatOptions,
  JobSchedulerUpdateResult,
  JobStatus,
  MetricsType,
  ObliterateOptions,
  QueueJob,
  QueueMetrics,
  QueueRateLimit,
  QueueWorker,
  Status,
} from '@bull-board/api/dist/types.js';
import {
  JobsRunningError,
  type JobOptions,
  type JobScheduler,
  type LimitOptions,
  type NameMetrics,
} from '../core/index.js';
import { adapterOptions, type BullBoardOptions } from './adapter-options.js';
import { BoardJob } from './board-job.js';
import { BoardStore } from './board-store.js';
import { pageOf } from './job-pages.js';
import { minuteCounts } from './minute-counts.js';
import { Remembered } from './remembered.js';
import { Schedules, type ShownSchedule } from './schedules.js';
import { countsOf, JOB_STATUSES, STATUSES } from './states.js';

/*
 * A job name as a queue of bull-board, which knows queues of BullMQ. It stands on the public API of the scheduler
 * alone. The board asks every name for its counts every few seconds: what concerns all names is asked of the store
 * once a second, for all of them together (`board-store.ts`).
 */

/** Lines of a job's log that are shown: the newest. */
const MOST_LINES = 1_000;
const MINUTES_SHOWN = 60;
/** The board asks for two kinds of figures, one after the other. */
const FIGURES_GOOD_FOR_MS = 1_000;
const DEFAULT_PAGE_END = 99;

/** Shows and changes the jobs of one name. */
export class JobNameAdapter extends BaseAdapter {
  private readonly store: BoardStore;
  private readonly schedules: Schedules;
  private readonly figures: Remembered<NameMetrics | undefined>;

  /** @throws InvalidOptionError */
  constructor(
    scheduler: JobScheduler,
    private readonly name: string,
    options: BullBoardOptions = {},
  ) {
    // Of the two kinds it knows, the one whose limits and schedules can be changed.
    super('bullmq', adapterOptions(options));
    this.store = BoardStore.of(scheduler);
    this.schedules = new Schedules(this.store, name);
    this.figures = new Remembered(
      async () => (await scheduler.metrics({ names: [name], minutes: MINUTES_SHOWN }))[name],
      FIGURES_GOOD_FOR_MS,
    );
  }

  // ── what is shown ────────────────────────────────────────────────────────────────────────────

  getName(): string {
    return `${this.prefix}${this.name}`;
  }

  getStatuses(): Status[] {
    return STATUSES;
  }

  getJobStatuses(): JobStatus[] {
    return JOB_STATUSES;
  }

  async getJobCounts(): Promise<JobCounts> {
    return countsOf(await this.store.countsOf(this.name), await this.isPaused());
  }

  /** Of each status the same range. */
  async getJobs(statuses: JobStatus[], start = 0, end = DEFAULT_PAGE_END): Promise<QueueJob[]> {
    const range = { start, end };
    const pages = statuses.map((status) => pageOf(this.store, this.name, status, range));
    return (await Promise.all(pages)).flat().map((job) => new BoardJob(this.store, job));
  }

  async getJob(id: string): Promise<QueueJob | undefined> {
    const inspection = await this.store.scheduler.inspect(id);
    if (inspection?.job.name !== this.name) return undefined;
    return new BoardJob(this.store, inspection.job, inspection);
  }

  async getJobLogs(id: string): Promise<string[]> {
    const page = await this.store.scheduler.logs(id, { limit: MOST_LINES, newestFirst: true });
    return page ? page.lines.toReversed() : [];
  }

  /** @throws UnsupportedOperationError where nothing is counted; the board then shows no figures */
  async getMetrics(type: MetricsType): Promise<QueueMetrics> {
    const figures = await this.figures.get();
    if (!figures) throw new Error(`Nothing was counted of "${this.name}".`);
    return minuteCounts(figures, type, { now: Date.now(), shown: MINUTES_SHOWN });
  }

  /** The hosts that run jobs of this name. */
  override async getWorkers(): Promise<QueueWorker[]> {
    const hosts = await this.store.hostsOf(this.name);
    return hosts.map(({ host, machine, startedAt }) => ({
      id: host,
      name: host,
      addr: machine ?? '',
      age: Math.max(Math.floor((Date.now() - startedAt.getTime()) / 1_000), 0),
    }));
  }

  /** A process may not ask Redis itself. */
  async getRedisInfo(): Promise<null> {
    return null;
  }

  isPaused(): Promise<boolean> {
    return this.store.isPaused(this.name);
  }

  // ── what is changed ──────────────────────────────────────────────────────────────────────────

  /** @param _name - the board asks for one beside the queue's; here the queue is the name */
  async addJob(_name: string, data: unknown, options: JobOptions): Promise<QueueJob> {
    const job = await this.store.change((scheduler) => scheduler.now(this.name, data, options));
    return new BoardJob(this.store, job);
  }

  async clean(status: JobCleanStatus, olderThan: number): Promise<void> {
    const { name } = this;
    await this.store.change((scheduler) => {
      switch (status) {
        case 'completed':
        case 'failed':
          return scheduler.clean({ name, state: status, olderThan, limit: Infinity });
        case 'wait':
          return scheduler.clear(name);
        case 'delayed':
          return scheduler.clear(name, { scheduled: 'only' });
        case 'active':
          throw new Error(`Jobs that are ${status} cannot be removed all at once.`);
      }
    });
  }

  async pause(): Promise<void> {
    await this.store.change((scheduler) => scheduler.pause(this.name));
  }

  async resume(): Promise<void> {
    await this.store.change((scheduler) => scheduler.resume(this.name));
  }

  async empty(): Promise<void> {
    await this.store.change((scheduler) => scheduler.clear(this.name));
  }

  async obliterate({ force = false }: ObliterateOptions = {}): Promise<void> {
    const how = { confirm: this.name, force, recurring: true };
    try {
      await this.store.change((scheduler) => scheduler.obliterate(this.name, how));
    } catch (error) {
      if (!(error instanceof JobsRunningError)) throw error;
      // By these words the board knows what it is, and offers to force it.
      throw new Error('Cannot obliterate queue with active jobs', { cause: error });
    }
  }

  async promoteAll(): Promise<void> {
    const { error } = await this.store.change((scheduler) =>
      scheduler.promote({ name: this.name }),
    );
    if (error) throw error;
  }

  // ── schedules ────────────────────────────────────────────────────────────────────────────────

  getJobSchedulers(): Promise<ShownSchedule[]> {
    return this.schedules.list();
  }

  getJobSchedulersCount(): Promise<number> {
    return this.schedules.count();
  }

  override async getArmedJobSchedulerId(job: QueueJob): Promise<string | null> {
    return job instanceof BoardJob && job.job.state === 'repeating' ? job.id : null;
  }

  removeJobScheduler(id: string): Promise<boolean> {
    return this.schedules.remove(id);
  }

  override get supportsJobSchedulerUpdate(): boolean {
    return true;
  }

  updateJobScheduler(
    id: string,
    repeat: JobSchedulerRepeatOptions,
  ): Promise<JobSchedulerUpdateResult> {
    return this.schedules.update(id, repeat);
  }

  override get supportsJobSchedulerRun(): boolean {
    return true;
  }

  async runJobSchedulerNow(id: string): Promise<QueueJob | 'not-found'> {
    const job = await this.schedules.runNow(id);
    return job === 'not-found' ? job : new BoardJob(this.store, job);
  }

  // ── limits over all processes ────────────────────────────────────────────────────────────────

  async getGlobalConcurrency(): Promise<number | null> {
    return (await this.limits()).globalConcurrency ?? null;
  }

  /** 0 takes back what was set here: the handler's limit holds again. */
  async setGlobalConcurrency(concurrency: number): Promise<void> {
    await this.setLimit('globalConcurrency', concurrency > 0 ? concurrency : undefined);
  }

  override get supportsGlobalRateLimit(): boolean {
    return true;
  }

  override async getConfiguredRateLimit(): Promise<QueueRateLimit | null> {
    const { rateLimit } = await this.limits();
    const { max, per } = rateLimit ?? {};
    return max !== undefined && typeof per === 'number' ? { max, duration: per } : null;
  }

  override async setConfiguredRateLimit({ max, duration }: QueueRateLimit): Promise<void> {
    await this.setLimit('rateLimit', { max, per: duration });
  }

  override async removeConfiguredRateLimit(): Promise<void> {
    await this.setLimit('rateLimit', undefined);
  }

  private async limits(): Promise<LimitOptions> {
    const { handler, byHand } = await this.store.limitsOf(this.name);
    return { ...handler, ...byHand };
  }

  /** Those that were set by hand stand together: the others are set again as they are. */
  private async setLimit<Key extends keyof LimitOptions>(
    key: Key,
    value: LimitOptions[Key],
  ): Promise<void> {
    await this.store.change(async (scheduler) => {
      const limits = scheduler.limits(this.name);
      const { [key]: _, ...others } = (await limits.get()).byHand ?? {};
      const wanted = { ...others, ...(value !== undefined && { [key]: value }) };
      if (Object.keys(wanted).length > 0) await limits.set(wanted);
      else await limits.remove();
    });
  }

  // ── flows, which there are none of ───────────────────────────────────────────────────────────

  /** @internal asked for by the board of queues of its kind */
  getQueueName(): string {
    return this.name;
  }

  /** @internal */
  getQueueQualifiedName(): string {
    return this.getName();
  }

  /** @internal */
  async getFlowProducer(): Promise<null> {
    return null;
  }
}
