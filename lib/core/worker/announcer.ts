import type { ExpiredJob, LostLease, RescuedJob, Settlement } from '../contracts/job-broker.js';
import type { JobEvents } from '../events/job-events.js';
import type { JobLostEvent } from '../events/job-event.js';
import { ShutdownError } from '../errors.js';
import type { StateNews } from '../events/state-news.js';
import { EXPIRED } from '../job/expiry.js';
import type { OmittedResult } from '../job/job-record.js';
import type { Clock } from '../job/job.js';
import { isNonRetryable } from '../job/thrown.js';
import type { MetricsRecorder } from '../metrics/metrics-recorder.js';
import { AgendaAnnouncer } from './agenda-announcer.js';
import { dueInstant } from '../job/due.js';
import type { Attempt } from './attempt.js';

type Completed = Extract<Settlement, { kind: 'completed' }>;
type Retry = Extract<Settlement, { kind: 'retry' }>;
type Bury = Extract<Settlement, { kind: 'bury' }>;
type Snooze = Extract<Settlement, { kind: 'snooze' }>;
type Throttle = Extract<Settlement, { kind: 'throttle' }>;

/** Turns what happens to attempts into events. Nothing is made that nobody listens to. */
export class Announcer {
  private readonly agenda: AgendaAnnouncer;

  /**
   * @param news - tells it to other processes
   * @param lateAfterMs - from its due time on, until which a start is in time
   */
  constructor(
    private readonly events: JobEvents,
    news: StateNews,
    private readonly clock: Clock,
    private readonly lateAfterMs: number,
    private readonly metrics: MetricsRecorder | undefined,
  ) {
    this.agenda = new AgendaAnnouncer(events, news, clock);
  }

  started(attempt: Attempt): void {
    const { job } = attempt;
    const waitMs = waitOf(attempt);
    this.metrics?.started(job.name, waitMs);
    if (this.events.wants('started', job.name)) this.events.emit('started', job.name, { job });
    if (waitMs !== undefined && waitMs > this.lateAfterMs) this.late(attempt, waitMs);
    this.agenda.started(attempt);
  }

  private late({ job }: Attempt, lateMs: number): void {
    if (this.events.wants('late', job.name)) this.events.emit('late', job.name, { job, lateMs });
  }

  /** The handler has told how far it has come. */
  progressed(attempt: Attempt, progress: unknown): void {
    const { job } = attempt;
    if (this.events.wants('progressed', job.name)) {
      this.events.emit('progressed', job.name, { job, progress });
    }
    this.agenda.progressed(attempt);
  }

  /** The store knows how far the handler has come. */
  progressTold(attempt: Attempt, progress: unknown): void {
    this.agenda.progressTold(attempt, progress);
  }

  /** What the handler returned is not kept. */
  omitted({ job: { id, name, attempt } }: Attempt, { reason }: OmittedResult): void {
    const message = `The result of attempt ${attempt} of job ${id} ("${name}") is not kept. ${reason}`;
    this.events.emitWarning('result-omitted', message, name);
  }

  /** The store has written down how the attempt ended. */
  settled(attempt: Attempt): void {
    const { settlement } = attempt;
    switch (settlement?.kind) {
      case 'completed':
        return this.completed(attempt, settlement);
      case 'retry':
      case 'bury':
        return this.failed(attempt, settlement);
      case 'snooze':
        return this.snoozed(attempt, settlement);
      case 'throttle':
        return this.throttled(attempt, settlement);
      case 'release':
        return this.interrupted(attempt);
      case 'skip':
        return this.skipped(attempt, settlement.nextRunAt);
      case undefined:
    }
  }

  cancelled({ job }: Attempt, reason: string): void {
    if (this.events.wants('cancelled', job.name)) {
      this.events.emit('cancelled', job.name, { job, reason });
    }
  }

  lost({ job }: Attempt, refusal: LostLease['refusal'], repeated: boolean): void {
    if (!this.events.wants('lost', job.name)) return;
    const event: JobLostEvent = { job, refusal, repeated };
    this.events.emit('lost', job.name, event);
  }

  stuck({ job }: Attempt, error: Error): void {
    if (this.events.wants('stuck', job.name)) this.events.emit('stuck', job.name, { job, error });
  }

  rescued({ id, name, host, attempt, rescueCount, outcome }: RescuedJob): void {
    this.metrics?.stalled(name);
    if (outcome === 'buried') this.metrics?.dead(name);
    if (this.events.wants('stalled', name)) {
      this.events.emit('stalled', name, { id, name, host, attempt, rescueCount, outcome });
    }
    if (outcome === 'buried' && this.events.wants('dead', name)) {
      const message =
        'The processes that ran this job were lost, more often than maxRescues allows.';
      const failure = { reason: 'stalled', name: 'StalledError', message } as const;
      this.events.emit('dead', name, {
        id,
        name,
        failure,
        attempt,
        job: undefined,
        error: undefined,
      });
    }
  }

  /** It waited too long, and was buried. */
  expired({ id, name }: ExpiredJob): void {
    this.metrics?.dead(name);
    if (!this.events.wants('dead', name)) return;
    this.events.emit('dead', name, {
      id,
      name,
      failure: EXPIRED,
      attempt: undefined,
      job: undefined,
      error: undefined,
    });
  }

