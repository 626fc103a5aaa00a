import type { JobStateNotification, JobStateType } from '../contracts/notification-channel.js';
import type { JobEventArguments } from '../events/job-event.js';
import type { JobEvents } from '../events/job-events.js';
import type { StateNews } from '../events/state-news.js';
import { toJobId } from '../job/job-id.js';
import type { Clock } from '../job/job.js';
import type { Failure } from '../job/job-record.js';
import type { Attempt } from './attempt.js';
import { failuresWith } from './retry-wait.js';

/** What a notification says beside which job it is of. */
type Facts = Omit<JobStateNotification, 'type' | 'jobId' | 'jobName' | 'timestamp' | 'source'>;

/**
 * Tells of attempts in the words of Agenda: here as events, and elsewhere as state notifications.
 * Nothing is made that nobody listens to. A job that could not begin has no run to tell of.
 */
export class AgendaAnnouncer {
  constructor(
    private readonly events: JobEvents,
    private readonly news: StateNews,
    private readonly clock: Clock,
  ) {}

  started(attempt: Attempt): void {
    if (this.isHeard('start', attempt)) this.tell('start', attempt, [attempt.job], startOf);
  }

  progressed({ job }: Attempt): void {
    if (this.events.wants('progress', job.name)) this.events.emit('progress', job.name, job);
  }

  /** Elsewhere: there it may be read then. News carries numbers alone. */
  progressTold(attempt: Attempt, progress: unknown): void {
    if (!this.news.isWanted) return;
    const facts = typeof progress === 'number' ? { progress } : {};
    this.tellElsewhere('progress', attempt, () => facts);
  }

  succeeded(attempt: Attempt): void {
    if (this.isHeard('success', attempt)) this.tell('success', attempt, [attempt.job], endOf);
  }

  failed(attempt: Attempt, error: Error, { message }: Failure): void {
    if (!this.isHeard('fail', attempt)) return;
    const { job } = attempt;
    this.tell('fail', attempt, [error, job], () => ({ error: message, failCount: job.failCount }));
  }

  /** @param delayMs - how long until the retry; `undefined` when it was planned for an instant */
  retrying(
    attempt: Attempt,
    error: Error,
    { message }: Failure,
    delayMs: number | undefined,
  ): void {
    if (!this.isHeard('retry', attempt)) return;
    const { job, record } = attempt;
    const retryAttempt = failuresWith(record);
    const nextRunAt = new Date(record.nextRunAt!);
    const delay = delayMs ?? Math.max(0, record.nextRunAt! - this.clock.now());
    const details = { attempt: retryAttempt, delay, nextRunAt, error };
    this.tell('retry', attempt, [job, details], () => {
      return { retryAt: nextRunAt, retryAttempt, error: message };
    });
  }

  /** No retry is left. Without a backoff or several attempts there was none from the beginning. */
  exhausted(attempt: Attempt, error: Error): void {
    const { job } = attempt;
    if (!hadRetries(attempt) || !this.events.wants('retry exhausted', job.name)) return;
    this.events.emit('retry exhausted', job.name, error, job);
  }

  completed(attempt: Attempt): void {
    if (this.isHeard('complete', attempt)) this.tell('complete', attempt, [attempt.job], endOf);
  }

  /** Here or elsewhere. Asked first, so that nothing is made in vain. */
  private isHeard(type: JobStateType, { job }: Attempt): boolean {
    return this.news.isWanted || this.events.wants(type, job.name);
  }

  private tell<Type extends JobStateType>(
    type: Type,
    attempt: Attempt,
    facts: JobEventArguments<Type>,
    factsElsewhere: (attempt: Attempt) => Facts,
  ): void {
    const { name } = attempt.job;
    if (this.events.wants(type, name)) this.events.emit(type, name, ...facts);
    if (this.news.isWanted) this.tellElsewhere(type, attempt, factsElsewhere);
  }

  private tellElsewhere(
    type: JobStateType,
    attempt: Attempt,
    factsElsewhere: (attempt: Attempt) => Facts,
  ): void {
    const { id, name } = attempt.job;
    const timestamp = new Date(this.clock.now());
    this.news.tell({
      type,
      jobId: toJobId(id),
      jobName: name,
      timestamp,
      ...factsElsewhere(attempt),
    });
  }
}

const startOf = ({ record: { lastRunAt } }: Attempt): Facts =>
  lastRunAt === null ? {} : { lastRunAt: new Date(lastRunAt) };

function endOf(attempt: Attempt): Facts {
  const { durationMs: duration, record } = attempt;
  const { lastFinishedAt } = record;
  const facts = { ...startOf(attempt), duration };
  return lastFinishedAt === null ? facts : { ...facts, lastFinishedAt: new Date(lastFinishedAt) };
}

function hadRetries({ record, handler }: Attempt): boolean {
  const { attempts, backoff } = record.overrides ?? {};
  if (backoff !== undefined || handler.plan.backoffChoice !== undefined) return true;
  return (attempts ?? handler.plan.attempts ?? 1) > 1;
}
