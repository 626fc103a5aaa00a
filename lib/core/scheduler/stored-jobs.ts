import type { CompleteBackend } from '../contracts/agenda-backend.js';
import type { JobParameters } from '../contracts/job-parameters.js';
import type { JobEvents } from '../events/job-events.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import { recordOf } from '../job/job-attrs.js';
import { encodeData } from '../job/job-data.js';
import type { JobHome } from '../job/job-home.js';
import { randomToken } from '../job/job-id.js';
import type { JobRecord } from '../job/job-record.js';
import { Job } from '../job/job.js';
import { wasBorn } from '../job/row-birth.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import type { HostSnapshot } from '../worker/worker-status.js';

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

  of<Data>(record: JobRecord, created?: boolean): Job<Data> {
    return new Job<Data>(record, this, undefined, created);
  }

  /** Writes what is asked of a job; the answer shows it as it is stored. */
  async saved<Data>(job: Job<Data>): Promise<Job<Data>> {
    const row = await this.save(job.askedRow());
    // The record says more than a row: when the job was made, and how often it was tried.
    const record = row._id === undefined ? undefined : await this.read(row._id);
    const created = wasBorn(row) ?? (job.isSurelyNew || undefined);
    const stored = this.of<Data>(record ?? recordOf(row, this.now()), created);
    if (created) this.added(stored);
    return stored;
  }

  async save(row: JobParameters): Promise<JobParameters> {
    // Encoded here for its checks and its limit, which are those of every other job.
    encodeData(row.data, this.options.maxDataBytes);
    const { name } = this.options;
    return this.backend.repository.saveJob(row, name === '' ? {} : { lastModifiedBy: name });
  }

  added(job: { readonly name: string }): void {
    if (job instanceof Job && this.events.wants('enqueued', job.name)) {
      this.events.emit('enqueued', job.name, { job });
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

  lockLifetimeOf(name: string): number | undefined {
    return this.handlers.planFor(name).lockLifetimeMs;
  }
}
