import type { Counter, Histogram } from 'prom-client';
import type { Job, JobEventKey, JobScheduler, LocalEventListener } from '../core/index.js';
import type { MetricFactory } from './metric-factory.js';

/** Counts what happens to jobs in this process, and measures it. */
export class JobMetrics {
  private readonly unsubscribes: (() => void)[] = [];

  constructor(
    private readonly scheduler: JobScheduler,
    private readonly make: MetricFactory,
  ) {
    const wait = make.histogram('job_wait_seconds', 'From the due time of a job to its start.');
    const run = make.histogram('job_run_seconds', 'How long handlers took, failed attempts too.');
    const started = this.counter('started', 'Attempts that began.');
    const completed = this.counter('completed', 'Attempts that ended well.');
    const failed = this.counter('failed', 'Attempts that failed.');
    this.count('enqueued', 'added', 'Jobs that this process added.');
    this.on('started', ({ job }) => {
      started(job.name);
      const waitMs = waitOf(job);
      if (waitMs !== undefined) this.observe(wait, job.name, waitMs);
    });
    this.on('completed', ({ job, durationMs }) => {
      completed(job.name);
      this.observe(run, job.name, durationMs);
    });
    this.on('failed', ({ job, durationMs }) => {
      failed(job.name);
      this.observe(run, job.name, durationMs);
    });
    this.count('retrying', 'retried', 'Failed attempts that are tried again.');
    this.count('snoozed', 'snoozed', 'Runs that put their jobs off.');
    this.count('cancelled', 'cancelled', 'Jobs that were cancelled while they ran here.');
    const dead = this.counter('dead', 'Jobs that became dead letters.');
    this.on('dead', ({ name }) => dead(name));
    const stalled = this.counter('stalled', 'Lost runs that this process gave back or buried.');
    this.on('stalled', ({ name }) => stalled(name));
  }

  /** Counts no more. */
  close(): void {
    for (const unsubscribe of this.unsubscribes.splice(0)) unsubscribe();
  }

  private count(
    event: 'enqueued' | 'retrying' | 'snoozed' | 'cancelled',
    what: string,
    help: string,
  ): void {
    const counted = this.counter(what, help);
    this.on(event, ({ job }: { job: Job }) => counted(job.name));
  }

  private counter(what: string, help: string): (jobName: string) => void {
    const counter: Counter = this.make.counter(`jobs_${what}_total`, help);
    return (jobName) => counter.inc(this.make.labels(jobName));
  }

  private observe(histogram: Histogram, jobName: string, ms: number): void {
    histogram.observe(this.make.labels(jobName), ms / 1_000);
  }

  private on<Key extends JobEventKey>(event: Key, listener: LocalEventListener<Key>): void {
    this.scheduler.on(event, listener);
    this.unsubscribes.push(() => this.scheduler.off(event, listener));
  }
}

/** Clocks of two moments may differ by a little: nobody starts early. */
function waitOf({ lockedAt, nextRunAt }: Job): number | undefined {
  if (!lockedAt || !nextRunAt) return undefined;
  return Math.max(lockedAt.getTime() - nextRunAt.getTime(), 0);
}