  private completed(attempt: Attempt, settlement: Completed): void {
    const { job, record, durationMs, outcome } = attempt;
    // Without an outcome nothing ran: the rule ended with an occurrence that was passed over.
    if (!outcome) return;
    this.metrics?.completed(job.name, durationMs);
    job.ended(settlement, {
      lockedAt: null,
      lastFinishedAt: this.clock.now(),
      failCount: 0,
      nextRunAt: settlement.nextRunAt ?? null,
    });
    job.returned(settlement.result, settlement.omitted);
    if (this.events.wants('completed', job.name)) {
      this.events.emit('completed', job.name, {
        job,
        result: outcome.kind === 'completed' ? outcome.result : undefined,
        durationMs,
        nextRunAt: record.nextRunAt === null ? null : new Date(record.nextRunAt),
      });
    }
    this.agenda.succeeded(attempt);
    this.agenda.completed(attempt);
  }

  private failed(attempt: Attempt, settlement: Retry | Bury): void {
    const { job, durationMs } = attempt;
    const error = errorOfOutcome(attempt);
    this.noteFailure(attempt, settlement);
    this.metrics?.failed(job.name, durationMs, settlement.kind === 'retry' && !settlement.fresh);
    if (settlement.kind === 'bury') this.metrics?.dead(job.name);
    // Its record could not be read, so it did not run: it has no place among the runs that Agenda counts.
    const hasRun = attempt.startedAt > 0;
    if (this.events.wants('failed', job.name)) {
      this.events.emit('failed', job.name, { job, error, durationMs });
    }
    if (hasRun) this.agenda.failed(attempt, error, settlement.failure);
    if (settlement.kind === 'bury') this.dead(attempt, error, settlement);
    else if (settlement.fresh) this.gaveUp(attempt, error);
    else this.retrying(attempt, error, settlement);
    if (hasRun) this.agenda.completed(attempt);
  }

  /** Listeners see the job as it is afterwards. */
  private noteFailure({ job, record }: Attempt, settlement: Retry | Bury): void {
    const now = this.clock.now();
    const due = settlement.kind === 'retry' ? settlement.due : undefined;
    job.ended(settlement, {
      lockedAt: null,
      lastFinishedAt: now,
      failedAt: now,
      failCount: record.failCount + 1,
      failure: settlement.failure,
      nextRunAt: due ? dueInstant(due, now) : null,
    });
  }

  private snoozed(attempt: Attempt, settlement: Snooze): void {
    const { job, record, outcome } = attempt;
    const { due } = settlement;
    job.ended(settlement, {
      lockedAt: null,
      snoozeCount: record.snoozeCount + 1,
      nextRunAt: dueInstant(due, this.clock.now()),
    });
    if (!this.events.wants('snoozed', job.name)) return;
    this.events.emit('snoozed', job.name, {
      job,
      nextRunAt: new Date(record.nextRunAt!),
      delayMs: 'delayMs' in due ? due.delayMs : undefined,
      error: outcome?.kind === 'excused' ? outcome.error : undefined,
    });
  }

  private throttled({ job }: Attempt, { forMs }: Throttle): void {
    if (this.events.wants('throttled', job.name)) {
      this.events.emit('throttled', job.name, { job, forMs });
    }
  }

  private retrying(attempt: Attempt, error: Error, { due, failure }: Retry): void {
    const { job, record } = attempt;
    const delayMs = 'delayMs' in due ? due.delayMs : undefined;
    if (this.events.wants('retrying', job.name)) {
      const nextRunAt = new Date(record.nextRunAt!);
      this.events.emit('retrying', job.name, { job, error, delayMs, nextRunAt });
    }
    this.agenda.retrying(attempt, error, failure, delayMs);
  }

  private dead(run: Attempt, error: Error, { failure, reason }: Bury): void {
    const { job } = run;
    const { id, name, attempt } = job;
    if (this.events.wants('dead', name)) {
      this.events.emit('dead', name, { id, name, failure, attempt, job, error });
    }
    if (reason === 'exhausted') this.agenda.exhausted(run, error);
  }

  /** A recurring job goes on with its next occurrence. */
  private gaveUp(attempt: Attempt, error: Error): void {
    if (isNonRetryable(error) || isDiscarded(attempt)) return;
    this.agenda.exhausted(attempt, error);
  }

  private skipped({ job }: Attempt, nextRunAt: number): void {
    if (!this.events.wants('skipped', job.name)) return;
    this.events.emit('skipped', job.name, { job, nextRunAt: new Date(nextRunAt) });
  }

  private interrupted({ job, endReason, startedAt }: Attempt): void {
    // A job that came too late to begin was not interrupted.
    if (startedAt === 0 || !(endReason instanceof ShutdownError)) return;
    if (this.events.wants('interrupted', job.name)) {
      this.events.emit('interrupted', job.name, { job });
    }
  }
}

/** From the due time of its job to its claim, in ms; `undefined` for a job without a time. */
const waitOf = ({ record: { lockedAt, nextRunAt } }: Attempt): number | undefined =>
  lockedAt === null || nextRunAt === null ? undefined : lockedAt - nextRunAt;

const isDiscarded = ({ outcome }: Attempt): boolean =>
  outcome?.kind === 'verdict' && outcome.verdict.wish.kind === 'discard';

/** Settlements of failures come from what was thrown, from verdicts, and of broken rules from completed outcomes. */
function errorOfOutcome({ outcome, settlement }: Attempt): Error {
  if (outcome && 'error' in outcome) return outcome.error;
  if (outcome?.kind === 'verdict' && outcome.verdict.wish.kind !== 'snooze') {
    return outcome.verdict.failure;
  }
  const failure = settlement && 'failure' in settlement ? settlement.failure : undefined;
  return new Error(failure?.message ?? 'unknown');
}
