import type { JobLogEntry, JobLogger } from '../contracts/job-logger.js';
import { JobTimeoutError } from '../errors.js';
import type { JobCompletedEvent, JobFailedEvent, JobStalledEvent } from '../events/job-event.js';
import type { JobEvents } from '../events/job-events.js';
import type { RetryDetails } from '../events/agenda-event.js';
import type { Job } from '../job/job.js';
import { errorOf, failureOf } from '../job/thrown.js';

/** What a log works with. */
export interface JobLogTools {
  readonly logger: JobLogger;
  /** The `name` of this instance; empty for none. */
  readonly agendaName: string;
  /** Whether jobs of a name are logged. */
  readonly isLogged: (jobName: string) => boolean;
  /** By the backend's clock. */
  readonly now: () => number;
  /** Takes the error of a log that cannot be written. */
  readonly report: (error: Error) => void;
}

type Facts = Omit<JobLogEntry, '_id' | 'timestamp' | 'jobId' | 'jobName' | 'agendaName'> & {
  readonly timestamp?: Date;
};

/**
 * The subscriber that turns the events of runs in this process into entries of the log. It waits for
 * nothing and fails nothing: what cannot be written is reported, once until writing works again.
 *
 * In one run: locked, start, then success or fail (behind expired, when its time was up), retry or
 * retry:exhausted, and complete.
 */
export class JobLog {
  /** How long the run of a job took whose end is being told, in ms. */
  private readonly durations = new WeakMap<Job, number>();
  private unwritten = 0;
  private isFailing = false;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly tools: JobLogTools) {}

  listenTo(events: JobEvents): void {
    events.onHere('started', ({ job }) => this.started(job));
    events.onHere('completed', (event) => this.succeeded(event));
    events.onHere('failed', (event) => this.failed(event));
    events.onHere('retry', (job: Job, details) => this.retrying(job, details));
    events.onHere('retry exhausted', (error, job) => this.exhausted(error, job));
    events.onHere('complete', (job: Job) => this.ended(job));
    events.onHere('stalled', (event) => this.stalled(event));
  }

  /** Resolves when every entry is written, or known to be lost. */
  settled(): Promise<void> {
    if (this.unwritten === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  /** The claim is the start: there is nothing to tell between the two. */
  private started(job: Job): void {
    const lockedAt = job.lockedAt ?? new Date(this.tools.now());
    this.write(job, {
      timestamp: lockedAt,
      level: 'debug',
      event: 'locked',
      message: 'Claimed by this process',
    });
    this.write(job, { level: 'info', event: 'start', message: `Attempt ${job.attempt} begins` });
  }

  private succeeded({ job, durationMs }: JobCompletedEvent): void {
    const duration = Math.round(durationMs);
    this.durations.set(job, duration);
    const message = `Succeeded after ${duration} ms`;
    this.write(job, { level: 'info', event: 'success', message, duration });
  }

  private failed({ job, error: thrown, durationMs }: JobFailedEvent): void {
    this.durations.set(job, Math.round(durationMs));
    const { message: error } = failureOf(thrown);
    if (thrown instanceof JobTimeoutError) {
      this.write(job, { level: 'warn', event: 'expired', message: error, error });
    }
    const { failCount } = job;
    const message = `Failed: ${error}`;
    this.write(job, { level: 'error', event: 'fail', message, error, failCount });
  }

  private retrying(job: Job, { attempt, delay, error }: RetryDetails): void {
    this.write(job, {
      level: 'info',
      event: 'retry',
      message: `Retry ${attempt} follows after ${delay} ms`,
      retryDelay: delay,
      retryAttempt: attempt,
      error: failureOf(error).message,
    });
  }

  private exhausted(thrown: Error, job: Job): void {
    const { message: error } = failureOf(thrown);
    const { failCount } = job;
    const message = `No retry is left after ${failCount} failures`;
    this.write(job, { level: 'warn', event: 'retry:exhausted', message, error, failCount });
  }

  private ended(job: Job): void {
    const duration = this.durations.get(job) ?? 0;
    const message = `Attempt ${job.attempt} is over`;
    this.write(job, { level: 'info', event: 'complete', message, duration });
  }

  private stalled({ id, name, host, outcome }: JobStalledEvent): void {
    const message = `Its process ${host} was lost: the job is ${outcome}`;
    this.write({ id, name }, { level: 'warn', event: 'expired', message });
  }

  private write({ id, name }: Pick<Job, 'id' | 'name'>, facts: Facts): void {
    const { agendaName, isLogged, now } = this.tools;
    if (!isLogged(name)) return;
    this.unwritten += 1;
    this.keep({
      timestamp: new Date(now()),
      ...facts,
      jobId: id,
      jobName: name,
      ...(agendaName === '' ? {} : { agendaName }),
    }).then(
      () => this.answered(undefined),
      (thrown: unknown) => this.answered(errorOf(thrown)),
    );
  }

  /** A logger that throws instead of rejecting is no different. */
  private async keep(entry: JobLogEntry): Promise<void> {
    await this.tools.logger.log(entry);
  }

  private answered(error: Error | undefined): void {
    if (error && !this.isFailing) {
      const message = `The log of job events cannot be written: ${error.message}`;
      this.tools.report(new Error(message, { cause: error }));
    }
    this.isFailing = error !== undefined;
    this.unwritten -= 1;
    if (this.unwritten === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
