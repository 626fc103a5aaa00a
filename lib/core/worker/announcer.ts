import type { LostLease, RescuedJob, Settlement } from '../contracts/job-broker.js';
import type { JobEvents } from '../events/job-events.js';
import type { JobLostEvent } from '../events/job-event.js';
import { ShutdownError } from '../errors.js';
import type { Clock, Job } from '../job/job.js';
import type { Attempt } from './attempt.js';

/** Turns what happens to attempts into events. Nothing is made that nobody listens to. */
export class Announcer {
  constructor(
    private readonly events: JobEvents,
    private readonly clock: Clock,
  ) {}

  started({ job }: Attempt): void {
    if (this.events.wants('started', job.name)) this.events.emit('started', job.name, { job });
  }

  /** The store has written down how the attempt ended. */
  settled(attempt: Attempt): void {
    const { settlement } = attempt;
    switch (settlement?.kind) {
      case 'completed':
        return this.completed(attempt, settlement.nextRunAt);
      case 'retry':
        this.failed(attempt);
        return settlement.fresh ? undefined : this.retrying(attempt, settlement.due);
      case 'bury':
        this.failed(attempt);
        return this.dead(attempt, settlement);
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

  rescued({ id, name, host, rescueCount, outcome }: RescuedJob): void {
    if (this.events.wants('stalled', name)) {
      this.events.emit('stalled', name, { id, name, host, rescueCount, outcome });
    }
    if (outcome === 'buried' && this.events.wants('dead', name)) {
      const message =
        'The processes that ran this job were lost, more often than maxRescues allows.';
      const failure = { reason: 'stalled', name: 'StalledError', message } as const;
      this.events.emit('dead', name, { id, name, failure, job: undefined, error: undefined });
    }
  }

  private completed(attempt: Attempt, nextRunAt: number | undefined): void {
    const { job, durationMs, outcome } = attempt;
    // Without an outcome nothing ran: the rule ended with an occurrence that was passed over.
    if (!outcome || !this.events.wants('completed', job.name)) return;
    this.events.emit('completed', job.name, {
      job,
      result: outcome.kind === 'completed' ? outcome.result : undefined,
      durationMs,
      nextRunAt: nextRunAt === undefined ? null : new Date(nextRunAt),
    });
  }

  private failed(attempt: Attempt): void {
    const { job, durationMs } = attempt;
    if (!this.events.wants('failed', job.name)) return;
    this.events.emit('failed', job.name, { job, error: errorOfOutcome(attempt), durationMs });
  }

  private retrying(attempt: Attempt, due: Extract<Settlement, { kind: 'retry' }>['due']): void {
    const { job } = attempt;
    if (!this.events.wants('retrying', job.name)) return;
    const delayMs = 'delayMs' in due ? due.delayMs : undefined;
    const at = 'at' in due ? due.at : this.clock.now() + due.delayMs;
    const event = { job, error: errorOfOutcome(attempt), delayMs, nextRunAt: new Date(at) };
    this.events.emit('retrying', job.name, event);
  }

  private dead(attempt: Attempt, { failure }: Extract<Settlement, { kind: 'bury' }>): void {
    const job: Job = attempt.job;
    const { id, name } = job;
    if (!this.events.wants('dead', name)) return;
    this.events.emit('dead', name, { id, name, failure, job, error: errorOfOutcome(attempt) });
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

/** Settlements of failures come from failed outcomes, and of broken rules from completed ones. */
function errorOfOutcome({ outcome, settlement }: Attempt): Error {
  if (outcome?.kind === 'failed') return outcome.error;
  const failure = settlement && 'failure' in settlement ? settlement.failure : undefined;
  return new Error(failure?.message ?? 'unknown');
}
