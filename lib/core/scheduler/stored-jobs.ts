import type { CompleteBackend } from '../contracts/agenda-backend.js';
import { JobManager } from '../contracts/job-manager.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import { UnsupportedOperationError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import { recordOf } from '../job/job-attrs.js';
import { encodeData } from '../job/job-data.js';
import type { BesideRow, JobHome } from '../job/job-home.js';
import { randomToken } from '../job/job-id.js';
import type { Deduped, JobRecord } from '../job/job-record.js';
import { Job } from '../job/job.js';
import { wasBorn } from '../job/row-birth.js';
import type { MetricsRecorder } from '../metrics/metrics-recorder.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { HostSnapshot } from '../worker/worker-status.js';
import { judgeData } from './judged-data.js';
import { judgeRow } from './judged-row.js';
import { keyOf } from './key-option.js';

/** This process's worker host, as jobs see it. */
export interface JobRunner {
  runNow(id: string, name: string): Promise<JobRecord>;
  /** @throws WorkerNotStartedError */
  snapshot(): HostSnapshot;
}

/** Makes the objects that stand for jobs, and does in the store what they are asked for. */
export class StoredJobs implements JobHome {
  /** @param runner - asked for when a job is run; it is made later than this */
  constructor(
    private readonly backend: CompleteBackend,
    private readonly handlers: HandlerRegistry,
    private readonly events: JobEvents,
    private readonly options: ResolvedEngineOptions,
    private readonly runner: () => JobRunner,
    private readonly metrics?: MetricsRecorder,
  ) {}

  now(): number {
    return this.backend.broker.now();
  }

  /** A job that is not saved yet, due at once. */
  draft<Data>(name: string, data: Data | undefined): Job<Data> {
    const now = this.now();
    const { priority } = this.handlers.planFor(name);
    const row: JobParameters = { name, data, priority, type: 'normal', nextRunAt: new Date(now) };
    return new Job<Data>(recordOf(row, now), this);
  }

  of<Data>(record: JobRecord, created?: boolean, deduped?: Deduped): Job<Data> {
    return new Job<Data>(record, this, undefined, created, deduped);
  }

  /** Writes what is asked of a job; the answer shows it as it is stored. */
  async saved<Data>(job: Job<Data>): Promise<Job<Data>> {
    const asked = job.askedRow();
    const row = await this.save(asked, this.besideRow(asked));
    // The record says more than a row: when the job was made, and how often it was tried.
    const record = row._id === undefined ? undefined : await this.read(row._id);
    const created = wasBorn(row) ?? (job.isSurelyNew || undefined);
    const stored = this.of<Data>(record ?? recordOf(row, this.now()), created);
    if (created) this.added(stored);
    return stored;
  }

  besideRow({ name, data }: JobParameters): BesideRow {
    const plan = this.handlers.planFor(name);
    try {
      const key = keyOf(undefined, name, data, plan);
      return key === undefined ? {} : { key };
    } catch (error) {
      // Of data that is wrong itself no key can be made: then that is what is wrong.
      judgeData(name, encodeData(data), plan)?.catch(() => undefined);
      throw error;
    }
  }

  async save(row: JobParameters, beside: BesideRow): Promise<JobParameters> {
    // Encoded here for its checks and its limit, which are those of every other job.
    const text = encodeData(row.data, this.options.maxDataBytes);
    const plan = this.handlers.planFor(row.name);
    // Waiting for nothing would change the order of saves.
    const judged = plan.schema && judgeRow((id) => this.read(id), row, text, plan);
    const { name } = this.options;
    return this.backend.repository.saveJob(judged ? await judged : row, {
      ...(name !== '' && { lastModifiedBy: name }),
      ...(plan.version > 1 && { version: plan.version }),
      ...beside,
    });
  }

  added(job: { readonly name: string }): void {
    this.metrics?.enqueued(job.name);
    if (!(job instanceof Job)) return;
    if (this.events.wants('enqueued', job.name)) this.events.emit('enqueued', job.name, { job });
    if (this.events.wants('scheduled', job.name)) this.tellIfAhead(job);
  }

  private tellIfAhead(job: Job): void {
    const { nextRunAt } = job;
    if (!nextRunAt || nextRunAt.getTime() <= this.now()) return;
    this.events.emit('scheduled', job.name, { job, nextRunAt });
  }

  /** An add has added nothing. */
  duplicate(job: Job, deduped: Deduped): void {
    if (this.events.wants('duplicate', job.name)) {
      this.events.emit('duplicate', job.name, { job, deduped });
    }
  }

  read(id: string): Promise<JobRecord | undefined> {
    return this.backend.manager.get(id);
  }

  remove(id: string): Promise<number> {
    return this.backend.repository.removeJobs({ id });
  }

  run(id: string, name: string): Promise<JobRecord> {
    return this.runner().runNow(id, name);
  }

  /** @throws WorkerNotStartedError */
  snapshot(): HostSnapshot {
    return this.runner().snapshot();
  }

  async hasLostItsProcess(id: string): Promise<boolean> {
    // Nobody holds this token, so nothing is renewed; but the refusal tells how the lease stands.
    const lease = { id, name: '', token: randomToken(), fence: 0, expiresAt: 0 };
    const { lost } = await this.backend.broker.renew([lease], this.options.leaseMs);
    return lost.some(({ refusal }) => refusal === 'lease-expired');
  }

  expectOutput(verb: string): void {
    const { manager, name } = this.backend;
    if (manager.logs === JobManager.prototype.logs) throw new UnsupportedOperationError(verb, name);
  }

  expectThrottling(): void {
    const { broker, name } = this.backend;
    if (!broker.prune) throw new UnsupportedOperationError('rateLimited', name);
  }

  lockLifetimeOf(name: string): number | undefined {
    return this.handlers.planFor(name).lockLifetimeMs;
  }
}
