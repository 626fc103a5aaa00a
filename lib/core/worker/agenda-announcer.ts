import type { JobStateNotification, JobStateType } from '../contracts/notification-channel.js';
import type { JobEventArguments } from '../events/job-event.js';
import type { JobEvents } from '../events/job-events.js';
import type { StateNews } from '../events/state-news.js';
import { toJobId } from '../job/job-id.js';
import type { Clock } from '../job/job.js';
import type { Failure } from '../job/job-record.js';
import type { Attempt } from './attempt.js';
import { failuresWith } from './decide.js';

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
    this.tell('start', attempt, [attempt.job], startOf);
  }

  progressed(attempt: Attempt, progress: number): void {
    this.tell('progress', attempt, [attempt.job], () => ({ progress }));
  }

  succeeded(attempt: Attempt): void {
    this.tell('success', attempt, [attempt.job], endOf);
  }

  failed(attempt: Attempt, error: Error, { message }: Failure): void {
    const { job } = attempt;
    this.tell('fail', attempt, [error, job], () => ({ error: message, failCount: job.failCount }));
  }

  retrying(
    attempt: Attempt,
    error: Error,
    { message }: Failure,
    { delay, nextRunAt }: { delay: number; nextRunAt: Date },
  ): void {
    const retryAttempt = failuresWith(attempt.record);
    const details = { attempt: retryAttempt, delay, nextRunAt, error };
    this.tell('retry', attempt, [attempt.job, details], () => {
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
    this.tell('complete', attempt, [attempt.job], endOf);
  }

  private tell<Type extends JobStateType>(
    type: Type,
    attempt: Attempt,
    facts: JobEventArguments<Type>,
    factsElsewhere: (attempt: Attempt) => Facts,
  ): void {
    const { id, name } = attempt.job;
    if (this.events.wants(type, name)) this.events.emit(type, name, ...facts);
    if (!this.news.isWanted) return;
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
